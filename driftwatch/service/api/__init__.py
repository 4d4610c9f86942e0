"""The collector's routes, and what they take and answer."""

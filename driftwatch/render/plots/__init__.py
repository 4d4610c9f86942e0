"""Pictures of results with matplotlib, which is an extra."""

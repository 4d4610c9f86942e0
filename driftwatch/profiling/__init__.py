"""Data anywhere into a profile or a reference."""

"""Sketches of all columns together: profiles and references, and their bytes."""

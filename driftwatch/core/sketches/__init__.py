"""Mergeable sketches: the whole state DriftWatch keeps of a column."""

"""Drift: distances, their significance, verdicts, and words for what moved."""

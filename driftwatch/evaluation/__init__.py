"""Stored panes into windows, windows into reports and the state of an alarm."""

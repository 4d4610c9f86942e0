"""Alerts: rules that open incidents, the incident of a monitor, and messages about it."""

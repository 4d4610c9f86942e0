"""Rows as they happen into panes, panes into deliveries."""

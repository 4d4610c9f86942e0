"""Bytes of a message into records."""

"""Up to where doubles hold integers exactly: below it a number and its double are one."""

from __future__ import annotations

__all__ = ["EXACT_INTEGERS"]

EXACT_INTEGERS = 1 << 53
"""The first integer whose successor is no double."""

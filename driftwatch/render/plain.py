"""Text from data, made safe to show: control characters replaced, length limited."""

from __future__ import annotations

from driftwatch.logs.lines import NAME_LENGTH, plain

__all__ = ["NAME_LENGTH", "SENTENCE_LENGTH", "plain"]

SENTENCE_LENGTH = 400

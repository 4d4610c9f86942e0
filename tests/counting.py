"""Calls of functions, counted while they go on as ever."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

__all__ = ["count_calls"]


def count_calls(
    monkeypatch: pytest.MonkeyPatch, calls: Counter[str], owner: Any, name: str
) -> None:
    """Count the calls of a function of a class or a module in `calls`, by its name."""
    before = getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return before(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)

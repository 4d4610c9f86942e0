"""How a worker is doing, as plain numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["WorkerState"]


@dataclass(slots=True)
class WorkerState:
    """How a worker is doing.

    Attributes:
        lag: Messages that are there and not read, by ``topic/partition``.
        next: Offset of the next message, likewise.
        progress_at: When a message was last taken, seconds since 1970.
        waiting: Messages and rows that are taken and not stored.
        paused: Whether reading waits for the store, or for the schema registry.
        counts: Messages, rebalances, stored and fenced segments, errors.
        outcomes: Messages by what became of them, stored or not yet.
    """

    lag: dict[str, int] = field(default_factory=dict)
    next: dict[str, int] = field(default_factory=dict)
    progress_at: float = 0.0
    waiting: int = 0
    paused: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

"""How a worker is doing, as plain numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["WorkerState"]


@dataclass(slots=True)
class WorkerState:
    """How a worker is doing.

    Attributes:
        lag: Messages that are there and not read, by ``topic/partition``; those of transactions
            that are still open, too, which cannot be read yet. The brokers are asked every few
            seconds, so that it grows though fetches fail or reading waits.
        next: Offset of the next message, likewise.
        progress_at: When the partition that has stood still for longest last got on: gave a
            message, had none to give, or waited on purpose; seconds since 1970. Connecting anew
            is no progress.
        waiting: Messages and rows that are taken and not stored.
        paused: Whether reading waits for the store, for the schema registry, or to try a corrupt
            batch again.
        failure: What has ended it, while others of its process go on; empty while it works.
        shared_with: Who else reads with the consumer group, in words; empty if nobody does.
        counts: Messages, rebalances, stored and fenced segments, errors.
        outcomes: Messages by what became of them, stored or not yet.
    """

    lag: dict[str, int] = field(default_factory=dict)
    next: dict[str, int] = field(default_factory=dict)
    progress_at: float = 0.0
    waiting: int = 0
    paused: bool = False
    failure: str = ""
    shared_with: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

"""Locks that a fork waits for."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType

__all__ = ["ForkLock"]

_NEW = threading.Lock()
_LOCKS: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_HELD: list[ForkLock] = []


class ForkLock:
    """A re-entrant lock that no fork cuts in half.

    A child begins with whatever its parent's other threads were doing left undone for ever:
    a module half imported, a lock of a file noted as its own. So a fork waits until no other
    thread holds such a lock, and the child has a new one that nobody holds.

    Args:
        rank: A thread that holds one may take those of higher ranks only; a fork takes them
            in this order.

    Example:
        >>> with ForkLock(rank=0):
        ...     pass
    """

    def __init__(self, *, rank: int) -> None:
        self.rank = rank
        self._lock = threading.RLock()
        with _NEW:
            _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


def _known() -> list[ForkLock]:
    with _NEW:
        return sorted(_LOCKS, key=lambda lock: lock.rank)


def _hold_all() -> None:
    # Whoever holds one lock may make another before it lets go, so those are looked for again.
    while missing := [lock for lock in _known() if lock not in _HELD]:
        first = missing[0]
        first._lock.acquire()  # noqa: SLF001 - our own
        _HELD.append(first)


def _release_all() -> None:
    while _HELD:
        _HELD.pop()._lock.release()  # noqa: SLF001


def _replace_all() -> None:
    global _NEW  # noqa: PLW0603 - a thread of the parent may have held it
    _NEW = threading.Lock()
    _HELD.clear()
    for lock in _known():
        lock._lock = threading.RLock()  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_replace_all)

"""Locks that a fork waits for, a moment at most."""

from __future__ import annotations

import os
import threading
import time
import weakref
from types import TracebackType

__all__ = ["FORK_SECONDS", "ForkLock", "process_was_cut"]

FORK_SECONDS = 0.1
"""How long a fork waits for all such locks together."""

_NEW = threading.RLock()
"""Held while a lock is made, and during a fork: a lock made after a fork has looked for all of them
would be held across it unseen."""
_LOCKS: list[weakref.ref[ForkLock]] = []
"""Replaced as a whole, never changed, so that a fork can read it without a lock."""
_HELD: dict[int, list[ForkLock]] = {}
"""Locks that a forking thread holds; by thread, since two may fork at the same time."""
_CUT: dict[int, list[ForkLock]] = {}
_STOPPED_NEW: set[int] = set()
"""Threads that hold `_NEW` for a fork."""

_CUT_PROCESSES: set[int] = set()


def process_was_cut() -> bool:
    """Whether this process was forked while a thread of its parent held a `ForkLock`."""
    return os.getpid() in _CUT_PROCESSES


class ForkLock:
    """A re-entrant lock around what a fork should not cut in half, such as a transaction.

    A fork waits until no other thread holds such a lock, `FORK_SECONDS` at most. The child has a
    new lock that is free. If the wait timed out, `was_cut` of that lock and `process_was_cut()`
    are true in the child, and what the lock protects must not be used there.

    Hold it around short work of our own only: whoever holds it must not wait for another process,
    a pool, an import or a handler of the host, whose own preparations for a fork may wait for us.

    Attributes:
        was_cut: Whether this process was forked while another thread held the lock.

    Example:
        >>> with ForkLock():
        ...     pass
    """

    def __init__(self) -> None:
        self.was_cut = False
        self._lock = threading.RLock()
        global _LOCKS  # noqa: PLW0603
        with _NEW:
            _LOCKS = [*(known for known in _LOCKS if known() is not None), weakref.ref(self)]

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


def _existing() -> list[ForkLock]:
    return [lock for known in _LOCKS if (lock := known()) is not None]


def _hold_all() -> None:
    end, thread = time.monotonic() + FORK_SECONDS, threading.get_ident()
    held, cut = _HELD.setdefault(thread, []), _CUT.setdefault(thread, [])
    made_none_meanwhile = _NEW.acquire(timeout=FORK_SECONDS)
    if made_none_meanwhile:
        _STOPPED_NEW.add(thread)
    known = _existing()
    for lock in known:
        if lock._lock.acquire(timeout=max(0.0, end - time.monotonic())):  # noqa: SLF001 - our own
            held.append(lock)
        else:
            cut.append(lock)
    if not made_none_meanwhile:
        cut.extend(lock for lock in known if lock not in cut)


def _release_all() -> None:
    thread = threading.get_ident()
    _CUT.pop(thread, None)
    for lock in reversed(_HELD.pop(thread, [])):
        lock._lock.release()  # noqa: SLF001
    if thread in _STOPPED_NEW:
        _STOPPED_NEW.discard(thread)
        _NEW.release()


def _replace_all() -> None:
    global _NEW  # noqa: PLW0603 - a thread of the parent may have held it
    _NEW = threading.RLock()
    _STOPPED_NEW.clear()
    _CUT_PROCESSES.clear()
    for lock in _CUT.get(threading.get_ident(), []):
        lock.was_cut = True
        _CUT_PROCESSES.add(os.getpid())
    _HELD.clear()
    _CUT.clear()
    for lock in _existing():
        lock._lock = threading.RLock()  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_replace_all)

"""Whether other processes of the same application run beside this one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path

__all__ = ["has_siblings"]

_HELD: dict[str, tuple[int, int]] = {}
"""Process and open file of every lock; held until the process ends."""


def has_siblings(name: str, /) -> bool:
    """Whether another process of this program, folder and user has asked for the same name.

    The first to ask holds a lock on a file until it ends; whoever cannot have it is not
    alone. False where files cannot be locked.

    Cost: a file in the directory for temporary files, opened once a process.
    """
    try:
        import fcntl
    except ImportError:  # not on this system
        return False
    who = "\0".join((name, sys.argv[0] if sys.argv else "", str(Path.cwd()), str(os.getuid())))
    key = hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=12).hexdigest()
    held = _HELD.get(key)
    if held is not None and held[0] == os.getpid():
        return False
    with contextlib.suppress(OSError):
        path = Path(tempfile.gettempdir()) / f"driftwatch-{key}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return True
        _HELD[key] = (os.getpid(), handle)
    return False

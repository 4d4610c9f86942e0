"""A process that delivers segments and says which were acknowledged; it may be killed.

Reads orders from stdin, one a line: ``path steps mode``. For each it forks a child whose
``steps``-th write to the store fails in the way of ``mode``, and answers with one line: the
numbers that were acknowledged, the writes that were seen, and how the child ended.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from driftwatch.core.windows.segments import CursorMove, Delivery, Segment
from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.store import SQLiteStore

DELIVERIES = 3


def delivery(number: int) -> Delivery:
    """Rows in two panes, and the cursor of their source."""
    body = bytes([number]) * 6_000  # more than a page, less than the log's limit
    parts = tuple(Segment(pane, 3600, 10, body) for pane in (number, number + 1))
    move = CursorMove("p", number, number + 1)
    return Delivery("m", "s", "e", number, parts, {"untimed": 1}, cursors=(move,))


def work(path: str, steps: int, mode: int, out: int) -> None:
    shim = ctypes.CDLL(None)
    shim.dw_seen.restype = ctypes.c_long
    shim.dw_arm(ctypes.c_long(steps), mode, Path(path).name.encode())
    store = None
    for number in range(DELIVERIES):
        for attempt in range(3):
            try:
                store = store or SQLiteStore(path)
                store.deliver(delivery(number), now=float(number))
            except StoreError:
                if attempt == 2:
                    os._exit(3)  # a single failure must not need more than another try
                continue
            os.write(out, f"{number} ".encode())
            break
    os.write(out, f"seen {shim.dw_seen()} ".encode())
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        path, steps, mode = line.rsplit(" ", 2)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            work(path, int(steps), int(mode), write)
        os.close(write)
        said = b""
        while block := os.read(read, 4096):
            said += block
        os.close(read)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{said.decode()} code {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

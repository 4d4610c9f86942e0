"""How large processes are, and whether they grow."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path

__all__ = ["Memory"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MOST_SAMPLES = 200


class Memory:
    """Resident sizes of processes as they go on.

    Attributes:
        samples: Seconds from the start and bytes, by name and number of the process.
    """

    def __init__(self) -> None:
        self.samples: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
        self._begun = time.monotonic()

    def look(self, name: str, pid: int) -> None:
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
            self.samples[name, pid].append((time.monotonic() - self._begun, pages * _PAGE))

    def largest(self) -> dict[str, int]:
        """MiB of the largest process of each name."""
        found: dict[str, int] = {}
        for (name, _), samples in sorted(self.samples.items()):
            size = round(max(size for _, size in samples) / (1 << 20))
            found[name] = max(size, found.get(name, 0))
        return found

    def slopes(self, *, after: float, least: float) -> dict[str, float]:
        """MiB a minute by process: the median of the slopes between all pairs of samples.

        Args:
            after: Seconds of the life of a process of which samples are left out.
            least: Seconds of samples that a process must have.
        """
        found = {}
        for (name, pid), samples in self.samples.items():
            kept = [each for each in samples if each[0] >= samples[0][0] + after]
            kept = kept[:: max(1, len(kept) // _MOST_SAMPLES)]
            if not kept or kept[-1][0] - kept[0][0] < least:
                continue
            slopes = [
                (b[1] - a[1]) / (b[0] - a[0])
                for a, b in combinations(kept, 2)
                if b[0] - a[0] > least / 4
            ]
            found[f"{name} {pid}"] = 60.0 * statistics.median(slopes) / (1 << 20)
        return found

"""The machine that a result was measured on, as plain data to store beside the numbers."""

from __future__ import annotations

import os
import platform
from datetime import datetime
from pathlib import Path

__all__ = ["describe"]


def describe(now: datetime, /) -> dict[str, str | int]:
    """Return what a reader needs to judge the numbers.

    Args:
        now: When the measurement was made, an aware time in UTC.
    """
    return {
        "at": now.isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"

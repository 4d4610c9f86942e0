"""Resident memory, and whether it grows."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np


def resident() -> int:
    """Bytes of memory that the process has in RAM."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def slope(points: list[tuple[int, int]]) -> dict[str, Any]:
    """Least squares over the second half, when everything has been allocated once."""
    late = np.array(points[len(points) // 2 :], dtype=float)
    steep = float(np.polyfit(late[:, 0], late[:, 1], 1)[0])
    scatter = float(late[:, 1].std())
    span = float(late[-1, 0] - late[0, 0])
    return {
        "rows": int(points[-1][0]),
        "mib_at_half": float(late[0, 1]) / 2**20,
        "mib_at_end": float(late[-1, 1]) / 2**20,
        "slope_mib_over_second_half": steep * span / 2**20,
        "scatter_mib": scatter / 2**20,
    }

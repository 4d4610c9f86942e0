"""Faults between a process and its system: its clock is stepped, its disk is full."""

from __future__ import annotations

import math
import mmap
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["Faults", "UnavailableError", "build_shim"]

_LAYOUT = struct.Struct("di")
_SIZE = 16
_STEP, _FULL = struct.Struct("d"), struct.Struct("i")


class UnavailableError(Exception):
    """What the soak needs is not on this machine."""


def build_shim(folder: Path, /) -> Path:
    """Compile what stands between the processes and the C library.

    Raises:
        UnavailableError: If there is no compiler, or the system is not Linux.
    """
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        raise UnavailableError("needs a C compiler on Linux, to step clocks and fill disks")
    shim = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(source), "-ldl", "-lm"]
    subprocess.run(command, check=True)
    return shim


class Faults:
    """What the processes of one host suffer from, changed while they run.

    Args:
        path: The file in which that stands.
        shim: What reads it.
        disk: What the paths of the files on the disk have in them.

    Attributes:
        full_until: When the disk was full last, seconds of the monotonic clock.
    """

    def __init__(self, path: Path, shim: Path, disk: Path) -> None:
        path.write_bytes(_LAYOUT.pack(0.0, 0).ljust(_SIZE, b"\0"))
        self.environment = {
            "LD_PRELOAD": str(shim),
            "SOAK_CONTROL": str(path),
            "SOAK_DISK": f"{disk}/",
        }
        self.full_until = 0.0
        self._is_full = False
        handle = os.open(path, os.O_RDWR)
        try:
            self._memory = mmap.mmap(handle, _SIZE)
        finally:
            os.close(handle)

    def step_clock(self, seconds: float) -> None:
        """Let the clock be off by so much from now on."""
        _STEP.pack_into(self._memory, 0, seconds)

    def fill_disk(self, *, full: bool) -> None:
        """Let every write fail for want of space from now on, or succeed again."""
        _FULL.pack_into(self._memory, _STEP.size, int(full))
        if full:
            self.full_until = math.inf
        elif self._is_full:
            self.full_until = time.monotonic()
        self._is_full = full

    def lift(self) -> None:
        """Let all be well again."""
        self.step_clock(0.0)
        self.fill_disk(full=False)

    def close(self) -> None:
        self._memory.close()

"""The command: ``driftwatch check``, ``profile``, ``report``."""

from __future__ import annotations

import os
import sys
import warnings

from driftwatch.cli.importing import importing

__all__ = ["choose_sort", "main", "start_no_idle_threads"]

_SLOW_SORTS = "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"


def main() -> None:
    """Run the command line and exit with its code."""
    choose_sort()
    start_no_idle_threads()
    with importing():
        from driftwatch.cli.app import run

    sys.exit(run(sys.argv[1:]))


def start_no_idle_threads() -> None:
    """Set ``OPENBLAS_NUM_THREADS`` to 1 for this process, unless it is set already.

    When numpy is imported, OpenBLAS starts a thread for each core, and idle ones spin: 0.3 of the
    2.4 s of CPU that checking two files of a million rows takes. Matrix products here are too small
    to gain from several threads. Call it before numpy is imported, in our own command only.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def choose_sort() -> None:
    """Keep numpy from the slower of its two sorts, on processors where it picks that one.

    AMD's Zen 4 implements the AVX-512 compress-store in microcode, and numpy's AVX-512
    sort is built on it: 38 ns a double, where its AVX2 sort takes 8. numpy decides when it
    is imported, so this is for our own command only; a host process is left alone.
    """
    if "NPY_DISABLE_CPU_FEATURES" in os.environ or sys.platform != "linux":
        return
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - quick
            facts = file.read(4096)
    except OSError:
        return
    if "AuthenticAMD" in facts and "avx512f" in facts:
        os.environ["NPY_DISABLE_CPU_FEATURES"] = _SLOW_SORTS
        # The names are those of several versions of numpy, each of which warns of the others'.
        warnings.filterwarnings("ignore", "During parsing environment", ImportWarning)

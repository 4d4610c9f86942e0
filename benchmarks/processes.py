"""Runs one process and measures the whole of it: start-up and imports included.

Imports the standard library only: before a new process replaces itself by its program, Linux
counts the pages of its parent as its own, so a large parent would show as the peak memory of
every small child.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run took, and what it said.

    Attributes:
        seconds: Wall time from start to exit.
        cpu_seconds: Processor time, user and system, with the children it waited for.
        peak_bytes: Largest resident size of the process, or of a child if one was larger.
        exit_code: As `subprocess` counts: negative for a signal.
        timed_out: Whether it was stopped for taking too long.
        output: Its standard output.
        errors: Its standard error.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    timed_out: bool
    output: str
    errors: str

    @property
    def last_error(self) -> str:
        """The line in which a Python program says what went wrong, or the signal that ended it."""
        if self.exit_code < 0:
            return f"ended by {signal.Signals(-self.exit_code).name}"
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.exit_code}, nothing on standard error"


def measure(
    command: Sequence[str | Path],
    /,
    *,
    timeout_seconds: float,
    environment: Mapping[str, str],
    folder: Path,
) -> Measurement:
    """Run a command to its end, or until the timeout, and measure it (POSIX only).

    Args:
        command: Program and arguments.
        timeout_seconds: After this long it is stopped with all the processes that it started.
        environment: Its environment variables.
        folder: Its working directory.
    """
    timed_out = threading.Event()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )

        def stop() -> None:
            timed_out.set()
            _kill(process.pid)

        timer = threading.Timer(timeout_seconds, stop)
        timer.start()
        try:
            # Popen.wait() would reap the process and lose its resource usage.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            _kill(process.pid)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        return Measurement(
            seconds=seconds,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            exit_code=process.returncode,
            timed_out=timed_out.is_set(),
            output=_text(output),
            errors=_text(errors),
        )


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")

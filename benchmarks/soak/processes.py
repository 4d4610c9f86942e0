"""The processes of a soak: started, killed, ended in order, started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["PATIENCE_SECONDS", "Running", "children_of", "free_port", "is_alive", "until"]

PATIENCE_SECONDS = 20.0
"""A process without any progress for so long hangs."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(done: Callable[[], object], seconds: float, /) -> bool:
    """Look again and again whether something is done; false if it is not in time."""
    waiting, end = threading.Event(), time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        waiting.wait(0.05)
    return True


def is_alive(pid: int, /) -> bool:
    """Whether there is a process of this number that has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int, /) -> list[int]:
    """The processes that a process has started and that run."""
    try:
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [child for child in map(int, said.split()) if is_alive(child)]


class Running:
    """One of the soak's processes, which is started again where it was ended on purpose.

    Args:
        name: Of the process; its log has it, too.
        command: Program and arguments, of this Python.
        folder: Its working directory.
        environment: Beside that of this process.
        logs: Folder of the logs.

    Attributes:
        name: As passed in.
        ends: How its lives have ended: exit codes, as `subprocess` counts.
        unexpected: Ends that nobody had asked for.
        born: When it was started last, seconds of the monotonic clock.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        logs: Path,
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.ends: list[int] = []
        self.unexpected: list[int] = []
        self.born = 0.0
        self._command = [sys.executable, "-m", *command]
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its number; None while it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        self.born = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it without a chance to do anything more."""
        self._end(signal.SIGKILL)

    def terminate(self) -> bool:
        """Ask it to end; whether it did in time. One that hangs is killed."""
        if self._end(signal.SIGTERM):
            return True
        self._end(signal.SIGKILL)
        return False

    def _end(self, number: signal.Signals) -> bool:
        process = self._process
        if process is None:
            return True
        if process.poll() is not None:
            self.unexpected.append(process.returncode)
            self._process = None
            return True
        process.send_signal(number)
        try:
            self.ends.append(process.wait(PATIENCE_SECONDS))
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        return True

    def ended_by_itself(self) -> tuple[int, int] | None:
        """Number and exit code, once, if it has ended and nobody had asked for it."""
        process = self._process
        if process is None or (code := process.poll()) is None:
            return None
        self._process = None
        return process.pid, code

    def destroy(self) -> None:
        """End it and all that it has started, at the end of the soak."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

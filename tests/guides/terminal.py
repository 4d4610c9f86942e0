"""A terminal for the commands of a guide: one shell, whose variables and jobs stay."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from pathlib import Path

__all__ = ["Terminal"]


class Terminal:
    """A shell in a folder; `close` ends it with everything that it started."""

    def __init__(self, folder: Path, /) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._status = 0

    def run(self, command: str, /) -> tuple[str, int]:
        """Give what `command` prints, errors included, and its exit code."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        end = f"end-{secrets.token_hex(8)}"
        self._shell.stdin.write(
            f"(exit {self._status})\n{{ {command}\n}} < /dev/null\necho {end} $?\n"
        )
        self._shell.stdin.flush()
        printed = []
        for line in self._shell.stdout:
            before, found, status = line.partition(end)
            printed.append(before if found else line)
            if found:
                self._status = int(status)
                return "".join(printed), self._status
        raise AssertionError(f"the shell ended: {''.join(printed)}")

    def environment(self) -> dict[str, str]:
        """Give the variables that commands see now."""
        status = self._status
        printed, _ = self.run("python -c 'import json, os; print(json.dumps(dict(os.environ)))'")
        self._status = status
        found: dict[str, str] = json.loads(printed.splitlines()[-1])
        return found

    def close(self) -> None:
        """End the shell and its jobs; what is deaf to that is killed."""
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGTERM)
        assert self._shell.stdout is not None
        try:
            self._shell.wait(30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.stdout.close()
            self._shell.wait()

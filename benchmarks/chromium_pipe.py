"""Chromium without a window, started and spoken to through a pipe: what tests and benchmarks share.

Commands are those of the DevTools protocol, one JSON object each, ended by a zero byte.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Pipe", "started"]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
"""Path of the browser, or None where there is none."""

_SECONDS = 60


class Pipe:
    """The protocol of one page.

    Args:
        send: Descriptor that the browser reads.
        receive: Descriptor that it writes.
    """

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._number, self._buffer, self._session = 0, b"", ""

    def attach(self) -> None:
        """Open an empty page; what follows is about it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def call(self, method: str, /, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its result.

        Raises:
            RuntimeError: If the browser refuses it.
            TimeoutError: If the browser has ended, or says nothing for a minute.
        """
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def read(self) -> dict[str, Any]:
        """Wait for the next message of the browser.

        Raises:
            TimeoutError: If the browser has ended, or says nothing for a minute.
        """
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive], [], [], _SECONDS)
            read = os.read(self._receive, 1 << 20) if ready else b""
            if not read:
                raise TimeoutError("the browser has ended, or says nothing any more")
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def started(profile: Path, /, *flags: str) -> Iterator[tuple[int, int]]:
    """A browser that ends with the block; gives the descriptors of a `Pipe` to it.

    Args:
        profile: A new folder for what it keeps.
        flags: More options of its command line.

    Raises:
        RuntimeError: If none is installed.
    """
    if CHROMIUM is None:
        raise RuntimeError("no Chromium is installed")
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()
    # The browser reads its descriptor 3 and writes 4; a shell puts them there.
    command = (
        f'exec "$0" --headless --no-sandbox --disable-gpu --no-first-run {" ".join(flags)} '
        f"--disable-background-networking --remote-debugging-pipe "
        f'--user-data-dir="$1" about:blank 3<&{to_browser} 4>&{from_browser}'
    )
    process = subprocess.Popen(
        ["/bin/bash", "-c", command, CHROMIUM, os.fspath(profile)],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield send, receive
    finally:
        with suppress(OSError):
            os.write(send, b'{"id": 0, "method": "Browser.close"}\0')
        os.close(send)
        try:
            process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(receive)

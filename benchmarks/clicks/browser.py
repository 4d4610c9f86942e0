"""Chromium without a window, driven through a pipe by a mouse and a wheel, as somebody would."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["HEIGHT", "WIDTH", "Browser", "browser", "program"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 900
PATIENCE_SECONDS = 60.0


def program() -> str | None:
    """The browser, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of one browser, with a mouse."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._number, self._buffer, self._session = 0, b"", ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._attach(target)

    def open(self, address: str, /) -> None:
        """Open a first page and wait until it is loaded."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=address)
        self.until(f"location.href.startsWith({json.dumps(address)})")
        self.until("document.readyState === 'complete'")

    def value(self, expression: str, /) -> Any:
        """What an expression is in the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str, /, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait until an expression is true; its value.

        Raises:
            TimeoutError: If it is not in time.
        """
        end = time.monotonic() + seconds
        while True:
            with suppress(RuntimeError):  # the page is being replaced
                if found := self.value(expression):
                    return found
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.1)

    def point(self, x: float, y: float, /) -> None:
        """Move the mouse, in two steps, as a hand would."""
        for at in ((x - 3, y - 3), (x, y)):
            self._mouse("mouseMoved", *at)
            time.sleep(0.05)

    def click(self, x: float, y: float, /) -> None:
        self.point(x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1)
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)

    def wheel(self, x: float, y: float, down: float, /) -> None:
        self._mouse("mouseWheel", x, y, deltaX=0, deltaY=down)

    def screenshot(self) -> str:
        """The part of the page that is on the screen, as base64."""
        picture: str = self._call("Page.captureScreenshot")["data"]
        return picture

    def _attach(self, target: str) -> None:
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._call("Page.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=HEIGHT,
            deviceScaleFactor=1,
            mobile=False,
        )

    def _mouse(self, what: str, x: float, y: float, **more: Any) -> None:
        self._call("Input.dispatchMouseEvent", type=what, x=x, y=y, **more)

    def _call(self, method: str, /, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive], [], [], PATIENCE_SECONDS)
            read = os.read(self._receive, 1 << 20) if ready else b""
            if not read:
                raise TimeoutError("the browser says nothing any more")
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def browser(profile: Path, /) -> Iterator[Browser]:
    """A browser that ends with the block.

    Args:
        profile: A new folder for what it keeps.

    Raises:
        RuntimeError: If there is none.
    """
    found = program()
    if found is None:
        raise RuntimeError(f"none of {', '.join(NAMES)} is installed")
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()
    # The browser reads its descriptor 3 and writes 4; a shell puts them there.
    command = (
        f'exec "$0" --headless --no-sandbox --disable-gpu --no-first-run --hide-scrollbars '
        f"--disable-background-networking --remote-debugging-pipe "
        f'--user-data-dir="$1" about:blank 3<&{to_browser} 4>&{from_browser}'
    )
    process = subprocess.Popen(
        ["/bin/bash", "-c", command, found, os.fspath(profile)],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Browser(send, receive)
    finally:
        with suppress(OSError):
            os.write(send, b'{"id": 0, "method": "Browser.close"}\0')
        os.close(send)
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(receive)

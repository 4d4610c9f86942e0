"""Chromium without a window, driven through a pipe by a mouse and a wheel, as somebody would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.chromium_pipe import Pipe, started

__all__ = ["HEIGHT", "WIDTH", "Browser", "browser"]

WIDTH, HEIGHT = 1280, 900
PATIENCE_SECONDS = 60.0


class Browser(Pipe):
    """One page of one browser, with a mouse."""

    def __init__(self, send: int, receive: int) -> None:
        super().__init__(send, receive)
        self.attach()
        self.call("Page.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=HEIGHT,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, address: str, /) -> None:
        """Open a first page and wait until it is loaded."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.until(f"location.href.startsWith({json.dumps(address)})")
        self.until("document.readyState === 'complete'")

    def value(self, expression: str, /) -> Any:
        """What an expression is in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
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
        picture: str = self.call("Page.captureScreenshot")["data"]
        return picture

    def _mouse(self, what: str, x: float, y: float, **more: Any) -> None:
        self.call("Input.dispatchMouseEvent", type=what, x=x, y=y, **more)


@contextmanager
def browser(profile: Path, /) -> Iterator[Browser]:
    """A browser that ends with the block.

    Args:
        profile: A new folder for what it keeps.

    Raises:
        RuntimeError: If none is installed.
    """
    with started(profile, "--hide-scrollbars") as (send, receive):
        yield Browser(send, receive)

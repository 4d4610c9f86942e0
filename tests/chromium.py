"""Chromium without a window, driven through a pipe: what a page does when somebody opens it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.chromium_pipe import CHROMIUM, Pipe, started

__all__ = ["CHROMIUM", "Chromium", "Visit", "chromium"]


@dataclass
class Visit:
    """A page as it was seen.

    Attributes:
        requests: Addresses that were asked for, other than the page itself.
        complaints: What the console, the log and scripts that failed said.
        dialogs: What the page asked its reader.
    """

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


class Chromium(Pipe):
    """One browser with one page."""

    def __init__(self, send: int, receive: int) -> None:
        super().__init__(send, receive)
        self._loaded, self._visit, self._address = False, Visit(), ""
        self.attach()
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def open(
        self, address: str, /, *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> Visit:
        """Open a page and wait until it is loaded.

        Args:
            address: Where it is; ``file://`` for a file.
            width: Of the window, in pixels.
            dark: Whether the reader's system is dark.
            scripts: Whether scripts of the page may run.
        """
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 800,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._go("about:blank")  # a link within the page that is open would load nothing
        self._go(address)
        return self._visit

    def _go(self, address: str) -> None:
        self._visit, self._address, self._loaded = Visit(), address, False
        self.call("Page.navigate", url=address)
        while not self._loaded:
            self.read()

    def evaluate(self, expression: str, /) -> Any:
        """The value of an expression in the page, awaited where it is a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def print_to(self, media: str, /) -> None:
        """Show the page as on ``print`` or on ``screen``."""
        self.call("Emulation.setEmulatedMedia", media=media)

    def screenshot(self, path: Path, /) -> None:
        """Write the whole page as a picture."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def read(self) -> dict[str, Any]:
        message = super().read()
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                url = params["request"]["url"]
                if url.partition("#")[0] != self._address.partition("#")[0]:
                    self._visit.requests.append(url)
            case "Runtime.consoleAPICalled":
                self._visit.complaints.append(json.dumps(params["args"]))
            case "Runtime.exceptionThrown":
                self._visit.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded":
                self._visit.complaints.append(params["entry"]["text"])
            case "Page.javascriptDialogOpening":
                self._visit.dialogs.append(params["message"])


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """A browser that ends with the block.

    Args:
        profile: A new folder for what it keeps.
    """
    with started(profile) as (send, receive):
        yield Chromium(send, receive)

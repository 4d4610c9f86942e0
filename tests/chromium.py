"""Chromium without a window, driven through a pipe: what a page does when somebody opens it."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Chromium", "Visit", "chromium"]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
"""Path of the browser, or None where there is none."""

_SECONDS = 60


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


class Chromium:
    """One browser with one page."""

    def __init__(self, process: subprocess.Popen[bytes], send: int, receive: int) -> None:
        self._process, self._send, self._receive = process, send, receive
        self._number, self._buffer, self._session, self._loaded = 0, b"", "", False
        self._visit, self._address = Visit(), ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

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
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 800,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._go("about:blank")  # a link within the page that is open would load nothing
        self._go(address)
        return self._visit

    def _go(self, address: str) -> None:
        self._visit, self._address, self._loaded = Visit(), address, False
        self._call("Page.navigate", url=address)
        while not self._loaded:
            self._read()

    def evaluate(self, expression: str, /) -> Any:
        """The value of an expression in the page, awaited where it is a promise."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def print_to(self, media: str, /) -> None:
        """Show the page as on ``print`` or on ``screen``."""
        self._call("Emulation.setEmulatedMedia", media=media)

    def screenshot(self, path: Path, /) -> None:
        """Write the whole page as a picture."""
        data = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def _call(self, method: str, /, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer.get('error')}"
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive], [], [], _SECONDS)
            assert ready, f"the browser said nothing for {_SECONDS} s"
            read = os.read(self._receive, 1 << 20)
            assert read, "the browser has ended"
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
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
    assert CHROMIUM is not None
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()
    # The browser reads its descriptor 3 and writes 4; a shell puts them there.
    command = (
        f'exec "$0" --headless --no-sandbox --disable-gpu --no-first-run '
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
        browser = Chromium(process, send, receive)
        yield browser
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

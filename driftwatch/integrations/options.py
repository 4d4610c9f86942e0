"""What both middlewares are told, and which exchanges they look at."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from driftwatch.capture import Capture, CaptureLimits, CapturePaths
from driftwatch.errors import ConfigError
from driftwatch.json_paths import JsonPath

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["Captured", "Options"]


class Options:
    """Which exchanges are captured, and what of them.

    Raises:
        ConfigError: If a path or a list cannot be read.
    """

    def __init__(  # noqa: PLR0913 - the arguments of both middlewares
        self,
        monitor: Monitor,
        *,
        features: str,
        prediction: str | None,
        score: str | None,
        id_: str | None,
        at: str | None,
        routes: Iterable[str] | None,
        methods: Iterable[str],
        limits: CaptureLimits | None,
    ) -> None:
        if not hasattr(monitor, "observe"):
            raise ConfigError(f"monitor must be a Monitor; got {type(monitor).__name__}")
        for name, given in (("routes", routes), ("methods", methods)):
            if isinstance(given, str):
                raise ConfigError(f"{name} must be a list, such as [{given!r}]")
        self.monitor = monitor
        self.routes = None if routes is None else tuple(routes)
        self.methods = frozenset(method.upper() for method in methods)
        self.limits = limits or CaptureLimits()
        paths = CapturePaths(
            JsonPath.of(features), *(_path(text) for text in (prediction, score, id_, at))
        )
        self.needs_response = prediction is not None or score is not None
        self.capture = Capture(monitor.observe, monitor.flush, paths, self.limits)

    def wants(self, method: str, path: str) -> bool:
        """Whether an exchange is to be captured."""
        if not self.capture.enabled or method not in self.methods:
            return False
        return self.routes is None or any(fnmatchcase(path, route) for route in self.routes)


class Captured:
    """The bodies of one exchange, up to the limit."""

    __slots__ = ("_limit", "chunks", "size", "whole")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.chunks: list[bytes] = []
        self.size = 0
        self.whole = True

    def add(self, chunk: bytes) -> None:
        """Keep a chunk; beyond the limit keep nothing."""
        self.size += len(chunk)
        if self.size > self._limit:
            self.whole = False
            self.chunks.clear()
        elif chunk and self.whole:
            self.chunks.append(chunk)

    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.chunks)


def _path(text: str | None) -> JsonPath | None:
    return None if text is None else JsonPath.of(text)

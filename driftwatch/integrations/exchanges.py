"""What both middlewares are told, and which exchanges they look at."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.payloads import Payload
from driftwatch.ingest.record_paths import RecordPaths
from driftwatch.integrations.capture import Capture, CaptureLimits

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["Captured", "Exchange", "Options", "is_json"]


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
        for name, patterns in (("routes", routes), ("methods", methods)):
            if isinstance(patterns, str):
                raise ConfigError(f"{name} must be a list, such as [{patterns!r}]")
        self.monitor = monitor
        self.routes = None if routes is None else tuple(routes)
        self.methods = frozenset(method.upper() for method in methods)
        self.limits = limits or CaptureLimits()
        paths = RecordPaths(
            JsonPath.of(features),
            prediction=_path(prediction),
            score=_path(score),
            id=_path(id_),
            at=_path(at),
            payload=Payload.of(monitor.reference.schema),
        )
        self.needs_response = prediction is not None or score is not None
        self.capture = Capture(
            monitor.observe,
            lambda seconds: monitor.flush(within=seconds),
            paths,
            self.limits,
            count=monitor.count_unobserved,
        )

    def wants(self, method: str, path: str) -> bool:
        """Whether an exchange is to be captured."""
        if not (self.capture.enabled and self.monitor.enabled) or method not in self.methods:
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


class Exchange:
    """One request and its response, noted as they pass.

    Attributes:
        capture: Where a complete exchange goes.
        needs_response: Whether anything is to be found in the response.
        request: What has passed of the request's body.
        response: Likewise.
        usable: Whether the response says that it is worth a look.
    """

    __slots__ = ("_done", "capture", "needs_response", "request", "response", "usable")

    def __init__(self, options: Options) -> None:
        self.capture = options.capture
        self.needs_response = options.needs_response
        self.request = Captured(options.limits.body_bytes)
        self.response = Captured(options.limits.body_bytes)
        self.usable = False
        self._done = False

    def note(self, chunk: bytes) -> None:
        """Keep a piece of the response, if anything is to be found in it."""
        if self.needs_response and self.usable:
            self.response.add(chunk)

    def finish(self) -> None:
        """Offer what has passed, once."""
        if self._done:
            return
        self._done = True
        if not self.usable:
            self.capture.drop("not_a_successful_json_exchange")
        elif not self.request.whole or not self.response.whole:
            self.capture.drop("too_large")
        else:
            response = self.response.body() if self.needs_response else None
            self.capture.offer(self.request.body(), response)

    def end(self) -> None:
        """Count an exchange that never finished: it failed, or its client went away."""
        if not self._done:
            self._done = True
            self.capture.drop("incomplete")


def is_json(content_type: str) -> bool:
    """Whether a content type is one of JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _path(text: str | None) -> JsonPath | None:
    return None if text is None else JsonPath.of(text)

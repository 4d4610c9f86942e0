"""What both middlewares are told, and which exchanges they look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.ingest.answers import ScoreClass
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.payloads import Payload, Shape
from driftwatch.ingest.record_paths import RecordPaths
from driftwatch.integrations.bodies import Form
from driftwatch.integrations.capture import Capture, CaptureLimits
from driftwatch.integrations.routes import Routes

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["Captured", "Exchange", "Options"]

_NEVER_MATCHED = 100
"""Requests on other paths after which it is said that none came on a route."""


_NOT_SAID = Form()


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
        payload: str,
        score_class: int | str | None,
    ) -> None:
        if not hasattr(monitor, "observe"):
            raise ConfigError(f"monitor must be a Monitor; got {type(monitor).__name__}")
        if isinstance(methods, str):
            raise ConfigError(f"methods must be a list, such as [{methods!r}]")
        self.monitor = monitor
        self.routes = Routes(routes)
        self._missed: int | None = 0
        self.methods = frozenset(method.upper() for method in methods)
        self.limits = limits or CaptureLimits()
        paths = RecordPaths(
            JsonPath.of(features),
            prediction=_path(prediction),
            score=_path(score),
            id=_path(id_),
            at=_path(at),
            payload=Payload.of(monitor.reference.schema, Shape.of(payload), most=self.limits.rows),
            score_class=(
                None
                if score_class is None
                else ScoreClass.of(score_class, monitor.reference.classes)
            ),
        )
        self.needs_response = prediction is not None or score is not None
        self.capture = Capture(
            monitor.observe,
            lambda seconds: monitor.flush(within=seconds),
            paths,
            self.limits,
            count=monitor.count_unobserved,
            clock=monitor.seconds,
        )

    def wants(self, method: str, *paths: str) -> bool:
        """Whether an exchange is to be captured; on a watched route it is counted if not.

        Args:
            method: Of the request.
            *paths: Its path, with and without what stands before it where the application is
                mounted below another.
        """
        if not (self.capture.enabled and self.monitor.enabled):
            return False
        if not self.routes.match(*paths):
            if method in self.methods:
                self._miss(paths[0])
            return False
        if method in self.methods:
            return True
        if self.routes.routes is not None and method not in ("OPTIONS", "HEAD"):
            self.capture.drop("other_method")
        return False

    def _miss(self, path: str) -> None:
        """Say once that requests come, and on some of the watched routes, or on all, none."""
        if self._missed is None:
            return
        self._missed += 1
        if self._missed >= _NEVER_MATCHED:
            routes, many, self._missed = self.routes.never_matched, self._missed, None
            if routes or not self.routes.routes:
                self.capture.never_matched(routes, path, many)


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
        asked: How the request's body is written.
        answered: How the response's is.
    """

    __slots__ = (
        "_done", "answered", "asked", "capture", "needs_response", "request", "response", "usable",
    )  # fmt: skip

    def __init__(self, options: Options, asked: Form) -> None:
        self.asked = asked
        self.answered = _NOT_SAID
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
            self.capture.drop("not_successful")
        elif not self.request.whole or not self.response.whole:
            self.capture.drop("too_large")
        else:
            response = self.response.body() if self.needs_response else None
            self.capture.offer(self.request.body(), response, self.asked, self.answered)

    def end(self) -> None:
        """Count an exchange that never finished: it failed, or its client went away."""
        if not self._done:
            self._done = True
            self.capture.drop("incomplete")


def _path(text: str | None) -> JsonPath | None:
    return None if text is None else JsonPath.of(text)

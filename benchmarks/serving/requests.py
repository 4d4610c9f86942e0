"""What the middleware adds to a request, and to the event loop that serves it."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI

from benchmarks.streaming.memory import resident, slope
from driftwatch import Monitor
from driftwatch.integrations.capture import Capture, CaptureLimits
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.process import background as turns

App = Callable[..., Awaitable[None]]
_NAMES = [f"feature_{place}" for place in range(20)]
_BLOCK = 2_000
_ANSWER = b'{"score": 0.5}'
_SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "path": "/score",
    "raw_path": b"/score",
    "query_string": b"",
    "root_path": "",
    "scheme": "http",
    "headers": [(b"content-type", b"application/json"), (b"host", b"service")],
    "client": ("127.0.0.1", 1),
    "server": ("service", 80),
}


def monitor(folder: str, **options: Any) -> Monitor:
    rng = np.random.default_rng(0)
    train: dict[str, Any] = {name: rng.normal(size=20_000) for name in _NAMES}
    train["score"] = rng.uniform(size=20_000)
    return Monitor(
        train, roles={"score": "prediction"}, store=Path(folder) / "driftwatch.db", **options
    )


def bodies() -> list[bytes]:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(1_000, 20)).tolist()
    return [json.dumps({"inputs": dict(zip(_NAMES, row, strict=True))}).encode() for row in rows]


def service() -> FastAPI:
    app = FastAPI()

    @app.post("/score")
    async def score(body: dict[str, Any]) -> dict[str, float]:
        return {"score": 0.5}

    return app


async def small(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """The least an application can do."""
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})


async def _request(app: App, body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        pass

    await app(dict(_SCOPE), receive, send)


def _cost(app: App, sent: list[bytes], capture: Capture | None) -> tuple[float, float]:
    """Microseconds of the process, and of the thread of the requests, for each request."""

    async def requests() -> None:
        for place in range(_BLOCK):
            await _request(app, sent[place % len(sent)])

    process, thread = time.process_time(), time.thread_time()
    asyncio.run(requests())
    path = time.thread_time() - thread
    if capture is not None and not capture.flush(60):
        raise RuntimeError("the capture did not come to an end")
    return (time.process_time() - process) / _BLOCK * 1e6, path / _BLOCK * 1e6


def cpu_a_request(blocks: int) -> dict[str, Any]:
    """CPU time until everything is stored, and on the path of the request, over the bare app."""
    sent = bodies()
    with tempfile.TemporaryDirectory() as folder:
        watched = monitor(folder)
        bare = service()
        app = DriftMiddleware(
            service(),
            watched,
            features="$.inputs",
            prediction="$.score",
            limits=CaptureLimits(records=2 * _BLOCK, size_bytes=64 << 20),
        )
        _cost(bare, sent, None), _cost(app, sent, app.capture)  # warm
        pairs = [(_cost(bare, sent, None), _cost(app, sent, app.capture)) for _ in range(blocks)]
        if app.capture.dropped or app.capture.observed != (blocks + 1) * _BLOCK:
            raise RuntimeError(f"not everything was observed: {app.capture.dropped}")
        watched.close()
    return {
        "bare_us": statistics.median(before[0] for before, _ in pairs),
        "added_us": statistics.median(after[0] - before[0] for before, after in pairs),
        "added_on_path_us": statistics.median(after[1] - before[1] for before, after in pairs),
        "ratio_on_path": statistics.median(after[1] / before[1] for before, after in pairs),
    }


def event_loop(rounds: int, seconds: float) -> dict[str, Any]:
    """How late an event loop is, idle and while 2,000 records a second are drained."""
    sent = bodies()
    spent: list[float] = []
    turns.observer = spent.append
    with tempfile.TemporaryDirectory() as folder:
        watched = monitor(folder, flush_every="2s")
        app = DriftMiddleware(small, watched, features="$.inputs", prediction="$.score")
        capture = app.capture

        async def late(rate: float) -> list[float]:
            loop = asyncio.get_running_loop()
            found: list[float] = []
            start, offered = loop.time(), 0
            while loop.time() < start + seconds:
                due = loop.time() + 0.002
                await asyncio.sleep(0.002)
                found.append(loop.time() - due)
                while offered < (loop.time() - start) * rate:
                    capture.offer(sent[offered % len(sent)], _ANSWER)
                    offered += 1
            return found

        asyncio.run(late(2_000))
        spent.clear()
        idle, busy = [], []
        for _ in range(rounds):
            idle.append(float(np.percentile(asyncio.run(late(0)), 99)) * 1e3)
            busy.append(float(np.percentile(asyncio.run(late(2_000)), 99)) * 1e3)
        capture.close()
        watched.close()
    turns.observer = None
    used = np.array(spent) * 1e3
    return {
        "idle_p99_ms": statistics.median(idle),
        "draining_p99_ms": statistics.median(busy),
        "added_p99_ms": statistics.median(b - i for i, b in zip(idle, busy, strict=True)),
        "turns": len(spent),
        "turn_p99_cpu_ms": float(np.percentile(used, 99)),
        "turn_longest_cpu_ms": float(used.max()),
        "dropped": dict(capture.dropped),
    }


def memory(requests: int) -> dict[str, Any]:
    """Growth of resident memory over the second half of many requests."""
    sent = bodies()
    with tempfile.TemporaryDirectory() as folder:
        watched = monitor(folder)
        app = DriftMiddleware(small, watched, features="$.inputs", prediction="$.score")

        async def some() -> None:
            for place in range(_BLOCK):
                await _request(app, sent[place % len(sent)])

        points: list[tuple[int, int]] = []
        for block in range(1, requests // _BLOCK + 1):
            asyncio.run(some())
            app.capture.flush(60)
            if block % 10 == 0:
                points.append((block * _BLOCK, resident()))
        observed = app.capture.observed
        watched.close()
    return {"observed": observed, **slope(points)}

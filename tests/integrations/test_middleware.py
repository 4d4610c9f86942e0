"""Transcripts with and without the middleware are the same, whatever goes on inside."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Monitor, capture
from driftwatch.errors import ConfigError
from driftwatch.integrations import fastapi, flask, options

TRAIN = {"x": [float(i % 50) for i in range(2_000)], "yhat": [0.5, 0.25] * 1_000}


@pytest.fixture(scope="module")
def monitor() -> Iterator[Monitor]:
    made = Monitor(TRAIN, roles={"yhat": "prediction"})
    yield made
    made.close()


class HostError(Exception):
    """The host's own error."""


Plan = dict[str, Any]

plans = st.fixed_dictionaries(
    {
        "chunks": st.lists(st.binary(max_size=40), max_size=4),
        "document": st.one_of(
            st.none(), st.just({"inputs": {"x": 1.0}}), st.just({"inputs": [{"x": 1.0}] * 3})
        ),
        "method": st.sampled_from(["POST", "GET"]),
        "kind": st.sampled_from([b"application/json", b"text/plain", b"application/json; a=b"]),
        "encoding": st.sampled_from([None, b"gzip"]),
        "status": st.sampled_from([200, 201, 404, 500]),
        "answer": st.lists(
            st.sampled_from([b'{"score": 0.5}', b"", b"xx"]), min_size=1, max_size=4
        ),
        "reads": st.booleans(),
        "raises": st.sampled_from([None, "before", "between", "after"]),
        "disconnects": st.booleans(),
        "send_fails": st.sampled_from([None, 0, 1]),
    }
)


def chunks_of(plan: Plan) -> list[bytes]:
    if plan["document"] is None:
        return list(plan["chunks"]) or [b""]
    whole = json.dumps(plan["document"]).encode()
    return [whole[:7], whole[7:]]


async def host(scope: Any, receive: Any, send: Any) -> None:
    """An application that does what the plan in its scope says."""
    plan: Plan = scope["plan"]
    seen = scope["seen"]
    if plan["reads"]:
        while True:
            message = await receive()
            seen.append(("received", dict(message)))
            if not message.get("more_body"):
                break
    if plan["raises"] == "before":
        raise HostError("before")
    start = {"type": "http.response.start", "status": plan["status"]}
    await send({**start, "headers": [(b"content-type", plan["kind"])]})
    if plan["raises"] == "between":
        raise HostError("between")
    last = len(plan["answer"]) - 1
    for index, part in enumerate(plan["answer"]):
        await send({"type": "http.response.body", "body": part, "more_body": index < last})
    if plan["raises"] == "after":
        raise HostError("after")


async def talk(app: Callable[..., Awaitable[None]], plan: Plan) -> list[Any]:
    """One conversation, written down."""
    transcript: list[Any] = []
    parts = chunks_of(plan)
    messages = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]
    if plan["disconnects"]:
        messages[-1] = {"type": "http.disconnect"}
    incoming = iter(messages)
    sent = 0

    async def receive() -> Any:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        nonlocal sent
        transcript.append(("sent", dict(message)))
        sent += 1
        if plan["send_fails"] is not None and sent > plan["send_fails"]:
            raise OSError("the client is gone")

    headers = [(b"content-type", plan["kind"])]
    if plan["encoding"]:
        headers.append((b"content-encoding", plan["encoding"]))
    seen: list[Any] = []
    scope = {
        "type": "http",
        "method": plan["method"],
        "path": "/predict",
        "headers": headers,
        "plan": plan,
        "seen": seen,
    }
    try:
        await app(scope, receive, send)
    except (HostError, OSError) as error:
        transcript.append(("raised", type(error), str(error)))
    return [transcript, seen]


@settings(max_examples=200)
@given(plan=plans)
def test_asgi_transcripts_are_identical(monitor: Monitor, plan: Plan) -> None:
    app = fastapi.DriftMiddleware(host, monitor, features="$.inputs", prediction="$.score")
    twice = fastapi.DriftMiddleware(app, monitor, features="$.inputs")
    bare = asyncio.run(talk(host, plan))
    assert asyncio.run(talk(app, plan)) == bare
    assert asyncio.run(talk(twice, plan)) == bare
    offered = app.capture.observed + len(app.capture._queue)
    assert offered == 0 or (plan["method"] == "POST" and plan["status"] < 300)


class Keeping:
    """Stands where a monitor does."""

    name = "keeping"

    def __init__(self) -> None:
        self.seen: list[tuple[Any, Any]] = []

    def observe(self, record: Any, *, prediction: Any = None, **_: Any) -> None:
        self.seen.append((record, prediction))

    def flush(self) -> int:
        return 0


GOOD: Plan = {
    "chunks": [],
    "document": {"inputs": {"x": 1.0}},
    "method": "POST",
    "kind": b"application/json",
    "encoding": None,
    "status": 200,
    "answer": [b'{"sco', b're": 0.5}'],
    "reads": True,
    "raises": None,
    "disconnects": False,
    "send_fails": None,
}


def test_what_is_captured() -> None:
    keeping: Any = Keeping()
    app = fastapi.DriftMiddleware(
        host,
        keeping,
        features="$.inputs",
        prediction="$.score",
        routes=["/pre*"],
    )
    asyncio.run(talk(app, GOOD))
    for odd in (
        {"status": 500},
        {"kind": b"text/plain"},
        {"encoding": b"gzip"},
        {"raises": "between"},
        {"disconnects": True},
        {"send_fails": 1},
    ):
        asyncio.run(talk(app, GOOD | odd))
    assert app.capture.flush(20)
    assert keeping.seen == [({"x": 1.0}, 0.5)]
    small = capture.CaptureLimits(body_bytes=10)
    app = fastapi.DriftMiddleware(host, keeping, features="$.inputs", limits=small)
    asyncio.run(talk(app, GOOD))
    assert app.capture.dropped == {"too_large": 1}


def internals() -> list[tuple[Any, str]]:
    """Every function of ours that runs while a request does."""
    found: list[tuple[Any, str]] = []
    for owner in (
        capture.Capture,
        options.Options,
        options.Captured,
        options.Exchange,
        fastapi._Exchange,
        flask._Exchange,
    ):
        for name, value in vars(owner).items():
            if inspect.isfunction(value) and name not in ("__init__", "receiving", "sending"):
                found.append((owner, name))
    for module in (fastapi, flask, options):
        found += [
            (module, name)
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        ]
    return found


SAFE = {"failed", "drop", "disable", "enable", "starting", "returned"}
"""What handles the errors itself; and what only wraps, where nothing can go wrong."""


@pytest.mark.parametrize(
    ("owner", "name"), [(o, n) for o, n in internals() if n not in SAFE], ids=str
)
def test_no_internal_error_reaches_the_host(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping: Any = Keeping()
    asgi = fastapi.DriftMiddleware(host, keeping, features="$.inputs", prediction="$.score")
    wsgi = flask.DriftMiddleware(wsgi_host, keeping, features="$.inputs", prediction="$.score")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("an internal error")

    monkeypatch.setattr(owner, name, broken)
    assert asyncio.run(talk(asgi, GOOD)) == asyncio.run(talk(host, GOOD))
    assert call_wsgi(wsgi, GOOD) == call_wsgi(wsgi_host, GOOD)


def test_the_list_of_internals_is_not_empty() -> None:
    assert len([name for _, name in internals() if name not in SAFE]) > 15


def wsgi_host(environ: Any, start_response: Any) -> Iterable[bytes]:
    plan: Plan = environ["plan"]
    read = environ["wsgi.input"].read() if plan["reads"] else b""
    environ["seen"].append(read)
    if plan["raises"] == "before":
        raise HostError("before")
    start_response(f"{plan['status']} X", [("Content-Type", plan["kind"].decode())])

    def body() -> Iterator[bytes]:
        yield from plan["answer"]
        if plan["raises"] is not None:
            raise HostError("after")

    return body()


def call_wsgi(app: Callable[..., Iterable[bytes]], plan: Plan) -> list[Any]:
    import io

    transcript: list[Any] = []
    seen: list[Any] = []
    environ = {
        "REQUEST_METHOD": plan["method"],
        "PATH_INFO": "/predict",
        "CONTENT_TYPE": plan["kind"].decode(),
        "wsgi.input": io.BytesIO(b"".join(chunks_of(plan))),
        "plan": plan,
        "seen": seen,
    }
    if plan["encoding"]:
        environ["HTTP_CONTENT_ENCODING"] = plan["encoding"].decode()
    try:
        body = app(environ, lambda *given: transcript.append(given))
        try:
            for chunk in body:
                transcript.append((chunk,))  # noqa: PERF401 - what came before an error counts
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
    except HostError as error:
        transcript.append(("raised", str(error)))
    return [transcript, seen]


@settings(max_examples=200)
@given(plan=plans)
def test_wsgi_transcripts_are_identical(monitor: Monitor, plan: Plan) -> None:
    app = flask.DriftMiddleware(wsgi_host, monitor, features="$.inputs", prediction="$.score")
    assert call_wsgi(app, plan) == call_wsgi(wsgi_host, plan)


async def post(app: Any, path: str, body: bytes) -> tuple[int, Any]:
    """One request to an ASGI application, without a server."""
    incoming = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive, send)
    answer = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return sent[0]["status"], json.loads(answer)


async def lifespan(app: Any, steps: Callable[[], Awaitable[None]]) -> None:
    """Start an application, do something with it, and shut it down."""
    started, ended = asyncio.Event(), asyncio.Event()
    order = iter(["startup", "shutdown"])
    stop = asyncio.Event()

    async def receive() -> Any:
        step = next(order)
        if step == "shutdown":
            await stop.wait()
        return {"type": f"lifespan.{step}"}

    async def send(message: Any) -> None:
        (started if "startup" in message["type"] else ended).set()

    task = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, receive, send))
    await started.wait()
    await steps()
    stop.set()
    await ended.wait()
    await task


def test_a_fastapi_service() -> None:
    done: list[str] = []
    monitor = Monitor(TRAIN, roles={"yhat": "prediction"})
    app = FastAPI()
    app.add_middleware(
        fastapi.DriftMiddleware,
        monitor=monitor,
        features="$.inputs",
        prediction="$.score",
        routes=["/predict"],
    )

    @app.post("/predict")
    async def predict(body: dict[str, Any], later: BackgroundTasks) -> dict[str, float]:
        later.add_task(done.append, "after")
        return {"score": body["inputs"]["x"] / 100}

    @app.post("/other")
    async def other(body: dict[str, Any]) -> dict[str, int]:
        return {"ok": len(body)}

    async def traffic() -> None:
        for x in range(200):
            body = json.dumps({"inputs": {"x": float(x % 50)}}).encode()
            assert await post(app, "/predict", body) == (200, {"score": (x % 50) / 100})
        assert await post(app, "/other", b'{"inputs": 1}') == (200, {"ok": 1})
        assert (await post(app, "/predict", b"not json"))[0] == 422

    asyncio.run(lifespan(app, traffic))  # its end flushes
    assert len(done) == 200
    assert monitor.stream.options.store.overview("default")["rows"] == 200
    report = monitor.check()
    assert report.rows_current == 200
    assert report.feature_drift()["yhat"].missing_current == 0
    monitor.close()


def test_a_flask_service() -> None:
    from flask import Flask, request

    monitor = Monitor(TRAIN, roles={"yhat": "prediction"})
    app = Flask("service")
    wrapped = flask.DriftMiddleware(
        app.wsgi_app, monitor=monitor, features="$.inputs", prediction="$.score"
    )
    app.wsgi_app = wrapped  # type: ignore[method-assign]

    @app.post("/predict")
    def predict() -> dict[str, float]:
        found: dict[str, Any] = request.get_json()
        return {"score": found["inputs"]["x"] / 100}

    client = app.test_client()
    for x in range(100):
        with client.post("/predict", json={"inputs": {"x": float(x % 50)}}) as answer:
            assert answer.get_json() == {"score": (x % 50) / 100}
    assert wrapped.capture.flush(20)
    assert monitor.check().rows_current == 100
    monitor.close()


def test_misuse_is_a_clear_error(monitor: Monitor) -> None:
    with pytest.raises(ConfigError, match="begins with"):
        fastapi.DriftMiddleware(host, monitor, features="inputs")
    with pytest.raises(ConfigError, match="must be a Monitor"):
        fastapi.DriftMiddleware(host, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="must be a list"):
        flask.DriftMiddleware(wsgi_host, monitor, routes="/predict")

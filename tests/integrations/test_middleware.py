"""Transcripts with and without the middleware are the same, whatever goes on inside."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any
from wsgiref.handlers import BaseCGIHandler
from wsgiref.util import FileWrapper

import pytest
from fastapi import BackgroundTasks, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Monitor, Schema
from driftwatch.errors import ConfigError
from driftwatch.ingest import record_buffer as records
from driftwatch.integrations import capture, fastapi, flask
from driftwatch.integrations import exchanges as options
from driftwatch.streams.lazy_stream import LazyStream

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
        "returns": st.sampled_from(["generator", "list"]),
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


class Keeping:
    """Stands where a monitor does."""

    name = "keeping"
    enabled = True
    reference = SimpleNamespace(schema=Schema(()))
    seconds = staticmethod(time.time)

    def __init__(self) -> None:
        self.seen: list[tuple[Any, Any]] = []
        self.unobserved: Counter[str] = Counter()

    def observe(self, record: Any, *, prediction: Any = None, **_: Any) -> None:
        self.seen.append((record, prediction))

    def count_unobserved(self, reason: str, rows: int = 1, /) -> None:
        self.unobserved[reason] += rows

    def flush(self, *, within: float = 2.0) -> int:
        return 0


def is_captured(plan: Plan) -> bool:
    """Whether an exchange by the plan is one to look at."""
    return bool(plan["method"] == "POST")


def assert_accounted(taken: capture.Capture, plan: Plan, keeping: Keeping) -> None:
    """One exchange was observed, or dropped and counted, or none of our business."""
    assert taken.flush(20)
    without = ("predictions_do_not_match", "response_")  # the features are observed all the same
    lost = sum(n for reason, n in taken.dropped.items() if not reason.startswith(without))
    assert bool(taken.observed) + lost == is_captured(plan)
    assert taken.dropped == keeping.unobserved


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


@given(plan=plans)
def test_every_asgi_exchange_is_observed_or_counted(plan: Plan) -> None:
    keeping: Any = Keeping()
    app = fastapi.DriftMiddleware(host, keeping, features="$.inputs", prediction="$.score")
    asyncio.run(talk(app, plan))
    assert_accounted(app.capture, plan, keeping)


def asgi_scope(keeping: Any, app: Any) -> tuple[fastapi.DriftMiddleware, dict[str, Any]]:
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return fastapi.DriftMiddleware(app, keeping), scope


async def nothing(*_: Any) -> Any:
    return {"type": "http.request", "body": b"{}"}


def test_a_cancelled_exchange_is_counted_and_stays_cancelled() -> None:
    cancelled = asyncio.CancelledError()

    async def gone(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        raise cancelled

    async def talks() -> None:
        with pytest.raises(asyncio.CancelledError) as raised:
            await app(scope, nothing, nothing)
        assert raised.value is cancelled

    keeping: Any = Keeping()
    app, scope = asgi_scope(keeping, gone)
    asyncio.run(talks())
    assert keeping.unobserved == {"incomplete": 1}


def test_a_file_that_the_server_sends_is_counted() -> None:
    async def sends(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/x"})

    keeping: Any = Keeping()
    app, scope = asgi_scope(keeping, sends)
    asyncio.run(app(scope, nothing, nothing))
    assert keeping.unobserved == {"incomplete": 1}


def test_a_monitor_that_is_switched_off_captures_nothing() -> None:
    keeping: Any = Keeping()
    keeping.enabled = False
    asgi = fastapi.DriftMiddleware(host, keeping, features="$.inputs")
    wsgi = flask.DriftMiddleware(wsgi_host, keeping, features="$.inputs")
    for enabled in (False, True):
        keeping.enabled = enabled
        asyncio.run(talk(asgi, GOOD))
        call_wsgi(wsgi, GOOD)
        assert asgi.capture.flush(20)
        assert wsgi.capture.flush(20)
        assert len(keeping.seen) == 2 * enabled
    assert keeping.unobserved == {}


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
    "returns": "generator",
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
        {"kind": b"image/png"},
        {"encoding": b"gzip"},  # which it is not
        {"raises": "between"},
        {"disconnects": True},
        {"send_fails": 1},
    ):
        asyncio.run(talk(app, GOOD | odd))
    assert app.capture.flush(20)
    assert keeping.seen == [({"x": 1.0}, 0.5)]
    assert keeping.unobserved == {
        "not_successful": 1,
        "not_a_json_body": 1,
        "compressed": 1,
        "not_json": 1,  # of a client that went away
        "incomplete": 2,
    }
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
    for module in (capture, fastapi, flask, options):
        found += [
            (module, name)
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__.startswith("driftwatch.integrations")
        ]
    return [(owner, name) for owner, name in found if name not in SAFE]


SAFE = {"disable", "enable", "starting", "returned", "_end", "_work", "_excused"}
"""What handles the errors itself; and what only wraps, where nothing can go wrong."""

PLANS = (GOOD, GOOD | {"status": 500}, GOOD | {"raises": "between"})
"""An exchange that is observed, one that is dropped, and one that does not finish."""


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("an internal error")


def accounted(taken: capture.Capture) -> int:
    """What was observed, was dropped or still waits, when nobody works at it."""
    settles: list[Callable[[], bool]] = [lambda: taken.flush(20), taken.turn]
    for settle in settles:
        with contextlib.suppress(RuntimeError):
            settle()
    return taken.observed + taken.dropped.total() + len(taken._queue)


@pytest.mark.parametrize(("owner", "name"), internals(), ids=str)
def test_no_internal_error_reaches_the_host_and_each_is_counted(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping: Any = Keeping()
    asgi = fastapi.DriftMiddleware(host, keeping, features="$.inputs", prediction="$.score")
    wsgi = flask.DriftMiddleware(wsgi_host, keeping, features="$.inputs", prediction="$.score")
    monkeypatch.setattr(owner, name, broken)
    for plan in PLANS:
        assert asyncio.run(talk(asgi, plan)) == asyncio.run(talk(host, plan))
        assert call_wsgi(wsgi, plan) == call_wsgi(wsgi_host, plan)
    counted = 1 if name == "drop" else len(PLANS)  # what counts cannot count that it is broken
    assert accounted(asgi.capture) >= counted
    assert accounted(wsgi.capture) >= counted


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Monitor, "observe"),
        (Monitor, "count_unobserved"),
        (Monitor, "flush"),
        (records.RecordBuffer, "append"),
        (LazyStream, "begin"),
        (LazyStream, "settle"),
    ],
    ids=str,
)
def test_no_error_of_the_monitor_reaches_the_host_and_each_is_counted(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Monitor(TRAIN, roles={"yhat": "prediction"}) as monitor, monkeypatch.context() as breaking:
        breaking.setattr(records, "BUFFERED", 1)  # it settles with every record
        breaking.setattr(owner, name, broken)
        asgi = fastapi.DriftMiddleware(host, monitor, features="$.inputs", prediction="$.score")
        wsgi = flask.DriftMiddleware(wsgi_host, monitor, features="$.inputs", prediction="$.score")
        for plan in PLANS:
            assert asyncio.run(talk(asgi, plan)) == asyncio.run(talk(host, plan))
            assert call_wsgi(wsgi, plan) == call_wsgi(wsgi_host, plan)
        assert accounted(asgi.capture) >= len(PLANS)
        assert accounted(wsgi.capture) >= len(PLANS)


def test_the_list_of_internals_is_not_empty() -> None:
    assert len(internals()) > 25
    assert {"failed", "drop", "end", "document_of"} <= {name for _, name in internals()}


def wsgi_host(environ: Any, start_response: Any) -> Iterable[bytes]:
    plan: Plan = environ["plan"]
    read = environ["wsgi.input"].read() if plan["reads"] else b""
    environ["seen"].append(read)
    if plan["raises"] == "before":
        raise HostError("before")
    start_response(f"{plan['status']} X", [("Content-Type", plan["kind"].decode())])
    if plan["returns"] == "list":
        return list(plan["answer"])

    def body() -> Iterator[bytes]:
        yield from plan["answer"]
        if plan["raises"] is not None:
            raise HostError("after")

    return body()


def call_wsgi(app: Callable[..., Iterable[bytes]], plan: Plan) -> list[Any]:
    """One conversation, written down; the server stops where the plan's client goes away."""
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
        body: Any = app(environ, lambda *given: transcript.append(given))
        transcript.append(len(body) if hasattr(body, "__len__") else None)
        try:
            for sent, chunk in enumerate(body):
                transcript.append((chunk,))
                if sent == plan["send_fails"]:
                    break
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


@given(plan=plans)
def test_every_wsgi_exchange_is_observed_or_counted(plan: Plan) -> None:
    keeping: Any = Keeping()
    app = flask.DriftMiddleware(wsgi_host, keeping, features="$.inputs", prediction="$.score")
    call_wsgi(app, plan)
    assert_accounted(app.capture, plan, keeping)


def wsgi_environ(stream: Any) -> dict[str, Any]:
    kind = "application/json"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_TYPE": kind,
        "wsgi.input": stream,
        "wsgi.file_wrapper": FileWrapper,
    }


def written(_data: bytes) -> None:
    """What `start_response` gives back, for applications of old."""


def served_by_wsgiref(app: Any) -> bytes:
    served = io.BytesIO()
    environ = wsgi_environ(io.BytesIO())
    BaseCGIHandler(environ["wsgi.input"], served, io.StringIO(), environ).run(app)
    return served.getvalue()


@pytest.mark.parametrize("body", [[b"{}"], [b"{", b"}"], [], (b"{}",)], ids=str)
def test_a_server_knows_the_length_of_a_body_as_without_us(body: Any) -> None:
    def app(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "application/json")])
        return body

    keeping: Any = Keeping()
    bare = served_by_wsgiref(app)
    assert served_by_wsgiref(flask.DriftMiddleware(app, keeping)) == bare
    assert (b"Content-Length: 2" in bare) == (len(body) == 1)


def test_a_file_that_a_wsgi_server_sends_is_counted() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "application/json")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"{}"))

    keeping: Any = Keeping()
    body = flask.DriftMiddleware(app, keeping)(wsgi_environ(io.BytesIO()), lambda *_: written)
    assert type(body) is FileWrapper
    assert keeping.unobserved == {"incomplete": 1}


def test_the_error_of_an_application_may_be_named_to_the_server() -> None:
    def app(_environ: Any, start_response: Any) -> Any:
        start_response("500 Oh", [], exc_info=None)
        return []

    said: list[Any] = []
    keeping: Any = Keeping()
    wrapped = flask.DriftMiddleware(app, keeping)

    def start_response(*given: Any, **named: Any) -> Callable[[bytes], object]:
        said.append((given, named))
        return written

    assert list(wrapped(wsgi_environ(io.BytesIO()), start_response)) == []
    assert said == [(("500 Oh", []), {"exc_info": None})]


def within(stream: Any) -> bytes:
    with stream as found:
        return bytes(found.read())


def filled(stream: Any) -> bytes:
    buffer = memoryview(bytearray(8)).cast("H", (2, 2))  # whatever its shape
    size = stream.readinto(buffer)
    return buffer.tobytes()[:size]


READS: dict[str, Callable[[Any], Any]] = {
    "read": lambda stream: stream.read(),
    "read(4)": lambda stream: stream.read(4),
    "read(size)": lambda stream: stream.read(size=4),
    "readline": lambda stream: stream.readline(),
    "readline(3)": lambda stream: stream.readline(3),
    "readlines": lambda stream: b"".join(stream.readlines()),
    "next": next,
    "iter": b"".join,
    "with": within,
    "readinto": filled,
    "read1": lambda stream: stream.read1(5),
}


class Sized(io.BytesIO):
    """A stream whose sizes may be named, as those of servers may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size)


def gunicorn_body(content: bytes) -> Any:
    return pytest.importorskip("gunicorn.http.body").Body(io.BytesIO(content))


@pytest.mark.parametrize("make", [Sized, gunicorn_body])
@pytest.mark.parametrize("way", READS)
def test_a_request_can_be_read_in_every_way_of_its_stream(
    make: Callable[[bytes], Any], way: str
) -> None:
    content, read = b'{"x":\n1.5}\n', READS[way]
    try:
        bare = read(make(content))
    except (TypeError, AttributeError):
        pytest.skip(f"{make.__name__} cannot be read so")
    got: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        got.append(read(environ["wsgi.input"]))
        got.append(environ["wsgi.input"]._exchange.request.body())
        return []

    keeping: Any = Keeping()
    flask.DriftMiddleware(app, keeping)(wsgi_environ(make(content)), lambda *_: written)
    assert got == [bare, bare]
    assert keeping.unobserved == {}


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


@pytest.mark.parametrize("end", ["complete", "failed"])
def test_the_end_of_the_application_flushes_however_it_ends(end: str) -> None:
    flushed: list[float] = []

    class Flushed(Keeping):
        def flush(self, *, within: float = 2.0) -> int:
            flushed.append(within)
            return 0

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        for message in ("startup.complete", f"shutdown.{end}"):
            await receive()
            await send({"type": f"lifespan.{message}"})

    async def no_steps() -> None:
        assert flushed == []

    keeping: Any = Flushed()
    asyncio.run(lifespan(fastapi.DriftMiddleware(app, keeping), no_steps))
    assert len(flushed) == 1
    assert 0 < flushed[0] <= 2


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
        assert (await post(app, "/predict", b"[]"))[0] == 422

    asyncio.run(lifespan(app, traffic))  # its end flushes
    assert len(done) == 200
    assert monitor.stream.destination.receiver.overview("default").rows == 200
    assert monitor.counters["not_successful"] == 2
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
    with pytest.raises(ConfigError, match="cannot be read from"):
        fastapi.DriftMiddleware(host, monitor, features="inputs[")
    with pytest.raises(ConfigError, match="must be a Monitor"):
        fastapi.DriftMiddleware(host, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="must be a list"):
        flask.DriftMiddleware(wsgi_host, monitor, routes="/predict")

"""Bodies as clients send them, routes as frameworks write them: observed, or counted by reason."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from flask import Blueprint, Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from driftwatch import Monitor
from driftwatch.integrations.bodies import Form, UnreadableError, document_of
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.integrations.flask import DriftMiddleware as FlaskMiddleware
from tests.waiting import until

RECORD = {"x": 0.5, "plan": "pro"}
PLAIN = json.dumps(RECORD).encode()
LINES = b"\n".join([PLAIN] * 3)


def brotli(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "brotli") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def packed(data: bytes) -> bytes:
    """The same at every time: bytes are names of tests here."""
    return gzip.compress(data, mtime=0)


BODIES: dict[str, tuple[bytes, Form, Any]] = {
    "json": (PLAIN, Form("application/json; charset=utf-8"), RECORD),
    "vendor": (PLAIN, Form("application/vnd.shop+json"), RECORD),
    "nothing said": (PLAIN, Form(), RECORD),
    "text": (PLAIN, Form("text/plain"), RECORD),
    "gzip": (packed(PLAIN), Form("application/json", "gzip"), RECORD),
    "two members": (
        packed(PLAIN[:9]) + packed(PLAIN[9:]),
        Form("application/json", "gzip"),
        RECORD,
    ),
    "mark": (b"\xef\xbb\xbf" + PLAIN, Form("application/json"), RECORD),
    "deflate": (zlib.compress(PLAIN), Form("application/json", "deflate"), RECORD),
    "raw deflate": (raw_deflate(PLAIN), Form("application/json", "deflate"), RECORD),
    "brotli": (brotli(PLAIN), Form("application/json", "br"), RECORD),
    "lines": (LINES, Form("application/x-ndjson"), [RECORD] * 3),
    "form": (
        urlencode(RECORD).encode(),
        Form("application/x-www-form-urlencoded"),
        {"x": "0.5", "plan": "pro"},
    ),
}


@pytest.mark.parametrize("how", BODIES)
def test_a_body_is_read_as_it_is_written(how: str) -> None:
    body, form, expected = BODIES[how]
    assert document_of(body, form, 10_000, 100) == expected


@pytest.mark.parametrize(
    ("body", "form", "reason"),
    [
        (b"{", Form("application/json"), "not_json"),
        (b"\xff", Form(), "not_json"),
        (b"x", Form("image/png"), "not_a_json_body"),
        (b"--a", Form("multipart/form-data; boundary=a"), "not_a_json_body"),
        (PLAIN, Form("application/json", "gzip"), "compressed"),
        (packed(PLAIN)[:-9], Form("application/json", "gzip"), "compressed"),
        (PLAIN, Form("application/json", "br"), "compressed"),
        (PLAIN, Form("application/json", "zstd"), "compressed"),
        (packed(b" " * 10_001), Form("application/json", "gzip"), "too_large"),
        (brotli(b" " * 10_001), Form("application/json", "br"), "too_large"),
        (packed(b" " * 100_000_000), Form("application/json", "gzip"), "too_large"),
        (b"&".join([b"a=1"] * 10_001), BODIES["form"][1], "not_a_json_body"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(body: bytes, form: Form, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        document_of(body, form, 10_000, 100)


@pytest.fixture(scope="module")
def profile() -> Any:
    rng = np.random.default_rng(1)
    data = {"x": rng.normal(size=300), "plan": rng.choice(["free", "pro"], 300)}
    return Monitor(data).reference.profile


@pytest.fixture
def monitor(profile: Any) -> Iterator[Monitor]:
    with Monitor(profile) as fresh:
        yield fresh


def observed(monitor: Monitor) -> tuple[int, dict[str, int]]:
    monitor.flush()
    return monitor.store.overview("default").rows, dict(monitor.counters)


def fast_routes(monitor: Monitor, routes: list[str] | None) -> Any:
    app = FastAPI()
    router = APIRouter(prefix="/v1")

    @app.api_route("/models/{name}/predict", methods=["POST", "GET"])
    async def predict(name: str, asked: Request) -> Any:
        return {"name": name, "size": len(await asked.body())}

    @router.post("/predict")
    async def below(asked: Request) -> Any:
        return len(await asked.body())

    app.include_router(router)
    app.add_middleware(DriftMiddleware, monitor=monitor, routes=routes)
    return app


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/models/{name}/predict", "/models/churn/predict"),
        ("/models/*", "/models/churn/predict"),
        ("/models/{rest:path}", "/models/churn/predict"),
        ("models/{name}/predict/", "/models/churn/predict"),
        ("/v1/predict", "/v1/predict"),
    ],
)
def test_routes_of_fastapi(monitor: Monitor, route: str, path: str) -> None:
    with TestClient(fast_routes(monitor, [route])) as client:
        client.post(path, json=RECORD)
        client.post("/elsewhere", json=RECORD)
    assert observed(monitor) == (1, {})


@pytest.mark.parametrize("route", ["/v1/predict", "/api/v1/predict"])
def test_an_application_that_is_mounted(monitor: Monitor, route: str) -> None:
    outer = FastAPI()
    outer.mount("/api", fast_routes(monitor, [route]))
    with TestClient(outer) as client:
        client.post("/api/v1/predict", json=RECORD)
    until(lambda: observed(monitor)[0])  # nobody tells an application within another to end
    assert observed(monitor) == (1, {})


@pytest.mark.parametrize("route", ["/v1/predict", "/api/v1/predict"])
def test_a_root_path(monitor: Monitor, route: str) -> None:
    with TestClient(fast_routes(monitor, [route]), root_path="/api") as client:
        client.post("/v1/predict", json=RECORD)
    assert observed(monitor) == (1, {})


def flask_app() -> Flask:
    app = Flask("test")
    v1 = Blueprint("v1", "v1", url_prefix="/v1")

    @app.post("/models/<name>/predict")
    def predict(name: str) -> Any:
        return {"name": name, "size": len(request.get_json(force=True))}

    @v1.post("/predict")
    def below() -> Any:
        return {"size": len(request.get_data())}

    app.register_blueprint(v1)
    return app


def post(app: Any, path: str, **more: Any) -> None:
    from werkzeug.test import Client

    with Client(app).post(path, **more) as answer:
        answer.get_data()


@pytest.mark.parametrize(
    ("route", "path", "mounted"),
    [
        ("/models/<name>/predict", "/models/churn/predict", False),
        ("/models/<path:rest>", "/models/churn/predict", False),
        ("/v1/predict", "/v1/predict", False),
        ("/v1/predict", "/api/v1/predict", True),
        ("/api/v1/predict", "/api/v1/predict", True),
    ],
)
def test_routes_of_flask(monitor: Monitor, route: str, path: str, mounted: bool) -> None:
    watched = FlaskMiddleware(flask_app().wsgi_app, monitor, routes=[route])
    app: Any = DispatcherMiddleware(Flask("outer"), {"/api": watched}) if mounted else watched
    post(app, path, json=RECORD)
    watched.capture.flush(20)
    assert observed(monitor) == (1, {})


def test_flask_that_takes_json_by_force(monitor: Monitor) -> None:
    watched = FlaskMiddleware(flask_app().wsgi_app, monitor)
    post(watched, "/models/churn/predict", data=PLAIN)
    watched.capture.flush(20)
    assert observed(monitor) == (1, {})


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_method_on_a_watched_route_is_counted(monitor: Monitor, method: str) -> None:
    with TestClient(fast_routes(monitor, ["/v1/predict"])) as client:
        client.request(method, "/v1/predict")
    assert observed(monitor) == (0, {"other_method": 1})


def test_a_route_that_never_matches_is_said_once_and_counted(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(fast_routes(monitor, ["/predict"])) as client, caplog.at_level(logging.WARNING):
        for _ in range(150):
            client.post("/v1/predict", json=RECORD)
    assert observed(monitor) == (0, {"route_never_matched": 100})
    said = [line for line in caplog.messages if "none was on a watched route" in line]
    assert said == [
        (
            "driftwatch: of 100 requests none was on a watched route (/predict); "
            "the last was on /v1/predict [DW120]"
        )
    ]


def test_of_several_routes_those_that_never_match_are_said(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    routes = ["/v1/predict", "/v2/predict", "/models/{name}/predict", "/*/predict", "/v3/*"]
    with TestClient(fast_routes(monitor, routes)) as client, caplog.at_level(logging.WARNING):
        client.post("/v1/predict", json=RECORD)
        client.post("/models/churn/predict", json=RECORD)
        for _ in range(150):
            client.post("/login", json={})
    assert observed(monitor)[1] == {"route_never_matched": 100}
    said = [line for line in caplog.messages if "none was on a watched route" in line]
    assert len(said) == 1
    assert "a watched route (/v2/predict, /v3/*); the last was on /login" in said[0]


def test_where_every_route_is_matched_nothing_is_said(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    routes = ["/v1/predict", "/models/{name}/predict"]
    with TestClient(fast_routes(monitor, routes)) as client, caplog.at_level(logging.WARNING):
        for path in ("/v1/predict", "/models/churn/predict", *["/login"] * 150):
            client.post(path, json=RECORD)
    assert observed(monitor)[1] == {}
    assert [line for line in caplog.messages if "watched route" in line] == []


def test_a_prediction_that_is_never_found_is_said_once(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    @app.post("/predict")
    async def predict(asked: Request) -> Any:
        await asked.body()
        return {"risk": 0.5}

    app.add_middleware(DriftMiddleware, monitor=monitor, prediction="$.score")
    with TestClient(app) as client, caplog.at_level(logging.WARNING):
        for _ in range(150):
            client.post("/predict", json=RECORD)
    said = [line for line in caplog.messages if "nothing stands where prediction should be" in line]
    assert len(said) == 1

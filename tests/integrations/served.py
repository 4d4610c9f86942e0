"""The applications that the tests put behind real servers."""

from __future__ import annotations

import os
from typing import Any

from fastapi import FastAPI
from flask import Flask, request

from driftwatch import Monitor
from driftwatch.integrations import fastapi, flask

monitor = Monitor(
    {"x": [float(value % 50) for value in range(2_000)], "yhat": [0.5, 1.0] * 1_000},
    roles={"yhat": "prediction"},
    store=os.environ.get("SERVED_STORE"),
    flush_every="1s",
)

asgi = FastAPI()
asgi.add_middleware(
    fastapi.DriftMiddleware, monitor=monitor, features="$.inputs", prediction="$.yhat"
)


@asgi.post("/predict")
async def predict(body: dict[str, Any]) -> dict[str, float]:
    return {"yhat": body["inputs"]["x"] / 100}


@asgi.get("/up")
async def up() -> dict[str, int]:
    return {"pid": os.getpid()}


wsgi = Flask("served")


@wsgi.post("/predict")
def predict_too() -> dict[str, float]:
    body: dict[str, Any] = request.get_json()
    return {"yhat": body["inputs"]["x"] / 100}


@wsgi.get("/up")
def up_too() -> dict[str, int]:
    return {"pid": os.getpid()}


wsgi.wsgi_app = flask.DriftMiddleware(  # type: ignore[method-assign]
    wsgi.wsgi_app, monitor=monitor, features="$.inputs", prediction="$.yhat"
)

"""The application that gunicorn's workers serve, with a monitor that ships to the collector.

Where everything is stands in ``SOAK_WEB``, as JSON.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from benchmarks.soak.notes import NotingStore
from benchmarks.soak.settings import FLUSH_EVERY, LATENESS, SLIDE, WEB, WINDOW
from driftwatch import Monitor
from driftwatch.errors import StoreError
from driftwatch.integrations.fastapi import DriftMiddleware

_PLACES = json.loads(os.environ["SOAK_WEB"])
_LIFE = secrets.token_hex(4)
_CHILD_FLUSH_SECONDS = 5.0

monitor = Monitor(
    Path(_PLACES["reference"]),
    name=WEB,
    window=WINDOW,
    slide=SLIDE,
    lateness=LATENESS,
    flush_every=FLUSH_EVERY,
    store=NotingStore(
        _PLACES["url"], spool=Path(_PLACES["spool"]), notes=Path(_PLACES["notes"]), life=_LIFE
    ),
)
app = FastAPI()
app.add_middleware(
    DriftMiddleware,
    monitor=monitor,
    features="$.rows",
    prediction="$.yhat",
    routes=["/predict"],
)


@app.post("/predict")
async def predict(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "life": _LIFE,
        "pid": os.getpid(),
        "yhat": [row["x"] / 1_000 for row in body["rows"]],
    }


@app.post("/fork")
def fork(body: dict[str, Any]) -> dict[str, Any]:
    """Have a child observe some rows, and say what it has done when it has ended."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(hear)
            os.write(tell, json.dumps(_observed_by_a_child(body["rows"])).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(hear) as said:
        told = json.loads(said.read() or "{}")
    os.waitpid(child, 0)
    return {"life": _LIFE, "pid": os.getpid(), "child": child, **told}


def _observed_by_a_child(rows: list[dict[str, Any]]) -> dict[str, Any]:
    began = time.monotonic()
    for row in rows:
        monitor.observe(row, prediction=row["x"] / 1_000)
    try:
        flushed = monitor.flush(within=_CHILD_FLUSH_SECONDS)
    except StoreError as error:
        return {"observed": len(rows), "flushed": 0, "error": str(error)}
    return {"observed": len(rows), "flushed": flushed, "seconds": time.monotonic() - began}

"""A model behind FastAPI, watched by three lines; some traffic, and what the monitor says.

pip install '.[service]'
python examples/fastapi_service.py
"""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI

from driftwatch import Monitor
from driftwatch.integrations.fastapi import DriftMiddleware

rng = np.random.default_rng(0)
income = rng.lognormal(10, 0.4, 20_000).round()
train = {"income": income, "age": rng.normal(41, 11, 20_000).round(), "risk": income / 1e5}

app = FastAPI()
monitor = Monitor(train, roles={"risk": "prediction"}, name="risk")
app.add_middleware(
    DriftMiddleware, monitor=monitor, features="$.inputs", prediction="$.risk", routes=["/score"]
)


@app.post("/score")
async def score(body: dict[str, Any]) -> dict[str, float]:
    return {"risk": body["inputs"]["income"] / 1e5}


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    for _ in range(600):  # incomes arrive in cents: a unit has changed somewhere
        inputs = {"income": float(rng.lognormal(10, 0.4) * 100), "age": float(rng.normal(41, 11))}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/score",
            json.dumps({"inputs": inputs}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            answer.read()
    server.should_exit = True
    thread.join()  # the end of the application's lifespan stores what was seen
    print(monitor.check().summary())
    monitor.close()


if __name__ == "__main__":
    main()

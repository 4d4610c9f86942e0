"""Several workers of one host share a store, and one verdict is about all of them.

The file is the application as well: gunicorn imports it in every worker.

pip install '.[flask]' gunicorn
python examples/gunicorn_workers.py
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask, request

from driftwatch import Monitor
from driftwatch.integrations.flask import DriftMiddleware

rng = np.random.default_rng(0)
train = {"age": rng.normal(41, 11, 20_000).round(), "visits": rng.poisson(3, 20_000)}

app = Flask(__name__)
monitor = Monitor(train, name="churn", store=os.environ.get("CHURN_STORE"), flush_every="1s")
app.wsgi_app = DriftMiddleware(app.wsgi_app, monitor=monitor)  # type: ignore[method-assign]


@app.post("/churn")
def churn() -> dict[str, float]:
    body: dict[str, Any] = request.get_json()
    return {"churn": 1 / (1 + body["visits"])}


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "churn.db")
        here = Path(__file__)
        command = [sys.executable, "-m", "gunicorn", "--workers=3", f"--bind=127.0.0.1:{port}"]
        server = subprocess.Popen(
            [*command, "--log-level=warning", f"--chdir={here.parent}", f"{here.stem}:app"],
            env={**os.environ, "CHURN_STORE": store},
        )
        url = f"http://127.0.0.1:{port}/churn"
        try:
            for _ in range(900):  # the traffic has ended
                ask(url, {"age": round(rng.normal(41, 11)), "visits": int(rng.poisson(0.5))})
        finally:
            server.terminate()  # every worker stores what it has seen
            server.wait()
        with Monitor(train, name="churn", store=store) as together:
            print(together.check().summary())


def ask(url: str, person: dict[str, Any]) -> None:
    body = json.dumps(person).encode()
    sent = urllib.request.Request(url, body, {"content-type": "application/json"})
    for _ in range(600):
        try:
            with urllib.request.urlopen(sent) as answer:
                answer.read()
                return
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError:  # the server is still starting
            time.sleep(0.1)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()

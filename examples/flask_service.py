"""A model behind Flask, watched by three lines; some traffic, and what the monitor says.

pip install '.[flask]'
python examples/flask_service.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Flask, request

from driftwatch import Monitor
from driftwatch.integrations.flask import DriftMiddleware

rng = np.random.default_rng(0)
train = {
    "rooms": rng.integers(1, 7, 20_000),
    "district": rng.choice(["north", "south", "harbour"], 20_000, p=[0.5, 0.4, 0.1]),
    "rent": rng.normal(900, 150, 20_000),
}

app = Flask(__name__)
monitor = Monitor(train, roles={"rent": "prediction"}, name="rents")
watched = DriftMiddleware(
    app.wsgi_app, monitor=monitor, features="$.flats", prediction="$.rents", routes=["/rents"]
)
app.wsgi_app = watched  # type: ignore[method-assign]


@app.post("/rents")
def rents() -> dict[str, list[float]]:
    body: dict[str, Any] = request.get_json()
    return {"rents": [500.0 + 120.0 * flat["rooms"] for flat in body["flats"]]}


def main() -> None:
    client = app.test_client()
    for _ in range(40):  # batches of 25; everybody asks for the harbour now
        flats = [{"rooms": int(rng.integers(1, 7)), "district": "harbour"} for _ in range(25)]
        answer = client.post("/rents", json={"flats": flats})
        answer.get_data()
    watched.capture.close()  # observes what waits; at the end of a process it happens by itself
    print(monitor.check().summary())
    monitor.close()


if __name__ == "__main__":
    main()

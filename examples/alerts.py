"""Incidents told to a webhook on this machine: one message when it opens, one when it is over."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np

from driftwatch import Monitor
from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.integrations.alerting import WebhookAlert

TAKEN: list[str] = []
OPEN: set[str] = set()
"""What is open at a pager such as PagerDuty, which closes what has the same key."""


class Pager(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        TAKEN.append(body["summary"])
        if body["event_action"] == "trigger":
            OPEN.add(body["dedup_key"])
        else:
            OPEN.discard(body["dedup_key"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def main() -> None:
    pager = HTTPServer(("127.0.0.1", 0), Pager)
    threading.Thread(target=pager.serve_forever, daemon=True).start()
    hook = WebhookAlert(
        f"http://127.0.0.1:{pager.server_port}/",
        template={
            "routing_key": "$routing_key",
            "event_action": "$action",  # trigger or resolve
            "dedup_key": "$incident_key",  # one for all messages of an incident
            "summary": "$status $monitor: $text",
        },
        secrets={"routing_key": "secret of the pager"},
        allow_private=True,  # this machine is no public address
    )
    rng = np.random.default_rng(0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monitor = Monitor(
        {"age": rng.normal(40, 9, 20_000)},
        window="6h",
        clock=lambda: now,
        alerts=Alerts([hook], rules=[Rule("ks > 0.5", for_="2 windows", level="critical")]),
    )
    for hour in range(36):
        now += timedelta(hours=1)
        drifted = 25.0 if 8 <= hour < 16 else 0.0
        rows = rng.normal(40 + drifted, 9, 2_000)
        monitor.observe_many({"age": rows}, at=now - timedelta(minutes=1))
        monitor.evaluate()
    assert monitor.evaluator.sinks.finish(10)
    monitor.close()
    pager.shutdown()
    pager.server_close()
    print("\n".join(TAKEN))
    assert [text.split()[0] for text in TAKEN][-1] == "RESOLVED"
    assert not OPEN


if __name__ == "__main__":
    main()

"""The example runs as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kafka.broker import Broker

EXAMPLE = Path(__file__).parents[2] / "examples" / "kafka_worker.py"


@pytest.mark.slow
def test_the_example_finds_the_drift_of_its_messages(broker: Broker, topic: str) -> None:
    broker.create_topic(topic, 2)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE)],
        env={**os.environ, "KAFKA": broker.bootstrap, "TOPIC": topic},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "of 3 features drifted (5,000 production rows" in done.stdout
    assert "CRITICAL  age" in done.stdout
    assert "of the messages: {'kafka_ok': 5000}" in done.stdout


def test_without_a_broker_the_example_says_how_to_get_one() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env={**os.environ, "KAFKA": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "docker compose" in done.stdout

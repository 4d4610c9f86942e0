"""The guide to Kafka runs as it stands, with a mock of a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.running import run
from tests.kafka.mock_cluster import MockCluster

GUIDE = Path(__file__).parents[2] / "examples" / "guides" / "kafka.md"


@pytest.mark.slow
def test_the_guide_runs_as_it_stands(cluster: MockCluster, topic: str, tmp_path: Path) -> None:
    cluster.create_topic(topic, 2)
    cluster.create_topic(f"{topic}-unreadable", 1)
    instead = {
        "127.0.0.1:9092": cluster.bootstrap,
        '"predictions"': f'"{topic}"',
        '"unreadable"': f'"{topic}-unreadable"',
    }
    run(GUIDE, tmp_path, instead)

"""A day of Wikipedia's edits, once through a broker and once as a batch: one report."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from driftwatch import Monitor
from driftwatch.core.reports.results import DriftResult
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from tests.kafka import clients
from tests.kafka.broker import Broker
from tests.kafka.working import counters, is_all_stored, running
from tests.waiting import until

DATA = Path(__file__).parents[3] / "shared" / "data" / "streams" / "wikiticker.jsonl.gz"
COLUMNS = [
    *("channel", "namespace", "countryIsoCode", "cityName", "user"),
    *("isAnonymous", "isMinor", "isNew", "isRobot", "isUnpatrolled", "delta", "added", "deleted"),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the shared data sets are not here"),
]


def edits() -> list[dict[str, Any]]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def within(one: DriftResult, other: DriftResult) -> bool:
    """Whether the statistic of one lies where the other says that the exact one does."""
    if one.statistic is None or other.statistic is None or other.interval is None:
        return one.statistic == other.statistic
    low, high = other.interval
    return low <= one.statistic <= high or math.isclose(one.statistic, other.statistic)


def test_what_came_through_a_broker_is_judged_as_the_batch_is(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    rows = edits()
    first = len(rows) // 5
    reference, rest = pd.DataFrame(rows[:first])[COLUMNS], rows[first:]
    # A few edits are dated weeks before and after the day; one pane has them all.
    watched = Monitor(reference, store=tmp_path / "s.db", window="365d", slide="365d")
    broker.create_topic(topic, 3)
    clients.produce(broker.bootstrap, topic, [json.dumps(row).encode() for row in rest])
    config = KafkaConfig(bootstrap=broker.bootstrap, topics=[topic], at="$.time")
    with running(KafkaWorker(watched, config)):
        until(lambda: is_all_stored(watched, broker.bootstrap, topic), 120)
    assert counters(watched) == {"kafka_ok": len(rest)}
    streamed, batch = watched.check(), watched.check(pd.DataFrame(rest)[COLUMNS])
    assert streamed.rows_current == batch.rows_current == len(rest)
    assert streamed.production_data_hash == batch.production_data_hash
    others = {feature.name: feature for feature in batch.features}
    assert {feature.name for feature in streamed.features} == set(others) == set(COLUMNS)
    for left in streamed.features:
        right = others[left.name]
        assert left.missing_current == right.missing_current
        assert list(left.tests) == list(right.tests)
        for method, test in left.tests.items():
            assert within(test, right.tests[method]), (left.name, method)
            assert within(right.tests[method], test), (left.name, method)
    assert streamed.global_status == batch.global_status
    watched.close()

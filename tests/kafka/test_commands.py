"""``driftwatch worker`` and ``produce``, as they are run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.kafka import clients, working
from tests.kafka.commands import rows_in, run, worked_until
from tests.kafka.mock_cluster import MockCluster


@pytest.fixture
def folder(tmp_path: Path, cluster: MockCluster, topic: str) -> Path:
    cluster.create_topic(topic, 1)
    pd.DataFrame(working.reference()).to_parquet(tmp_path / "train.parquet")
    rows = [working.message(n) for n in range(2_000)]
    frame = pd.DataFrame([{**row["inputs"], "yhat": row["yhat"], "ts": row["ts"]} for row in rows])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "driftwatch.toml").write_text(
        f"""
        store = "s.db"
        [monitors.m]
        reference = "train.parquet"
        prediction = "yhat"
        flush_every = "1s"
        [monitors.m.kafka]
        bootstrap = "{cluster.bootstrap}"
        topics = ["{topic}"]
        at = "$.ts"
        session_seconds = 2.0
        """
    )
    return tmp_path


def test_rows_of_a_file_go_through_a_topic_into_the_window(folder: Path) -> None:
    made = run(folder, "produce", "rows.csv", "--rate", "100000/s")
    assert made.returncode == 0, made.stderr
    assert "2,000 messages sent" in made.stderr
    said = worked_until(lambda: rows_in(folder) == 2_000, folder)
    assert "as group driftwatch-m" in said
    assert "stopped; 2,000 messages read, all of them stored" in said
    shown = run(folder, "check", "--monitor", "m")
    assert "2,000 production rows" in shown.stdout
    doctor = run(folder, "doctor")
    assert "2,000 kafka ok" in doctor.stdout
    assert "not used" not in doctor.stdout


def test_rows_are_sent_as_they_are_with_the_key_that_was_named(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    made = run(
        folder, "produce", "rows.csv", "--bootstrap", cluster.bootstrap, "--topic", topic,
        "--key", "plan",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    first = min(clients.consume(cluster.bootstrap, topic, 2_000), key=lambda found: found.offset)
    assert first.key == b"free"
    assert first.value == b'{"x":0.0,"plan":"free","yhat":0.0,"ts":1767225600.0}'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["produce", "rows.csv", "--rate", "fast"], "1000/s"),
        (["produce", "rows.csv", "--bootstrap", "127.0.0.1:1"], "--topic"),
        (["produce", "rows.csv", "--key", "nobody"], "no column 'nobody'"),
        (["produce", "absent.csv"], "absent.csv"),
        (["worker", "--monitor", "other"], "no monitor 'other'"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    folder: Path, arguments: list[str], said: str
) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_needs_the_store_itself(folder: Path) -> None:
    text = (folder / "driftwatch.toml").read_text()
    (folder / "driftwatch.toml").write_text(text.replace('"s.db"', '"http://127.0.0.1:1"'))
    done = run(folder, "worker")
    assert done.returncode == 2
    assert "behind the collector" in done.stderr


def test_a_monitor_that_reads_nothing_from_kafka_says_what_to_write(folder: Path) -> None:
    text = (folder / "driftwatch.toml").read_text()
    (folder / "driftwatch.toml").write_text(text.partition("[monitors.m.kafka]")[0])
    done = run(folder, "worker")
    assert done.returncode == 2
    assert "[monitors.m.kafka]" in done.stderr

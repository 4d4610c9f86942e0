"""How a worker starts, ends, and is told where to go on: by command, with one process for many."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from driftwatch.config.kafka import PASSWORD
from driftwatch.errors import ConfigError
from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka import worker as worker_module
from driftwatch.integrations.kafka.examination import RefusedError
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.kafka import clients, working
from tests.kafka.broker import Broker, free_ports, started_or_skipped
from tests.kafka.commands import DRIFTWATCH, rows_in, run, started, worked_until
from tests.kafka.mock_cluster import MockCluster
from tests.kafka.working import assert_holds, produce, running
from tests.waiting import until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame(working.reference()).to_parquet(tmp_path / "train.parquet")
    return tmp_path


def configure(folder: Path, bootstrap: str, topics: dict[str, str], **more: Any) -> None:
    """Monitors by name, each of a topic, in one store."""
    text = 'store = "s.db"\n'
    for name, topic in topics.items():
        text += f"""
        [monitors.{name}]
        reference = "train.parquet"
        prediction = "yhat"
        flush_every = "1s"
        window = "24h"
        slide = "24h"
        [monitors.{name}.kafka]
        bootstrap = "{bootstrap}"
        topics = ["{topic}"]
        features = "$.inputs"
        prediction = "$.yhat"
        at = "$.ts"
        session_seconds = 2.0
        """
        text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    (folder / "driftwatch.toml").write_text(text)


# -- a start that cannot work


def test_a_topic_that_is_not_there_ends_a_start_and_makes_none(
    cluster: MockCluster, topic: str
) -> None:
    worker = KafkaWorker(working.daily(None), working.config(cluster.bootstrap, topic))
    with pytest.raises(RefusedError, match=f"there is no topic '{topic}'"):
        worker.run()
    worker.monitor.close()


def test_an_address_where_nobody_listens_ends_a_start_after_a_while(
    topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_START_SECONDS", 1.0)
    address = f"127.0.0.1:{free_ports(1)[0]}"
    worker = KafkaWorker(working.daily(None), working.config(address, topic))
    with pytest.raises(
        ConfigError, match=f"no broker can be reached: {address}: nobody listens there"
    ):
        worker.run()
    worker.monitor.close()


@pytest.mark.slow
def test_brokers_that_were_there_once_are_waited_for(
    topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_START_SECONDS", 0.5)
    with MockCluster() as cluster:
        cluster.create_topic(topic, 1)
        produce(cluster.bootstrap, topic, range(50))
        watched = working.daily(MemoryStore())
        with running(KafkaWorker(watched, working.config(cluster.bootstrap, topic))) as worker:
            until(lambda: working.stored(watched, topic) == {0: 50})
            cluster.down()
            until(lambda: worker.state.counts["end_offsets_failed"] > 0)
            cluster.up()
            produce(cluster.bootstrap, topic, range(50, 80))
            until(lambda: working.stored(watched, topic) == {0: 80})
        assert_holds(watched, range(80))
        watched.close()


def test_check_says_what_is_wrong_and_what_is_well(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    configure(folder, cluster.bootstrap, {"m": topic})
    done = run(folder, "worker", "--check")
    assert done.returncode == 2
    assert f"PROBLEM  m: there is no topic '{topic}'" in done.stdout
    cluster.create_topic(topic, 3)
    done = run(folder, "worker", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok       m: topic '{topic}' has 3 partitions" in done.stdout
    configure(folder, cluster.bootstrap, {"m": topic}, dead_letters=f"{topic}-dead")
    done = run(folder, "worker", "--check")
    assert done.returncode == 0  # the brokers may make it when it is first used
    assert f"PROBLEM  m: there is no topic '{topic}-dead' for dead_letters" in done.stdout
    configure(folder, f"127.0.0.1:{free_ports(1)[0]}", {"m": topic})
    done = run(folder, "worker", "--check")
    assert done.returncode == 2
    assert "PROBLEM  m: no broker can be reached" in done.stdout
    assert not (folder / "s.db").exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_rights_that_are_missing_end_a_start_in_words(
    tmp_path: Path, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with started_or_skipped(tmp_path, sasl=True, settings=settings) as broker:
        monkeypatch.setenv(PASSWORD, broker.password)
        broker.create_topic(topic)
        produce(broker.bootstrap, topic, range(20))
        how = {"security": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": broker.user}
        config = working.config(broker.bootstrap_sasl, topic, **how)

        def error() -> str:
            worker = KafkaWorker(working.daily(None), config)
            with pytest.raises(RefusedError) as found:
                worker.run()
            worker.monitor.close()
            return str(found.value)

        assert f"user 'worker' may not see topic '{topic}'" in error()
        clients.allow(broker.bootstrap, "User:worker", topic=topic, describe_only=True)
        assert "user 'worker' may not read topics" in error()
        clients.allow(broker.bootstrap, "User:worker", topic=topic)
        assert "the right to read with group 'driftwatch-m' is missing" in error()
        clients.allow(broker.bootstrap, "User:worker", group="driftwatch-m")
        watched = working.daily(MemoryStore())
        with running(KafkaWorker(watched, config)):
            until(lambda: working.stored(watched, topic) == {0: 20})
        watched.close()


# -- where it goes on


def test_a_cursor_that_is_set_back_has_messages_counted_again_by_a_worker_that_runs(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(1_000))
    configure(folder, cluster.bootstrap, {"m": topic})
    with started(folder, "--no-evaluate") as worker:
        until(lambda: rows_in(folder, "m") == 1_000)
        asked = run(folder, "worker", "--reset", f"{topic}/0=400")
        assert asked.returncode == 2
        words = f"{topic}/0: from 1,000 to 400; 600 messages that were counted are read and counted"
        assert words in asked.stdout
        assert "--yes" in asked.stderr
        done = run(folder, "worker", "--reset", f"{topic}/0=400", "--yes")
        assert done.returncode == 0, done.stderr
        until(lambda: rows_in(folder, "m") == 1_600)
        worker.send_signal(signal.SIGHUP)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said
    assert "all of them stored" in said
    shown = run(folder, "check", "--monitor", "m")
    assert "1,600 production rows" in shown.stdout
    assert "was set from 1,000 to 400" in shown.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_messages_that_are_passed_over_are_said_and_counted(
    folder: Path, broker: Broker, topic: str
) -> None:
    """Those before a time: the mock does not know the times of its records."""
    broker.create_topic(topic, 1)
    stamp = int(working.START * 1000)
    sent = [(None, working.encoded(n), (), stamp + n * 1000) for n in range(300)]
    clients.produce(broker.bootstrap, topic, sent)
    configure(folder, broker.bootstrap, {"m": topic})
    SQLiteStore(folder / "s.db").close()
    at = datetime.fromtimestamp(working.START + 100, UTC).isoformat()
    done = run(folder, "worker", "--reset", at, "--yes")
    assert done.returncode == 0, done.stderr
    assert "100 messages are passed over and never read" in done.stdout
    worked_until(lambda: rows_in(folder, "m") == 200, folder, "--no-evaluate")
    assert "100 kafka passed over" in run(folder, "doctor").stdout


@pytest.mark.parametrize("to", ["sometime", "nobody/0=3", "2026-01-01", "{}/0=99"])
def test_a_place_that_is_not_there_is_refused(
    folder: Path, cluster: MockCluster, topic: str, to: str
) -> None:
    cluster.create_topic(topic, 1)
    configure(folder, cluster.bootstrap, {"m": topic})
    SQLiteStore(folder / "s.db").close()
    done = run(folder, "worker", "--reset", to.format(topic), "--yes")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert topic in done.stderr or "earliest, latest" in done.stderr


# -- what doctor asks


def test_doctor_asks_the_brokers(folder: Path, cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(300))
    configure(folder, cluster.bootstrap, {"m": topic})
    worked_until(lambda: rows_in(folder, "m") == 300, folder, "--no-evaluate")
    said = run(folder, "doctor").stdout
    assert "0 messages of 1 partitions are not stored yet" in said
    assert "PROBLEM  kafka" not in said
    cluster.delete_topic(topic)
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(500))
    assert "was made anew since it was read" in run(folder, "doctor").stdout
    cluster.delete_topic(topic)
    assert f"PROBLEM  kafka            there is no topic '{topic}'" in run(folder, "doctor").stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_doctor_names_foreign_members_and_commits(folder: Path, broker: Broker, topic: str) -> None:
    broker.create_topic(topic, 2)
    produce(broker.bootstrap, topic, range(100))
    configure(folder, broker.bootstrap, {"m": topic}, group=topic)
    SQLiteStore(folder / "s.db").close()
    other = working.daily(MemoryStore(), name="n")
    with running(KafkaWorker(other, working.config(broker.bootstrap, topic, group=topic))):
        until(lambda: working.is_all_stored(other, broker.bootstrap, topic))
        until(lambda: sum(clients.committed(broker.bootstrap, topic).values()) == 100)
        said = run(folder, "doctor").stdout
    assert f"group {topic} is shared with monitor 'n' of another store" in said
    assert "another monitor or store reads with it" in said
    said = run(folder, "doctor").stdout
    assert "100 messages of 2 partitions are not stored yet, and no worker reads" in said
    other.close()


# -- one process for many


def test_one_process_serves_all_monitors_and_the_trouble_of_one_is_its_own(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    for name in ("a", "b"):
        cluster.create_topic(f"{topic}-{name}", 1)
        produce(cluster.bootstrap, f"{topic}-{name}", range(200))
    names = {name: f"{topic}-{name}" for name in ("a", "b", "absent")}
    configure(folder, cluster.bootstrap, names)
    said = worked_until(lambda: rows_in(folder, "a") == rows_in(folder, "b") == 200, folder)
    assert f"absent: there is no topic '{topic}-absent'" in said
    for name in ("a", "b"):
        assert f"{name}: stopped; 200 messages read, all of them stored" in said


def test_where_none_of_the_monitors_can_be_read_the_process_ends(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    configure(folder, cluster.bootstrap, {"a": f"{topic}-a", "b": f"{topic}-b"})
    done = run(folder, "worker")
    assert done.returncode == 2
    assert f"there is no topic '{topic}-a'" in done.stderr
    assert f"there is no topic '{topic}-b'" in done.stderr
    assert "Traceback" not in done.stderr


# -- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_that_is_told_to_stop_while_it_starts_ends_well(
    folder: Path, topic: str, number: signal.Signals
) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    configure(folder, address, {"m": topic})
    program = (
        "import os, signal, sys\n"
        "from driftwatch.cli.commands import worker as command\n"
        "def opened(*given, **named):\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    signal.sigtimedwait([], 5)\n"
        "    raise AssertionError('it went on')\n"
        "command.opened = opened\n"
        "from driftwatch.cli import main\n"
        "sys.argv = ['driftwatch', 'worker']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_hangup_that_is_ignored_stays_ignored(
    folder: Path, cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    configure(folder, cluster.bootstrap, {"m": topic})
    command = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *DRIFTWATCH, "worker"]
    with started(folder, command=command) as worker:
        produce(cluster.bootstrap, topic, range(50))
        until(lambda: rows_in(folder, "m") == 50)
        worker.send_signal(signal.SIGHUP)
        produce(cluster.bootstrap, topic, range(50, 80))
        until(lambda: rows_in(folder, "m") == 80)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said

"""One soak: everything is started, suffers, gets well, ends, and is accounted for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.soak.account import Account
from benchmarks.soak.chaos import Chaos
from benchmarks.soak.faults import Faults, build_shim
from benchmarks.soak.kafka_account import kafka_account
from benchmarks.soak.messages import Messages
from benchmarks.soak.notes import Key, read_notes
from benchmarks.soak.processes import PATIENCE_SECONDS, Running, free_port, until
from benchmarks.soak.schedule import HOSTS, schedule
from benchmarks.soak.settings import PARTITIONS, STREAM, TOPIC, WEB, Places, configure
from benchmarks.soak.stores import read_store
from benchmarks.soak.traffic import Traffic
from benchmarks.soak.watchdog import Watchdog
from benchmarks.soak.web_account import web_account
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.kept_back import kept_back
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import Spool, spool_of
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.kafka.broker import Broker

__all__ = ["MOST_MIB_A_MINUTE", "Outcome", "soak"]

MOST_MIB_A_MINUTE = 1.0
_STEADY_SECONDS = 180.0
_LEAST_SECONDS = 120.0
_CLIENTS = 4
_START_SECONDS = 120.0
_REPORT_SECONDS = 90.0
"""How long a new report may take: a pane, the lateness, and the lease of an evaluator that died."""
_REST_SECONDS = 120.0
"""How long what waits may take to arrive once all is well again."""


@dataclass(slots=True)
class Outcome:
    """What a soak has found.

    Attributes:
        accounts: Of the service's rows and of Kafka's messages.
        hangs: What made no progress for too long, or did not end.
        faults: Everything else that is wrong.
        slopes: Growth of every process that lived long enough, MiB a minute.
        facts: Figures.
    """

    accounts: list[Account] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    slopes: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """Everything that is wrong, in words; empty if nothing."""
        grown = [
            f"{who} grows by {slope:.2f} MiB a minute"
            for who, slope in self.slopes.items()
            if slope >= MOST_MIB_A_MINUTE
        ]
        said = [f"{each.monitor}: {fault}" for each in self.accounts for fault in each.faults]
        return [*said, *(f"hangs: {each}" for each in self.hangs), *self.faults, *grown]

    def to_dict(self) -> dict[str, Any]:
        return {
            **describe(datetime.now(UTC)),
            **self.facts,
            "hangs": self.hangs,
            "rss_slope_mib_per_minute": {n: round(s, 3) for n, s in self.slopes.items()},
            "accounts": {each.monitor: each.to_dict() for each in self.accounts},
            "wrong": self.wrong,
        }


class _Soak:
    """All that runs."""

    def __init__(self, places: Places, broker: Broker, *, seed: int) -> None:
        self.places = places
        self.broker = broker
        ports = {name: free_port() for name in ("web", "collector", "kafka-1", "kafka-2")}
        self.url = f"http://127.0.0.1:{ports['collector']}"
        shim = build_shim(places.folder)
        self.faults = {
            host: Faults(places.folder / f"faults-{host}", shim, places.disk) for host in HOSTS
        }
        self.processes = {
            name: Running(
                name,
                command,
                folder=Path.cwd(),
                environment=self._environment(name),
                logs=places.logs,
            )
            for name, command in _commands(places, ports).items()
        }
        self.traffic = Traffic(ports["web"], clients=_CLIENTS, seed=seed)
        self.messages = Messages(broker.bootstrap, seed=seed)
        urls = {name: f"http://127.0.0.1:{ports[name]}/metrics" for name in ("kafka-1", "kafka-2")}
        urls["collector"] = f"{self.url}/readyz"
        self.watchdog = Watchdog(self.processes, urls, self.traffic, places)

    def _environment(self, name: str) -> dict[str, str]:
        return {
            **self.faults[name].environment,
            "DRIFTWATCH_HASH_KEY": "of the soak",
            "DRIFTWATCH_STATE": str(self.places.folder / "state"),
            "SOAK_WEB": self.places.for_the_service(self.url),
            "TMPDIR": str(self.places.folder),
        }

    def start(self) -> None:
        for process in self.processes.values():
            process.start()
        self.traffic.start()
        self.messages.start()
        if not until(self._has_begun, _START_SECONDS):
            raise RuntimeError(f"the soak does not begin; see {self.places.logs}")
        self.watchdog.start()

    def _has_begun(self) -> bool:
        return len(self.traffic.answers()) > 0 and self._read_so_far() > 0

    def _read_so_far(self) -> int:
        return sum(self.cursors().values())

    def cursors(self) -> dict[int, int]:
        """Where Kafka's workers stand, as their store has it."""
        if not self.places.stream_store.exists():
            return {}
        store = SQLiteStore(self.places.stream_store)
        try:
            return {
                each: store.cursor(STREAM, f"kafka {TOPIC}/{each}") for each in range(PARTITIONS)
            }
        finally:
            store.close()

    def expect_reports(self, outcome: Outcome) -> None:
        """Wait, all being well and the traffic going on, until each monitor has a new report."""
        stores = {WEB: self.places.collector_store, STREAM: self.places.stream_store}
        for monitor, path in stores.items():
            is_new = partial(_has_news, path, monitor, _newest_report(path, monitor))
            if not until(is_new, _REPORT_SECONDS):
                outcome.hangs.append(f"{monitor} is not evaluated any more")

    def get_well(self, outcome: Outcome) -> None:
        """End the traffic, wait until all that waits has arrived, and end in order."""
        self.traffic.stop()
        self.messages.stop()
        ends = self.broker.end_offsets(TOPIC)
        if not until(lambda: self.cursors() == ends, _REST_SECONDS):
            outcome.hangs.append(f"the workers stand at {self.cursors()} of {ends}")
        self.watchdog.stop()
        self._end(outcome, "web")
        self._send_the_rest(outcome)
        for name in ("kafka-1", "kafka-2", "evaluator", "collector"):
            self._end(outcome, name)

    def _end(self, outcome: Outcome, name: str) -> None:
        process = self.processes[name]
        if not process.terminate():
            outcome.hangs.append(f"{name} did not end within {PATIENCE_SECONDS:g} s of SIGTERM")
        if process.unexpected:
            outcome.faults.append(f"{name} ended by itself: {process.unexpected}")

    def _send_the_rest(self, outcome: Outcome) -> None:
        """What processes that are gone have left in the spool arrives, or is refused."""
        folder = spool_of(self.url, self.places.spool)
        if folder.exists():
            sender = Sender(CollectorClient(self.url), Spool(folder), mine="")
            if not sender.finish(_REST_SECONDS):
                outcome.hangs.append(f"the spool is not empty: {sender.problem}")

    def destroy(self) -> None:
        for process in self.processes.values():
            process.destroy()
        for fault in self.faults.values():
            fault.close()


def _has_news(path: Path, monitor: str, before: float) -> bool:
    """Whether a store has a report that is not the newest it had before."""
    return _newest_report(path, monitor) not in (0.0, before)


def _newest_report(path: Path, monitor: str) -> float:
    """When the newest report of a store was made; 0 if it has none."""
    if not path.exists():
        return 0.0
    store = SQLiteStore(path)
    try:
        return max((each.created for each in store.reports(monitor, limit=1)), default=0.0)
    finally:
        store.close()


def _commands(places: Places, ports: dict[str, int]) -> dict[str, list[str]]:
    # Its own watch over workers goes by the clock of the system, which is stepped here.
    web = ["gunicorn", "benchmarks.soak.service:app", "-kuvicorn_worker.UvicornWorker", "-w3"]
    web += ["--timeout=0", "--log-level=warning", "--no-control-socket"]
    collector, stream = f"--config={places.collector_config}", f"--config={places.stream_config}"
    worker = ["driftwatch", "worker", stream, "--no-evaluate"]
    return {
        "collector": ["driftwatch", "serve", collector, f"--port={ports['collector']}"],
        "web": [*web, f"-b127.0.0.1:{ports['web']}"],
        "kafka-1": [*worker, f"--metrics-port={ports['kafka-1']}"],
        "kafka-2": [*worker, f"--metrics-port={ports['kafka-2']}"],
        "evaluator": ["driftwatch", "evaluate", stream, "--every=1s", "--quiet"],
    }


@contextlib.contextmanager
def _started(folder: Path, *, seed: int) -> Iterator[_Soak]:
    places = Places(folder)
    places.make()
    broker = Broker(folder / "broker")
    broker.start()
    try:
        broker.create_topic(TOPIC, PARTITIONS)
        configure(places, broker.bootstrap)
        running = _Soak(places, broker, seed=seed)
        try:
            running.start()
            yield running
        finally:
            running.destroy()
    finally:
        broker.stop()


def soak(minutes: float, folder: Path, *, seed: int) -> Outcome:
    """Run a soak, and say what it has found.

    Args:
        minutes: How long things happen to the processes.
        folder: Where everything of it goes.
        seed: Of what happens.

    Raises:
        UnavailableError: If there is no compiler, or no Kafka.
    """
    seconds = 60.0 * minutes
    outcome = Outcome()
    with _started(folder, seed=seed) as running:
        begun = time.monotonic()
        # Later than the first quarter, what is long enough to follow its memory is spared.
        chaos = Chaos(
            running.processes,
            running.faults,
            running.traffic,
            running.places,
            running.watchdog.has_answered,
            seed=seed,
            spared_after=0.25 * seconds if seconds > 2 * _STEADY_SECONDS else seconds,
        )
        events = schedule(
            0.9 * seconds, seed=seed, cards_a_minute=max(12.0, 30.0 / max(1.0, minutes))
        )
        chaos.run(events, seconds)
        took = time.monotonic() - begun
        running.expect_reports(outcome)
        running.get_well(outcome)
        _account(running, chaos, outcome)
        outcome.facts = {"minutes": round(took / 60.0, 2), "seed": seed, **_facts(running, chaos)}
    outcome.hangs += [*chaos.hangs, *running.watchdog.hangs]
    if running.traffic.slow:
        outcome.hangs.append(f"{running.traffic.slow} requests without an answer for 20 s")
    outcome.slopes = running.watchdog.memory.slopes(after=_STEADY_SECONDS, least=_LEAST_SECONDS)
    return outcome


def _account(running: _Soak, chaos: Chaos, outcome: Outcome) -> None:
    places, traffic = running.places, running.traffic
    final = read_store(places.collector_store, WEB)
    gone = [
        read_store(path, WEB)
        for path in sorted(places.gone.glob(f"*/{places.collector_store.name}"))
    ]
    refused = frozenset(
        _key_of(each.name) for each in kept_back(places.spool) if each.state == "refused"
    )
    outcome.accounts.append(
        web_account(
            traffic.by_life,
            traffic.forks,
            read_notes(places.notes),
            chaos.killed,
            final=final,
            replaced=gone,
            refused=refused,
            unanswered=traffic.unanswered,
        )
    )
    stream = read_store(places.stream_store, STREAM)
    ends = running.broker.end_offsets(TOPIC)
    sent = running.messages.sent
    outcome.accounts.append(kafka_account(sent, running.cursors(), ends, stream))
    if running.messages.failure is not None:
        outcome.faults.append(f"the producer failed: {running.messages.failure!r}")
    _named(running, chaos, outcome)


def _named(running: _Soak, chaos: Chaos, outcome: Outcome) -> None:
    """Each time that a store was taken away somebody who used it has said so."""
    users = {"collector": ["collector"], "stream": ["kafka-1", "kafka-2", "evaluator"]}
    for store, names in users.items():
        if chaos.taken_away[store]:
            logs = [running.processes[name].log.read_text("utf-8", "replace") for name in names]
            if not any("removed or replaced" in log for log in logs):
                outcome.faults.append(f"nobody says that the store of the {store} was taken away")


def _facts(running: _Soak, chaos: Chaos) -> dict[str, Any]:
    traffic, watchdog = running.traffic, running.watchdog
    return {
        "happened": dict(sorted(chaos.done.items())),
        "answers": sum(traffic.answers().values()),
        "workers_of_the_service": len(traffic.by_life),
        "forks": len(traffic.forks),
        "forks_without_an_answer": traffic.forks_unanswered,
        "longest_seconds_without_progress": {
            name: round(seconds, 1) for name, seconds in sorted(watchdog.longest.items())
        },
        "largest_mib": watchdog.memory.largest(),
    }


def _key_of(name: str) -> Key:
    """Which delivery a file of the spool is."""
    *_, epoch, sequence, _ = name.split("-")
    return Key(epoch, int(sequence))

"""A real Kafka broker of one node, which can be stopped, killed, paused and started again."""

from __future__ import annotations

import base64
import functools
import os
import random
import secrets
import signal
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kafka import clients
from tests.kafka.certificates import Certificates
from tests.kafka.jars import UnavailableError, find_jars, find_java

HOST = "127.0.0.1"
PLAIN, SASL, TLS, SASL_TLS, MUTUAL_TLS = "PLAINTEXT", "SASL", "TLS", "SASLTLS", "MUTUALTLS"
PROTOCOLS = {
    PLAIN: "PLAINTEXT",
    SASL: "SASL_PLAINTEXT",
    TLS: "SSL",
    SASL_TLS: "SASL_SSL",
    MUTUAL_TLS: "SSL",
    "CONTROLLER": "PLAINTEXT",
}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
LOGIN = "org.apache.kafka.common.security"
JVM = [
    *("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
    *("-Xshare:auto", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.showDateTime=true"),
]
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": PLAIN,
    "auto.create.topics.enable": "false",
    "num.network.threads": "1",
    "num.io.threads": "4",
    # One node: a single copy of everything, in few files.
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A broker that was killed may register again only when its last life has timed out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "200",
    # Groups settle at once, and members may be given up after a short silence.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    # Records of any time are taken and kept, for tests have dates of their own; a topic that
    # wants retention or compaction sees it happen at once.
    "log.retention.ms": "-1",
    "log.message.timestamp.after.max.ms": str(2**63 - 1),
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "500",
    "log.segment.delete.delay.ms": "100",
    "log.cleaner.backoff.ms": "500",
    "log.cleaner.dedupe.buffer.size": str(4 << 20),
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
}


def free_ports(count: int) -> list[int]:
    """Free ports that are never given to outgoing connections.

    While a broker is down, its clients try its port again and again; one that the system may give
    to the client's own end can leave a client connected to itself, and the broker without a port.
    """
    try:
        said = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii")
        low, high = map(int, said.split())
    except OSError:
        low, high = 32_768, 65_535
    numbers = [port for port in range(10_000, 65_536) if not low <= port <= high]
    random.SystemRandom().shuffle(numbers)  # the usual generator is seeded alike in each test
    found: list[int] = []
    for port in numbers:
        with socket.socket() as attempt:
            if attempt.connect_ex((HOST, port)) == 0:
                continue
        with socket.socket() as attempt:
            try:
                attempt.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free ports")


class Broker:
    """Kafka's broker and controller in one process, with its data in a folder.

    Args:
        folder: Where data, settings, certificates and ``broker.log`` go.
        sasl: Whether there are ports that want ``user`` and ``password``, by any of `MECHANISMS`.
        tls: Whether there are ports with TLS, one of which wants the client's certificate, too.
        settings: More of Kafka's settings, which win over `SETTINGS`.
    """

    user = "worker"

    def __init__(
        self,
        folder: Path,
        *,
        sasl: bool = False,
        tls: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log = folder / "broker.log"
        self.password = secrets.token_hex(12)
        self.certificates = Certificates(folder / "certificates") if tls else None
        wanted = {PLAIN: True, SASL: sasl, TLS: tls, MUTUAL_TLS: tls, SASL_TLS: sasl and tls}
        self._listeners = [name for name, use in wanted.items() if use]
        self._ports: dict[str, int] = {}
        self._settings = dict(settings or {})
        self._java = find_java()
        self._jars = find_jars()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting = threading.Event()

    @property
    def bootstrap(self) -> str:
        return self._address(PLAIN)

    @property
    def bootstrap_sasl(self) -> str:
        return self._address(SASL)

    @property
    def bootstrap_tls(self) -> str:
        return self._address(TLS)

    @property
    def bootstrap_mutual_tls(self) -> str:
        return self._address(MUTUAL_TLS)

    @property
    def bootstrap_sasl_tls(self) -> str:
        return self._address(SASL_TLS)

    @property
    def running(self) -> bool:
        """Whether there is a process, be it paused."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, with the ports and the data of last time, and wait until it answers."""
        assert not self.running
        if self._ports:
            self._start()
            return
        for attempt in range(3):  # another program may be quicker to take a port
            names = [*self._listeners, "CONTROLLER"]
            self._ports = dict(zip(names, free_ports(len(names)), strict=True))
            try:
                self._format()
                self._start()
            except AssertionError:
                if attempt == 2 or "Address already in use" not in self.log.read_text("utf-8"):
                    raise
            else:
                return

    def stop(self) -> None:
        """Ask it to end, and make it if it does not."""
        if self.running:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            assert self._process is not None
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it without a chance to write anything more."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Let it hang: connections are still made, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def create_topic(
        self, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None
    ) -> None:
        clients.create_topic(self.bootstrap, name, partitions, configs)

    def delete_topic(self, name: str) -> None:
        clients.delete_topic(self.bootstrap, name)

    def add_partitions(self, name: str, total: int) -> None:
        clients.add_partitions(self.bootstrap, name, total)

    def delete_records(self, topic: str, partition: int, before: int) -> int:
        """Let retention overtake a consumer; says where the partition now starts."""
        return clients.delete_records(self.bootstrap, topic, partition, before)

    def start_offsets(self, topic: str) -> dict[int, int]:
        return clients.start_offsets(self.bootstrap, topic)

    def end_offsets(self, topic: str) -> dict[int, int]:
        return clients.end_offsets(self.bootstrap, topic)

    def _address(self, listener: str) -> str:
        return f"{HOST}:{self._ports[listener]}"

    def _signal(self, number: signal.Signals) -> None:
        if self.running:  # then the number is not yet another process's
            assert self._process is not None
            os.killpg(self._process.pid, number)

    def _command(self, name: str, *options: str) -> list[str]:
        return [self._java, *JVM, "-cp", f"{self._jars}/*", name, *options]

    def _format(self) -> None:
        """Write the settings, and make the data folder one of Kafka's."""
        settings = self._all_settings()
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        path = self.folder / "server.properties"
        path.touch(0o600)
        path.write_text(lines, "utf-8")
        cluster = (
            base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        )
        scram = [
            f"--add-scram={mechanism}=[name={self.user},password={self.password}]"
            for mechanism in MECHANISMS[1:]
            if SASL in self._listeners
        ]
        command = ["format", "--ignore-formatted", "--config", str(path), "--cluster-id", cluster]
        done = subprocess.run(
            self._command("kafka.tools.StorageTool", *command, *scram),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _all_settings(self) -> dict[str, str]:
        listeners = ",".join(f"{name}://{HOST}:{port}" for name, port in self._ports.items())
        advertised = ",".join(f"{name}://{self._address(name)}" for name in self._listeners)
        settings = SETTINGS | {
            "listeners": listeners,
            "advertised.listeners": advertised,
            "listener.security.protocol.map": ",".join(map(":".join, PROTOCOLS.items())),
            "controller.quorum.voters": f"1@{self._address('CONTROLLER')}",
            "log.dirs": str(self.folder / "data"),
        }
        for name in {SASL, SASL_TLS}.intersection(self._listeners):
            settings |= self._sasl_settings(name.lower())
        if self.certificates is not None:
            settings |= {
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(self.certificates.broker),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.certificates.authority),
                f"listener.name.{MUTUAL_TLS.lower()}.ssl.client.auth": "required",
            }
        return settings | self._settings

    def _sasl_settings(self, listener: str) -> dict[str, str]:
        prefix = f"listener.name.{listener}"
        plain = f'{LOGIN}.plain.PlainLoginModule required user_{self.user}="{self.password}";'
        scram = f"{LOGIN}.scram.ScramLoginModule required;"
        return {
            f"{prefix}.sasl.enabled.mechanisms": ",".join(MECHANISMS),
            f"{prefix}.plain.sasl.jaas.config": plain,
            f"{prefix}.scram-sha-256.sasl.jaas.config": scram,
            f"{prefix}.scram-sha-512.sasl.jaas.config": scram,
        }

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self.folder / "server.properties")),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            for listener in self._listeners:
                self._wait(functools.partial(self._listens, self._ports[listener]))
            self._wait(self._answers)
        except BaseException:
            self.kill()
            raise

    def _wait(self, until: Callable[[], bool], seconds: float = 60.0) -> None:
        for _ in range(int(seconds / 0.05)):
            if until():
                return
            assert self.running, self.log.read_text("utf-8")[-10_000:]
            self._waiting.wait(0.05)
        raise AssertionError(f"waited for {seconds:g} s\n{self.log.read_text('utf-8')[-10_000:]}")

    def _listens(self, port: int) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex((HOST, port)) == 0

    def _answers(self) -> bool:
        return clients.answers(self.bootstrap)


@contextmanager
def started_or_skipped(folder: Path, **options: Any) -> Iterator[Broker]:
    """A broker that runs, for a fixture; without Java or its jars the test is skipped."""
    try:
        made = Broker(folder, **options)
    except UnavailableError as error:
        pytest.skip(f"no real Kafka broker: {error}")
    try:
        made.start()
        yield made
    finally:
        made.stop()

"""One delivery that does not arrive holds up no other, and is never lost in silence."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftwatch.cli.app import run
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.errors import StoreError
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.names import name_of
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import Spool, spool_of
from driftwatch.transport.client import Answer
from tests.service.conftest import NOW, Collector
from tests.socket_serving import serving_sockets

Make = Callable[..., Delivery]
Running = Callable[[], AbstractContextManager[Collector]]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sender_to(url: str, folder: Path, clock: Callable[[], float]) -> Sender:
    return Sender(CollectorClient(url, timeout=20), Spool(folder), mine="mine", clock=clock)


def put(sender: Sender, delivery: Delivery) -> str:
    name = name_of(delivery, mine="mine")
    sender.spool.put(name, delivery_to_bytes(delivery))
    return name


def of_panes(delivery: Delivery, panes: int, **more: Any) -> Delivery:
    """A delivery with the same rows in several panes."""
    (one,) = delivery.segments
    return replace(delivery, segments=tuple(_earlier(one, back) for back in range(panes)), **more)


def _earlier(segment: Segment, panes: int) -> Segment:
    back = panes * 3600
    assert segment.earliest is not None
    assert segment.latest is not None
    return replace(
        segment,
        pane=segment.pane - panes,
        earliest=segment.earliest - back,
        latest=segment.latest - back,
    )


def send_all(sender: Sender, clock: Clock, rounds: int = 30) -> None:
    """Send until nothing waits, or for so many rounds, each of which is hours after the last."""
    for _ in range(rounds):
        if sender.send_waiting() is None:
            return
        clock.now += 7200.0


def rows_in(collector: Collector) -> tuple[int, dict[str, int]]:
    store = RemoteStore(collector.url, spool=collector.folder / "asking")
    store.sender._closed.set()
    facts = store.overview("scores")
    return facts.rows, dict(facts.counters)


@pytest.fixture
def small_limit(folder: Path) -> int:
    """A collector that takes 20,000 bytes at once."""
    config = folder / "driftwatch.toml"
    text = config.read_text("utf-8").replace("[service]\n", "[service]\nbody_bytes = 20000\n")
    config.write_text(text, "utf-8")
    return 20_000


@pytest.fixture
def recent(delivery: Make) -> Callable[..., Delivery]:
    """Deliveries of the hours before now, which a collector with a clock of its own takes."""

    def make(sequence: int = 0, **how: Any) -> Delivery:
        pane = int(time.time() // 3600) - 1
        return replace(delivery(sequence, pane=pane, **how), sent_at=time.time())

    return make


def test_a_collector_reads_what_it_refuses_so_that_the_answer_is_seen(
    running: Running, small_limit: int
) -> None:
    with running() as collector:
        for size in (small_limit + 1, 8 << 20):
            request = urllib.request.Request(  # noqa: S310 - our own
                collector.url + "/v1/segments", data=b"x" * size, method="POST"
            )
            with pytest.raises(urllib.error.HTTPError) as raised:  # and not a broken connection
                urllib.request.urlopen(request)  # noqa: S310
            assert raised.value.code == 413
            assert f'"limit_bytes":{small_limit}'.encode() in raised.value.read()


def test_what_is_larger_than_a_collector_takes_arrives_in_halves_once(
    running: Running, small_limit: int, recent: Make, tmp_path: Path
) -> None:
    large = of_panes(recent(0), 30)
    assert len(delivery_to_bytes(large)) > 2 * small_limit
    with running() as collector:
        clock = Clock()
        sender = sender_to(collector.url, tmp_path / "spool", clock)
        put(sender, large)
        put(sender, recent(1))
        assert sender.send_waiting() is None
        assert sender.spool.names() == sender.spool.refused() == []
        assert rows_in(collector) == (31 * 50, {"untimed": 2})
        # Another process has the whole, too: it was made while both shared the spool.
        put(sender, large)
        assert sender.send_waiting() is None
        assert rows_in(collector) == (31 * 50, {"untimed": 2})


def test_what_arrived_whole_while_its_answer_was_lost_does_not_count_again_in_halves(
    running: Running, folder: Path, recent: Make, tmp_path: Path
) -> None:
    large = of_panes(recent(0), 30)
    with running() as collector:
        clock = Clock()
        sender = sender_to(collector.url, tmp_path / "spool", clock)
        client = CollectorClient(collector.url)
        assert client.post("/v1/segments", delivery_to_bytes(large)).status == 200
        collector.end(kill=True)
        config = folder / "driftwatch.toml"
        text = config.read_text("utf-8")
        config.write_text(text.replace("[service]\n", "[service]\nbody_bytes = 20000\n"), "utf-8")
        collector.start()
        put(sender, large)
        assert sender.send_waiting() is None
        assert rows_in(collector) == (30 * 50, {"untimed": 1})


def test_one_pane_that_is_too_large_is_set_aside_counted_and_named(
    running: Running, folder: Path, recent: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = folder / "driftwatch.toml"
    config.write_text(
        config.read_text("utf-8").replace("[service]\n", "[service]\nbody_bytes = 1100\n"), "utf-8"
    )
    with running() as collector:
        store = RemoteStore(collector.url, spool=tmp_path / "spool")
        with caplog.at_level(logging.WARNING):
            store.deliver(recent(0), now=NOW)
            assert store.flush(60.0)
        assert "for good" in caplog.text
        (name,) = store.spool.refused()
        trouble = store.spool.trouble(name)
        assert trouble is not None
        assert "at most" in trouble.why
        bare = replace(recent(1), segments=(), counters={})
        store.deliver(bare, now=NOW)
        assert store.flush(60.0)
        assert rows_in(collector) == (0, {"too_large_for_the_collector": 50})
        store.close()


# -- a proxy that resets, without an answer


@contextmanager
def resetting_proxy(port: int, most: int) -> Iterator[str]:
    """Passes requests on; resets the connection once a body has more bytes than it lets pass."""

    def talk(client: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.recv(65_536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if length > most:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        while len(body) < length:
            body += client.recv(65_536)
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(head.replace(b"keep-alive", b"close") + b"\r\n\r\n" + body)
            while answer := server.recv(65_536):
                client.sendall(answer)

    with serving_sockets(talk) as own:
        yield f"http://127.0.0.1:{own}"


def test_behind_a_proxy_that_resets_others_arrive_at_once_and_the_large_in_halves(
    running: Running, recent: Make, tmp_path: Path
) -> None:
    with running() as collector, resetting_proxy(collector.port, 20_000) as url:
        clock = Clock()
        sender = sender_to(url, tmp_path / "spool", clock)
        put(sender, of_panes(recent(0), 30))
        for sequence in range(1, 4):
            put(sender, recent(sequence))
        assert sender.send_waiting() is not None
        assert sender.sent == 3  # in the first round, behind the one that is reset
        send_all(sender, clock)
        assert sender.spool.names() == sender.spool.refused() == []
        assert rows_in(collector) == (33 * 50, {"untimed": 4})


def test_what_cannot_be_cut_is_tried_more_and_more_rarely_and_named(
    running: Running,
    recent: Make,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running() as collector, resetting_proxy(collector.port, 1_500) as url:
        clock = Clock()
        sender = sender_to(url, tmp_path / "spool", clock)
        stuck = put(sender, recent(0, rows=3_000))
        waits = []
        with caplog.at_level(logging.WARNING):
            for sequence in range(1, 16):
                bare = replace(recent(sequence), segments=())
                put(sender, bare)
                waits.append(sender.send_waiting() or 0.0)
                assert sender.spool.names() == [stuck]
                clock.now += 7200.0
        assert sender.sent == 15
        assert max(waits[:3]) <= 4.0 < max(waits[-3:])
        assert "gets no answer" in caplog.text
        trouble = sender.spool.trouble(stuck)
        assert trouble is not None
        assert trouble.attempts == 15
        # The next process knows, too, and begins with the others.
        other = sender_to(url, tmp_path / "spool", clock)
        put(other, replace(recent(16), segments=()))
        posted: list[int] = []
        post = other.client.post

        def noted(path: str, body: bytes, **how: Any) -> Answer:
            posted.append(len(body))
            return post(path, body, **how)

        monkeypatch.setattr(other.client, "post", noted)
        assert other.send_waiting()
        assert posted == sorted(posted)
        assert len(posted) == 2


def test_while_something_is_stuck_the_thread_is_woken_by_what_is_new(
    running: Running, recent: Make, tmp_path: Path
) -> None:
    with running() as collector, resetting_proxy(collector.port, 1_500) as url:
        sender = sender_to(url, tmp_path / "spool", Clock())
        for sequence in range(5):
            put(sender, recent(sequence, rows=3_000))
        for _ in range(4):
            pause = sender.turn()
            assert pause is not None
            assert pause[0] is sender._wake  # and not the end of a long wait
        put(sender, replace(recent(9), segments=()))
        sender.turn()
        assert sender.sent == 1


def test_a_collector_that_leaves_all_unanswered_is_asked_for_few_at_a_time(
    running: Running, recent: Make, tmp_path: Path
) -> None:
    with running() as collector, resetting_proxy(collector.port, 10) as url:
        sender = sender_to(url, tmp_path / "spool", clock := Clock())
        for sequence in range(20):
            put(sender, replace(recent(sequence), segments=()))
        for _ in range(5):
            assert sender.send_waiting()
            clock.now += 7200.0
        attempts = [
            0 if trouble is None else trouble.attempts
            for trouble in map(sender.spool.trouble, sender.spool.names())
        ]
        assert sum(attempts) <= 15
        assert max(attempts) == 1  # each comes once before any comes again


def test_a_file_that_cannot_be_read_holds_up_no_other(
    running: Running, recent: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as collector:
        sender = sender_to(collector.url, tmp_path / "spool", Clock())
        broken = put(sender, recent(0))
        put(sender, recent(1))
        read = sender.spool.read

        def reading(name: str) -> bytes | None:
            if name == broken:
                raise StoreError(f"{name}: cannot be read: Input/output error")
            return read(name)

        monkeypatch.setattr(sender.spool, "read", reading)
        assert sender.send_waiting()
        assert (sender.sent, sender.spool.names()) == (1, [broken])


def test_a_store_that_is_away_holds_up_its_own_monitor_alone(recent: Make, tmp_path: Path) -> None:
    """A collector has one store a monitor, perhaps, and answers 503 for those of one."""

    def talk(client: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.recv(65_536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += client.recv(65_536)
        said, status = b'{"outcome":"stored"}', b"200 OK"
        if delivery_from_bytes(body).monitor == "away":
            said, status = b'{"detail":"the store cannot be used just now"}', b"503 Busy"
        head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        client.sendall(head % (status, len(said)) + said)

    with serving_sockets(talk) as port:
        sender = sender_to(f"http://127.0.0.1:{port}", tmp_path / "spool", Clock())
        stuck = put(sender, replace(recent(0), monitor="away", sent_at=0.0))
        put(sender, recent(1))
        assert sender.send_waiting()
        assert (sender.sent, sender.spool.names()) == (1, [stuck])


def test_a_process_that_dies_while_it_cuts_loses_and_doubles_nothing(
    running: Running, small_limit: int, recent: Make, tmp_path: Path
) -> None:
    large = of_panes(recent(0), 30)
    with running() as collector:
        for dies_at in range(3):
            sender = sender_to(collector.url, tmp_path / "spool", Clock())
            put(sender, replace(large, sequence=dies_at))
            left = [dies_at]

            def dying(
                name: str, data: bytes, left: list[int] = left, spool: Spool = sender.spool
            ) -> None:
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
                Spool.put(spool, name, data)

            with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr(sender.spool, "put", dying)
                patch.setattr(sender.spool, "remove", _die)
                sender.send_waiting()
            assert name_of(replace(large, sequence=dies_at), mine="mine") in sender.spool.names()
            again = sender_to(collector.url, tmp_path / "spool", Clock())
            assert again.send_waiting() is None
            assert rows_in(collector) == ((dies_at + 1) * 30 * 50, {"untimed": dies_at + 1})


def _die(_: str) -> None:
    raise KeyboardInterrupt


def test_monitors_in_threads_of_their_own_do_not_wait_for_one_that_is_stuck(
    running: Running, recent: Make, tmp_path: Path
) -> None:
    with running() as collector, resetting_proxy(collector.port, 1_500) as url:
        store = RemoteStore(url, spool=tmp_path / "spool")
        store.deliver(recent(0, rows=3_000), now=NOW)
        arrived = threading.Event()
        for sequence in range(1, 5):
            store.deliver(replace(recent(sequence), segments=()), now=NOW)
        for _ in range(600):
            if store.sender.sent == 4:
                arrived.set()
                break
            arrived.wait(0.05)
        assert arrived.is_set()
        store.close()


def test_doctor_names_what_is_stuck_and_what_was_set_aside(
    running: Running,
    small_limit: int,
    recent: Make,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running() as collector, resetting_proxy(collector.port, 1_500) as url:
        config = tmp_path / "replica.toml"
        config.write_text(
            f'store = "{url}"\n[monitors.scores]\nreference = "a.csv"\nspool = "spool"\n', "utf-8"
        )
        assert run(["doctor", "--config", str(config)]) == 0
        assert "0 deliveries wait" in capsys.readouterr().out
        sender = sender_to(url, spool_of(url, tmp_path / "spool"), Clock())
        stuck = put(sender, recent(0, rows=3_000))
        put(sender, replace(recent(1), segments=(), monitor="scores", counters={"Bad": 1}))
        assert sender.send_waiting()
        (aside,) = sender.spool.refused()
        assert run(["doctor", "--config", str(config)]) == 1
        said = capsys.readouterr().out
        lines = [line.split() for line in said.splitlines()]
        problems = [line[1] for line in lines if line[0] == "PROBLEM"]
        assert problems == ["stuck", "stuck", "refused", "refused"]
        assert f"{stuck}.dws: monitor scores, 3,000 rows; tried 1 times" in said
        assert f"{aside}.refused: unreadable; tried 1 times" in said
        assert "counter cannot be named" in said
        collector.end(kill=True)
        assert run(["doctor", "--config", str(config)]) == 1
        assert "does not answer" in capsys.readouterr().out

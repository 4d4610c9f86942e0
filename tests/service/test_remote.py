"""The way to a collector: what was flushed arrives once, whatever becomes of either side."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme

from driftwatch import Monitor, Reference
from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome
from driftwatch.errors import ConfigError, ProfileFormatError, StoreError
from driftwatch.stores import open_collector, open_store
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.readings import took_it
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import Spool, default_spool
from driftwatch.transport.client import _seconds
from tests.service.conftest import NOW, Collector, free_port

Make = Callable[..., Delivery]


STORED = b'{"outcome":"stored","rows":0}'
LOGIN_PAGE = b"<html>Please log in</html>"


class Scripted:
    """A server that answers as it is told: a status with headers, or None to hang up."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str]] | None] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.said = STORED
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                scripted.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                scripted.headers.append(dict(self.headers))
                answer = scripted.script.pop(0) if scripted.script else (200, {})
                if answer is None:
                    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()  # a reset
                    return
                status, headers = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(scripted.said)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def sending(
    url: str,
    folder: Path,
    *,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = 5.0,
    **how: Any,
) -> Iterator[tuple[Spool, Sender]]:
    spool = Spool(folder)
    yield (
        spool,
        Sender(CollectorClient(url, timeout=timeout, **how), spool, mine="mine", clock=clock),
    )


@pytest.mark.parametrize("trouble", [None, (500, {}), (503, {}), (429, {}), (401, {}), (408, {})])
def test_what_may_pass_is_tried_again(
    scripted: Scripted, tmp_path: Path, trouble: tuple[int, dict[str, str]] | None
) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put("1-mine", b"first")
        spool.put("2-mine", b"second")
        scripted.script = [trouble]
        wait = sender.send_waiting()
        assert wait is not None
        assert 0 < wait <= 1.0
        assert (sender.problem or "").strip()
        assert spool.names() == ["1-mine", "2-mine"]
        assert sender.send_waiting() is None
        assert scripted.bodies[0] == b"first"
        assert sorted(scripted.bodies) == [b"first", b"first", b"second"]
        assert spool.names() == []
        assert sender.sent == 2
        assert sender.problem is None


@pytest.mark.parametrize("status", [302, 301, 308, 403, 404, 405, 409, 418, 421, 425])
def test_what_is_not_taken_for_now_holds_up_its_own_monitor_alone(
    scripted: Scripted, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    with sending(scripted.url, tmp_path, clock=clock) as (spool, sender):
        spool.put("1-mine-retired", b"first")
        spool.put("2-mine-retired", b"second")
        spool.put("3-mine-alive", b"third")
        scripted.script = [(status, {"Location": "http://127.0.0.1:9/elsewhere"})]
        with caplog.at_level(logging.WARNING):
            wait = sender.send_waiting()
        assert wait is not None
        assert 0 < wait <= 1.0
        assert "for now" in caplog.text
        assert scripted.bodies == [b"first", b"third"]
        assert spool.names() == ["1-mine-retired", "2-mine-retired"]
        assert (sender.sent, sender.refused) == (1, 0)
        sender.send_waiting()
        assert len(scripted.bodies) == 2  # its time has not come
        clock.now += 1.1
        assert sender.send_waiting() is None
        assert spool.names() == []


def test_what_a_monitor_sends_later_gets_past_what_is_stuck(
    scripted: Scripted, tmp_path: Path
) -> None:
    clock = Clock()
    with sending(scripted.url, tmp_path, clock=clock) as (spool, sender):
        spool.put("1-mine-scores", b"of another slide")
        for _ in range(8):
            scripted.script = [(409, {})]
            assert sender.send_waiting()
            clock.now += 61.0
        spool.put("2-mine-scores", b"sound")
        scripted.script = [(200, {}), (409, {})]
        assert sender.send_waiting()
        assert scripted.bodies[-2:] == [b"sound", b"of another slide"]
        assert spool.names() == ["1-mine-scores"]


def test_what_is_held_waits_longer_every_time_and_as_long_as_it_is_asked(
    scripted: Scripted, tmp_path: Path
) -> None:
    clock = Clock()
    with sending(scripted.url, tmp_path, clock=clock) as (spool, sender):
        spool.put("1-mine-retired", b"first")
        scripted.script = [(404, {})] * 12
        for attempt in range(12):
            assert 0.25 <= (sender.send_waiting() or 0.0) <= min(60.0, 0.5 * 2 ** (attempt + 1))
            clock.now += 61.0
        scripted.script = [(404, {"Retry-After": "120"})]
        assert (sender.send_waiting() or 0.0) >= 120


def test_what_is_held_does_not_keep_the_thread_from_what_is_new(
    scripted: Scripted, tmp_path: Path
) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put("1-mine-retired", b"first")
        scripted.script = [(404, {})]
        pause = sender.turn()
        assert pause is not None
        assert pause[0] is sender._wake
        scripted.script = [(503, {})]
        spool.put("2-mine-alive", b"second")
        pause = sender.turn()
        assert pause is not None
        assert pause[0] is sender._closed  # no other would fare better


def test_nobody_waits_at_the_end_for_what_is_held(scripted: Scripted, tmp_path: Path) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put("1-mine-retired", b"first")
        scripted.script = [(404, {"Retry-After": "300"})]
        begun = time.monotonic()
        assert not sender.finish(60.0)
        assert time.monotonic() - begun < 30.0
        assert spool.names() == ["1-mine-retired"]


@pytest.mark.parametrize(
    "said",
    [LOGIN_PAGE, b"", b"[]", b"{}", b'{"outcome":"fenced"}', b'{"outcome":["stored"]}'],
)
def test_what_no_collector_says_it_took_has_not_arrived(
    scripted: Scripted, tmp_path: Path, said: bytes
) -> None:
    clock = Clock()
    with sending(scripted.url, tmp_path, clock=clock) as (spool, sender):
        spool.put("1-mine", b"first")
        scripted.said = said
        assert sender.send_waiting()
        assert (sender.sent, sender.refused) == (0, 0)
        assert "no answer of a collector" in (sender.problem or "OK")
        assert spool.names() == ["1-mine"]
        scripted.said = b'{"outcome":"duplicate","rows":1}'
        clock.now += 61.0
        assert sender.send_waiting() is None
        assert spool.names() == []


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_is_refused_for_good_is_set_aside(
    scripted: Scripted, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put("1-mine", b"first")
        spool.put("2-mine", b"second")
        scripted.script = [(status, {})]
        with caplog.at_level(logging.WARNING):
            assert sender.send_waiting() is None
        assert "refuses a delivery" in caplog.text
        assert (sender.sent, sender.refused) == (1, 1)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["1-mine.refused", "1-mine.why"]
        assert spool.refused() == ["1-mine"]
        trouble = spool.trouble("1-mine")
        assert trouble is not None
        assert trouble.why.startswith(str(status))
        assert not spool.refuse("1-mine")


def test_what_was_refused_is_bounded_and_its_rows_are_counted(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    size = len(delivery_to_bytes(delivery()))
    store = RemoteStore(scripted.url, spool=tmp_path, limit_bytes=3 * size)
    store.sender._closed.set()  # nobody sends but this test
    for sequence in range(10):
        store.deliver(replace(delivery(sequence), sent_at=NOW + sequence), now=NOW)
        scripted.script = [(400, {})]
        assert store.flush(60.0)
    assert store.sender.refused == 10
    refused = sorted(tmp_path.rglob("*.refused"))
    assert 2 <= len(refused) <= 3
    assert delivery_from_bytes(refused[-1].read_bytes()).sequence == 9
    store.deliver(delivery(10), now=NOW)
    (waiting,) = tmp_path.rglob("*.dws")
    counters = delivery_from_bytes(waiting.read_bytes()).counters
    assert counters == {"untimed": 1, "refused_by_the_collector": 10 * 50}
    store.deliver(delivery(11), now=NOW)
    assert delivery_from_bytes(max(tmp_path.rglob("*.dws")).read_bytes()).counters == {"untimed": 1}


def test_it_waits_longer_every_time_and_as_long_as_it_is_asked(
    scripted: Scripted, tmp_path: Path
) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put("1-mine", b"first")
        scripted.script = [(503, {})] * 12
        waits = [sender.send_waiting() or 0.0 for _ in range(12)]
        assert all(0.25 <= wait <= min(60.0, 0.5 * 2 ** (n + 1)) for n, wait in enumerate(waits))
        assert len(set(waits)) > 6
        scripted.script = [(429, {"Retry-After": "120"})]
        assert (sender.send_waiting() or 0) >= 120


def test_retry_after_is_seconds_or_a_date() -> None:
    assert _seconds("7") == 7.0
    assert _seconds("Wed, 01 Jan 2020 00:00:00 GMT") == 0.0
    assert _seconds("soon") is None
    assert _seconds(None) is None


def test_a_black_hole_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with socket.socket() as deaf, sending("http://127.0.0.1:1", tmp_path) as (spool, sender):
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        sender.client = CollectorClient(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=60)
        spool.put("1-mine", b"first")
        assert not sender.finish(0.3)
        sender.close(0.2)
        assert spool.names() == ["1-mine"]


@contextmanager
def dripping(answer: bytes) -> Iterator[str]:
    """A server whose answer comes a byte at a time and never ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.wfile.write(answer)
            with contextlib.suppress(OSError):
                while not over.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_never_ends_is_given_up_in_time(tmp_path: Path, answer: bytes) -> None:
    with dripping(answer) as url, sending(url, tmp_path, timeout=1.5) as (spool, sender):
        spool.put("1-mine", b"first")
        begun = time.monotonic()
        assert not sender.finish(0.3)
        assert sender.client.post("/", b"", timeout=0.2).status == 0
        sender.wake()  # the thread may take as long as the client's timeout
        sender.close(0.3)
        assert time.monotonic() - begun < 3.0
        assert spool.names() == ["1-mine"]
        assert sender._thread is not None
        sender._thread.join()


def test_a_body_that_nobody_reads_is_given_up_in_time() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        client = CollectorClient(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        begun = time.monotonic()
        assert client.post("/", b"x" * (32 << 20), timeout=60.0).status == 0
        assert time.monotonic() - begun < 5.0


def test_an_encrypted_answer_is_believed_from_whom_is_trusted_and_given_up_in_time(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    url = scripted.url.replace("http:", "https:")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        begun = time.monotonic()
        silent = CollectorClient(f"https://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.2)
        assert silent.get("/").status == 0
        assert time.monotonic() - begun < 5.0
    scripted.server.socket = context.wrap_socket(scripted.server.socket, server_side=True)
    assert "CERTIFICATE_VERIFY_FAILED" in CollectorClient(url).post("/", b"").reason
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    client = CollectorClient(url)
    for body in (b"", b"x" * (1 << 20)):
        assert took_it(client.post("/", body))
    assert scripted.bodies == [b"", b"x" * (1 << 20)]


def test_an_address_that_does_not_answer_leaves_time_for_the_others(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(scripted.url.rpartition(":")[2])
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, ("127.0.0.1", where)) for where in (free_port(), port)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert took_it(CollectorClient("http://drift.test").post("/", b""))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert "no address" in CollectorClient("http://drift.test").post("/", b"").reason


def test_the_token_is_sent_and_never_shown(
    scripted: Scripted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "dw_canary_that_must_not_be_seen"
    with sending(scripted.url, tmp_path, token=secret) as (spool, sender):
        for status in (401, 500, 400, 0):
            scripted.script = [(status, {}) if status else None]
            spool.put("1-mine", b"first")
            sender.send_waiting()
        assert scripted.headers[0]["Authorization"] == f"Bearer {secret}"
        assert secret not in caplog.text + repr(vars(sender)) + (sender.problem or "")
    with caplog.at_level(logging.WARNING):
        CollectorClient("http://drift.example.com", token=secret)
    assert "unencrypted" in caplog.text
    with pytest.raises(ConfigError, match="set DRIFTWATCH_TOKEN") as raised:
        CollectorClient("https://user:hunter2@drift.example.com")
    assert "hunter2" not in str(raised.value)


def test_a_collector_on_this_machine_is_not_looked_for_by_a_proxy(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")  # nobody is there
    assert took_it(CollectorClient(scripted.url).post("/", b""))
    assert CollectorClient("http://drift.example.invalid", timeout=5).post("/", b"").status == 0


def test_a_token_from_a_file_loses_its_newline(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_TOKEN", "dw_canary\r\n")
    store = RemoteStore(scripted.url, spool=tmp_path)
    assert took_it(store.client.post("/", b""))
    assert scripted.headers[0]["Authorization"] == "Bearer dw_canary"
    store.close()


@pytest.mark.parametrize("wrong", ["dw_canary dw_other", "dw_canary\nx", "dw_canary\u00e9", " "])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    url = "http://127.0.0.1:9"
    with pytest.raises(ConfigError, match="argument token") as raised:
        RemoteStore(url, spool=tmp_path, token=wrong)
    assert "canary" not in str(raised.value)
    monkeypatch.setenv("DRIFTWATCH_TOKEN", wrong)
    with pytest.raises(ConfigError, match=r"\$DRIFTWATCH_TOKEN") as raised:
        RemoteStore(url, spool=tmp_path)
    assert "canary" not in str(raised.value)


def test_an_error_that_may_quote_a_header_is_told_by_its_type_alone() -> None:
    client = CollectorClient("http://127.0.0.1:9", token="dw_canary")
    client._token = "dw_canary\n"
    assert client.get("/").reason == "ValueError"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://canary",
        "http://",
        "https:///canary",
        "https://canary.example.com:99999",
        "https://canary.example.com:0",
        "https://canary.example.com/a b",
        "https://canary.example.com/\r\nX: y",
        "https://[canary",
    ],
)
def test_an_address_must_be_one_and_is_not_shown_if_it_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="the collector's address") as raised:
        CollectorClient(url)
    assert "canary" not in str(raised.value)


def test_a_spool_is_bounded_and_what_goes_is_counted(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    scripted.script = [(503, {})] * 1_000
    size = len(delivery_to_bytes(delivery()))
    store = RemoteStore(scripted.url, spool=tmp_path, limit_bytes=3 * size)
    try:
        for sequence in range(10):
            sent = replace(delivery(sequence), sent_at=NOW + sequence, counters={})
            assert store.deliver(sent, now=NOW) is Outcome.STORED
        kept = [delivery_from_bytes(path.read_bytes()) for path in sorted(tmp_path.rglob("*.dws"))]
        assert [found.sequence for found in kept] == list(range(10 - len(kept), 10))
        assert 2 <= len(kept) <= 3
        told = sum(found.counters.get("dropped_since_the_spool_was_full", 0) for found in kept)
        assert told + sum(store._lost.values()) == 50 * (10 - len(kept))
    finally:
        store.sender._closed.set()


def test_a_delivery_too_large_for_one_request_goes_in_pieces(
    tmp_path: Path, delivery: Make
) -> None:
    made = delivery()
    large = replace(made.segments[0], body=b"x" * (WIRE_LIMIT // 3))
    sent = replace(made, segments=tuple(replace(large, pane=pane) for pane in range(7)))
    store = RemoteStore(f"http://127.0.0.1:{free_port()}", spool=tmp_path)
    store.sender._closed.set()
    for _ in range(2):  # a second time, since nobody knows how far the first came
        store.deliver(sent, now=NOW)
        found = [delivery_from_bytes(path.read_bytes()) for path in sorted(tmp_path.rglob("*.dws"))]
        assert sorted(s.pane for piece in found for s in piece.segments) == list(range(7))
        assert len({(piece.epoch, piece.sequence) for piece in found}) == len(found) == 4
        assert sum(piece.counters.get("untimed", 0) for piece in found) == 1


def test_a_delivery_of_many_panes_goes_in_pieces(tmp_path: Path, delivery: Make) -> None:
    made = delivery()
    version = "\u00e9" * 200
    panes = tuple(
        replace(made.segments[0], pane=pane, body=b"x", model_version=version)
        for pane in range(1_000)
    )
    store = RemoteStore(f"http://127.0.0.1:{free_port()}", spool=tmp_path)
    store.sender._closed.set()
    assert store.deliver(replace(made, segments=panes), now=NOW) is Outcome.STORED
    found = [delivery_from_bytes(path.read_bytes()) for path in sorted(tmp_path.rglob("*.dws"))]
    assert sorted(s.pane for piece in found for s in piece.segments) == list(range(1_000))
    assert len({(piece.epoch, piece.sequence) for piece in found}) == len(found) < 20
    assert sum(piece.counters.get("untimed", 0) for piece in found) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"body": b"x" * WIRE_LIMIT},
        {"model_version": "v" * (64 << 10)},
        {"model_version": "\ud800"},
    ],
    ids=["body", "header", "text"],
)
def test_a_pane_that_no_delivery_can_hold_is_counted_and_the_rest_goes_on(
    tmp_path: Path, delivery: Make, how: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    made = delivery()
    store = RemoteStore(f"http://127.0.0.1:{free_port()}", spool=tmp_path)
    store.sender._closed.set()
    wrong = replace(made, segments=(replace(made.segments[0], **how),))
    for _ in range(2):
        assert store.deliver(wrong, now=NOW) is Outcome.STORED
    (waiting,) = tmp_path.rglob("*.dws")
    found = delivery_from_bytes(waiting.read_bytes())
    assert found.counters == {"untimed": 1, "too_large_to_send": 50}
    assert found.segments == ()
    assert "too large for a delivery" in caplog.text
    hopeless = replace(wrong, sequence=1, counters={"x" * (64 << 10): 1})
    assert store.deliver(hopeless, now=NOW) is Outcome.STORED
    store.deliver(replace(made, sequence=2), now=NOW)
    found = delivery_from_bytes(max(tmp_path.rglob("*.dws")).read_bytes())
    assert (found.rows, found.counters) == (50, {"untimed": 1, "too_large_to_send": 50})


def test_what_needs_a_store_of_its_own_is_refused(
    tmp_path: Path, delivery: Make, reference: Reference
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    store = open_collector(url, spool=tmp_path)
    assert store is not None
    assert open_collector(store) is store
    moved = replace(delivery(), cursors=(CursorMove("a", 0, 1),))
    with pytest.raises(ConfigError, match="name the store's file"):
        store.deliver(moved, now=NOW)
    with pytest.raises(ProfileFormatError):
        delivery_to_bytes(moved)
    with pytest.raises(ConfigError, match="store of their own"):
        store.cursor("scores", "rows")
    with pytest.raises(ConfigError, match="is a collector"):
        open_store(url)
    store.close()
    monitor = Monitor(reference.profile, store=url, spool=tmp_path, name="scores")
    monitor.observe({"x": 1.0, "c": "a"})
    for ask in (lambda: monitor.evaluator, lambda: monitor.store, monitor.check):
        with pytest.raises(StoreError):
            ask()
    assert monitor.evaluate() is None
    monitor.close()
    assert len(list(tmp_path.rglob("*.dws"))) == 1


def test_a_spool_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be made"):
        Spool(blocked / "spool")
    monkeypatch.setenv("DRIFTWATCH_STATE", str(blocked))
    with caplog.at_level(logging.WARNING):
        store = RemoteStore("http://127.0.0.1:1")
    assert store.spool.folder.exists()
    assert "wait in" in caplog.text
    store.close()
    store.spool.folder.rmdir()
    monkeypatch.delenv("DRIFTWATCH_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_spool() == tmp_path / "driftwatch" / "spool"


def test_what_a_writer_left_behind_is_swept(tmp_path: Path) -> None:
    old, young = tmp_path / ".a.tmp", tmp_path / ".b.tmp"
    old.write_bytes(b"")
    young.write_bytes(b"")
    os.utime(old, (0, 0))
    assert Spool(tmp_path).names() == []
    assert not old.exists()
    assert young.exists()


def test_deliveries_of_others_are_sent_once_they_are_old(
    scripted: Scripted, tmp_path: Path
) -> None:
    with sending(scripted.url, tmp_path) as (spool, sender):
        spool.put(f"{int(time.time()):012d}-other-1", b"young")
        spool.put(f"{int(time.time()) - 61:012d}-other-2", b"old")
        spool.put(f"{int(time.time()) + 86_400:012d}-other-3", b"tomorrow")  # by a wrong clock
        spool.put("unknown-form", b"whatever")
        assert sender.send_waiting() is None
        assert sorted(scripted.bodies) == [b"old", b"tomorrow", b"whatever"]


def test_collectors_have_spools_of_their_own(tmp_path: Path, delivery: Make) -> None:
    stores = [RemoteStore(f"http://127.0.0.1:{port}", spool=tmp_path) for port in (1, 2)]
    for store in stores:
        store.sender._closed.set()
        store.deliver(delivery(), now=NOW)
        assert len(store.spool.names()) == 1
    assert stores[0].spool.folder != stores[1].spool.folder


def test_a_store_that_is_let_go_ends_its_thread(scripted: Scripted, tmp_path: Path) -> None:
    store = RemoteStore(scripted.url, spool=tmp_path)
    thread = store.sender._thread
    assert thread is not None
    store.sender._wake.set()
    wake, gone = store.sender._wake, weakref.ref(store.sender)
    del store
    for _ in range(200):
        gc.collect()
        wake.set()
        thread.join(0.05)
        if not thread.is_alive():
            break
    assert gone() is None
    assert not thread.is_alive()


def test_a_child_after_a_fork_sends_its_own(scripted: Scripted, tmp_path: Path) -> None:
    store = RemoteStore(scripted.url, spool=tmp_path)
    before = store.sender.mine
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store._begin()
            code = 0 if store.sender.mine != before and store.sender._thread is None else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    store.close()


def test_replicas_and_a_collector_that_comes_and_goes(
    running: Callable[[], AbstractContextManager[Collector]],
    reference: Reference,
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(8)
    with running() as collector:
        pods = [
            Monitor(
                reference.profile,
                name="scores",
                window="6h",
                store=collector.url,
                spool=tmp_path / "spool",
                source=f"pod-{pod}",
            )
            for pod in range(2)
        ]
        for pod in pods:
            for value in rng.normal(3, 1, 300):
                pod.observe({"x": float(value), "c": "a"})
            assert pod.flush() == 300
        assert pods[0].check().rows_current == 600
        assert set(pods[0].check().drifted_features) == {"x", "c"}
        collector.end(kill=True)
        for pod in pods:
            pod.observe({"x": 0.0, "c": "b"})
            assert pod.flush() == 1  # on disk
        assert len(list((tmp_path / "spool").rglob("*.dws"))) == 2
        collector.start()
        for pod in pods:
            pod.flush()
        assert pods[1].check().rows_current == 602
        assert pods[1].counters == {}
        store = pods[0].stream.destination.receiver
        assert isinstance(store, RemoteStore)
        assert store.references_in_use("scores") == {"": reference.id}
        assert store.reference("scores", reference.id) == reference.profile.to_bytes()
        assert store.reference("scores", "0" * 32) is None
        assert repr(store) == f"RemoteStore({collector.url!r})"
        for pod in pods:
            pod.close()

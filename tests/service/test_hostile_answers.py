"""Whatever answers in a collector's place: one clear error, and every delivery waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from driftwatch import DriftReport, Monitor
from driftwatch.core.windows.segments import Delivery
from driftwatch.errors import StoreError
from driftwatch.stores.remote import RemoteStore, readings
from driftwatch.transport.client import Answer
from tests.http_serving import serving
from tests.service.conftest import NOW

Make = Callable[..., Delivery]
SECRET = "dw_canary_that_must_not_be_seen"
PANE = {
    "width": 3600, "segments": 1, "rows": 5, "bytes": 9, "first": 1, "last": 1, "late": 0,
    "earliest": 0.5, "latest": None,
}  # fmt: skip
REFERENCE = {"id": "a1", "used_for": ["", "v2"]}
WRONG: tuple[Any, ...] = (
    None, True, -1.5, 2**63, 1e308, SECRET, [], [SECRET], [[]], [None], {}, {SECRET: SECRET}
)  # fmt: skip


def report() -> dict[str, Any]:
    found = Monitor({"x": [float(n % 50) for n in range(500)]}).check({"x": [1.0] * 500})
    data: dict[str, Any] = json.loads(found.to_json())
    return data


REPORT = report()
ANSWERS: dict[str, dict[str, Any]] = {
    "report": REPORT,
    "overview": {"panes": [PANE], "counters": {"untimed": 3}},
    "references_in_use": {"references": [REFERENCE]},
}
ASK: dict[str, Callable[[RemoteStore], Any]] = {
    "report": lambda store: store.report("scores"),
    "overview": lambda store: store.overview("scores"),
    "references_in_use": lambda store: store.references_in_use("scores"),
    "reference": lambda store: store.reference("scores", "a1"),
}


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


NO_ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "login page": b"<html>Please log in</html>",
    "bytes": bytes(range(256)),
    "not UTF-8": b'{"panes": "\xff"}',
    "half a text": json_bytes(ANSWERS["overview"])[:-4],
    "half a report": json_bytes(REPORT)[:-20],
    "deep": b"[" * 100_000,
    "deep and whole": b'{"panes":' * 2_000 + b"1" + b"}" * 2_000,
    "large number": b'{"panes": [], "counters": {"untimed": ' + b"9" * 5_000 + b"}}",
    "not a number": b'{"panes": [], "counters": {"untimed": NaN}}',
    "two documents": b"{}{}",
    "another's JSON": b'{"status": "ok"}',
    "half a profile": b"DWP1" + bytes(200),
    "what was sent": b"Bearer " + SECRET.encode(),
    **{f"only {json.dumps(value)[:20]}": json_bytes(value) for value in WRONG},
}


def spoilt(document: Any) -> Iterator[Any]:
    """Copies of a document, each with one part left out, or of another type."""
    if isinstance(document, dict):
        for key, value in document.items():
            rest = {name: kept for name, kept in document.items() if name != key}
            yield rest
            for wrong in WRONG:
                if type(wrong) is not type(value):
                    yield rest | {key: wrong}
            for deeper in spoilt(value):
                yield rest | {key: deeper}
    elif isinstance(document, list):
        for place, value in enumerate(document):
            for deeper in (*spoilt(value), *(w for w in WRONG if type(w) is not type(value))):
                yield [*document[:place], deeper, *document[place + 1 :]]


class Impostor(BaseHTTPRequestHandler):
    """Answers 200 with what it is told."""

    def do_POST(self) -> None:
        server: Any = self.server
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        server.asked.append(self.path)
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.said) + server.missing))
        self.end_headers()
        self.wfile.write(server.said)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def asking(said: bytes, folder: Path, *, status: int = 200) -> Iterator[tuple[RemoteStore, Any]]:
    """The way to a server that answers everything with the same bytes."""
    with serving(Impostor) as server:
        server.said, server.missing, server.status, server.asked = said, 0, status, []
        store = RemoteStore(
            f"http://127.0.0.1:{server.server_port}", token=SECRET, spool=folder, timeout=5
        )
        try:
            yield store, server
        finally:
            store.close()


def refusal(store: RemoteStore, ask: Callable[[RemoteStore], Any]) -> str:
    """What is said of an answer that cannot be used."""
    with pytest.raises(StoreError) as caught:
        ask(store)
    error: BaseException | None = caught.value
    while error is not None:  # what came may be a secret
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
    return str(caught.value)


@pytest.mark.parametrize("name", ASK)
@pytest.mark.parametrize("what", NO_ANSWERS)
def test_an_answer_that_is_none_is_one_clear_error(what: str, name: str, tmp_path: Path) -> None:
    with asking(NO_ANSWERS[what], tmp_path) as (store, server):
        said = refusal(store, ASK[name])
        assert said.startswith(f"{store.client.url}/v1/monitors/scores")
        assert "answers 200, and not as a collector does" in said
        assert "check that the address is the collector's" in said
        assert len(said) < 400
        server.missing = 10  # as if the line had been cut
        refusal(store, ASK[name])


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_a_delivery_waits_where_nobody_says_that_it_was_taken(
    what: str, tmp_path: Path, delivery: Make
) -> None:
    with asking(NO_ANSWERS[what], tmp_path) as (store, server):
        store.deliver(delivery(), now=NOW)
        assert not store.flush(0.3)
        (name,) = store.spool.names()
        assert "/v1/segments" in server.asked
        assert "no answer of a collector" in (store.sender.problem or "")
        assert SECRET not in (store.sender.problem or "")
        assert (store.sender.sent, store.sender.refused) == (0, 0)
        server.said = b'{"outcome": "stored", "rows": 50}'
        store.sender._held.release(name)  # its time has come
        assert store.flush(30)
        assert store.spool.names() == []


@pytest.mark.parametrize("outcome", [None, True, 1, "", "STORED", "fenced", [], ["stored"], {}])
def test_only_a_collectors_own_words_say_that_a_delivery_was_taken(outcome: Any) -> None:
    assert not readings.took_it(Answer(200, json_bytes({"outcome": outcome})))
    assert not readings.took_it(Answer(500, json_bytes({"outcome": "stored"})))
    assert readings.took_it(Answer(200, json_bytes({"outcome": "stored"})))


@pytest.mark.parametrize("name", ["overview", "references_in_use"])
def test_every_part_of_an_answer_has_its_type_or_is_an_error(name: str, tmp_path: Path) -> None:
    with asking(json_bytes(ANSWERS[name]), tmp_path) as (store, server):
        ASK[name](store)
        tried = 0
        for document in spoilt(ANSWERS[name]):
            if (name, document) in usable():
                continue
            server.said = json_bytes(document)
            assert "not as a collector does" in refusal(store, ASK[name]), document
            tried += 1
        assert tried > 15


def usable() -> list[tuple[str, Any]]:
    """Answers that were changed, and say something all the same."""
    overview = ANSWERS["overview"]
    return [
        *(
            ("overview", {**overview, "panes": [{**PANE, name: value}]})
            for name in ("earliest", "latest")
            for value in (None, -1.5, 2**63, 1e308)
        ),
        ("overview", {**overview, "counters": {}}),
    ]


def test_a_report_of_other_types_is_an_error_or_one_that_can_be_shown() -> None:
    assert isinstance(readings.report_in(Answer(200, json_bytes(REPORT))), DriftReport)
    said: list[str] = []
    for document in spoilt(REPORT):
        try:
            found = readings.report_in(Answer(200, json_bytes(document)))
        except readings.StrangeAnswerError as error:
            said.append(str(error))
        else:
            str(found), found.headline(), found.to_json()
    assert len(said) > 100
    assert set(said) == {"it is no drift report that this version reads"}


def test_an_answer_without_end_is_cut_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delivery: Make
) -> None:
    monkeypatch.setattr(readings, "MOST_BYTES", 1 << 20)
    huge = json_bytes(ANSWERS["overview"] | {"more": "x" * (1 << 20)})
    with asking(huge, tmp_path) as (store, server):
        for ask in ASK.values():
            assert "it is longer than 1 MiB" in refusal(store, ask)
        server.said = json_bytes({"outcome": "stored", "more": "x" * (1 << 20)})
        store.deliver(delivery(), now=NOW)
        assert not store.flush(0.3)
        assert len(store.spool.names()) == 1


@pytest.mark.parametrize("status", [204, 301, 401, 403, 500, 503])
@pytest.mark.parametrize("name", ASK)
def test_another_status_is_said_and_not_taken_for_an_answer(
    status: int, name: str, tmp_path: Path
) -> None:
    """Not for a reference that is not there, either."""
    with asking(b"" if status == 204 else b"{}", tmp_path, status=status) as (store, _):
        assert f"scores{'/' if name != 'overview' else ''}" in refusal(store, ASK[name])
        assert refusal(store, ASK[name]).endswith(f": {status}")


def test_a_monitor_goes_on_where_something_else_answers(tmp_path: Path) -> None:
    with asking(b'{"status": "ok"}', tmp_path) as (store, server):
        server.missing = 0
        monitor = Monitor({"x": [float(n % 50) for n in range(500)]}, store=store, name="scores")
        monitor.observe({"x": 3.0})
        assert monitor.counters == {}
        with pytest.raises(StoreError, match="not as a collector does"):
            monitor.check()
        monitor.flush(within=0.1)
        assert len(store.spool.names()) == 1
        monitor.close()

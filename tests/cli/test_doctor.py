"""What the doctor says: problems while there are any, and no longer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Reference
from driftwatch.cli.app import run
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.retention import Retention
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.profiling.build import profile_data
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.small_stream import HOUR, Clock, batch_of, reference

__all__ = ["batch_of", "reference"]

MakeBatch = Callable[..., Batch]
SPEC = WindowSpec.of("6h", "1h", lateness="5m")


class Shop:
    """A store of 40 hours until now, which is what the doctor's clock says."""

    def __init__(self, path: Path, reference: Reference, batch_of: MakeBatch) -> None:
        self.path, self.reference, self.batch_of = path, reference, batch_of
        self.store = SQLiteStore(path)
        self.store.adopt_reference(
            "m", reference.id, reference.profile.to_bytes(), model_version=None, now=time.time()
        )
        self.start = (time.time() // HOUR - 40) * HOUR
        self.clock = Clock(self.start)

    def feed(self, source: str, reference: Reference | None = None) -> Accumulator:
        used = reference or self.reference
        return Accumulator(used, SPEC, self.store, monitor="m", source=source, clock=self.clock)

    def pass_hours(self, feed: Accumulator, hours: int, *, bad: int = 0, shift: float = 0) -> None:
        for _ in range(hours):
            times = self.clock.now + np.linspace(0, HOUR - 1, 400)
            self.clock.now += HOUR
            times = np.append(times, np.full(bad, np.nan))
            feed.add(self.batch_of(400 + bad, shift), times=times)
            feed.flush()

    def evaluate(self, **more: Any) -> None:
        self.clock.now = max(self.clock.now, time.time())
        rules = EvaluationRules(**more)
        subject = Subject(self.reference, "m")
        evaluator = Evaluator(self.store, subject, SPEC, clock=self.clock, rules=rules)
        evaluator.step()
        evaluator.close()

    def doctor(self, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        command = ["doctor", "--store", str(self.path), "--monitor", "m"]
        code = run([*command, "--window", "6h", "--slide", "1h", "--json"])
        return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def shop(tmp_path: Path, reference: Reference, batch_of: MakeBatch) -> Shop:
    return Shop(tmp_path / "s.db", reference, batch_of)


def of(findings: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [each for each in findings if each["what"] == what]


def test_rows_that_could_not_be_used_are_a_problem_for_a_day(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = shop.feed("s")
    shop.pass_hours(feed, 10, bad=7)
    shop.evaluate()
    (found,) = of(shop.doctor(capsys)[1], "not used")
    assert found["problem"]
    assert found["text"] == "70 untimed in the last day of the stream"
    shop.clock.now = shop.start + 10 * HOUR
    shop.pass_hours(feed, 29)
    shop.evaluate()
    code, findings = shop.doctor(capsys)
    (found,) = of(findings, "not used")
    assert found == {
        "what": "not used",
        "ok": True,
        "problem": False,
        "drift": False,
        "text": "70 untimed, none in the last day of the stream",
        "code": None,
    }
    assert code == 0


def test_rows_that_have_expired_are_no_problem(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pass_hours(shop.feed("s"), 40)
    shop.store.expire("m", width=SPEC.width, before=SPEC.pane_at(shop.start) + 3)
    shop.evaluate()
    code, findings = shop.doctor(capsys)
    assert (code, of(findings, "not used")) == (0, [])
    assert of(findings, "retention")[0]["text"] == "1,200 rows have expired"


def test_a_source_that_is_gone_is_no_problem_and_is_forgotten(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = shop.feed("gone")
    gone._clock = lambda: shop.clock.now  # its own clock is as wrong as can be
    shop.pass_hours(gone, 2)
    empty = gone.pack()
    shop.store.deliver(replace(empty, sent_at=shop.clock.now + 500), now=shop.clock.now)
    shop.pass_hours(shop.feed("s"), 38)
    shop.evaluate()
    code, findings = shop.doctor(capsys)
    assert code == 0
    assert "from 2 sources" in of(findings, "data")[0]["text"]
    assert "not heard for a day, and soon forgotten: gone" in of(findings, "data")[0]["text"]
    shop.clock.now = time.time() + 8 * 24 * HOUR  # the other is kept: it was heard last
    shop.evaluate()
    assert [source.source for source in shop.store.sources("m")] == ["s"]
    assert shop.store.overview("m").rows == 40 * 400


def test_a_partition_whose_cursor_was_set_is_not_gone(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is another source since then; whether its messages can be read is said all the same."""
    shop.pass_hours(shop.feed("kafka t/0"), 2)
    gone = shop.feed("kafka t/1")
    shop.pass_hours(gone, 1)
    unread = {"unreadable_now t/0": 1, "unreadable_now t/1": 1}
    shop.store.deliver(replace(gone.pack(), counters=unread), now=shop.clock.now)
    shop.pass_hours(shop.feed("kafka t/0 again 1"), 37)
    shop.evaluate()
    found = of(shop.doctor(capsys)[1], "messages")
    assert [each["text"] for each in found] == ["most of the last 1,000 of t/0 cannot be read"]


def test_a_laggard_is_named(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.pass_hours(shop.feed("s"), 40)  # heard within the hour, whatever the minute is now
    slow = shop.feed("slow")
    slow.add(shop.batch_of(50), times=np.full(50, shop.clock.now - 5 * HOUR))
    slow.flush()
    shop.evaluate()
    code, findings = shop.doctor(capsys)
    assert code == 1
    (found,) = of(findings, "source")
    assert found["problem"]
    assert found["text"].startswith("source slow is ")
    assert found["text"].endswith("behind the others: windows wait for it")


def test_critical_is_not_ok_and_no_problem_of_the_machinery(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pass_hours(shop.feed("s"), 40, shift=3.0)
    shop.evaluate()
    code, findings = shop.doctor(capsys)
    (found,) = of(findings, "evaluation")
    assert found["text"].startswith("CRITICAL")
    assert (found["ok"], found["problem"], found["drift"]) == (False, False, True)
    assert code == 0
    run(["doctor", "--store", str(shop.path), "--monitor", "m", "--window", "6h", "--slide", "1h"])
    assert "DRIFT    evaluation       CRITICAL" in capsys.readouterr().out


def test_what_the_last_window_lacks_is_said(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    other = Reference(
        profile_data({"x": ["a", "b"] * 500, "c": rng.choice(["a", "b"], 1000)}, reference=True)
    )
    shop.pass_hours(shop.feed("s"), 40)
    feed = shop.feed("other", other)
    odd = next(batches_of({"x": ["a", "b"] * 50, "c": ["a", "c"] * 50}))
    feed.add(odd, times=shop.clock.now - np.repeat([3 * HOUR, 1.0], 50))
    feed.flush()
    shop.evaluate()
    report = json.loads(shop.store.reports("m", limit=1)[0].body)
    assert report["window"]["left_out"] == {"column 'x' is of another kind": 1}
    code, findings = shop.doctor(capsys)
    (found,) = of(findings, "left out")
    assert found["problem"]
    assert found["text"] == "of the last window, 1 times: column 'x' is of another kind"
    assert code == 1


def test_reports_are_kept_for_as_long_as_is_said(shop: Shop) -> None:
    assert Retention().reports.days == 90
    shop.pass_hours(shop.feed("s"), 38)
    shop.evaluate()
    shop.clock.now += 89 * 24 * HOUR
    shop.pass_hours(shop.feed("s"), 1)
    shop.evaluate()
    assert len(shop.store.reports("m", limit=9)) == 2
    shop.clock.now += 2 * 24 * HOUR
    shop.pass_hours(shop.feed("s"), 1)
    shop.evaluate()
    kept = [row for row in shop.store.reports("m", limit=9) if row.event is None]
    assert len(kept) == 2
    assert all(row.created > shop.clock.now - 90 * 24 * HOUR for row in kept)


def test_reports_are_stored_small_and_those_of_before_are_read(shop: Shop) -> None:
    shop.pass_hours(shop.feed("s"), 40)
    shop.evaluate()
    (report,) = shop.store.reports("m", limit=1)
    with shop.store._database.transaction() as db:
        ((stored,),) = db.execute("SELECT body FROM reports").fetchall()
        assert len(stored) < len(report.body) / 3
        db.execute("UPDATE reports SET body=?", (report.body,))  # as it was stored before
    assert shop.store.reports("m", limit=1) == [report]

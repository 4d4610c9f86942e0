"""``driftwatch alert`` and ``report --monitor``: what a stream found, and what people say of it."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.cli.monitors import StreamRequest, opened
from driftwatch.config.load import load_config
from driftwatch.errors import ConfigError
from driftwatch.stores import open_store
from tests.integrations.alerting.servers import hooks

CONFIG = """
store = "d.db"
[monitors.churn]
reference = "ref.parquet"
window = "2h"
slide = "1h"
[monitors.churn.alerts]
for = "1 window"
repeat = "3h"
[[monitors.churn.alerts.rules]]
when = "ks > 0.4"
for = "2 windows"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, a reference, and a store in which a drift is on."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"age": rng.normal(40, 9, 5_000)}), "ref.parquet")
    Path("driftwatch.toml").write_text(CONFIG)
    return tmp_path


def stream(hours: int, *, drift_from: int = 3, back_at: int = 10_000) -> None:
    """The stream's last hours up to now; it drifts in some of them."""
    rng = np.random.default_rng(1)
    end = datetime.now(UTC)
    now = [end - timedelta(hours=hours)]
    _, settings = load_config().one("churn")
    monitor = Monitor(
        "ref.parquet", name="churn", window="2h", slide="1h", store="d.db", clock=lambda: now[0],
        alerts=settings.alerts.alerts([]) if settings.alerts else None,
    )  # fmt: skip
    with monitor:
        for hour in range(hours):
            now[0] += timedelta(hours=1)
            shift = 20.0 if drift_from <= hour < back_at else 0.0
            rows = rng.normal(40 + shift, 9, 400)
            monitor.observe_many({"age": rows}, at=now[0] - timedelta(minutes=1))
            monitor.evaluate()


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(arguments) == code, capsys.readouterr()
    return capsys.readouterr().out


def test_the_open_incident_is_listed_acknowledged_and_silenced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store("d.db").close()
    assert "no open incident" in said(capsys, "alert", "list")
    stream(8)
    text = said(capsys, "alert", "list", code=1)
    assert "churn: incident 1  CRITICAL  open for" in text
    assert "drifted. Since" in text
    assert "acknowledged" in said(capsys, "alert", "ack", "--by", "ana", "--note", "on it")
    assert "silent until it is over" in said(capsys, "alert", "silence")
    assert "monitor silent until" in said(capsys, "alert", "silence", "--all", "--for", "4h")
    text = said(capsys, "alert", "history")
    assert "acknowledged by ana" in text
    assert "note: on it" in text
    assert "silent until it is over" in text
    assert "opened: drift" in text
    (row,) = json.loads(said(capsys, "alert", "list", "--json", code=1))
    assert (row["acknowledged"], row["silenced_until"], row["number"]) == ("ana", "end", 1)
    said(capsys, "alert", "ack", "--undo")
    said(capsys, "alert", "silence", "--undo")
    said(capsys, "alert", "silence", "--undo", "--all")
    (row,) = json.loads(said(capsys, "alert", "history", "--json"))
    assert (row["acknowledged"], row["silenced_until"]) == (None, None)
    text = said(capsys, "doctor")
    assert "DRIFT    incident" in text
    assert "DRIFT    alarm" in text


def test_an_incident_that_is_over_stays_in_the_history(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream(14, back_at=6)
    assert "no open incident" in said(capsys, "alert", "list")
    assert "over after" in said(capsys, "alert", "history")
    assert run(["alert", "ack"]) == 2
    assert "has no open incident" in capsys.readouterr().err
    assert run(["alert", "ack", "--incident", "7"]) == 2


def test_stored_reports_are_shown_and_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store("d.db").close()
    assert run(["report", "--monitor", "churn"]) == 2
    assert "no report of 'churn' yet" in capsys.readouterr().err
    stream(8)
    assert "age" in said(capsys, "report", "--monitor", "churn", code=1)
    lines = said(capsys, "report", "--monitor", "churn", "--last", "5", code=1).splitlines()
    assert len(lines) == 5
    assert "CRITICAL" in lines[-1]
    assert json.loads(
        said(capsys, "report", "--store", "d.db", "--monitor", "churn", "--format", "json", code=1)
    )
    assert run(["report", "--last", "3"]) == 2


def test_the_last_reports_are_listed_in_the_form_that_is_asked_for_or_not_at_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream(8)
    last = ("report", "--monitor", "churn", "--last", "3")
    rows = json.loads(said(capsys, *last, "--format", "json", code=1))
    assert len(rows) == 3
    newest = said(capsys, "report", "--monitor", "churn", "--format", "json", code=1)
    assert rows[-1] == json.loads(newest)
    for more in (["--format", "html"], ["--output", "r.html"]):
        assert run([*last, *more]) == 2
        assert "are for a single report" in capsys.readouterr().err
    assert not Path("r.html").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["alert", "list"],
        ["alert", "history"],
        ["alert", "ack"],
        ["alert", "silence"],
        ["alert", "own", "--to", "ana"],
        ["alert", "note", "text"],
        ["report", "--monitor", "churn"],
        ["reference", "list"],
        ["reference", "use", "abc"],
        ["check", "--monitor", "churn"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_a_store_that_is_not_there_is_said_and_not_made(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    before = set(folder.iterdir())
    doctor = command == ["doctor"]
    assert run(command) == (1 if doctor else 2)
    printed = capsys.readouterr()
    assert "there is no store d.db" in (printed.out if doctor else printed.err)
    assert len(printed.err.splitlines()) == (0 if doctor else 1)
    assert set(folder.iterdir()) == before


def test_an_incident_gets_an_owner_and_notes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream(8)
    assert run(["alert", "own"]) == 2
    assert run(["alert", "own", "--to", "ana", "--undo"]) == 2
    assert run(["alert", "note", " "]) == 2
    assert run(["alert", "own", "--to", "ana", "--incident", "9"]) == 2
    capsys.readouterr()
    own = ("alert", "own", "--to", "ana", "--by", "bo", "--note", "as agreed")
    assert said(capsys, *own) == "churn: incident 1 owned by ana\n"
    said(capsys, "alert", "note", "the feed was late", "--incident", "1")
    (row,) = json.loads(said(capsys, "alert", "list", "--json", code=1))
    assert (row["owner"], row["notes"]) == ("ana", ["as agreed", "the feed was late"])
    text = said(capsys, "alert", "list", code=1)
    assert "owner: ana" in text
    assert "note: the feed was late" in text
    said(capsys, "alert", "own", "--undo")
    (row,) = json.loads(said(capsys, "alert", "list", "--json", code=1))
    assert row["owner"] == ""


def test_what_is_still_silent_after_an_undo_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream(8)
    said(capsys, "alert", "silence", "--all", "--for", "4h")
    said(capsys, "alert", "silence")
    text = said(capsys, "alert", "silence", "--undo")
    assert "incident 1 not silent any more" in text
    assert "the whole monitor is still silent until" in text
    said(capsys, "alert", "silence")
    text = said(capsys, "alert", "silence", "--undo", "--all")
    assert "incident 1 is still silent until it is over" in text
    assert "still" not in said(capsys, "alert", "silence", "--undo")


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        (["--until", "9999-12-31"], "366 days at most"),
        (["--until", "9999-12-31T23:59:59-14:00"], "366 days at most"),
        (["--until", "0001-01-01T00:00:00+14:00"], "has passed"),
        (["--until", "soon"], "is no time"),
        (["--for", "999999w"], "366 days at most"),
    ],
)
def test_a_silence_has_an_end_that_people_live_to_see(
    folder: Path, capsys: pytest.CaptureFixture[str], end: list[str], problem: str
) -> None:
    stream(8)
    assert run(["alert", "silence", *end]) == 2
    assert problem in capsys.readouterr().err
    (row,) = json.loads(said(capsys, "alert", "list", "--json", code=1))
    assert row["silenced_until"] is None


def test_back_ends_are_tried_by_a_test_message(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["alert", "test"]) == 2
    with hooks(200, 500) as server:
        monkeypatch.setenv("HOOK", server.url)
        more = (
            '[monitors.churn.alerts.slack]\nwebhook_url_from = "env:HOOK"\nallow_private = true\n'
        )
        Path("driftwatch.toml").write_text(CONFIG + more)
        assert "slack: sent" in said(capsys, "alert", "test")
        assert "This is how a message looks" in server.taken[0][1].decode()
        text = said(capsys, "alert", "test", code=1)
        assert "Slack answers 500" in text
        assert "canary" not in text
    assert "alerts to slack: warning in 1 window or ks > 0.4" in said(capsys, "config", "check")


def test_secrets_are_needed_only_where_messages_are_sent(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream(8)
    monkeypatch.delenv("DRIFTWATCH_SLACK_WEBHOOK_URL", raising=False)
    fed = CONFIG.split("\n", 2)[2].replace("churn", "fed").replace("ref.", "rows.")
    slack = "[monitors.{}.alerts.slack]\n"
    text = CONFIG + slack.format("churn") + fed.replace("slide", 'time = "ts"\nslide')
    Path("driftwatch.toml").write_text(text + slack.format("fed"))
    rows = {"ts": [datetime.now(UTC)] * 200, "age": [float(n) for n in range(200)]}
    pq.write_table(pa.table(rows), "rows.parquet")
    said(capsys, "config", "check")
    said(capsys, "check", "--monitor", "churn", code=1)
    said(capsys, "ingest", "--monitor", "fed", "rows.parquet")
    said(capsys, "alert", "list", "--monitor", "churn", code=1)
    said(capsys, "report", "--monitor", "churn", code=1)
    said(capsys, "reference", "list", "--monitor", "churn")
    assert "incident" in said(capsys, "doctor", "--monitor", "churn")
    for command in (
        ["evaluate", "--monitor", "churn"],
        ["ingest", "--evaluate", "--monitor", "fed", "rows.parquet"],
        ["watch", "--once", "--monitor", "fed", "rows.parquet"],
        ["alert", "test", "--monitor", "churn"],
        ["serve", "--port", "0"],
    ):
        assert run(command) == 2, command
        error = capsys.readouterr().err
        assert "env:DRIFTWATCH_SLACK_WEBHOOK_URL holds no secret" in error


def test_a_replica_of_a_collector_shares_its_configuration_and_needs_no_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFTWATCH_SLACK_WEBHOOK_URL", raising=False)
    text = CONFIG.replace('store = "d.db"', 'store = "http://127.0.0.1:9"')
    Path("driftwatch.toml").write_text(text + "[monitors.churn.alerts.slack]\n")
    with opened(StreamRequest(None, "churn", None, {}), remote=True) as (monitor, _):
        monitor.observe({"age": 40.0})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('[monitors.churn.alerts.slack]\nwebhook_url_from = "https://canary"', "a secret is not"),
        ('[monitors.churn.alerts.slack]\nwebhook_url = "https://canary"', "webhook_url_from"),
        ('[monitors.churn.alerts.mail]\nhost = "h"', "sender is missing"),
        ("[monitors.churn.alerts.webhook]\nname = 'x'", "either url or url_from"),
        ('[[monitors.churn.alerts.rules]]\nwhen = "psi"', "a rule looks like"),
        ('[monitors.churn.alerts.slacks]\nname = "x"', "slack"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said_without_the_secret(
    folder: Path, wrong: str, message: str
) -> None:
    Path("driftwatch.toml").write_text(CONFIG + wrong)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config()
    assert "canary" not in str(caught.value)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


MAIL = '[A.mail]\nhost = "h"\nrecipients = ["a@b.de"]\n'


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[[A.slack]]\n[[A.slack]]", "two back ends have the name 'slack'"),
        ('[A.slack]\nname = "x"\n[A.webhook]\nurl = "https://a.de"\nname = "x"', "have the name"),
        ('[A]\ndelay = "2h"', "alerts wait 2h for late rows"),
        ('[A.webhook]\nurl = "http://example.com/h"', "monitors.churn.alerts.webhook 'webhook'"),
        ('[A.webhook]\nurl = "https://a.de"\ntemplate = {a = "$b"}', "a text of the template"),
        ('[A.mail]\nhost = "h"\nsender = "nobody"\nrecipients = ["a@b.de"]', "sender: an address"),
        ('[A.mail]\nhost = "h"\nsender = "a@b.de"\nrecipients = ["a"]', "recipient 1: an address"),
        ('[A.mail]\nhost = "h"\nsender = "a@b.de"\nrecipients = []', "recipients is a list"),
        (f'{MAIL}sender = "a@b.de"\ntls = "none"\nusername = "u"', "not sent without TLS"),
    ],
)
def test_what_a_back_end_would_refuse_is_found_by_config_check(
    folder: Path, capsys: pytest.CaptureFixture[str], more: str, message: str
) -> None:
    """Without any of the secrets."""
    head, _, _ = CONFIG.partition("[monitors.churn.alerts]\n")
    tables = more.replace("[A", "[monitors.churn.alerts")
    Path("driftwatch.toml").write_text(f"{head}{tables}\n")
    assert run(["config", "check"]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture
def history(folder: Path) -> pa.Table:
    """Two days of rows, which are in h.parquet, too; they drift for ten hours."""
    rng = np.random.default_rng(2)
    times = np.datetime64("2026-01-01") + np.arange(4_800) * np.timedelta64(36, "s")
    ages = rng.normal(40, 9, 4_800)
    ages[2_000:3_000] += 20
    whole = pa.table({"ts": times.astype("datetime64[us]"), "age": ages})
    pq.write_table(whole, "h.parquet")
    return whole


def test_a_replay_is_judged_as_the_monitor_that_is_named(
    history: pa.Table, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(history[:1_200], "ref.parquet")
    replayed = ("replay", "h.parquet", "--config", "driftwatch.toml", "-q", "--format", "json")
    text = CONFIG.replace('slide = "1h"', 'slide = "1h"\ntime = "ts"')
    Path("driftwatch.toml").write_text(text)
    found = json.loads(said(capsys, *replayed, code=1))
    assert found["window"] == "2h every 1h"
    wider = json.loads(said(capsys, *replayed, "--window", "4h", code=1))
    assert wider["window"] == "4h every 1h"
    calm = text.replace('time = "ts"', 'time = "ts"\npolicy = "classic"')
    Path("driftwatch.toml").write_text(calm + "[monitors.churn.thresholds]\nks = 0.999\n")
    lax, strict = (
        json.loads(said(capsys, *replayed, *more, code=1))["moments"]
        for more in ((), ("--threshold", "ks=0.1"))
    )
    assert max(each["distance"] for each in lax) < 1
    assert max(each["distance"] for each in strict) > 3
    Path("driftwatch.toml").write_text(text + 'features = ["agee"]\n')
    assert run(replayed) == 2
    assert "no column 'agee' (did you mean 'age'?)" in capsys.readouterr().err


def test_a_replay_says_what_would_have_been_told(
    history: pa.Table, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (
        "--ref-first",
        "1200 rows",
        "--time",
        "ts",
        "--window",
        "2h",
        "--slide",
        "1h",
        "-q",
    )
    text = said(capsys, "replay", "h.parquet", *arguments, code=1)
    assert "alerts would have sent 2 messages (1 opened, 1 resolved): warning in 1 window" in text
    tried = ("--config", "driftwatch.toml", "--format", "json")
    text = said(capsys, "replay", "h.parquet", *arguments, *tried, code=1)
    kinds = [message["kind"] for message in json.loads(text)["alerts"]["messages"]]
    assert kinds[0] == "opened"
    assert "reminder" in kinds
    assert kinds[-1] == "resolved"

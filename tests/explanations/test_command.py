"""`driftwatch explain`, and that every command that fails says a code that it knows."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftwatch.cli.app import COMMANDS, run
from driftwatch.cli.commands.explain import _completed
from driftwatch.explanations.catalogue import codes, groups
from driftwatch.logs.events import EVENTS
from tests.cli.test_completion import completed

AT_END = re.compile(r" \[(DW\d{3})\]\n$")
Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def output(*arguments: str) -> str:
        assert run(["explain", *arguments]) == 0
        return capsys.readouterr().out

    return output


def test_a_code_is_named_in_several_ways(said: Said) -> None:
    page = said("DW012")
    assert page.startswith("DW012  ")
    assert said("dw012") == said("12") == said("DW12") == said(" 012 ") == page
    assert "Usual causes\n" in page
    assert "What to do\n" in page


def test_without_a_code_all_are_listed_by_group(said: Said) -> None:
    listed = said()
    assert re.findall(r"DW\d{3}", listed) == list(codes())
    assert all(f"{group.title}\n" in listed for group in groups())


def test_events_and_words_of_reports_lead_to_their_code(said: Said) -> None:
    assert "DW031  " in said("store.trouble")
    assert "INFO" not in said("worker.started")
    assert said("UNDECIDED") == said("undecided") == said("DW101")
    assert said("type_changed") == said("type changed") == said("DW107")
    pages = said("DW031", "DW012")
    assert pages == said("DW031") + "\n" + said("DW012")
    for name in EVENTS:
        assert said(name).startswith(f"{name}: {EVENTS[name].meaning}\n")


def test_lines_fit_into_a_terminal(said: Said) -> None:
    examples = {
        f"    {line}"
        for each in codes().values()
        for part in each.examples
        for line in part.text.splitlines()
    }
    for line in said(*codes()).splitlines():
        assert len(line) <= 88 or line in examples


def test_json_has_everything(said: Said) -> None:
    (only,) = json.loads(said("DW101", "--json"))
    assert only["code"] == "DW101"
    assert only["words"] == ["UNDECIDED", "too_few_rows"]
    assert only["examples"][0]["language"] == "python"
    (event,) = json.loads(said("store.trouble", "--json"))
    assert event["code"]["code"] == "DW031"
    assert [each["code"] for each in json.loads(said("--json"))] == list(codes())


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("undecidd", "did you mean 'UNDECIDED'"),
        ("store.troubel", "did you mean 'store.trouble'"),
        ("DW999", "did you mean 'DW"),
        ("nothing-of-the-kind", "`driftwatch explain` lists the codes"),
        ("9" * 500, "is called"),
        ("", "is called"),
    ],
)
def test_what_is_unknown_is_said_with_the_nearest(
    word: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", word]) == 2
    line = capsys.readouterr().err
    assert hint in line
    assert line.endswith(" [DW002]\n")
    assert len(line) < 300


def test_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from driftwatch.cli.app import run; run(['explain', 'DW031']);"
        "run(['explain', '--json']); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    assert not {"numpy", "pyarrow", "scipy", "pandas", "fastapi"} & set(loaded.split())


def test_the_shell_completes_codes_events_and_words(tmp_path: Path) -> None:
    assert completed("driftwatch explain DW03", tmp_path) == [f"DW03{n}" for n in range(10)]
    assert _completed("store.") == ["store.trouble"]
    assert _completed("undec") == ["UNDECIDED"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sound data, and one example of most things that are not."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    good = pd.DataFrame({"age": rng.normal(41, 11, 500), "city": rng.choice(["Köln", "Ulm"], 500)})
    good.to_parquet("good.parquet")
    good.to_csv("latin.csv", encoding="latin-1", index=False)
    Path("twice.csv").write_text("a,a\n1,2\n")
    Path("empty.csv").write_text("")
    Path("bad.jsonl").write_text('{"a": 1}\n{"a": \n')
    Path("thing.xyz").write_text("a")
    Path("cut.dwp").write_bytes(b"DWP1 and no more")
    Path("broken.toml").write_text("[monitors.churn\n")
    Path("odd.toml").write_text('[monitors.churn]\nwindoww = "24h"\n')
    Path("two.toml").write_text("[monitors.a]\n[monitors.b]\n")
    Path("one.toml").write_text('[monitors.churn]\nstore = "own.db"\n')
    Path("times.csv").write_text("ts,age\nsoon,1\nlater,2\n" * 50)
    with sqlite3.connect("foreign.db") as other:
        other.execute("CREATE TABLE things (a)")
    other.close()
    return tmp_path


FAILING = {
    "check --ref none.parquet --prod good.parquet": "DW011",
    "check --ref good.parquet --prod thing.xyz": "DW014",
    "check --ref latin.csv --prod latin.csv": "DW012",
    "check --ref twice.csv --prod twice.csv": "DW022",
    "check --ref empty.csv --prod empty.csv": "DW015",
    "check --ref bad.jsonl --prod bad.jsonl": "DW016",
    "check --ref cut.dwp --prod good.parquet": "DW040",
    "check --ref good.parquet --prod good.parquet --features nope": "DW020",
    "check --ref good.parquet --prod good.parquet --label age --exclude age": "DW021",
    "check --ref good.parquet --prod good.parquet --threshold kss=0.1": "DW006",
    "check --ref good.parquet --prod good.parquet --threshold ks": "DW006",
    "check --ref good.parquet --prod good.parquet --by 1d": "DW024",
    "check --ref good.parquet --prod good.parquet --format pdf": "DW002",
    "check --ref good.parquet --prod good.parquet --output no/such/folder.html": "DW013",
    "check --ref good.parquet --prod ftp://example.com/a.csv": "DW018",
    "check --ref times.csv --prod times.csv --time ts --pane 1h": "DW025",
    "check --prod good.parquet": "DW002",
    "check --mlflow-run": "DW002",
    "profile good.parquet --pane 1h -o a.dwp": "DW024",
    "merge good.parquet good.parquet -o all.dwp": "DW049",
    "report none.json": "DW019",
    "report good.parquet": "DW019",
    "report --config two.toml": "DW005",
    "replay good.parquet --ref-first 20% --window 1h": "DW024",
    "replay good.parquet": "DW048",
    "config check --config broken.toml": "DW003",
    "config check --config none.toml": "DW003",
    "config check --config odd.toml": "DW004",
    "evaluate --store foreign.db --monitor churn": "DW033",
    "evaluate --store none/own.db --monitor churn": "DW031",
    "ingest good.parquet --config one.toml": "DW048",
    "reference add --config one.toml": "DW002",
    "alert ack --config one.toml": "DW031",
    "quarantine list --spool none": "DW011",
    "quarantine resend --store own.db": "DW002",
    "watch https://example.com/a.csv --store own.db": "DW001",
    "worker --config one.toml": "DW069",
    "worker --config two.toml": "DW036",
    "produce good.parquet --config one.toml": "DW069",
    "serve --config one.toml --tls-cert cert.pem": "DW059",
    "explain 999": "DW002",
    "doctor --format pdf": "DW002",
    "nonsense": "DW002",
}


@pytest.mark.parametrize("line", FAILING)
def test_every_command_that_fails_says_its_code(
    line: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    told = AT_END.search(capsys.readouterr().err)
    assert told is not None
    assert told[1] == FAILING[line]
    assert told[1] in codes()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_fails_without_a_code(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--no-such-option"]) == 2
    assert capsys.readouterr().err.endswith(" [DW002]\n")


def test_a_terminal_is_told_what_to_ask(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(["report", "none.json"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(" [DW019]")
    assert second == "`driftwatch explain DW019` says more"


def test_a_fault_of_ours_has_a_code_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("driftwatch.cli.commands.explain.explained", broken)
    assert run(["explain", "DW031"]) == 4
    assert capsys.readouterr().err.endswith(" [DW000]\n")

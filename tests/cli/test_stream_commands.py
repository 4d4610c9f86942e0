"""The commands on streams, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftwatch import DriftReport
from driftwatch.cli.app import run

CONFIG = """
store = "driftwatch.db"

[monitors.churn]
reference = "train.parquet"
time = "ts"
window = "12h"
slide = "1h"
"""


def rows(start: str, hours: int, shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = hours * 400
    times = pd.Timestamp(start) + pd.to_timedelta(np.sort(rng.uniform(0, hours * 3600, size)), "s")
    return pd.DataFrame(
        {
            "ts": times,
            "age": rng.normal(40 + shift, 9, size).round(1),
            "plan": rng.choice(["a", "b"], size),
        }
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    rows("2026-01-01", 48).to_parquet("train.parquet")
    rows("2026-02-01", 24, seed=1).to_parquet("calm.parquet")
    rows("2026-02-02", 24, shift=9.0, seed=2).to_parquet("moved.parquet")
    Path("driftwatch.toml").write_text(CONFIG)
    return tmp_path


def call(*arguments: str) -> int:
    return run(arguments)


def test_files_are_taken_in_once_and_evaluated(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert call("ingest", "calm.parquet", "--evaluate") == 0
    said = capsys.readouterr()
    assert "calm.parquet: 9,600 rows taken in" in said.err
    assert said.out.startswith("OK")
    assert call("ingest", "calm.parquet") == 0
    assert "taken in before, nothing changed" in capsys.readouterr().err
    assert call("ingest", "calm.parquet", "moved.parquet") == 0
    capsys.readouterr()
    assert call("evaluate", "--format", "json") == 1
    said = capsys.readouterr()
    assert "churn: alarm raised: CRITICAL: 1 of" in caplog.text  # heard without any set-up
    assert caplog.records[-1].levelname == "WARNING"
    report = DriftReport.from_dict(json.loads(said.out))
    assert report.drifted_features == ["age"]
    assert report.monitor == "churn"
    assert call("evaluate") == 1
    said = capsys.readouterr()
    assert "nothing is due" in said.err
    assert "incident 1 is open" in said.err
    assert call("report") == 1  # the last report, kept
    assert call("check", "--monitor", "churn") == 1


def test_profiles_are_absorbed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("profile", "calm.parquet", "-o", "calm.dwp", "--time", "ts") == 0
    assert call("ingest", "calm.dwp") == 0
    assert "calm.dwp: 9,600 rows taken in" in capsys.readouterr().err
    assert call("ingest", "calm.dwp") == 0
    assert "taken in before" in capsys.readouterr().err


def test_without_a_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    Path("driftwatch.toml").unlink()
    store = ("--store", "my.db")
    assert call("reference", "add", "train.parquet", *store, "--time", "ts", "--pane", "1h") == 0
    assert call("ingest", "moved.parquet", *store, "--window", "12h") == 0
    assert call("evaluate", *store, "--window", "12h") == 1
    capsys.readouterr()
    assert call("evaluate") == 2
    err = capsys.readouterr().err
    assert "no driftwatch.toml in this folder" in err
    assert "driftwatch init" in err
    assert call("ingest", "calm.parquet", "--store", "empty.db") == 2
    assert "has no reference" in capsys.readouterr().err


def test_references_are_added_listed_and_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("reference", "add", "train.parquet") == 0
    first = capsys.readouterr().out.strip()
    assert call("reference", "add", "moved.parquet") == 0
    second = capsys.readouterr().out.strip()
    assert call("reference", "list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [first, second]
    assert "in use for every version" in listed[0]
    assert "in use" not in listed[1]
    assert call("reference", "use", second[:6], "--model-version", "v2") == 0
    assert call("reference", "list") == 0
    assert "in use for v2" in capsys.readouterr().out
    assert call("reference", "use", "nothing") == 2
    assert "is no reference" in capsys.readouterr().err


def test_the_stream_itself_becomes_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("reference", "add", "--last", "12h") == 2
    assert "no rows of 'churn'" in capsys.readouterr().err
    assert call("ingest", "moved.parquet", "calm.parquet") == 0
    capsys.readouterr()
    assert call("reference", "add", "--last", "12h", "--use") == 0
    said = capsys.readouterr()
    rows_of_it = int(said.err.split()[1].replace(",", ""))
    assert 4_300 < rows_of_it < 5_300  # panes that begin in the last 12 hours
    config = Path("driftwatch.toml").read_text()
    Path("driftwatch.toml").write_text(config.replace('reference = "train.parquet"\n', ""))
    assert call("check", "--monitor", "churn", "--format", "json") == 0
    report = DriftReport.from_dict(json.loads(capsys.readouterr().out))
    assert report.reference_data_hash == said.out.strip()
    assert call("reference", "add") == 2
    assert call("reference", "add", "train.parquet", "--last", "1d") == 2


def test_watching_a_growing_file_and_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = rows("2026-02-01", 30).to_csv(index=False).splitlines(keepends=True)
    live = folder / "live.csv"
    live.write_text("".join(lines[:4_001]) + lines[4_001][:7])  # the last line is being written
    assert call("watch", "live.csv", "--once") == 0
    assert "live.csv: 4,000 rows taken in" in capsys.readouterr().err
    live.write_text("".join(lines) + "a,broken,line,with,too,many\n")
    assert call("watch", "live.csv", "--once") == 0
    assert "8,000 rows taken in, 1 unreadable lines" in capsys.readouterr().err
    assert call("watch", "live.csv", "--once") == 0
    assert "taken in" not in capsys.readouterr().err
    monkeypatch.setattr("driftwatch.cli.commands.feed._SETTLED", -1.0)
    inbox = folder / "inbox"
    inbox.mkdir()
    rows("2026-02-03", 24, shift=9.0).to_parquet(inbox / "new.parquet")
    records = rows("2026-02-04", 2).to_json(orient="records", lines=True, date_format="iso")
    (inbox / "new.jsonl").write_text(f"{records}not json\n[1]\n")
    assert call("watch", "inbox", "--once") == 1
    said = capsys.readouterr().err
    assert "new.parquet: 9,600 rows taken in" in said
    assert "new.jsonl: 800 rows taken in, 2 unreadable lines" in said
    (inbox / "new.jsonl").write_text("")
    (inbox / "bad.parquet").write_text("no parquet")
    assert call("watch", "inbox", "--once") == 0
    assert "bad.parquet" in capsys.readouterr().err


def test_watching_takes_every_file_of_data_as_it_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwatch.cli.commands.feed._SETTLED", -1.0)
    inbox = folder / "inbox"
    inbox.mkdir()
    frame = rows("2026-02-01", 2)
    frame.to_feather(inbox / "a.feather")
    frame.to_csv(inbox / "b.csv.xz", index=False)
    frame.to_csv(inbox / "c.csv.zip", index=False)
    frame.to_json(inbox / "d.json", orient="records", date_format="iso")
    other = frame.assign(plan=["größe", *frame["plan"][1:]])
    (inbox / "e.csv").write_text(other.to_csv(index=False), "latin-1")
    (inbox / "notes.txt").write_text("no data")
    (inbox / "_temporary.csv").write_text("no data")
    assert call("watch", "inbox", "--once", "--encoding", "latin-1") == 0
    said = sorted(capsys.readouterr().err.splitlines())
    names = ("a.feather", "b.csv.xz", "c.csv.zip", "d.json", "e.csv")
    assert said == [f"inbox/{name}: 800 rows taken in" for name in names]


def test_the_doctor(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert call("doctor") == 1
    assert "nothing has been fed into it yet" in capsys.readouterr().out
    assert not Path("driftwatch.db").exists()
    assert call("ingest", "moved.parquet") == 0
    assert call("doctor", "--json") == 1
    found = {row["what"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["data"]["ok"]
    assert not found["evaluation"]["ok"]  # due, and nobody does it
    assert call("evaluate") == 1
    capsys.readouterr()
    assert call("doctor") == 0
    said = capsys.readouterr().out
    assert "CRITICAL" in said
    assert "alarm            on" in said
    store = folder / "driftwatch.db"
    sound = store.read_bytes()
    store.write_bytes(b"no database at all " * 1000)
    assert call("doctor") == 1
    assert "not a store of DriftWatch" in capsys.readouterr().out
    assert store.read_bytes() == b"no database at all " * 1000
    store.write_bytes(b"\xff" + sound[1:])
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert call("doctor") == 1
    assert "driftwatch.db is damaged" in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("window =", "windows =", "unknown key monitors.churn.windows (did you mean 'window'?)"),
        ("[monitors.churn]", "[monitor.churn]", "did you mean 'monitors'?"),
        ('"12h"', '"12 o clock"', "a duration looks like"),
        ('"12h"', "12", "monitors.churn.window"),
        ("store =", "store", "is no TOML"),
        ('"train.parquet"', '"nothing.parquet"', "nothing.parquet"),
    ],
)
def test_a_wrong_configuration_is_one_clear_line(
    old: str, new: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("driftwatch.toml").write_text(CONFIG.replace(old, new))
    assert call("evaluate") == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_without_a_name_every_monitor_is_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    other = CONFIG.partition("[monitors.churn]")[2]
    Path("driftwatch.toml").write_text(f"{CONFIG}\n[monitors.fraud]{other}\n[monitors.broken]\n")
    assert call("ingest", "calm.parquet", "--monitor", "churn") == 0
    assert call("ingest", "calm.parquet", "--monitor", "fraud") == 0
    assert call("check", "--config", "driftwatch.toml") == 2
    assert "say which monitor with --monitor; configured: churn, fraud, broken" in (
        capsys.readouterr().err
    )
    assert call("evaluate") == 2  # of the one that is broken
    said = capsys.readouterr()
    for name in ("churn", "fraud"):
        assert said.out.count(f"{name}: OK  0 of 2 features drifted") == 1
    assert "broken" in said.err


def test_one_file_does_not_hold_reports_of_several_monitors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = CONFIG.partition("[monitors.churn]")[2]
    Path("driftwatch.toml").write_text(f"{CONFIG}\n[monitors.fraud]{other}")
    assert call("ingest", "calm.parquet", "--monitor", "churn") == 0
    capsys.readouterr()
    assert call("evaluate", "--output", "report.html") == 2
    assert "--output report.html is one file, and several monitors" in capsys.readouterr().err
    assert call("evaluate", "--monitor", "churn", "--output", "report.html") == 0
    assert Path("report.html").exists()
    capsys.readouterr()
    assert call("evaluate", "--monitor", "fraud") == 0
    assert "fraud: nothing is due; its store has no rows yet" in capsys.readouterr().err


def test_the_configuration_may_be_in_pyproject(capsys: pytest.CaptureFixture[str]) -> None:
    Path("driftwatch.toml").unlink()
    Path("pyproject.toml").write_text(
        CONFIG.replace("store =", "[tool.driftwatch]\nstore =").replace(
            "[monitors", "[tool.driftwatch.monitors"
        )
    )
    assert call("ingest", "calm.parquet", "--monitor", "churn") == 0
    assert call("evaluate", "--monitor", "nobody") == 2
    assert "no monitor 'nobody'" in capsys.readouterr().err


def test_replay(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    pair = ("calm.parquet", "moved.parquet")
    base = ("replay", *pair, "--window", "6h", "--time", "ts", "--change", "2026-02-02T00:00")
    assert call(*base, "--ref", "train.parquet", "--output", "t.html", "--reports", "r.jsonl") == 1
    said = capsys.readouterr().out
    assert "1 alarm in 48 windows" in said
    assert "1 of 1 known changes noticed" in said
    assert len((folder / "r.jsonl").read_text().splitlines()) == 48
    assert "<svg" in (folder / "t.html").read_text()
    assert call(*base, "--ref-first", "25%", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["changes"][0]["delay_panes"] is not None
    assert call("replay", "calm.parquet", "--ref", "train.parquet", "--time", "ts") == 0
    capsys.readouterr()
    for wrong, says in (
        ((), "give the reference with --ref"),
        (("--ref-first", "some"), "must look like 20%"),
        (("--ref", "train.parquet", "--change", "soon"), "must be a row of the history"),
        (("--ref", "train.parquet", "--format", "pdf"), "known: text, json, html"),
        (("--ref", "train.parquet", "--output", "t.pdf"), "cannot tell the form"),
    ):
        assert call("replay", *pair, "--time", "ts", *wrong) == 2
        assert says in capsys.readouterr().err


def test_a_configuration_to_begin_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("init") == 2
    assert "is there already" in capsys.readouterr().err
    assert call("init", "new.toml", "--name", "my-model", "--time", 't"s') == 0
    capsys.readouterr()
    assert call("config", "check", "--config", "new.toml") == 0
    said = capsys.readouterr().out
    assert said.startswith("my-model: 24h every 1h, against train.parquet (frozen), 1 per 30d")
    assert call("init", "odd.toml", "--name", "a b]") == 2
    for old, new, says in (
        ('window = "24h"', 'window = "25 o"', "a duration looks like"),
        ('"train.parquet"', '"gone.parquet"', "gone.parquet"),
        ('"1 per 30d"', '"rarely"', "a budget of false alarms"),
        ("[monitors.my-model]", "[other]", "unknown key other"),
    ):
        Path("bad.toml").write_text(Path("new.toml").read_text().replace(old, new))
        capsys.readouterr()
        assert call("config", "check", "--config", "bad.toml") == 2
        assert says in capsys.readouterr().err
    Path("bad.toml").write_text("")
    assert call("config", "check", "--config", "bad.toml") == 2


def test_profiles_of_replicas_are_merged(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("calm", "moved"):
        assert call("profile", f"{name}.parquet", "-o", f"{name}.dwp", "--time", "ts", "-q") == 0
    assert call("merge", "calm.dwp", "moved.dwp", "-o", "all.dwp") == 0
    assert "19,200 rows of 2 profiles" in capsys.readouterr().err
    assert call("profile", "calm.parquet", "moved.parquet", "-o", "w.dwp", "--time", "ts") == 0
    from driftwatch import Profile

    merged, whole = (Profile.from_bytes(Path(n).read_bytes()) for n in ("all.dwp", "w.dwp"))
    assert merged.content_hash == whole.content_hash
    assert call("merge", "calm.parquet", "-o", "all.dwp") == 2
    assert "takes .dwp profiles" in capsys.readouterr().err

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import Kind, Profile
from driftwatch.cli.app import run
from driftwatch.cli.output.last_report import last_report_path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sides of files."""
    made = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    for name, shift in (("ref", 0.0), ("same", 0.0), ("moved", 1.0)):
        frame = pd.DataFrame(
            {
                "age": rng.normal(shift, 1, 12_000),
                "plan": rng.choice(["free", "pro"], 12_000),
                "at": pd.date_range("2024-01-01", periods=12_000, freq="min"),
            }
        )
        frame.to_parquet(made / f"{name}.parquet")
        frame.to_csv(made / f"{name}.csv", index=False)
        frame.to_json(made / f"{name}.jsonl", orient="records", lines=True, date_format="iso")
        with gzip.open(made / f"{name}.csv.gz", "wt") as file:
            frame.to_csv(file, index=False)
    return made


@pytest.fixture(autouse=True)
def folder(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files in a folder of a test's own, and a state directory beside them."""
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    for file in files.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def call(*arguments: str) -> int:
    return run(arguments)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "csv.gz"])
def test_the_exit_code_says_whether_there_is_drift(suffix: str) -> None:
    assert call("check", "--ref", f"ref.{suffix}", "--prod", f"same.{suffix}") == 0
    assert call("check", "--ref", f"ref.{suffix}", "--prod", f"moved.{suffix}") == 1


def test_formats_may_differ_between_the_sides() -> None:
    assert call("check", "--ref", "ref.parquet", "--prod", "same.csv.gz") == 0


def test_a_glob_and_several_files_make_one_side() -> None:
    assert call("check", "--ref", "ref.parquet", "--ref", "same.parquet", "--prod", "s*.csv") == 0


def test_a_profile_stands_for_its_rows(folder: Path) -> None:
    assert call("profile", "ref.parquet", "-o", "ref.dwp", "-q") == 0
    assert (folder / "ref.dwp").stat().st_size < 100_000
    assert call("check", "--ref", "ref.dwp", "--prod", "same.parquet") == 0
    assert call("check", "--ref", "ref.dwp", "--prod", "moved.parquet") == 1


def test_counts_by_pane_add_up_to_all_rows(folder: Path) -> None:
    assert call("profile", "ref.csv", "-o", "p.dwp", "--time", "at", "--pane", "1h", "-q") == 0
    profile = Profile.from_bytes((folder / "p.dwp").read_bytes())
    assert profile.panes is not None
    assert sum(profile.panes.rows.values()) == profile.rows == 12_000
    assert len(profile.panes.rows) == 200
    assert int(profile.panes.matrix("age").sum()) == 12_000
    assert int(profile.panes.matrix("plan").sum()) == 12_000


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "junit", "github"])
def test_every_format_goes_to_stdout_alone(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    call("check", "--ref", "ref.parquet", "--prod", "moved.parquet", "--format", form)
    out, err = capsys.readouterr()
    assert "age" in out
    assert err == ""


def test_the_json_is_the_documented_report(capsys: pytest.CaptureFixture[str]) -> None:
    call("check", "--ref", "ref.parquet", "--prod", "moved.parquet", "--format", "json")
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["schema_version"] == 1
    assert report["drifted_features"] == ["age"]
    assert report["skipped"]["at"].startswith("time")
    assert set(report["per_feature_metrics"]["age"]["tests"]) == {
        "ks", "psi", "wasserstein", "jensen_shannon", "hellinger", "tvd",
        "mean_shift", "out_of_range", "missing",
    }  # fmt: skip


def test_the_last_report_is_kept_and_shown_again(capsys: pytest.CaptureFixture[str]) -> None:
    call("check", "--ref", "ref.parquet", "--prod", "moved.parquet", "--format", "json")
    first = capsys.readouterr().out
    assert call("report", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == json.loads(first)


def test_no_save_keeps_nothing() -> None:
    call("check", "--ref", "ref.parquet", "--prod", "same.parquet", "--no-save")
    assert not last_report_path().exists()


def test_outputs_are_written_by_their_suffix(folder: Path) -> None:
    call(
        "check", "--ref", "ref.parquet", "--prod", "moved.parquet",
        "--output", "r.html", "--output", "r.md", "--output", "r.json",
    )  # fmt: skip
    assert (folder / "r.html").read_text().startswith("<!doctype html>")
    assert json.loads((folder / "r.json").read_text())["global_status"] == "CRITICAL"
    assert "age" in (folder / "r.md").read_text()


def test_fail_on_critical_lets_a_warning_pass() -> None:
    sides = ("--ref", "ref.parquet", "--prod", "moved.parquet", "--threshold", "ks=0.05:0.9")
    assert call("check", *sides) == 1
    assert call("check", *sides, "--fail-on", "critical") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--ref", "nope.parquet", "--prod", "same.csv"], "nope.parquet: no such file"),
        (["check", "--ref", "ref.csv", "--prod", "bad.parquet"], "bad.parquet"),
        (["check", "--ref", "ref.csv", "--prod", "same.csv", "--features", "agee"], "'age'"),
        (["check", "--ref", "ref.csv", "--prod", "same.csv", "--threshold", "kss=1"], "'ks'"),
        (["check", "--ref", "ref.csv", "--prod", "same.csv", "--threshold", "ks"], "ks=0.1"),
        (["check", "--ref", "ref.csv", "--prod", "same.csv", "--format", "xml"], "junit"),
        (["check", "--ref", "ref.csv"], "prod"),
        (["report"], "driftwatch check"),
        (["profile", "ref.csv", "-o", "x.dwp", "--pane", "1h"], "--time"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.parquet").write_bytes(b"this is no parquet file at all")
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_not_enough_data_has_its_own_exit_code() -> None:
    pd.DataFrame({"age": pd.Series([], dtype=float)}).to_parquet("empty.parquet")
    options = ("--ref", "ref.parquet", "--prod", "empty.parquet", "--features", "age")
    assert call("check", *options) == 3


def test_a_text_that_is_no_number_is_counted_not_fatal() -> None:
    text = Path("same.csv").read_text().splitlines()
    text[100] = "n.a.," + text[100].split(",", 1)[1]
    Path("odd.csv").write_text("\n".join(text))
    assert call("check", "--ref", "ref.csv", "--prod", "odd.csv") == 0


def test_the_installed_command_prints_its_help_without_numpy() -> None:
    code = "import sys; sys.argv=['driftwatch','--help']\nfrom driftwatch.cli import main\n"
    code += "try: main()\nfinally: sys.stderr.write(str('numpy' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "check" in done.stdout
    assert done.stderr == "False"


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_header_that_cannot_be_read_is_an_error_and_never_an_abort(
    tmp_path: Path, times: int
) -> None:
    """Again and again: a thread that is still in a library when the process ends aborts it."""
    rows = "".join(f"{number},{number % 7}\n" for number in range(50_000))
    (tmp_path / "bad.csv").write_text("größe,c\n" + rows, "latin-1")
    (tmp_path / "ok.csv").write_text("a,c\n" + rows)
    command = [sys.executable, "-m", "driftwatch", "check", "--ref", "bad.csv", "--prod", "ok.csv"]
    for _ in range(times):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert "terminate" not in done.stderr


def test_how_csv_files_are_written_may_be_said(tmp_path: Path) -> None:
    rows = "".join(f"{n / 10:.1f} {'-' if n % 7 == 0 else 'ab'[n % 2]}\n" for n in range(500))
    (tmp_path / "a.csv").write_text(f"größe art\n{rows}".replace(".", ","), "latin-1")
    how = ["--delimiter", " ", "--decimal", ",", "--encoding", "latin-1", "--null", "-"]
    command = [sys.executable, "-m", "driftwatch"]
    for more in (
        ["check", "--ref", "a.csv", "--prod", "a.csv", "--format", "json", "--no-save", *how],
        ["profile", "a.csv", "-o", "a.dwp", *how],
    ):
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    profile = Profile.from_bytes((tmp_path / "a.dwp").read_bytes())
    assert {n: (c.column.kind, c.missing.null) for n, c in profile.columns.items()} == {
        "größe": (Kind.NUMERIC, 0),
        "art": (Kind.CATEGORICAL, 72),
    }
    wrong = [*command, "check", "--ref", "a.csv", "--prod", "a.csv", "--delimiter", ";;"]
    done = subprocess.run(wrong, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "delimiter is one character" in done.stderr

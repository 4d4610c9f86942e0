"""What the command prints of foreign names is no command, whichever command prints it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import driftwatch
from driftwatch.cli.app import run
from driftwatch.core.reports.report import DriftReport
from tests.hostile_names import HOSTILE, commands_in, controls_in

WRITABLE = [name for name in HOSTILE if name.encode("utf-8", "replace").decode() == name]
IN_TOML = json.dumps("::error::x ##[group]y \u202e\u001b[31m\u0007")


def table(shift: float) -> pa.Table:
    rng = np.random.default_rng(int(shift))
    rows = 2_000
    columns = {
        name: pa.array(rng.normal(shift, 1, rows)) for name in WRITABLE if name not in ("", " ")
    }
    columns["ts"] = pa.array(
        np.datetime64("2026-01-01", "us") + np.arange(rows) * np.timedelta64(60_000_000, "us")
    )
    weights = np.arange(1, len(WRITABLE) + 1, dtype=float) ** (1 + shift)
    categories = rng.choice(WRITABLE, rows, p=weights / weights.sum())
    return pa.table(columns | {"::error::plan": pa.array(categories.tolist())})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    pq.write_table(table(0), folder / "ref.parquet")
    pq.write_table(table(3), folder / "prod.parquet")
    pq.write_table(table(3).slice(0, 720), folder / "hours.parquet")
    pq.write_table(table(3), folder / "##[group]of\u202e\x1b[31m.parquet")
    return folder


@pytest.fixture(autouse=True)
def folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    for file in data.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "few.csv").write_text("x,y\n" + "1,a\n2,b\n" * 60)
    (tmp_path / "driftwatch.toml").write_text(
        f"[monitors.{IN_TOML}]\nreference = 'ref.parquet'\nstore = 'm.db'\ntime = 'ts'\n"
        "window = '6h'\nslide = '1h'\n",
        "utf-8",
    )
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *, form: str = "text") -> tuple[str, str]:
    written = capsys.readouterr()
    out = written.out
    if form == "github":
        assert all(line.startswith("::") for line in out.splitlines())
        out = "\n".join(line.removeprefix("::") for line in out.splitlines())
    for text in (out, written.err):
        assert commands_in(text) == []
        assert controls_in(text) == []
    return written.out, written.err


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "junit", "github"])
def test_reports(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("--ref", "ref.parquet", "--prod", "prod.parquet")
    assert run(["check", *sides, "--format", form]) == 1
    out, _ = said(capsys, form=form)
    if form == "json":
        names = {feature.name for feature in DriftReport.from_dict(json.loads(out)).features}
        assert names >= {"::stop-commands::endtoken", "\x1b[31mred\x1b[0m", "user\u202egnp.exe"}
    assert run(["report", "--format", form]) == 1
    said(capsys, form=form)


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_replays(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    cut = ("--time", "ts", "--window", "6h", "--slide", "1h", "--change", "2026-01-01T06:00")
    run(["replay", "hours.parquet", "--ref", "ref.parquet", *cut, "--format", form])
    out, _ = said(capsys)
    assert out


def test_a_stream_and_its_store(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["ingest", "##[group]of\u202e\x1b[31m.parquet", "--evaluate"],
        ["evaluate"],
        ["report", "--last", "5"],
        ["report", "--last", "5", "--format", "json"],
        ["doctor"],
        ["doctor", "--json"],
        ["reference", "list"],
        ["alert", "list"],
        ["alert", "list", "--json"],
        ["config", "check"],
    ):
        assert run(command) in (0, 1, 2, 3), command
        out, err = said(capsys)
        assert out + err, command
        assert "internal error" not in err, (command, err)


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--ref", "{}", "--prod", "few.csv"],
        ["check", "--ref", "few.csv", "--prod", "few.csv", "--features", "{}"],
        ["check", "--ref", "few.csv", "--prod", "few.csv", "--kind", "{}=numeric"],
        ["check", "--ref", "few.csv", "--prod", "few.csv", "--format", "{}"],
        ["profile", "{}", "-o", "x.dwp"],
        ["merge", "{}", "-o", "x.dwp"],
        ["report", "{}"],
        ["doctor", "--store", "{}"],
        ["doctor", "--monitor", "{}"],
        ["config", "check", "--config", "{}"],
        ["{}"],
        ["check", "--{}"],
    ],
    ids=" ".join,
)
def test_mistakes(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name in HOSTILE:
        code = run([word.replace("{}", name) for word in command])
        _, err = said(capsys)
        assert code in (0, 1, 2, 3), (name, err)
        assert "internal error" not in err


def test_the_traceback_of_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("\n".join(HOSTILE))

    monkeypatch.setattr("driftwatch.cli.commands.report.load_report", fail)
    monkeypatch.setenv("DRIFTWATCH_DEBUG", "1")
    assert run(["report", "x.json"]) == 4
    _, err = said(capsys)
    assert "Traceback" in err


def test_nothing_is_written_past_the_rules() -> None:
    """All commands write by `driftwatch.cli.output.writing`, or by `driftwatch.logs.say`."""
    own = {"cli/output/writing.py", "logs/json_lines.py"}
    home = Path(driftwatch.__file__).parent
    for path in sorted(home.rglob("*.py")):
        if str(path.relative_to(home)) in own:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in (
                    "sys.stdout.write",
                    "sys.stderr.write",
                    "print",
                    "click.echo",
                ), f"{path}:{node.lineno}"

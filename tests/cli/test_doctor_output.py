"""How the doctor writes: words first, colours only beside them, and JSON by two names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch.cli.app import run
from driftwatch.cli.output.findings import Finding, put_findings

pty = pytest.importorskip("pty")

FINDINGS = """
from driftwatch.cli.output.findings import Finding, put_findings
drift, problem = Finding("alarm", "on", drift=True), Finding("clock", "off", ok=False)
put_findings([Finding("store", "there"), drift, problem], "text")
"""
PLAIN = [
    "ok       store            there",
    "DRIFT    alarm            on",
    "PROBLEM  clock            off",
]
RED, YELLOW, GREEN, RESET = "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"


def on_a_terminal(**environment: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", FINDINGS],
            stdout=theirs,
            env={**kept, "TERM": "xterm", **environment},
            check=True,
            timeout=60,
        )
        return os.read(ours, 65_536).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_gets_colours_beside_the_words() -> None:
    assert on_a_terminal() == [
        f"{colour}{line.split()[0]}{RESET}{line.removeprefix(line.split()[0])}"
        for colour, line in zip((GREEN, YELLOW, RED), PLAIN, strict=True)
    ]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_asks_for_no_colour_gets_none(environment: dict[str, str]) -> None:
    assert on_a_terminal(**environment) == PLAIN


def test_a_pipe_gets_none_and_no_command_to_a_runner(capsys: pytest.CaptureFixture[str]) -> None:
    put_findings([Finding("store", "a\x1b[31m\n::error::b")], "text")
    assert capsys.readouterr().out == "ok       store            a\n: :error::b\n"


def test_json_has_two_names_and_other_forms_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for form in (["--json"], ["--format", "json"]):
        assert run(["doctor", *form]) == 1
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert said[0][0]["problem"] is True
    assert run(["doctor", "--format", "html"]) == 2
    assert "known: text, json" in capsys.readouterr().err

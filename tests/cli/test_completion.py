"""What a shell completes, asked as the script of `--show-completion` asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command

from driftwatch.cli.app import COMMANDS, app, run
from driftwatch.cli.completion import monitor_names
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.reports.report import LEVELS
from driftwatch.render import FORMATS
from driftwatch.service.security.tokens import Scope

CONFIG = """
[monitors.churn]
[monitors.fraud-eu]
[monitors."$(touch gone)"]
[monitors."two words"]
"""

ASKED = "import sys; sys.argv = ['driftwatch']; from driftwatch.cli import main; main()"
"""The environment's variable is named by the name of the command."""


def completed(line: str, folder: Path) -> list[str]:
    words = line.split(" ")
    asked = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=folder,
        env={
            **os.environ,
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "_DRIFTWATCH_COMPLETE": "complete_bash",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert asked.stderr == ""
    return asked.stdout.split()


def test_commands_options_words_and_monitors_are_completed(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(CONFIG)
    other = tmp_path / "other.toml"
    other.write_text("[monitors.elsewhere]")
    assert completed("driftwatch re", tmp_path) == ["report", "replay", "reference"]
    assert completed("driftwatch doctor --st", tmp_path) == ["--store"]
    assert completed("driftwatch alert ", tmp_path)
    assert completed("driftwatch check --fail-on c", tmp_path) == ["critical"]
    assert completed("driftwatch doctor --monitor ", tmp_path) == ["churn", "fraud-eu"]
    named = f"driftwatch doctor --config {other} --monitor "
    assert completed(named, tmp_path) == ["elsewhere"]


@pytest.mark.parametrize(
    ("command", "option", "known"),
    [
        ("check", "--format", FORMATS),
        ("check", "--fail-on", LEVELS),
        ("check", "--task", ("binary", "multiclass", "regression")),
        ("check", "--policy", get_args(MonitorConfig.model_fields["policy"].annotation)),
        ("replay", "--compare", get_args(MonitorConfig.model_fields["compare"].annotation)),
        ("replay", "--format", ("text", "json", "html")),
        ("evaluate", "--log-format", ("text", "json")),
        ("doctor", "--format", ("text", "json")),
        ("token", "--scope", [scope.value for scope in Scope]),
    ],
)
def test_the_words_are_those_that_are_taken(command: str, option: str, known: list[str]) -> None:
    group = get_command(app)
    context = group.make_context("driftwatch", [command], resilient_parsing=True)
    found = group.get_command(context, command)  # type: ignore[attr-defined] # a group's
    parameter = next(each for each in found.params if option in each.opts)
    offered = parameter.shell_complete(found.context_class(found), "")
    assert {item.value for item in offered} == set(known)


@pytest.mark.parametrize(
    "text", ["no toml [", "monitors = 3", "", "[monitors", "\xff", "a = " + "[" * 5_000]
)
def test_a_configuration_that_cannot_be_read_completes_nothing(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "driftwatch.toml").write_bytes(text.encode("latin-1"))
    monkeypatch.chdir(tmp_path)

    class Context:
        params: dict[str, object] = {}  # noqa: RUF012 - never changed

    assert monitor_names(Context(), "") == []  # type: ignore[arg-type] # all that is asked of it


def test_the_help_says_how_to_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--install-completion" in said
    assert "names of monitors" in said
    assert all(name in said for name in COMMANDS)

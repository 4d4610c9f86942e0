"""Texts and paths are taken as they were typed, as Typer's validators would give them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from driftwatch.cli.app import COMMANDS, app
from driftwatch.cli.parameters import without_validators


def commands() -> Iterator[Any]:
    """Every command as Typer makes it, with those below it."""
    yield typer.main.get_command(app)
    for name, (home, _) in COMMANDS.items():
        command = getattr(importlib.import_module(f"driftwatch.cli.commands.{home}"), name)
        if not isinstance(command, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(name)(command)
            command = single
        made = typer.main.get_command(command)
        yield made
        yield from (getattr(made, "commands", None) or {}).values()


def test_every_parameter_gives_what_its_validator_would(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("there")
    given = ["", "a", "None", "é\udc80", "/no/such", str(tmp_path), str(tmp_path / "file")]
    compared = 0
    for command in commands():
        parameters = command.get_params(command.context_class(command))
        if not hasattr(parameters[0], "get_runtime_param"):
            pytest.skip("this version of Typer makes no validators")
        validators = [parameter.get_runtime_param() for parameter in parameters]
        without_validators(command)
        for parameter, validator in zip(parameters, validators, strict=True):
            several = parameter.multiple or parameter.nargs == -1
            values = [None, (), tuple(given)] if several else [None, *given]
            is_text = parameter.type_descriptor.annotation in (str, Path, list[str], list[Path])
            for value in values if is_text else [None]:
                context = command.context_class(command)
                expected = validator.coerce(value, param=parameter, ctx=context)
                found = parameter.get_runtime_param().coerce(value, param=parameter, ctx=context)
                assert (type(found), found) == (type(expected), expected), parameter.name
                compared += 1
    assert compared > 1_000


def test_a_path_that_may_not_be_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    command = typer.main.get_command(app)
    check = command.get_command(None, "check")  # type: ignore[attr-defined]

    with pytest.raises(Exception, match="is not readable"):
        check.make_context("check", ["--config", str(tmp_path)])


def test_what_can_be_no_path_is_an_error_of_the_option(tmp_path: Path) -> None:
    command = typer.main.get_command(app)
    check = command.get_command(None, "check")  # type: ignore[attr-defined]
    if not hasattr(check.params[0], "get_runtime_param"):
        pytest.skip("this version of Typer makes no validators")

    with pytest.raises(Exception, match="null byte") as error:
        check.make_context("check", ["--config", f"{tmp_path}/a\0b"])
    assert type(error.value).__name__ == "BadParameter"


def test_numbers_are_checked_as_ever() -> None:
    command = typer.main.get_command(app)
    report = command.get_command(None, "report")  # type: ignore[attr-defined]

    for text, message in (("0", "equal to 1|in the range"), ("many", "valid int")):
        with pytest.raises(Exception, match=message):
            report.make_context("report", ["--last", text])

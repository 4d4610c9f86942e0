"""A guide, run as its reader would: its blocks in order, in an empty folder.

Blocks of Python share one process and their names; blocks of a console share a shell, and Python
sees the variables that it exports. A block that begins with the name of a file is written to it.
What a guide shows as printed must be what is printed, where ``...`` stands for anything.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.guides.blocks import Block, blocks
from tests.guides.terminal import Terminal

__all__ = ["run"]

_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_EXECUTED = ("python", "driftwatch")
"""Commands of a console that are those of the interpreter that runs the tests."""


def run(
    page: Path,
    folder: Path,
    /,
    instead: Mapping[str, str] | None = None,
    *,
    warnings: Literal["error", "ignore"] = "error",
) -> None:
    """Run every block of `page` that is not marked otherwise, in `folder`.

    Args:
        page: The guide.
        folder: An empty one.
        instead: What stands in the place of words of the guide, such as the port of a server.
        warnings: What commands do about warnings of Python.
    """
    found = list(blocks(page))
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    with pytest.MonkeyPatch.context() as patch, _terminal(patch, home, work, warnings) as terminal:
        names: dict[str, Any] = {"__name__": f"guide_{page.stem}"}
        for block in found:
            text = _with(block.text, instead or {})
            try:
                _run_one(block, text, names, terminal, work)
            except Exception as error:
                error.add_note(f"in the block of {page.name} that begins at line {block.line}")
                raise
            if block.language == "console" and block.is_run:
                for name, value in terminal.environment().items():
                    patch.setenv(name, value)


@contextlib.contextmanager
def _terminal(
    patch: pytest.MonkeyPatch, home: Path, work: Path, warnings: str
) -> Iterator[Terminal]:
    """A shell and this process as a reader has them: nothing of the machine's own settings."""
    programs = home / "bin"
    programs.mkdir()
    for name in _EXECUTED:
        module = "" if name == "python" else f" -m {name}"
        program = programs / name
        command = f'exec "{sys.executable}" -W {warnings}{module} "$@"'
        program.write_text(f"#!/bin/sh\n{command}\n", "utf-8")
        program.chmod(0o755)
    patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    patch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        patch.setenv(name, str(home / name))
    for name, value in {"COLUMNS": "100", "NO_COLOR": "1", "TZ": "UTC"}.items():
        patch.setenv(name, value)
    patch.chdir(work)
    terminal = Terminal(work)
    try:
        yield terminal
    finally:
        terminal.close()


def _with(text: str, instead: Mapping[str, str]) -> str:
    for word, other in instead.items():
        text = text.replace(word, other)
    return text


def _run_one(
    block: Block, text: str, names: dict[str, Any], terminal: Terminal, work: Path
) -> None:
    if not block.is_run:
        return
    if block.file is not None:
        path = work / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    elif block.language == "console":
        _run_commands(text, terminal)
    elif block.language == "python" and ">>> " in text:
        _run_examples(text, names, block.line)
    elif block.language == "python":
        padded = "\n" * (block.line - 1) + text
        exec(compile(padded, f"{names['__name__']}.md", "exec"), names)  # noqa: S102 - the guide


def _run_examples(text: str, names: dict[str, Any], line: int) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, "guide", None, line)
    test.globs = names
    written: list[str] = []
    runner = doctest.DocTestRunner(optionflags=_OPTIONS)
    assert not runner.run(test, out=written.append, clear_globs=False).failed, "".join(written)


def _run_commands(text: str, terminal: Terminal) -> None:
    """Run the commands of a console; one may fail only where the next asks for its exit code."""
    commands = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not commands[0].strip(), f"printed by no command: {commands[0]}"
    asked = [command.startswith("echo $?") for command in commands[1:]]
    for command, failure_is_shown in zip(commands[1:], [*asked[1:], False], strict=True):
        lines = command.splitlines(keepends=True)
        last = next(i for i, line in enumerate(lines) if not line.endswith("\\\n"))
        typed, shown = "".join(lines[: last + 1]).strip(), "".join(lines[last + 1 :])
        printed, status = terminal.run(typed)
        assert status == 0 or failure_is_shown, f"$ {typed}\n{printed}exit code {status}"
        if shown.strip():
            same = doctest.OutputChecker().check_output(shown, printed, _OPTIONS)
            assert same, f"$ {typed}\nprints\n{printed}and the guide shows\n{shown}"

"""Commands that pages name without running them: each is one, and has the options given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from driftwatch.cli.app import app
from tests.guides.blocks import blocks

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "examples" / "guides").glob("*.md"))]


def named(page: Path) -> Iterator[str]:
    """Commands in the text of a page, and in the files that it shows."""
    text = page.read_text("utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`(driftwatch [^`]+)`", prose)
    for block in blocks(page):
        if block.language == "yaml":
            joined = block.text.replace("\\\n", " ")
            yield from re.findall(r"^ *(driftwatch .+)$", joined, re.MULTILINE)


def problems(line: str) -> list[str]:
    """What is wrong with a command as it is written, as far as it is written out."""
    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    context = typer.Context(command)
    while words and hasattr(command, "get_command") and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None:
            return [f"no command {words[0]}"]
        command, context = inner, typer.Context(inner, parent=context)
        words = words[1:]
    known = {name for each in command.params for name in [*each.opts, *each.secondary_opts]}
    given = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    return [f"no option {option}" for option in given if option not in known | {"--help"}]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_are_named_are_there(page: Path) -> None:
    for line in named(page):
        assert not problems(line), line


def test_commands_are_found_and_wrong_ones_are_noticed() -> None:
    assert sum(len(list(named(page))) for page in PAGES) > 20
    assert not problems("driftwatch reference use ID --model-version v2")
    assert problems("driftwatch reference uses ID") == ["no command uses"]
    assert problems("driftwatch check --rref a.csv") == ["no option --rref"]

"""Every guide and the front page run as they stand, and lead to what there is."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

import driftwatch
from tests.guides.blocks import Block, blocks
from tests.guides.running import run
from tests.kafka.broker import free_ports

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "examples" / "guides").glob("*.md"))
ELSEWHERE = {
    "kafka": "tests/kafka/test_guide.py",
    "mlflow": "tests/integrations/test_mlflow_guide.py",
}
"""Guides that need a server or a library of their own, and the tests that run them."""
NOT_RUN = {"from-other-tools": 3}
"""How many blocks of a guide are not run; each says so, and why."""


def _here(page: Path) -> bool:
    return page.stem not in ELSEWHERE


@pytest.mark.parametrize(
    "page",
    [README, *(pytest.param(page, marks=pytest.mark.slow) for page in filter(_here, GUIDES))],
    ids=lambda page: page.stem,
)
def test_it_runs_as_it_stands(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path, instead={"8765": str(free_ports(1)[0])})


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_few_blocks_are_not_run_and_all_others_are(page: Path) -> None:
    found = list(blocks(page))
    assert any(_runs(block) for block in found)
    skipped = [block for block in found if not block.is_run]
    assert len(skipped) == NOT_RUN.get(page.stem, 0), [block.text for block in skipped]
    for block in found:
        assert not block.is_run or _runs(block) or _is_checked(block), block
    for block in skipped:
        if block.language == "python":
            ast.parse(block.text)


def _runs(block: Block) -> bool:
    return block.file is not None or block.language in {"python", "console"}


def _is_checked(block: Block) -> bool:
    """Whether it is data that can be read as what its fence says."""
    if block.language == "json":
        return json.loads(block.text) is not None
    if block.language == "toml":
        return bool(tomllib.loads(block.text))
    return False


def test_the_front_page_is_short_and_its_commands_are_those_that_the_check_runs() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150
    installing = [block.text.strip() for block in blocks(README) if block.language == "bash"]
    check = (ROOT / ".ci" / "run").read_text("utf-8")
    run_by_it = re.findall(r'run_from_readme "(.+?)" \w+$', check, re.MULTILINE)
    assert len(installing) == len(run_by_it) == 2
    for line, beginning in zip(installing, run_by_it, strict=True):
        assert line.startswith(beginning)
    assert all(_runs(block) for block in blocks(README) if block.language != "bash")


def test_what_runs_elsewhere_is_run_there() -> None:
    stems = {page.stem for page in GUIDES}
    for guide, test in ELSEWHERE.items():
        assert guide in stems
        assert f"{guide}.md" in (ROOT / test).read_text("utf-8")


def test_the_front_page_leads_to_every_guide() -> None:
    linked = set(_links(README))
    for page in GUIDES:
        assert str(page.relative_to(ROOT)) in linked


PAGES = [README, *GUIDES, *sorted(ROOT.glob(".github/*.md")), ROOT / "benchmarks" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_what_there_is(page: Path) -> None:
    for link in _links(page):
        path, _, heading = link.partition("#")
        target = page if not path else page.parent / path
        if path.startswith("driftwatch/"):  # no part of the checkout where a wheel is tested
            target = Path(driftwatch.__file__).parents[1] / path
        assert target.exists(), link
        if heading:
            assert heading in _headings(target), link


def _links(page: Path) -> list[str]:
    """Links of `page` that leave neither the repository nor the text for code."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="(.+?)"', text)
    return [link for link in found if "://" not in link]


def _headings(page: Path) -> set[str]:
    """Names that a browser of the repository gives to the headings of `page`."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

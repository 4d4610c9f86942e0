"""The reference has a page for every public module, and on it every public name."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guides.blocks import blocks

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "reference"
MODULES = re.findall(r"^    (driftwatch[\w.]*)$", SCRIPT.read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it was made; a warning would be an error there."""
    pytest.importorskip("pdoc", reason="pdoc is not installed: pip install -e '.[dev]'")
    folder = tmp_path_factory.mktemp("reference")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [str(SCRIPT), str(folder)],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_public_name_has_its_place(pages: Path) -> None:
    assert "driftwatch" in MODULES
    for module in MODULES:
        page = pages.joinpath(*module.split(".")).with_suffix(".html").read_text("utf-8")
        names = importlib.import_module(module).__all__
        assert names
        for name in names:
            assert f'id="{name}"' in page, f"{module}.{name}"


def test_what_guides_and_examples_import_is_in_it() -> None:
    examples = ROOT / "examples"
    texts = [path.read_text("utf-8") for path in examples.glob("*.py")]
    for page in [ROOT / "README.md", *examples.glob("guides/*.md")]:
        texts += [
            re.sub(r"^(>>>|\.\.\.) ?", "", block.text, flags=re.MULTILINE)
            for block in blocks(page)
            if block.language == "python"
        ]
    imported = {
        name for text in texts for name in re.findall(r"^from (driftwatch\S*) ", text, re.MULTILINE)
    }
    assert len(imported) > 10
    assert imported <= set(MODULES)

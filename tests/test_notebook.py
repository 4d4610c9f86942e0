"""The notebook of the examples runs from top to bottom, and shows what it says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What every cell of code shows, by its last line, after nbconvert has executed all of them."""
    for name in ("nbconvert", "ipykernel", "matplotlib", "pandas"):
        pytest.importorskip(name)
    nbformat = importlib.import_module("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    convert = importlib.import_module("nbconvert.preprocessors").ExecutePreprocessor
    folder = tmp_path_factory.mktemp("notebook")
    convert(timeout=240).preprocess(notebook, {"metadata": {"path": str(folder)}})
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {
        cell.source.splitlines()[-1]: [dict(out.get("data", {})) for out in cell.outputs]
        for cell in code
    }


@pytest.mark.parametrize(
    ("line", "text", "html"),
    [
        ("monitor", "<Monitor 'default'", "reference"),
        ("report", "<DriftReport CRITICAL", "median"),
        ('report["age"]', "<FeatureDrift age: CRITICAL", "<svg"),
        ("weeks", "<OverTime default", "<svg"),
        ("report.to_frame()", "feature", "<table"),
        ("monitor.reference.profile.describe()", "median", "<table"),
    ],
)
def test_what_is_looked_at_shows_itself(
    line: str, text: str, html: str, cells: dict[str, list[dict[str, Any]]]
) -> None:
    (shown,) = cells[line]
    assert text in shown["text/plain"]
    assert html in shown["text/html"]
    assert "<script" not in shown["text/html"]


@pytest.mark.parametrize(
    "line", ['report.plot("age");', "report.plot();", "weeks.plot();", 'weeks.plot("age");']
)
def test_pictures_are_drawn(line: str, cells: dict[str, list[dict[str, Any]]]) -> None:
    (shown,) = cells[line]
    assert "image/png" in shown


def test_no_output_is_stored_in_the_notebook() -> None:
    text = NOTEBOOK.read_text("utf-8")
    assert '"outputs": []' in text
    assert "image/png" not in text
    assert sys.prefix not in text

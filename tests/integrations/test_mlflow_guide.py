"""The guide to MLflow runs as it stands, with a store in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.running import run

pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[dev,heavy]'")
pytest.importorskip("sqlalchemy", reason="the whole of mlflow is needed, not mlflow-skinny")
pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of the libraries it uses

GUIDE = Path(__file__).parents[2] / "examples" / "guides" / "mlflow.md"


def test_the_guide_runs_as_it_stands(tmp_path: Path) -> None:
    run(GUIDE, tmp_path, warnings="ignore")

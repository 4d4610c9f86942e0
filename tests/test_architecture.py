"""The house keeps its shape: imports go down, files stay small, the root stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import driftwatch

PACKAGE = Path(driftwatch.__file__).parent
FLOORS = [  # lowest first; a module may import only from floors below its own, or its own room
    {"errors", "protocols", "memory", "turns", "siblings", "tally", "forks", "switch"},
    {
        "core.schema",
        "core.config",
        "core.codec",
        "core.results",
        "durations",
        "atomic",
        "json_paths",
    },
    {
        "core.segments",
        "core.evaluations",
        "core.hysteresis",
        "core.windows",
        "core.window_facts",
        "core.timeline",
    },
    {"core.delivery_codec", "core.sketches", "core.values", "core.dependence_results"},
    {"core.report"},
    {"core.batch", "core.privacy", "core.inference", "core.times"},
    {"core.panes"},
    {"core.column_profile"},
    {"core.scores"},
    {"core.profile"},
    {"core.sliding"},
    {"core.drift.distances", "core.drift.significance", "core.drift.budget"},
    {"core.drift.ties"},
    {"core.variability"},
    {"core.reference"},
    {"core.drift"},
    {"core.cells"},
    {"core.assess"},
    {"files", "render", "stores"},
    {"stream_progress", "window_source"},
    {"reference_windows", "housekeeping", "history", "evaluation_state"},
    {"accumulate", "evaluate"},
    {"profiling", "model_facts"},
    {"known_columns"},
    {"references", "records"},
    {"columns"},
    {"streaming", "replay", "following"},
    {"opening"},
    {"monitor"},
    {"kafka_config"},
    {"config"},
    {"extraction"},
    {"capture"},
    {"integrations"},
    {"simulation"},
    {"service"},
    {"cli"},
]
MAX_LINES = 450


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        dotted = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[dotted.removesuffix(".__init__")] = path
    for root in ("__init__", "__main__", "core"):
        found.pop(root)
    return found


def imports(path: Path) -> Iterator[str]:
    """Yield the driftwatch modules that `path` imports when it is itself imported."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            base = [f"{node.module}.{alias.name}" for alias in node.names]
            known = {f"driftwatch.{name}" for name in modules()}
            names = [name if name in known else node.module for name in base]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (n.removeprefix("driftwatch.") for n in names if n.startswith("driftwatch."))


def room(module: str) -> tuple[int, str]:
    for height, floor in enumerate(FLOORS):
        for name in floor:
            if module == name or module.startswith(f"{name}."):
                return height, name
    pytest.fail(f"{module} has no floor: add it to FLOORS")


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down(module: str) -> None:
    height, name = room(module)
    for imported in imports(modules()[module]):
        other_height, other_name = room(imported)
        assert other_height < height or other_name == name, f"{module} may not import {imported}"


def test_no_two_modules_import_each_other() -> None:
    graph = {name: set(imports(path)) & modules().keys() for name, path in modules().items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' -> '.join([*path, name])}"
        if name not in done:
            for imported in graph[name]:
                visit(imported, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("module", sorted(modules()))
def test_files_stay_small(module: str) -> None:
    assert len(modules()[module].read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    "statement",
    ["import driftwatch", "from driftwatch import Monitor", "import driftwatch.cli.app"],
)
def test_importing_loads_no_heavy_library(statement: str) -> None:
    code = f"import sys; {statement}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"pandas", "polars", "pyarrow", "scipy", "datasketches", "narwhals", "fastapi"}
    assert not heavy & set(loaded)


def test_the_public_names_are_sorted_complete_and_documented() -> None:
    assert driftwatch.__all__ == sorted(driftwatch.__all__)
    for name in driftwatch.__all__:
        assert getattr(driftwatch, name).__doc__, name

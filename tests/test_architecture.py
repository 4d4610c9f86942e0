"""The house keeps its shape: imports go down, files stay small, the root stays light."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import driftwatch
from driftwatch.cli.app import COMMANDS

PACKAGE = Path(driftwatch.__file__).parent
FLOORS = [  # lowest first; a module may import from floors below its own, and from its own room
    ["errors", "protocols"],  # the sockets name types of all floors, and import none to run
    ["logs", "transport"],
    ["process", "explanations"],
    ["core.data", "core.sketches"],
    ["core.statistics"],
    ["core.reports"],
    ["core.profiles"],
    ["core.windows"],
    ["core.performance"],
    ["core.drift"],
    ["core.subject"],
    ["core.assess"],
    ["render", "simulation", "profiling", "stores"],
    ["ingest", "alerts"],
    ["evaluation"],
    ["streams"],
    ["monitor"],
    ["config"],
    ["integrations"],
    ["service"],
    ["demo"],
    ["cli"],
]
MAX_LINES = 450
MAX_CLASS_LINES = 300
MAX_ROOT_MODULES = 6


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name inside of it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        dotted = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[dotted.removesuffix(".__init__")] = path
    for root in ("__init__", "__main__", "core"):
        found.pop(root)
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text("utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the package that a module imports, inside functions too, not for types."""
    found = set()
    for node in _outside_type_checking(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            known = [
                n if n.removeprefix("driftwatch.") in modules() else node.module for n in names
            ]
        elif isinstance(node, ast.Import):
            known = [alias.name for alias in node.names]
        else:
            continue
        found |= {n.removeprefix("driftwatch.") for n in known if n.startswith("driftwatch.")}
    return frozenset(found)


def _outside_type_checking(node: ast.AST) -> list[ast.AST]:
    found = [node]
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        found += _outside_type_checking(child)
    return found


@cache
def room(module: str) -> tuple[int, str]:
    for height, floor in enumerate(FLOORS):
        for name in floor:
            if module == name or module.startswith(f"{name}."):
                return height, name
    pytest.fail(f"{module} has no floor: add it to FLOORS")


@pytest.mark.parametrize("module", modules())
def test_imports_go_down(module: str) -> None:
    height, name = room(module)
    for imported in imports(module):
        other_height, other_name = room(imported)
        assert other_height < height or other_name == name, f"{module} may not import {imported}"


def test_no_two_modules_import_each_other() -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' -> '.join([*path, name])}"
        if name not in done:
            for imported in imports(name) & modules().keys():
                visit(imported, (*path, name))
            done.add(name)

    for name in modules():
        visit(name, ())


def test_files_and_classes_stay_small() -> None:
    for name, path in modules().items():
        assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES, name
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef):
                lines = (node.end_lineno or 0) - node.lineno + 1 - _lines_of_docstrings(node)
                assert lines <= MAX_CLASS_LINES, f"{name}.{node.name} has {lines} lines"


def _lines_of_docstrings(node: ast.ClassDef) -> int:
    """Of the class and its methods: the front door explains some forty arguments."""
    methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
    documented: list[ast.ClassDef | ast.FunctionDef] = [node, *methods]
    texts = [each.body[0] for each in documented if ast.get_docstring(each) is not None]
    return sum((text.end_lineno or 0) - text.lineno + 1 for text in texts)


def test_rooms_have_several_files_and_the_root_few() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_ROOT_MODULES
    for folder in PACKAGE.rglob("*/"):
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        rooms = [path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"]
        if files and folder != PACKAGE:
            assert len(files) + len(rooms) > 1, f"{folder.name} has one file: it is no room"


def test_every_command_is_where_the_table_says() -> None:
    for name, (home, line) in COMMANDS.items():
        module = tree(f"cli.commands.{home}")
        defined = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
        assigned = {
            target.id
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert name in defined | assigned
        assert line.endswith(".")


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


def test_the_map_names_what_there_is() -> None:
    text = (PACKAGE / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", text))
    assert len(named) > 40
    anywhere = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*")}
    for name in {name for name in named if not name.startswith("tests/")}:
        bare = name.rstrip("/")
        assert any(path == bare or path.endswith(f"/{bare}") for path in anywhere), name
    rooms = {
        path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert rooms <= {name.rstrip("/") for name in named}


def test_no_message_tells_to_install_the_other_project() -> None:
    root = PACKAGE.parent
    places = [PACKAGE, root / "README.md", root / "examples", root / ".github", root / "benchmarks"]
    wrong = re.compile(r"install[^\n]*[\s'\"]driftwatch(?=['\"\[\s]|$)", re.MULTILINE)
    for place in places:
        for path in [place] if place.is_file() else place.rglob("*"):
            if path.suffix in {".py", ".md", ".yml", ".yaml", ".toml", ".txt"}:
                assert not wrong.search(path.read_text("utf-8")), path


def test_the_files_of_the_other_project_are_noticed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(PACKAGE, site / "driftwatch", ignore=shutil.ignore_patterns("__pycache__"))

    def imported() -> str:
        return subprocess.run(
            [sys.executable, "-c", "import driftwatch"],
            capture_output=True,
            text=True,
            check=True,
            cwd=site,
        ).stderr

    assert not imported()
    (site / "driftwatch-0.4.0.dist-info").mkdir()
    line = imported()
    assert "another project" in line
    assert "driftwatch-0.4.0" in line


def test_no_property_is_computed_under_a_lock_that_a_fork_could_leave_held() -> None:
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ImportFrom) and node.module == "functools":
                assert "cached_property" not in {alias.name for alias in node.names}, name


EDGES = ("monitor", "streams.observing", "cli.commands.", "service.api.", "integrations.mlflow.")
"""Their parameters are what a caller says: arguments, options, query parameters."""


def test_facts_of_the_model_travel_as_one_value() -> None:
    """No function takes one of these only to hand it on; `Subject` carries them."""
    for module in modules():
        if module.startswith(EDGES):
            continue
        parents = {
            child: node for node in ast.walk(tree(module)) for child in ast.iter_child_nodes(node)
        }
        for function in ast.walk(tree(module)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            taken = function.args
            for argument in [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]:
                if argument.arg not in {"importances", "ignore_new", "model_version"}:
                    continue
                uses = [
                    node
                    for node in ast.walk(function)
                    if isinstance(node, ast.Name) and node.id == argument.arg
                ]
                handed_on = all(isinstance(parents[use], ast.Call | ast.keyword) for use in uses)
                assert not (uses and handed_on), f"{module}.{function.name}({argument.arg})"


SYSTEM_CLOCK = {
    "cli": "a command is run by somebody now",
    "integrations.alerting.webhook": "a receiver compares the stamp with its own clock",
    "integrations.kafka.partitions.lag": "a metric for whoever scrapes it",
    "logs.json_lines": "a record of the log without a time of its own",
    "stores.remote.spool": "the age of files, which the system stamps",
    "transport.client": "a date that a server names",
}
"""Who may ask the system what time it is, and why; all others are given a clock."""


@pytest.mark.parametrize("module", modules())
def test_a_clock_is_given_and_not_looked_for(module: str) -> None:
    asked = {
        f"{ast.unparse(node.func)}()"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {
            "time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today",
            "date.today",
        }
    }  # fmt: skip
    if not any(module == name or module.startswith(f"{name}.") for name in SYSTEM_CLOCK):
        assert not asked, f"{module} reads the system's clock: {asked}"

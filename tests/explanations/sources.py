"""The source of the package, looked through for codes, errors and warnings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import driftwatch

PACKAGE = Path(driftwatch.__file__).parent
CODE = re.compile(r"DW\d{3}")
_GIVEN = re.compile(r"(?:^|\[)(DW\d{3})\]?$")
"""A code by itself, or at the end of a line."""
_LOGGED = {"warning", "error", "exception", "critical", "log"}


@cache
def trees() -> dict[str, ast.Module]:
    """Every module but the catalogue, by its place in the package."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "explanations" not in path.parts
    }


@cache
def codes_used() -> dict[str, set[str]]:
    """Codes that the source gives to something, each with the modules that do."""
    used: dict[str, set[str]] = {}
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = _GIVEN.search(node.value)
                if found is not None:
                    used.setdefault(found[1], set()).add(module)
    return used


def error_classes() -> set[str]:
    """Names of all classes that derive from `DriftWatchError`, with their modules."""
    bases = {
        (module, node.name): {ast.unparse(base) for base in node.bases}
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    ours = {"DriftWatchError"}
    while grown := {name for (_, name), of in bases.items() if of & ours} - ours:
        ours |= grown
    return {
        f"driftwatch.{module.removesuffix('.py').replace('/', '.')}:{name}"
        for module, name in bases
        if name in ours
    }


def warnings_logged() -> Iterator[tuple[str, ast.Call]]:
    """Calls that log a warning or worse, with their module."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _LOGGED
                and ast.unparse(node.func.value).lower().rpartition(".")[2].strip("_")
                in ("log", "quiet")
                and node.args
            ):
                yield module, node

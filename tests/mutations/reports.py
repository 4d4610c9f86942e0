"""Mutated reports, as JSON in files: read, and shown in every form."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson

from driftwatch.cli.output.last_report import load_report
from driftwatch.render import FORMATS, render
from tests.mutations.samples import monitor, some_rows
from tests.mutations.values import changed_bytes, changed_json_text

__all__ = ["Reports"]


class Reports:
    """What `driftwatch report FILE` is given."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mutated.json"
        self._sound = monitor().check(some_rows(200, 7)).to_json().encode()
        self._value: Any = orjson.loads(self._sound)

    def sound(self) -> dict[str, bytes]:
        """What nothing is wrong with."""
        return {"r.json": self._sound}

    def mutated(self, chance: random.Random) -> dict[str, bytes]:
        """One changed report, or one of which a part alone is changed."""
        if chance.random() < 0.1:
            return {"r.json": changed_bytes(self._sound, chance)}
        return {"r.json": changed_json_text(self._value, chance)}

    def use(self, files: dict[str, bytes]) -> str:
        """Read and show it."""
        self._path.write_bytes(files["r.json"])
        report = load_report(self._path)
        for form in FORMATS:
            render(report, form)
        return "taken"

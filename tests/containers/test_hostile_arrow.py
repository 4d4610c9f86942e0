"""Arrow's own files say where their values lie: what is not there is an error, and no crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import ipc

ROWS = 2_000
WORDS = ["free", "team", "pro_", "past"]
TEXTS = {"string": (pa.string(), "<i4"), "large": (pa.large_string(), "<i8")}
TEXTS |= {"bytes": (pa.binary(), "<i4")}
MOVED = {
    "too far": (5, 10**8),
    "before all": (5, -(10**6)),
    "back": (1_000, 0),
    "end": (ROWS, 10**8),
}
INDICES = [4, 10**6, -1]
CHECKS = """
import contextlib, io, json, sys
from driftwatch.cli.app import run

for path in sys.argv[1:]:
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = run(["check", "--ref", path, "--prod", path, "--no-save"])
    print(json.dumps([path, code, told.getvalue()]), flush=True)
"""


def file_of(column: pa.Array, before: bytes, after: bytes) -> bytes:
    """A file of two columns, some bytes of which are others."""
    out = pa.BufferOutputStream()
    table = pa.table({"x": np.linspace(0.0, 1.0, ROWS), "plan": column})
    with ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    data: bytes = out.getvalue().to_pybytes()
    assert data.count(before) == 1
    return data.replace(before, after)


def with_one_else(values: NDArray[Any], place: int, value: int) -> bytes:
    other = values.copy()
    other[place] = value
    return other.tobytes()


def files() -> dict[str, bytes]:
    found = {}
    for kind, (dtype, width) in TEXTS.items():
        column = pa.array(WORDS * (ROWS // 4)).cast(dtype)
        ends = (4 * np.arange(ROWS + 1)).astype(width)
        for what, (place, value) in MOVED.items():
            changed = with_one_else(ends, place, value)
            found[f"{kind} {what}"] = file_of(column, ends.tobytes(), changed)
    indices = np.tile(np.arange(4), ROWS // 4).astype("<i4")
    for index in INDICES:
        column = pa.DictionaryArray.from_arrays(pa.array(indices), WORDS)
        changed = with_one_else(indices, 1_000, index)
        found[f"index {index}"] = file_of(column, indices.tobytes(), changed)
    column = pa.array(WORDS * (ROWS // 4 - 1) + ["zeta"] * 4)
    found["no UTF-8"] = file_of(column, b"zeta" * 4, b"\xff\xfe\xfd\xfc" * 4)
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Exit codes and errors, of one process, as far as it came."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = []
    for name, data in files().items():
        paths.append(folder / f"{name}.arrow")
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, *paths], capture_output=True, text=True, check=False
    )
    told = map(json.loads, done.stdout.splitlines())
    return {Path(path).stem: (code, errors) for path, code, errors in told}


@pytest.mark.parametrize(
    "name",
    [*(f"{kind} {what}" for kind in TEXTS for what in MOVED), *(f"index {i}" for i in INDICES)],
)
def test_values_elsewhere_than_in_their_bytes(
    name: str, answers: dict[str, tuple[int, str]]
) -> None:
    assert name in answers, "the process died"
    code, errors = answers[name]

    assert code == 2, errors
    assert f"{name}.arrow: column 'plan' is damaged" in errors


def test_texts_that_are_no_utf8_are_read(answers: dict[str, tuple[int, str]]) -> None:
    code, errors = answers["no UTF-8"]

    assert code in (0, 3), errors

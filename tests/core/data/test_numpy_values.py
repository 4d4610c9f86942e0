"""Numbers of Arrow are numpy's without a copy, whatever else is installed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.core.data.numpy_values import plain_values, taken

TYPES = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()),
    *(pa.uint64(), pa.float16(), pa.float32(), pa.float64()),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_numbers_keep_their_type(dtype: pa.DataType) -> None:
    array = pa.Array.from_buffers(dtype, 3, [None, pa.py_buffer(bytes(64))])[1:]

    found = plain_values(array)

    assert found.dtype == array.to_numpy().dtype
    assert found.tolist() == [0, 0]
    assert np.shares_memory(found, array.to_numpy())


def test_pandas_need_not_be_installed() -> None:
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "import pyarrow as pa\n"
        "from driftwatch.core.data.numpy_values import plain_values, taken\n"
        "array = pa.Array.from_buffers(pa.float64(), 2, [None, pa.py_buffer(bytes(16))])\n"
        "assert plain_values(array).tolist() == [0.0, 0.0]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1.0, 2.0, 3.0, 4.0])[1:],
        pa.array([1, 2, 3, 4], pa.int16())[1:],
        pa.array([1.0, None, 3.0]),
        pa.array(["a", "b", "a", "c"]).dictionary_encode()[1:],
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([True, False, True]),
        pa.array(["x", "y", "z"]),
    ],
    ids=lambda array: f"{array.type}, {array.null_count} nulls",
)
def test_rows_are_taken_as_arrow_takes_them(array: pa.Array) -> None:
    rows = np.array([0, 2], dtype=np.intp)

    found = taken(array, rows)

    found.validate(full=True)
    assert found.type == array.type
    assert found.to_pylist() == array.take(pa.array(rows)).to_pylist()

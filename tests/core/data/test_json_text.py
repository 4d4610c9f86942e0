"""JSON with NaN and Infinity is JSON; all else is what the standard says."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.json_text import NotJSONError, json_value

TREES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=9)
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@given(TREES)
def test_what_python_writes_is_read(tree: Any) -> None:
    assert same(json_value(json.dumps(tree).encode()), tree)


@pytest.mark.parametrize(
    "text",
    [b"", b"NaN,", b"{", b"[NaN", b"[NaN]]", b"nan", b"['NaN']", b"[" * 100_000 + b"NaN",
     b"[NaN, " + b"9" * 5_000 + b"]", b"\xffNaN", b"Inf"],
)  # fmt: skip
def test_what_is_no_json_is_said(text: bytes) -> None:
    with pytest.raises(NotJSONError):
        json_value(text)

"""Paths into JSON documents: what they find, and what is said of those that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import UNREADABLE, Each, JsonPath

DOCUMENT: dict[str, Any] = {
    "data": {"rows": [{"features": {"x": 1}}, {"else": 2}, {"features": {"x": 3}}]},
    "outputs": [{"data": [0.1, 0.2]}, {"data": [0.3]}, {}],
    "a.b": {"it's": 1, 'say "x"': 2, "": 3},
    "plan": "pro",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("data.rows[*].features", [{"x": 1}, None, {"x": 3}]),
        ("$.data.rows.*.features.x", [1, None, 3]),
        ("$['data']['rows'][*]['features']['x']", [1, None, 3]),
        ("outputs[0].data[*]", [0.1, 0.2]),
        ("outputs[-2].data[*]", [0.3]),
        ("outputs[*].data[*]", [0.1, 0.2, 0.3, None]),
        ("outputs[*].data[-1]", [0.2, 0.3, None]),
        ("data.rows[1].*", [2]),
        ("$['a.b'].*", [1, 2, 3]),
        ("plan[*]", "absent"),
        ("nothing[*].x", "absent"),
        ("plan[0]", "absent"),
        ("outputs[3].data", "absent"),
        ("outputs[-4].data", "absent"),
        ("outputs.data", "absent"),
        ("['a.b'][\"it's\"]", 1),
        ("['a.b']['say \"x\"']", 2),
        ("['a.b']['']", 3),
        ("outputs[-1]", {}),
        ("  plan ", "pro"),
        ("$", DOCUMENT),
    ],
)  # fmt: skip
def test_what_paths_find(text: str, found: Any) -> None:
    path = JsonPath.of(text)
    assert path.find(DOCUMENT, "absent") == found
    assert path.finds_each is isinstance(path.find(DOCUMENT, "absent"), Each) or found == "absent"
    if found == "absent":
        with pytest.raises(LookupError):
            path.find(DOCUMENT)
    else:
        assert path.getter()(DOCUMENT) == found


def test_the_place_of_a_line_that_is_no_json_is_held() -> None:
    lines = Each([{"x": [1]}, UNREADABLE, {"y": 2}])
    assert JsonPath.of("[*].x").find(lines) == [[1], UNREADABLE, None]
    assert JsonPath.of("[*].x[*]").find(lines) == [1, UNREADABLE, None]


@pytest.mark.parametrize(
    ("text", "rest", "character"),
    [
        ("$.", ".", 2),
        ("$..a", "..a", 2),
        ("a.b[x].c", "[x].c", 4),
        ("rows[*", "[*", 5),
        ("rows[**].a", "[**].a", 5),
        ("$x", "x", 2),
        (".a", ".a", 1),
        ("a.1", ".1", 2),
        ("a[1:2]", "[1:2]", 2),
        ("a[?(@.b)]", "[?(@.b)]", 2),
        ("a['b]", "['b]", 2),
        ("a[--1]", "[--1]", 2),
        ("a[12345678]", "[12345678]", 2),
        ("$.a b", " b", 4),
    ],
)
def test_a_path_that_cannot_be_read_says_where(text: str, rest: str, character: int) -> None:
    with pytest.raises(ConfigError) as error:
        JsonPath.of(text)
    said = str(error.value)
    assert f"path {text!r} cannot be read from {rest!r} on (character {character})" in said
    assert "[*]" in said


@pytest.mark.parametrize("text", ["", "  ", None, 5, ["$"]])
def test_what_is_no_text_is_no_path(text: Any) -> None:
    with pytest.raises(ConfigError, match=r"a path is a text such as \$\.inputs"):
        JsonPath.of(text)


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=20,
)
STEPS = st.lists(st.sampled_from([".a", ".b", "[0]", "[-1]", "[*]", ".*"]), max_size=5)


@given(VALUES, STEPS)
def test_any_path_finds_something_or_nothing_in_any_document(value: Any, steps: list[str]) -> None:
    path = JsonPath.of("$" + "".join(steps))
    found = path.find(value, "nothing")
    assert isinstance(found, Each) or not path.finds_each or found == "nothing"


@given(st.lists(st.none() | st.fixed_dictionaries({"x": st.integers()}), max_size=9))
def test_rows_and_predictions_stay_side_by_side(rows: list[Any]) -> None:
    document = {"rows": rows, "predictions": [{"score": place} for place, _ in enumerate(rows)]}
    found = JsonPath.of("rows[*].x").find(document)
    scores = JsonPath.of("predictions[*].score").find(document)
    assert len(found) == len(scores) == len(rows)
    assert [row if row is None else row["x"] for row in rows] == found

"""What an address asks for, and names as parts of addresses: laws that hold for every text."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.reports.results import Status
from driftwatch.service.dashboard.asked import RANGES, asked_of
from driftwatch.transport.paths import in_path, name_in_path
from tests.hostile_names import HOSTILE

NOW = 1_795_000_000.0
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("./\\%25 ;?#&=+:é", max_size=12),
    st.sampled_from(HOSTILE),
)
ANY_TEXT = st.one_of(TEXTS, st.text(st.characters(exclude_categories=()), max_size=20))
"""Halves of characters, too, which no address can have but a name may."""
KEYS = (
    *("range", "from", "to", "at", "q", "status", "kind", "sort", "page", "metric", "refresh"),
    *("owner", "said", "x"),
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(("7d", "critical", "-name", "2", "10", "9" * 400, "1e999", "nan", "-inf")),
    st.datetimes().map(lambda when: f"{when:%Y-%m-%dT%H:%MZ}"),
)
QUERIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)


@given(ANY_TEXT)
def test_a_name_comes_back_from_its_path(name: str) -> None:
    assert name_in_path(unquote(in_path(name))) == name


@given(ANY_TEXT)
def test_a_name_is_one_part_of_a_path(name: str) -> None:
    path = in_path(name)

    assert path.isascii()
    assert not set(path) & set("/\\?#;: \"'<>&\n\r\t")
    # Servers and proxies decode once before they look for what means something to them.
    for seen in (path, unquote(path)):
        assert seen
        assert "/" not in seen
        assert seen not in (".", "..")


@given(ANY_TEXT, ANY_TEXT)
def test_two_names_have_two_paths(one: str, other: str) -> None:
    assert (in_path(one) == in_path(other)) == (one == other)


@given(st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), VALUES, max_size=6))
def test_every_query_is_understood_or_told(query: dict[str, str]) -> None:
    asked = asked_of(query, now=NOW)

    assert asked.since < asked.until
    assert asked.range in {*RANGES, ""}
    assert asked.page >= 1
    assert asked.in_words
    assert all(complaint.endswith(".") for complaint in asked.complaints)
    assert "\n" not in "".join(asked.complaints)


@given(QUERIES)
def test_links_carry_the_stretch_of_time_and_nothing_else(query: dict[str, str]) -> None:
    asked = asked_of(query, now=NOW)
    carried = dict(parse_qsl(asked.link("/m/x", page=3).partition("?")[2]))

    assert set(carried) <= {"range", "from", "to", "page"}
    again = asked_of(carried, now=NOW)
    assert (again.since, again.until, again.range) == (asked.since, asked.until, asked.range)
    assert again.page == 3


@given(QUERIES)
def test_a_link_to_the_same_page_keeps_what_it_does_not_change(query: dict[str, str]) -> None:
    asked = asked_of(query, now=NOW)
    again = asked_of(dict(parse_qsl(asked.here(sort="-name").partition("?")[2])), now=NOW)

    assert (again.since, again.until, again.at) == (asked.since, asked.until, asked.at)
    assert (again.q, again.status, again.kind) == (asked.q, asked.status, asked.kind)
    assert (again.sort, again.descends, again.page) == ("name", True, 1)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"range": "1y"}, "There is no range ‘1y’ (24h, 7d, 30d, 90d): 30 days are shown."),
        ({"status": "bad"}, "There is no status ‘bad’: all are shown."),
        ({"page": "0"}, "There is no page ‘0’: the first is shown."),
        ({"page": "²"}, "There is no page ‘²’: the first is shown."),
        ({"at": "then"}, "‘then’ is no time like 2026-11-20T06:00Z: at is left out."),
        (
            {"from": "2026-01-02", "to": "2026-01-01"},
            "The stretch of time ends before it begins: the last 30 days are shown.",
        ),
    ],
)
def test_what_is_not_understood_is_told(query: dict[str, str], said: str) -> None:
    asked = asked_of(query, now=NOW)

    assert asked.complaints == (said,)
    assert (asked.until, asked.range, asked.page) == (NOW, "30d", 1)
    assert asked.status is None


def test_what_is_understood_is_meant() -> None:
    query = {"range": "7d", "status": "CRITICAL", "kind": "numeric", "sort": "-since"}
    more = {"page": "3", "at": "2026-11-20T06:00Z", "q": " age ", "refresh": "60", "unknown": "x"}
    asked = asked_of(query | more, now=NOW)

    assert (asked.since, asked.until) == (NOW - 7 * 86_400, NOW)
    assert (asked.status, asked.kind, asked.q) == (Status.CRITICAL, "numeric", "age")
    assert (asked.sort, asked.descends, asked.page, asked.refresh) == ("since", True, 3, 60)
    assert asked.at == 1_795_154_400.0
    assert asked.complaints == ()

"""A message in Slack says in its first line what matters, and says nothing twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.message import Line, Message, merged
from driftwatch.integrations.alerting.slack import slack_payload
from tests.integrations.alerting.test_back_ends import MESSAGE

MOVED = "age and 1 more feature drifted (median 39 → 36). Since 2 Mar 02:00 UTC."


def first_line(message: Message) -> str:
    """The first line as it is read."""
    return str(slack_payload(message)["text"]).replace("\u2060", "")


def blocks_of(message: Message) -> list[dict[str, Any]]:
    """What stands below it."""
    (attachment,) = slack_payload(message)["attachments"]
    return list(attachment["blocks"])


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        ("opened", ""),
        ("worse", "got worse: "),
        ("still_on", "still on: "),
        ("reminder", "still on: "),
    ],
)
def test_the_first_line_says_what_moved_how_much_and_since_when(kind: str, prefix: str) -> None:
    message = replace(MESSAGE, kind=kind, title=prefix + MESSAGE.title)
    assert first_line(message) == f"CRITICAL churn: {prefix}{MOVED}"


def test_since_when_is_said_where_the_text_does_not_say_it() -> None:
    said = first_line(replace(MESSAGE, title="psi", text="psi of age_since_login."))
    assert said == "CRITICAL churn: psi of age_since_login. Since 2 Mar 02:00 UTC."
    silent = replace(
        MESSAGE, kind="no_data", status="NO DATA", text="no data since 2 Mar 05:00 UTC."
    )
    assert first_line(silent) == "NO DATA churn: no data since 2 Mar 05:00 UTC."


def test_several_messages_in_one_say_once_since_when() -> None:
    said = first_line(merged([replace(MESSAGE, key=f"churn/3/{n}/opened") for n in range(3)]))
    told = "3 messages of churn could not be delivered; the last: "
    assert said == f"CRITICAL churn: {told}{MOVED}"


def test_the_end_is_told_with_what_it_was() -> None:
    text = f"Incident 3 is over after 15 h. It was: {MOVED}"
    over = replace(
        MESSAGE, kind="resolved", status="RESOLVED", title="over after 15 h", text=text, lines=()
    )
    assert first_line(over) == f"RESOLVED churn: {text}"
    assert [block["type"] for block in blocks_of(over)] == ["header", "actions", "context"]


def test_the_header_is_short_and_nothing_is_said_twice() -> None:
    blocks = blocks_of(MESSAGE)
    assert [block["type"] for block in blocks] == ["header", "section", "actions", "context"]
    assert blocks[0]["text"]["text"] == "◆ churn"
    assert [field["text"] for field in blocks[1]["fields"]] == [
        "◆ age  median 39 → 36",
        "▲ plan  ‘b’ 14 % → 57 %",
    ]
    shown = json.dumps(blocks, ensure_ascii=False)
    assert "drifted" not in shown
    assert "CRITICAL" not in shown


def test_one_thing_that_moved_is_not_listed_below_the_line_that_says_so() -> None:
    line = Line("CRITICAL", "plan", "more of 'b'", "b", 0.14, 0.57)
    text = "plan (‘b’ 14 % → 57 %) drifted. Since 2 Mar 02:00 UTC."
    one = replace(MESSAGE, text=text, lines=(line,))
    assert [block["type"] for block in blocks_of(one)] == ["header", "actions", "context"]
    other = replace(one, text="plan drifted.")
    assert [block["type"] for block in blocks_of(other)][1] == "section"
    three = replace(one, lines=(line, line, replace(line, name="age")))
    assert len(blocks_of(three)[1]["fields"]) == 3


@given(
    text=st.text(max_size=5_000),
    name=st.text(max_size=3_000),
    many=st.integers(0, 12),
    address=st.integers(0, 5_000),
)
def test_messages_keep_the_limits_of_block_kit(
    text: str, name: str, many: int, address: int
) -> None:
    message = replace(
        MESSAGE,
        monitor=name,
        text=text,
        lines=tuple(Line("WARNING", f"{name}{n}", text) for n in range(many)),
        since=datetime(2026, 3, 2, 2, tzinfo=UTC),
        runbook="https://wiki.example.com/" + "x" * address,
        labels={name: text},
    )
    payload = slack_payload(message)
    assert 0 < len(payload["text"]) <= 40_000
    for block in blocks_of(message):
        if block["type"] == "header":
            assert 1 <= len(block["text"]["text"]) <= 150
        for shown in (block.get("text", {}), *block.get("fields", [])):
            assert len(shown.get("text", "")) <= (2_000 if "fields" in block else 3_000)
        assert len(block.get("fields", [])) <= 10
        for button in block["elements"] if block["type"] == "actions" else []:
            assert len(button["url"]) <= 3_000
            assert len(button["text"]["text"]) <= 75
    if len(text) > 3_000:  # what does not fit into the line begins anew below it
        assert blocks_of(message)[1]["text"]["text"][:2_000] == text[:2_000]

"""Counters that a store keeps beside the rows, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from driftwatch.core.windows.model_versions import (
    COUNTED_TOGETHER,
    MOST_VERSIONS,
    OTHER_VERSIONS,
)

__all__ = [
    "NOTED",
    "REFUSED",
    "SENT_AGAIN",
    "TOO_LARGE",
    "UNREADABLE",
    "USED_MESSAGES",
    "notes_in",
    "rows_not_used",
    "settled",
    "unreadable_sources",
    "unused_rows",
]

REFUSED = "refused_by_the_collector"
"""Rows of deliveries that a collector would not take."""
TOO_LARGE = "too_large_for_the_collector"
"""Rows of those that it would not take since they were too large, and could not be cut."""
SENT_AGAIN = "sent_again_after_refusal"
"""Those of them that it took after all."""

NOTED = "noted "
"""Beginning of the name of a counter whose rest is a remark: what a reader of the window must know
of where its rows came from. How often it was noted says nothing."""


UNREADABLE = "unreadable_now "
"""Name of a counter, before a source's: above zero while most of its messages cannot be read."""


USED_MESSAGES = frozenset({"kafka_ok", "kafka_null", "kafka_holes", "kafka_before_start"})
"""Counters of messages with which nothing is wrong: they close the account of offsets."""


_NO_ROWS = (
    NOTED,
    UNREADABLE,
    "not_taken_by ",
    "expired",
    "failed_",
    "values_of_",
    "trial",
    "clock_",
    "fenced",
    "predictions_do_not_match",
    "values_do_not_match",
    "other_method",
    "not_successful",
    "route_never_matched",
    COUNTED_TOGETHER,
)
"""Beginnings of the names of counters that count something else than rows that came."""


def settled(counters: Mapping[str, int], /) -> dict[str, int]:
    """Counters without rows that were refused first and taken after all.

    Example:
        >>> settled({"refused_by_the_collector": 70, "sent_again_after_refusal": 50})
        {'refused_by_the_collector': 20}
        >>> settled({"too_large_for_the_collector": 70, "sent_again_after_refusal": 70})
        {}
    """
    again = counters.get(SENT_AGAIN, 0)
    left = {name: count for name, count in counters.items() if name != SENT_AGAIN}
    for reason in (REFUSED, TOO_LARGE):
        came = min(again, left.get(reason, 0))
        if came:
            again -= came
            left[reason] -= came
    return {n: count for n, count in left.items() if count or n not in (REFUSED, TOO_LARGE)}


def unused_rows(counters: Mapping[str, int], /) -> dict[str, int]:
    """Rows, records and messages that came and could not be used, by reason."""
    return {
        name: count
        for name, count in settled(counters).items()
        if count and name not in USED_MESSAGES and not name.startswith(_NO_ROWS)
    }


def rows_not_used(counters: Mapping[str, int], /) -> int:
    """How many rows, records and messages came and could not be used."""
    return sum(unused_rows(counters).values())


def unreadable_sources(counters: Mapping[str, int], /) -> tuple[str, ...]:
    """Sources that the counters say cannot be read now."""
    return tuple(
        name.removeprefix(UNREADABLE)
        for name, count in counters.items()
        if name.startswith(UNREADABLE) and count > 0
    )


def notes_in(counters: Mapping[str, int], /) -> tuple[str, ...]:
    """What was noted of where rows came from, in order.

    Example:
        >>> notes_in({"kafka_ok": 7, "noted topic t was made anew": 1})
        ('topic t was made anew',)
    """
    notes = sorted(name.removeprefix(NOTED) for name in counters if name.startswith(NOTED))
    if together := counters.get(COUNTED_TOGETHER, 0):
        notes.append(
            f"{together:,} rows of further model versions, beyond {MOST_VERSIONS} a pane, are "
            f"counted as {OTHER_VERSIONS!r}"
        )
    return tuple(notes)

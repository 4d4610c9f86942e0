"""The account of Kafka's messages."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.soak.account import Account, Line
from benchmarks.soak.stores import Kept
from driftwatch.core.windows.counters import unused_rows

__all__ = ["kafka_account"]


def kafka_account(
    sent: Mapping[str, int], cursors: Mapping[int, int], ends: Mapping[int, int], final: Kept
) -> Account:
    """The account of Kafka's messages: every one counts once, in whatever store is there now."""
    account = Account("stream", sum(sent.values()))
    unused = {
        name: rows
        for name, rows in unused_rows(final.counters).items()
        if not name.startswith("kafka_")
    }
    bad = sum(n for name, n in final.counters.items() if name.startswith("kafka_bad_"))
    account.lines += [
        Line("in windows", final.rows),
        *(Line(f"counted: {name}", rows) for name, rows in sorted(unused.items())),
        Line("counted: unreadable", bad),
        Line("counted: tombstones", final.counters["kafka_null"]),
    ]
    account.expect(dict(cursors) == dict(ends), f"cursors {cursors}, ends {ends}")
    account.expect(sum(ends.values()) == account.acknowledged, f"{ends} of {account.acknowledged}")
    for name, found in (
        ("ok", final.counters["kafka_ok"]), ("bad", bad), ("null", final.counters["kafka_null"]),
    ):  # fmt: skip
        expected = sent.get(name, 0)
        account.expect(found == expected, f"{found} messages are {name}, {expected} were sent")
    account.expect(account.difference == 0, f"{account.difference} messages are nowhere")
    return account

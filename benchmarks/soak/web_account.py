"""The account of the service's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.soak.account import Account, Line
from benchmarks.soak.notes import Key, Noted
from benchmarks.soak.stores import Kept
from benchmarks.soak.traffic import ROWS_A_BODY, Answered, Forked, Life
from driftwatch.core.windows.counters import unused_rows

__all__ = ["web_account"]

_COUNTED = "counted: "
_BODIES = ("queue_full", "paused", "internal_error", "too_large", "not_successful", "incomplete")
"""Reasons of which a body is counted once, whatever it holds."""
_NO_BODY = ("not_successful", "incomplete")
"""Of requests that nobody has got an answer to."""


@dataclass(frozen=True, slots=True)
class _Fate:
    """Where the deliveries are."""

    kept: frozenset[Key]
    replaced: frozenset[Key]
    refused: frozenset[Key]

    def rows_by_place(self, noted: Noted, /) -> Counter[str]:
        return Counter(
            {
                "kept": self.rows(noted, self.kept),
                "replaced": self.rows(noted, self.replaced),
                "refused": self.rows(noted, self.refused),
            }
        )

    def rows(self, noted: Noted, keys: frozenset[Key], /) -> int:
        return sum(rows for key, rows in noted.rows.items() if key in keys)

    @property
    def anywhere(self) -> frozenset[Key]:
        return self.kept | self.replaced | self.refused


def web_account(
    answered: Mapping[Life, Answered],
    forks: Sequence[Forked],
    notes: Sequence[Noted],
    killed: Mapping[int, float],
    *,
    final: Kept,
    replaced: Sequence[Kept],
    refused: frozenset[Key],
    unanswered: int,
) -> Account:
    """The account of the service's rows.

    A row that was answered is in a delivery, was counted by reason, or was in the memory of a
    process that was killed. A delivery that was on disk is in the store, was in one that was taken
    away, or was refused and is kept. Of a killed process nothing may be missing that came before
    the flush before its last: that one had it all.
    """
    gone = frozenset(key for each in replaced for key in each.accepted)
    fate = _Fate(final.accepted, gone - final.accepted, refused - gone - final.accepted)
    account = Account("web", sum(each.rows for each in answered.values()))
    totals: Counter[str] = Counter()
    by_process = {(each.life, each.pid): each for each in notes}
    for life, known in answered.items():
        noted = by_process.get(life, Noted(*life))
        _of_a_process(account, totals, noted, known, killed.get(life[1]), fate)
        surplus = fate.rows(noted, fate.anywhere) + _rows_counted(noted, fate).total() - known.rows
        account.expect(
            surplus <= known.unanswered + unanswered,
            f"worker {noted.pid}: {surplus} rows more than were answered",
        )
    children = {(each.life, each.child): each for each in forks}
    for process, noted in by_process.items():
        if process not in answered:
            _of_a_child(account, totals, noted, children.get(process), fate)
    account.acknowledged += totals["of forked children"]
    _against_the_store(account, notes, final, fate)
    account.lines += [
        Line("in windows", totals["kept"]),
        Line("in a store that was taken away", totals["replaced"]),
        Line("refused, and kept in the spool", totals["refused"]),
        *(Line(name, rows) for name, rows in sorted(totals.items()) if name.startswith(_COUNTED)),
        Line("in the memory of killed processes", totals["in memory"]),
        Line("observed, though nobody got the answer", -totals["surplus"]),
        Line("since their last flush but one, so that they may be", totals["bound"], sums=False),
        Line("rows of requests without an answer", unanswered + totals["unanswered"], sums=False),
        Line("deliveries in the store", len(fate.kept), sums=False),
    ]
    account.expect(account.difference == 0, f"{account.difference} rows are nowhere")
    return account


def _of_a_process(
    account: Account,
    totals: Counter[str],
    noted: Noted,
    known: Answered,
    killed: float | None,
    fate: _Fate,
) -> None:
    """Close the account of one worker."""
    who = f"worker {noted.pid} ({'killed' if killed is not None else 'ended in order'})"
    silent = noted.done - fate.anywhere
    account.expect(not silent, f"{who}: deliveries on disk are nowhere: {sorted(silent)[:3]}")
    where = fate.rows_by_place(noted)
    totals.update(where)
    counted = _rows_counted(noted, fate)
    for reason, rows in counted.items():
        totals[_COUNTED + reason] += rows
    missing = known.rows - where.total() - counted.total()
    totals["unanswered"] += known.unanswered
    if missing < 0:
        totals["surplus"] -= missing
        return
    totals["in memory"] += missing
    if killed is None:
        account.expect(missing == 0, f"{who}: {missing} rows are missing")
        return
    before_last = noted.flushes[-2] if len(noted.flushes) > 1 else 0.0
    bound = known.rows_since(before_last)
    totals["bound"] += bound
    account.expect(missing <= bound, f"{who}: {missing} rows are missing, at most {bound} may be")


def _rows_counted(noted: Noted, fate: _Fate) -> Counter[str]:
    """Rows that a worker counted instead of using them, in deliveries that exist."""
    counted = unused_rows(noted.counted(set(fate.anywhere)))
    return Counter(
        {
            reason: count * (ROWS_A_BODY if reason in _BODIES else 1)
            for reason, count in counted.items()
            if reason not in _NO_BODY
        }
    )


def _of_a_child(
    account: Account, totals: Counter[str], noted: Noted, said: Forked | None, fate: _Fate
) -> None:
    """Close the account of a child that a worker forked, or of one whose answer was lost."""
    silent = noted.done - fate.anywhere
    account.expect(
        not silent, f"child {noted.pid}: deliveries on disk are nowhere: {sorted(silent)}"
    )
    where = fate.rows_by_place(noted)
    totals.update(where)
    totals["of forked children"] += where.total()
    counted = _rows_counted(noted, fate)
    for reason, rows in counted.items():
        totals[_COUNTED + reason] += rows
        totals["of forked children"] += rows
    if said is not None and said.error is None:
        stored = fate.rows(noted, fate.anywhere) + counted.total()
        account.expect(
            stored == said.observed,
            f"child {noted.pid}: {said.observed} rows observed, {said.flushed} acknowledged, "
            f"{stored} found",
        )


def _against_the_store(account: Account, notes: Sequence[Noted], final: Kept, fate: _Fate) -> None:
    """The store has the rows of the deliveries that it has taken, each once, and their counters."""
    rows = sum(fate.rows(noted, fate.kept) for noted in notes)
    account.expect(
        final.rows + final.quarantined == rows,
        f"the store has {final.rows} rows, and {final.quarantined} set aside, of {rows} delivered",
    )
    known = {key for noted in notes for key in noted.rows}
    strange = fate.kept - known
    account.expect(not strange, f"deliveries that nobody made: {sorted(strange)[:3]}")
    told: Counter[str] = Counter()
    for noted in notes:
        told.update(noted.counted(set(fate.kept)))
    for name in told:
        account.expect(
            final.counters[name] == told[name],
            f"counter {name}: {final.counters[name]} stored, {told[name]} delivered",
        )

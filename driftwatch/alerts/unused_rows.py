"""The share of rows that came and could not be used, from one look at the account to the next."""

from __future__ import annotations

from collections.abc import Callable

from driftwatch.alerts.conditions import NOT_USED
from driftwatch.alerts.episodes import Episode, Said
from driftwatch.alerts.settings import Rule
from driftwatch.alerts.state import Counted, DeskState
from driftwatch.core.reports.results import Status
from driftwatch.core.windows.alarm import Hysteresis
from driftwatch.core.windows.spec import WindowSpec

__all__ = ["reads_not_used", "watch_not_used"]

_LEAST_ROWS = 20


def reads_not_used(rule: Rule, /) -> bool:
    """Whether a rule is about rows that were not used."""
    return rule.condition.name == NOT_USED


def watch_not_used(
    state: DeskState,
    rule_of: dict[str, Rule],
    spec: WindowSpec,
    account: Callable[[], tuple[int, int]],
    now: float,
    /,
    *,
    clear_after: int,
) -> None:
    """Let rules see which share of the rows since the last look was not used.

    The account is looked at once a slide of the window, by the clock, or by rows where
    windows are cut by rows; and not before twenty rows have come, of which one would say little.
    It needs no report, so that a stream of which nothing can be read is seen.

    Args:
        state: Is changed.
        rule_of: Rules that read it, by their titles.
        spec: How the stream is cut.
        account: Asks for the rows that were used, and those that were not, of all time.
        now: Seconds since 1970.
        clear_after: Quiet looks after which a rule does not fire any more.
    """
    if not rule_of:
        state.counted = None
        return
    before = state.counted
    if before is not None and not spec.by_rows and now - before.at < spec.width:
        return
    used, lost = account()
    if before is None:
        state.counted = Counted(now, used, lost)
        return
    # An account that was begun anew is smaller than the one before.
    new_used, new_lost = max(0, used - before.used), max(0, lost - before.lost)
    came = new_used + new_lost
    if came < (max(spec.width, _LEAST_ROWS) if spec.by_rows else _LEAST_ROWS):
        return
    share = new_lost / came
    state.counted = Counted(now, used, lost, share)
    pane = 0 if spec.by_rows else int(before.at // spec.width)
    for name, rule in rule_of.items():
        holds = rule.condition.holds(share)
        episode = state.episodes.setdefault(name, Episode(Hysteresis(clear_after)))
        episode.update(pane, Said(rule.status if holds else Status.OK), rule.windows)

"""Which rows of a batch go into which pane, and which into none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.windows.spec import WindowSpec
from driftwatch.ingest.reached import RecentTimes, VotedTime
from driftwatch.process.tally import Tally

__all__ = ["MAX_SKEW", "TOO_LATE_VOTES", "PaneRows", "RowCutter", "TimeCutter"]

MAX_SKEW = 600.0
"""Seconds by which an event may be ahead of the clock; rows beyond are counted, not used."""

TOO_LATE_VOTES = 1_000
"""Rows more that must have reached a time than have not, before others can be too late for it."""

_LATE_VOTES = 128
_LONG_AGO = -2_208_988_800.0  # 1900; earlier times are not real event times


@dataclass(slots=True)
class PaneRows:
    """Rows of a batch that go into one pane.

    Attributes:
        pane: Number of the pane.
        members: Their places in the batch; None for all of them.
        late: How many of them came after their pane had ended.
    """

    pane: int
    members: NDArray[np.intp] | None
    late: int = 0


class TimeCutter:
    """Cuts rows by event time, and counts those that are not used.

    How far the source is, is what most of its rows say: neither a producer whose clock is ahead
    nor a few rows of today among those of last week make the others late. A row is late if its
    pane had ended by the time that 128 rows more have reached than have not (`VotedTime`), and too
    late, and not used, if it had ended more than the lateness before the time that 1,000 more
    have reached. The clock is never behind either. A row more than `MAX_SKEW` ahead of the clock
    is from the future, one before 1900 from long ago, and a row without a time in data that has
    times is untimed.

    Args:
        spec: How to cut.
        tally: Counts what is not used, by reason.
        clock: Seconds since 1970.
        reach: Seconds back from the clock to which rows may reach.

    Attributes:
        voted: Which rows are too late; it can be stored, so that a restart changes none of it.
    """

    def __init__(
        self, spec: WindowSpec, tally: Tally, /, *, clock: Callable[[], float], reach: float
    ) -> None:
        self.voted = VotedTime(TOO_LATE_VOTES)
        self._lately = VotedTime(_LATE_VOTES)
        self._recent = RecentTimes()
        self._newest = -np.inf
        self._spec = spec
        self._tally = tally
        self._clock = clock
        self._reach = reach

    def reached(self) -> float | None:
        """The event time that the source has reached, as most of its recent rows have it."""
        return self._recent.reached(self._clock())

    def marks(self, times: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Take note of some rows, and say how far the source was before each of them.

        For rows that are cut in several batches though they came one between the other.

        Args:
            times: Event times in the order in which the rows came, NaN for none.

        Returns:
            Two times a row: panes that end by the first are late, panes that end the lateness
            before the second are too late.
        """
        rows = self._usable(times, count=False)
        found = np.full((2, times.size), -np.inf)
        kept = times if rows is None else times[rows]
        places = slice(None) if rows is None else rows
        found[0, places] = self._lately.before_each(kept)
        found[1, places] = self.voted.before_each(kept)
        self._note(kept)
        now = self._clock()
        found[found > now] = now
        return found

    def panes(self, times: NDArray[np.float64], /) -> list[int | None]:
        """The panes of some rows, were none too late; None of times that cannot be used."""
        rows = self._usable(times, count=False)
        if rows is None:
            return [*self._spec.panes_at(times).tolist()]
        found: list[int | None] = [None] * times.size
        for row, pane in zip(rows.tolist(), self._spec.panes_at(times[rows]).tolist(), strict=True):
            found[row] = pane
        return found

    def cut(
        self, times: NDArray[np.float64], marks: NDArray[np.float64] | None
    ) -> Iterator[PaneRows]:
        """Give the rows of every pane.

        Args:
            times: Event times, seconds since 1970, NaN for none.
            marks: What `marks` said of these rows, if it was asked, which it is but once.
        """
        spec = self._spec
        rows = self._usable(times, count=True)
        kept = times if rows is None else times[rows]
        if not kept.size:
            return
        panes = spec.panes_at(kept)
        if marks is None:
            alike = panes[0] == panes[-1] and (panes == panes[0]).all()
            newest = max(self._newest, self.voted.level, float(kept.max()))  # a level is restored
            if alike and spec.end_of(int(panes[0])) > newest:  # the common case: in time
                self._lately.advance(kept)
                self.voted.advance(kept)
                self._note(kept)
                yield PaneRows(int(panes[0]), rows)
                return
            marks = self.marks(kept)
        elif rows is not None:
            marks = marks[:, rows]
        yield from self._by_pane(panes, marks, rows)

    def _note(self, times: NDArray[np.float64]) -> None:
        if times.size:
            self._newest = max(self._newest, float(times.max()))
            self._recent.add(times)

    def _usable(self, times: NDArray[np.float64], *, count: bool) -> NDArray[np.intp] | None:
        """Places of the rows whose times can be used; None for all of them."""
        now = self._clock()
        horizon, long_ago = now + MAX_SKEW, max(_LONG_AGO, now - self._reach)
        if self._newest > horizon:  # the clock was ahead and has been set back
            self._newest = -np.inf
            for each in (self._lately, self.voted, self._recent):
                each.forget()
            self._tally.count("clock_set_back")
        with np.errstate(invalid="ignore"):
            usable = (times <= horizon) & (times >= long_ago)
        if usable.all():
            return None
        if count:
            self._tally.count("untimed", int(np.isnan(times).sum()))
            self._tally.count("from_the_future", int((times > horizon).sum()))
            self._tally.count("from_long_ago", int((times < long_ago).sum()))
        return np.flatnonzero(usable)

    def _by_pane(
        self,
        panes: NDArray[np.int64],
        marks: NDArray[np.float64],
        rows: NDArray[np.intp] | None,
    ) -> Iterator[PaneRows]:
        spec = self._spec
        ends = (panes + 1) * spec.width
        late = ends <= marks[0]
        too_late = ends + spec.lateness <= marks[1]
        if too_late.any():
            self._tally.count("too_late", int(too_late.sum()))
        order = np.argsort(panes, kind="stable")
        order = order[~too_late[order]]
        starts = np.flatnonzero(np.diff(panes[order], prepend=panes[order[:1]] - 1))
        for group in np.split(order, starts[1:]):
            if group.size:
                members = group if rows is None else rows[group]
                yield PaneRows(int(panes[group[0]]), members, int(late[group].sum()))


class RowCutter:
    """Cuts rows by their number, which goes on where the store says that the source stands.

    Args:
        spec: How to cut.
        stored: Asks the store for the rows that it has of this source.
    """

    def __init__(self, spec: WindowSpec, /, *, stored: Callable[[], int]) -> None:
        self._spec = spec
        self._ask = stored
        self._seen: int | None = None  # until the store was asked; a fork must not ask
        self._stored = 0

    def cut(self, rows: int, /) -> Iterator[PaneRows]:
        """Give the rows of every pane."""
        if self._seen is None:
            self._seen = self._stored = self._ask()
        start = 0
        while start < rows:
            pane, used = divmod(self._seen, self._spec.width)
            taken = min(rows - start, self._spec.width - used)
            whole = taken == rows
            yield PaneRows(pane, None if whole else np.arange(start, start + taken))
            self._seen += taken
            start += taken

    def progress(self) -> tuple[int, int] | None:
        """Where the source stood when this was last asked, and where it stands."""
        if self._seen is None:
            return None
        before, self._stored = self._stored, self._seen
        return before, self._seen

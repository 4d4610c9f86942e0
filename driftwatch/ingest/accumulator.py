"""The write side: batches into open panes, open panes into segments, segments into a store."""

from __future__ import annotations

import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.times import event_times
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.model_versions import (
    COUNTED_TOGETHER,
    MOST_VERSIONS,
    OTHER_VERSIONS,
    version_name,
)
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import StoreError
from driftwatch.ingest.cutting import PaneRows, RowCutter, TimeCutter
from driftwatch.ingest.pooled_versions import pooled_versions
from driftwatch.ingest.reached import VotedTime
from driftwatch.logs.events import event
from driftwatch.process.background import rest_if_due
from driftwatch.process.tally import Tally
from driftwatch.process.task_pool import TaskPool
from driftwatch.protocols import Receiver

__all__ = ["Accumulator"]

_OPEN_COLUMNS = 20_000
_LOG = logging.getLogger("driftwatch")
_PaneKey = tuple[int, str | None]


@dataclass(slots=True)
class _OpenPane:
    """Rows of one pane that no store has yet."""

    reference: Reference
    profile: Profile
    late: int = 0
    earliest: float = np.inf
    latest: float = -np.inf

    def note(self, times: NDArray[np.float64] | None) -> None:
        if times is not None and times.size:
            self.earliest = min(self.earliest, float(times.min()))
            self.latest = max(self.latest, float(times.max()))

    def to_segment(self, number: int, width: int, version: str | None) -> Segment:
        return Segment(
            pane=number,
            width=width,
            rows=self.profile.rows,
            body=self.profile.to_bytes(),
            late=self.late,
            earliest=None if np.isinf(self.earliest) else self.earliest,
            latest=None if np.isinf(self.latest) else self.latest,
            reference=self.reference.id,
            model_version=version,
        )


class Accumulator:
    """Cuts rows into panes, sketches them, and delivers the sketches exactly once.

    A row goes into the pane of its event time (`TimeCutter`), or of its number (`RowCutter`).
    A row of an ended pane within the lateness counts as late and reopens its pane.

    What is flushed becomes one immutable delivery. It keeps its key until the store has
    acknowledged it, and is delivered again as it was if the store was away, so that nothing
    is lost and nothing counts twice. Meanwhile newer rows go on being sketched, and the
    memory this takes is bounded by the number of open panes.

    Args:
        reference: Whose columns and cells the rows are counted in; or what gives it for a
            version of the model. Asked whenever a pane is opened.
        spec: How to cut.
        store: Where deliveries go.
        monitor: Name of the monitor.
        source: Who sees the rows; with windows by rows it must be the same after a restart.
        clock: Seconds since 1970.
        epoch: Name of this life of the source, where its rows are always the same, so that
            they count once whenever they come; random if not given.
        tally: What is counted instead of used, by reason; delivered with the next segments.
        delivers: Whether it delivers by itself when too many panes are open; false where rows
            must go together with progress that only the caller knows, who then looks at `is_full`.
        reach: Seconds back from the clock to which rows may reach; those before are from long ago.

    Cost: the sketching of `Profile.update`; a pane that is open takes some 3 to 25
    kilobytes a column.
    """

    def __init__(  # noqa: PLR0913 - what is cut, how, and on whose behalf
        self,
        reference: Reference | Callable[[str | None], Reference],
        spec: WindowSpec,
        store: Receiver,
        /,
        *,
        monitor: str,
        source: str,
        clock: Callable[[], float],
        epoch: str | None = None,
        tally: Tally | None = None,
        reach: float = np.inf,
        delivers: bool = True,
    ) -> None:
        self._reference_for = (
            (lambda _: reference) if isinstance(reference, Reference) else reference
        )
        self.spec = spec
        self.source = source
        self._store = store
        self._monitor = monitor
        self._clock = clock
        self._lock = RLock()
        self._open: dict[_PaneKey, _OpenPane] = {}
        self.tally = tally if tally is not None else Tally()
        self._by_time = TimeCutter(spec, self.tally, clock=clock, reach=reach)
        self._delivers = delivers
        self.most_panes = max(4, _OPEN_COLUMNS // max(1, len(self._reference_for(None).schema)))
        self._cursor = f"rows of {source}"
        self._fixed = epoch
        self._forget()

    def _forget(self) -> None:
        """Begin a new life of the source: at the start, and in a child after a fork."""
        self._pid = os.getpid()
        self._epoch = self._fixed or secrets.token_hex(8)
        self._sequence = 0
        self._pending: Delivery | None = None
        self._pool = TaskPool()
        self._by_row = RowCutter(
            self.spec, stored=lambda: self._store.cursor(self._monitor, self._cursor)
        )

    def after_fork(self) -> None:
        """Let go of what the parent will deliver; called in the child."""
        self._lock = RLock()
        self._open = {}
        self.tally.clear()
        self._forget()

    @property
    def voted(self) -> VotedTime:
        """The event time that decides which rows are too late, for who stores it with the rows."""
        return self._by_time.voted

    def marks(self, times: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Say how far the source was before each of some rows, which are then added in parts.

        See `TimeCutter.marks`.
        """
        with self._lock:
            return self._by_time.marks(times)

    def few_versions(
        self, times: NDArray[np.float64], versions: list[str | None], /
    ) -> list[str | None]:
        """The versions under which rows are counted, of which there are few in a pane.

        Args:
            times: Event times of the rows, in the order in which they came.
            versions: Of the models that saw them.
        """
        if self.spec.by_rows:  # which pane a row goes into is not known yet
            return versions
        with self._lock:
            usual = self._reference_for(None).id
            return pooled_versions(
                versions,
                self._by_time.panes(times),
                named=lambda pane: [name for at, name in self._open if at == pane and name],
                keeps_name=lambda name: self._reference_for(name).id != usual,
            )

    @property
    def open_rows(self) -> int:
        """Rows that no store has acknowledged."""
        with self._lock:
            waiting = self._pending.rows if self._pending is not None else 0
            return waiting + sum(pane.profile.rows for pane in self._open.values())

    @property
    def open_panes(self) -> int:
        """Panes that are open."""
        return len(self._open)

    def opened_by(self, panes: set[int], /) -> int:
        """How many panes will be open when rows of these have been added."""
        return len(self._open) + len(panes - {number for number, _ in self._open})

    @property
    def is_full(self) -> bool:
        """Whether so many panes are open that they should be delivered before more are."""
        return len(self._open) >= self.most_panes

    def add(
        self,
        batch: Batch,
        /,
        *,
        times: NDArray[np.float64] | None = None,
        marks: NDArray[np.float64] | None = None,
        time_column: str | None = None,
        model_version: str | None = None,
    ) -> None:
        """Sketch the rows of a batch in their panes.

        Args:
            batch: The rows.
            times: Their event times, seconds since 1970, NaN for none.
            marks: What `marks` said of these rows, where rows of other batches came between them.
            time_column: The batch's column of event times, if `times` is not given. Without
                either the rows happened now.
            model_version: Of the model that saw them.
        """
        if not batch.rows:
            return
        version = None if model_version is None else version_name(model_version)
        with self._lock:
            if os.getpid() != self._pid:
                self.after_fork()
            if times is None and not self.spec.by_rows:
                column = batch.arrays.get(time_column) if time_column else None
                now = self._clock()
                times = np.full(batch.rows, now) if column is None else event_times(column)
            try:
                if times is None or self.spec.by_rows:
                    cut = list(self._by_row.cut(batch.rows))
                else:
                    cut = list(self._by_time.cut(times, marks))
            except Exception:
                self._count_lost(batch.rows)
                raise
            failures = []
            for rows in cut:
                try:
                    self._update(batch, rows, times, self._pane_of(rows, version, batch.rows))
                except Exception as error:  # noqa: BLE001 - raised below; other panes go on
                    failures.append(error)
            if failures:
                raise failures[0]

    def _pane_of(self, rows: PaneRows, version: str | None, among: int) -> _PaneKey:
        """The open pane for some rows: one of few versions, whatever clients call them.

        What the user gave a reference of its own keeps its name.
        """
        key = rows.pane, version
        if version is None or (key in self._open and version != OTHER_VERSIONS):
            return key
        named = sum(pane == rows.pane and other is not None for pane, other in self._open)
        has_room = named < MOST_VERSIONS and version != OTHER_VERSIONS
        if has_room or self._reference_for(version).id != self._reference_for(None).id:
            return key
        self.tally.count(COUNTED_TOGETHER, among if rows.members is None else rows.members.size)
        return rows.pane, OTHER_VERSIONS

    def _update(
        self,
        batch: Batch,
        rows: PaneRows,
        times: NDArray[np.float64] | None,
        key: _PaneKey,
    ) -> None:
        uncounted = batch.rows if rows.members is None else rows.members.size
        try:
            pane = self._open.get(key)
            if pane is None:
                self._make_room()
                reference = self._reference_for(key[1])
                pane = self._open[key] = _OpenPane(reference, reference.new_profile())
            mine = times
            if rows.members is not None:
                batch = batch.take(rows.members)
                mine = None if times is None else times[rows.members]
            pane.late += rows.late
            pane.note(mine)
            tasks = pane.profile.tasks(batch)
            uncounted = 0  # from here on they are rows of the profile
            self._pool.run(tasks, rows=batch.rows)
        except BaseException:
            # Some columns have these rows and others do not: it is no profile any more.
            gone = self._open.pop(key, None)
            self._count_lost(uncounted + (gone.profile.rows if gone is not None else 0))
            raise

    def _count_lost(self, rows: int) -> None:
        if self._fixed is None:  # a file is read again
            self.tally.count("lost_with_a_failed_batch", rows)

    def _make_room(self) -> None:
        """Deliver what is open before it becomes too much; if that fails, drop the oldest."""
        if not self._delivers or not self.is_full:
            return
        if self._fixed is not None:  # a file: it can be read again, so an error is an error
            self.flush()
            return
        try:
            self.flush()
        except StoreError as error:
            if not self._open:  # packed, and waiting for the store to come back
                return
            oldest = min(self._open, key=lambda key: key[0])
            lost = self._open.pop(oldest).profile.rows
            self.tally.count("dropped_while_the_store_was_away", lost)
            _LOG.warning(
                "driftwatch: %d rows dropped, since the store is away: %s",
                lost,
                error,
                extra=event("rows.lost"),
            )

    def flush(self) -> int:
        """Deliver everything that is open; returns the rows that the store acknowledged.

        Raises:
            StoreError: If the store could not take it. Nothing is lost: the same delivery
                is made again by the next call.
        """
        with self._lock:
            done = 0
            # What an earlier call could not deliver, and then what is open: no more, since others
            # may count without end.
            for _ in range(2):
                if self._pending is None:
                    if not self._open and not self.tally.counts():
                        break
                    rest_if_due()
                    self._pending = self.pack()
                    rest_if_due()
                outcome = self._store.deliver(self._pending, now=self._clock())
                if outcome is Outcome.FENCED:
                    self._refuse()
                done += self._pending.rows
                self._pending = None
            return done

    def deliver(self, move: CursorMove, /) -> Outcome:
        """Deliver everything that is open together with a source's progress, in one step.

        Raises:
            StoreError: If the store could not take it; nothing has changed.
        """
        with self._lock:
            return self._store.deliver(self.pack(move), now=self._clock())

    def _refuse(self) -> None:
        pending = self._pending
        rows = self.open_rows
        counts = Counter(self.tally.take()) + Counter(pending.counters if pending else {})
        self.after_fork()
        for reason, count in counts.items():
            self.tally.count(reason, count)
        self.tally.count("fenced", rows)
        raise StoreError(
            f"another process feeds monitor {self._monitor!r} by rows under the name "
            f"{self.source!r}; {rows} rows of this one are not in the window. Windows by rows "
            "need one feeder a source",
            code="DW038",
        )

    def pack(self, *moves: CursorMove) -> Delivery:
        """Everything that is open as one delivery, which is the caller's from now on.

        Args:
            moves: Progress of the source that is to be stored in the same step.
        """
        segments = [
            pane.to_segment(number, self.spec.width, version)
            for (number, version), pane in sorted(
                self._open.items(), key=lambda item: (item[0][0], item[0][1] or "")
            )
        ]
        progress = self._by_row.progress() if self.spec.by_rows and segments else None
        if progress is not None:
            moves += (CursorMove(self._cursor, *progress),)
        delivery = Delivery(
            monitor=self._monitor,
            source=self.source,
            epoch=self._epoch,
            sequence=self._sequence,
            segments=tuple(segments),
            counters=self.tally.take(),
            cursors=moves,
            sent_at=self._clock(),
            reached=self._reached(segments),
        )
        self._open = {}
        self._sequence += 1
        return delivery

    def _reached(self, segments: list[Segment]) -> float | None:
        """How far the source is, where that is not the latest of its rows; a file is at its end."""
        latest = max((s.latest for s in segments if s.latest is not None), default=None)
        if latest is None or self._fixed is not None or self.spec.by_rows:
            return None
        reached = self._by_time.reached()
        return reached if reached is not None and reached < latest else None

    def uncounted(self) -> dict[str, int]:
        """What was counted instead of used that no store has yet, by reason."""
        with self._lock:
            waiting = self._pending.counters if self._pending is not None else {}
            return dict(Counter(waiting) + Counter(self.tally.counts()))

    def unstored(self, first: int, last: int, /) -> list[tuple[str | None, Profile]]:
        """Rows of some panes that no store has acknowledged yet, by version of the model.

        The profiles are copies, which may be changed.
        """
        with self._lock:
            waiting = self._pending.segments if self._pending is not None else ()
            by_version: dict[str | None, list[Profile]] = {}
            for segment in waiting:
                if first <= segment.pane <= last:
                    guard = self._reference_for(segment.model_version).profile.guard
                    profile = Profile.from_bytes(segment.body, guard=guard)
                    by_version.setdefault(segment.model_version, []).append(profile)
            for (number, version), pane in self._open.items():
                if first <= number <= last:
                    by_version.setdefault(version, []).append(pane.profile.copy())
            merge = ((version, merged(profiles)) for version, profiles in by_version.items())
            return [(version, profile) for version, profile in merge if profile is not None]

    def latest_pane(self) -> int | None:
        """The latest pane with rows that no store has acknowledged."""
        with self._lock:
            panes = [number for number, _ in self._open]
            if self._pending is not None:
                panes += [segment.pane for segment in self._pending.segments]
            return max(panes, default=None)

    def close(self) -> None:
        """Let go of the threads; what is open is not delivered."""
        self._pool.close()

"""Windows of a stored stream: panes read once, merged, and kept up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.segments import Segment, StoredSegment
from driftwatch.core.windows.sliding_merge import SlidingMerge
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DriftWatchError, MergeError, NotReadableError
from driftwatch.protocols import Segments

__all__ = ["SegmentFacts", "StoredWindows"]


@dataclass(slots=True)
class _PaneNote:
    """What is remembered of a pane besides its sketches."""

    late: int = 0
    references: frozenset[str] = frozenset()
    model_version: str | None = None
    rows: Counter[str | None] = field(default_factory=Counter)
    others: Counter[str | None] = field(default_factory=Counter)
    not_read: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What the segments of a window say beside their sketches.

    Attributes:
        late: Rows that came after their pane had ended.
        references: Content ids of the references whose cells they were counted in.
        model_version: The newest version of the model that they name.
        rows: Rows by version of the model.
        others: Rows of versions that do not belong to the window.
        not_read: Rows that are in the store, and that this reader cannot read now, by reason.
        left_out: What could not be read or merged, and is in no window: how often, by reason.
    """

    late: int
    references: tuple[str, ...]
    model_version: str | None
    rows: Mapping[str | None, int]
    others: Mapping[str | None, int]
    not_read: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def _what(column: ColumnProfile) -> tuple[object, ...]:
    return (column.column.kind, column.column.values, column.counts_categories)


class StoredWindows:
    """The merged window that ends with a pane, for one pane after the other.

    Reads every segment once, or twice where its pane leaves the window. Segments that come
    for panes already merged are added to the window; segments that compaction made of such
    as were read already change nothing.

    A segment of which this reader cannot make anything now, since it was made with another hash
    key, in a newer format or with sketches of other sizes, is left where it is, and its rows are
    counted in `facts`: a reader that is right reads it. Only what is damaged is set aside.

    Args:
        store: Where the segments are.
        spec: How the stream is cut.
        monitor: Whose.
        reference: What the rows are to be compared with.
        wanted: Which versions of the model belong to the window; all if not given.
    """

    def __init__(
        self,
        store: Segments,
        spec: WindowSpec,
        reference: Reference,
        /,
        *,
        monitor: str,
        wanted: Callable[[str | None], bool] | None = None,
    ) -> None:
        self._wanted = wanted
        self._store = store
        self._spec = spec
        self._monitor = monitor
        self._guard = reference.profile.guard
        self._seen = 0
        self._replacements = store.replacements
        self._notes: dict[int, _PaneNote] = {}
        self._sliding = SlidingMerge(spec.panes, self._load)
        self._last: int | None = None
        self._loaded: tuple[int, Profile | None] | None = None
        """The pane that was read last, as long as nothing is new: detectors ask for it next."""
        self.unreadable: Counter[str] = Counter()
        """What was left out of windows, and why."""
        like = reference.new_profile()
        self._kinds = {name: _what(column) for name, column in like.columns.items()}
        self._reference = reference

    @property
    def seen(self) -> int:
        """Id up to which segments have been taken into account."""
        return self._seen

    @property
    def merges(self) -> int:
        """Merges of two profiles so far."""
        return self._sliding.merges

    @property
    def held(self) -> int:
        """Merged profiles in memory."""
        return self._sliding.held

    def refresh(self) -> set[int]:
        """Take in what is new in the store; returns the panes of the window it changed."""
        newest = self._store.newest(self._monitor)
        if self._store.replacements != self._replacements:
            return self._begin_anew(newest)
        if newest == self._seen:
            return set()
        before, self._seen = self._seen, newest
        self._loaded = None
        if self._last is None:
            return set()
        first = self._spec.first_of(self._last)
        changed = set()
        for segment in self._read(first, self._last, after=before):
            if not self._belongs(segment):
                self._note(segment)
                if not segment.covers:
                    changed.add(segment.segment.pane)
                continue
            if segment.covers:
                if segment.covers > before:  # rows among it that we have never seen by themselves
                    self.clear()
                    return set(range(first, (self._last or first) + 1))
                continue
            profile = self._decoded(segment)
            if profile is not None:
                self._note(segment)
                self._sliding.add(segment.segment.pane, profile)
            changed.add(segment.segment.pane)
        return changed

    def _begin_anew(self, newest: int) -> set[int]:
        """Forget what was read of a file that is gone; returns the panes of the last window."""
        self._replacements, self._seen = self._store.replacements, newest
        self.clear()
        last = self._last
        return set() if last is None else set(range(self._spec.first_of(last), last + 1))

    def clear(self) -> None:
        """Forget everything; the next window is read from the store."""
        self._sliding = SlidingMerge(self._spec.panes, self._load)
        self._notes = {}
        self._loaded = None

    def window(self, last: int, /) -> Profile | None:
        """The merged window that ends with a pane; None where it has no rows.

        The profile must not be changed.
        """
        if self._seen == 0:
            self._seen, self._loaded = self._store.newest(self._monitor), None
        self._last = last
        window = self._sliding.window(last)
        first = self._spec.first_of(last)
        for pane in [pane for pane in self._notes if not first <= pane <= last]:
            del self._notes[pane]
        return window

    def pane(self, number: int, /) -> Profile | None:
        """The merged rows of one pane, which must not be changed."""
        if self._loaded is not None and self._loaded[0] == number:
            return self._loaded[1]
        return self._load(number)

    def facts(self) -> SegmentFacts:
        """What the segments of the last window say beside their sketches."""
        notes = [note for _, note in sorted(self._notes.items())]
        named = [note.model_version for note in notes if note.model_version is not None]
        return SegmentFacts(
            late=sum(note.late for note in notes),
            references=tuple(sorted(frozenset[str]().union(*(n.references for n in notes)))),
            model_version=named[-1] if named else None,
            rows=sum((note.rows for note in notes), Counter()),
            others=sum((note.others for note in notes), Counter()),
            not_read=sum((note.not_read for note in notes), Counter()),
            left_out=sum((note.left_out for note in notes), Counter()),
        )

    def _load(self, pane: int) -> Profile | None:
        self._notes.pop(pane, None)
        self._loaded = None  # it need not be there beside the one that is read
        profile = merged(self._sound(pane))
        self._loaded = pane, profile
        return profile

    def _sound(self, pane: int) -> Iterator[Profile]:
        for segment in self._read(pane, pane):
            if not self._belongs(segment):
                self._note(segment)
                continue
            profile = self._decoded(segment)
            if profile is not None:
                self._note(segment)
                yield profile

    def _read(self, first: int, last: int, *, after: int = 0) -> list[StoredSegment]:
        segments = self._store.segments(
            self._monitor, width=self._spec.width, first=first, last=last, after=after
        )
        # What is stored while we read is for the next refresh.
        return [segment for segment in segments if segment.id <= self._seen]

    def _decoded(self, stored: StoredSegment) -> Profile | None:
        try:
            profile = Profile.from_bytes(stored.segment.body, guard=self._guard)
            self._reference.check_sizes(profile)
        except NotReadableError as error:
            self._leave(stored.segment, error.reason, error)
            return None
        except MergeError as error:
            self._leave(stored.segment, "of_another_configuration", error)
            return None
        except DriftWatchError as error:
            self._leave_out(stored, str(error))
            self._store.set_aside(self._monitor, stored.id, str(error))
            return None
        return self._common(stored, profile)

    def _leave(self, segment: Segment, reason: str, error: DriftWatchError) -> None:
        """Count the rows of a segment that is not for this reader, and let it be."""
        self.unreadable[str(error)] += 1
        self._notes.setdefault(segment.pane, _PaneNote()).not_read[reason] += segment.rows

    def _leave_out(self, stored: StoredSegment, reason: str) -> None:
        self.unreadable[reason] += 1
        self._notes.setdefault(stored.segment.pane, _PaneNote()).left_out[reason] += 1

    def _common(self, stored: StoredSegment, profile: Profile) -> Profile:
        """What of a profile goes with the others: replicas may disagree about a column.

        The reference says what a column is. Columns that are something else are left out of
        that profile and counted.
        """
        profile = profile.read_as(self._reference.schema)
        odd = {
            name
            for name, column in profile.columns.items()
            if self._kinds.setdefault(name, _what(column)) != _what(column)
        }
        if not odd:
            return profile
        for name in odd:
            self._leave_out(stored, f"column {name!r} is of another kind")
        return profile.select([name for name in profile.columns if name not in odd])

    def _belongs(self, stored: StoredSegment) -> bool:
        return self._wanted is None or self._wanted(stored.segment.model_version)

    def _note(self, stored: StoredSegment) -> None:
        segment = stored.segment
        note = self._notes.setdefault(segment.pane, _PaneNote())
        if not self._belongs(stored):
            note.others[segment.model_version] += segment.rows
            return
        note.rows[segment.model_version] += segment.rows
        note.late += segment.late
        note.references |= {segment.reference}
        note.model_version = segment.model_version or note.model_version

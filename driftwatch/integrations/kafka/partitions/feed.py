"""One partition of a topic -> segments whose offsets follow each other without a gap."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.windows.counters import NOTED, UNREADABLE
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import StoreError
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.ingest.column_buffer import ColumnBuffer
from driftwatch.ingest.record_buffer import BUFFERED, RecordBuffer
from driftwatch.integrations.kafka.messages.decoding import Block, Decoder, Message, Rejected
from driftwatch.integrations.kafka.messages.uniform_batch import Alike
from driftwatch.integrations.kafka.partitions.readability import Readability
from driftwatch.integrations.kafka.partitions.setting_back import (
    begun_cursor_of,
    cursor_of,
    source_of,
)
from driftwatch.integrations.kafka.partitions.topic_identity import StoredOrigin
from driftwatch.logs.events import event
from driftwatch.protocols import Store

__all__ = [
    "FencedError",
    "OtherTopicError",
    "PartitionFeed",
    "Target",
]

_LOG = logging.getLogger("driftwatch")
_FEW_RECORDS = 64
_TOGETHER = 256
"""Messages that are decoded together: what is made of them should stay in the cache."""
_SKETCHED = 16_000
"""Records that are sketched together: as columns they take little room, and the more the cheaper,
up to where sketching would be spread over threads."""
_SKETCHED_BYTES = 32 << 20
"""Bytes of messages that are sketched together: large texts must not take gigabytes."""
_BLOCKS_APART = 16
"""Blocks whose records are taken one at a time after one whose records are not alike."""
_ROLES = ("prediction", "score", "label", "id", "model_version")


class OtherTopicError(StoreError):
    """A topic is not the one whose offsets were stored."""

    code = "DW064"


class FencedError(Exception):
    """Another worker has gone on with the partition; what this one holds of it is not new."""


_MARKS = ("marked at", "time reached", "time ahead", "votes")
"""Cursors beside a partition's own: which rows are too late, so that a restart changes nothing.

They are named by its source, which is another after each time that the cursor was set."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of a monitor's partitions go.

    Attributes:
        store: The store.
        references: Which reference rows are counted for.
        spec: How the stream is cut.
        monitor: Name of the monitor.
        clock: Seconds since 1970.
    """

    store: Store
    references: ReferenceInUse
    spec: WindowSpec
    monitor: str
    clock: Callable[[], float]


class PartitionFeed:
    """Takes the messages of one partition in the order of their offsets.

    A flush stores everything from `stored` to `next` in one step: the segments, the counts of
    what was in them, and where the next worker goes on. If the store stands elsewhere by
    then, another worker has gone on: nothing is stored, and `FencedError` is raised. So each
    message counts once, whenever a worker dies. For every stretch that is stored

        end - start = ok + bad + null + holes + gap + before_start + corrupt

    holds of the counters ``kafka_ok``, ``kafka_bad_<kind>``, ``kafka_null``, ``kafka_holes``
    (offsets without a message: compaction, transactions), ``kafka_gap`` (messages that retention
    took away before they were read), ``kafka_before_start`` and ``kafka_corrupt`` (offsets of
    batches whose checksum is wrong, passed over after a few tries).

    Args:
        target: Where rows go.
        name: Topic and partition, ``topic/0``.
        decoder: Reads messages.
        outcomes: Where what became of messages is counted too, as it happens.

    Attributes:
        name: Topic and partition, as passed in.
        stored: Offset up to which everything is in the store, or in a delivery on its way.
        next: Offset of the next message.
        taken: Messages that were taken.
        rejected: Messages that are not used, for the caller to take after every `take`.
        origin: Which topic the offsets are of; a delivery is stored only if the store agrees.

    Raises:
        StoreError: If the store cannot be read.
    """

    def __init__(
        self,
        target: Target,
        name: str,
        decoder: Decoder,
        outcomes: Counter[str] | None = None,
        /,
    ) -> None:
        self.name = name
        self._outcomes = outcomes if outcomes is not None else Counter()
        self._cursor = cursor_of(name)
        self._source = source_of(target.store, target.monitor, name)
        self.origin = StoredOrigin(target.store, target.monitor, name)
        self._target = target
        self._decoder = decoder
        self._accumulator = Accumulator(
            target.references.current,
            target.spec,
            target.store,
            monitor=target.monitor,
            source=self._source,
            clock=target.clock,
            delivers=False,  # rows go with the cursor, or not at all
        )
        self._tally = self._accumulator.tally
        used = target.references.current()
        self._buffer = RecordBuffer(
            used.schema, target.clock, self._tally.count, outcomes=used.outcome_columns
        )
        self._columns = ColumnBuffer(self._buffer.known)
        self._apart = 0
        self._bytes = 0  # of messages since records were sketched
        self._panes: set[int] = set()  # that records which wait will open
        self.stored = self.next = target.store.cursor(target.monitor, self._cursor)
        self._pending: Delivery | None = None
        self._begun_cursor = begun_cursor_of(name)
        self._begun = bool(target.store.cursor(target.monitor, self._begun_cursor))
        self._few = self._drain_at = min(_FEW_RECORDS, self._accumulator.most_panes)
        self.taken = 0
        self.rejected: deque[Rejected] = deque()
        self._unreadable = f"{UNREADABLE}{name}"
        self._readability = Readability(unreadable=self._restore())

    def _restore(self) -> bool:
        """Restore from the store how late rows may be, and whether messages were bad."""
        target = self._target
        self._marks = [
            target.store.cursor(target.monitor, f"{self._source} {word}") for word in _MARKS
        ]
        if self.stored and self._marks[0] == self.stored:  # they are of the rows before it
            self._accumulator.voted.restore((self._marks[1], self._marks[2], self._marks[3]))
        counters = target.store.overview(target.monitor).counters
        return bool(counters.get(self._unreadable, 0) > 0)

    @property
    def waiting(self) -> int:
        """Rows, and messages without rows, that no store has acknowledged."""
        delivery = self._pending.rows if self._pending is not None else 0
        return delivery + max(self.next - self.stored, self._accumulator.open_rows)

    @property
    def acknowledged(self) -> int:
        """Offset up to which a store has said that it has everything."""
        waiting = self._pending.cursors if self._pending is not None else ()
        return next((move.start for move in waiting if move.name == self._cursor), self.stored)

    @property
    def has_news(self) -> bool:
        """Whether there is something that is in no delivery yet."""
        return self.next > self.stored or not self._begun or self.origin.known != self.origin.now

    @property
    def is_new(self) -> bool:
        """Whether it was never decided where to begin the partition."""
        return not self._begun and self.stored == 0

    @property
    def is_full(self) -> bool:
        """Whether so many panes are open that it must be flushed before it takes more."""
        return self._accumulator.is_full

    def skip_to(self, offset: int, reason: str, /) -> None:
        """Go on at a later offset, and count what lies between."""
        if offset > self.next:
            self._note(reason, offset - self.next)
            self.next = offset

    def take(self, messages: Sequence[Message], /) -> bool:
        """Take messages; those that were taken before are passed over.

        Returns:
            False if it had to stop at `next`, to be read again: because it `is_full`, or because
            that message cannot be read before the schema registry answers.
        """
        left = messages
        if messages and messages[0].offset < self.next:
            left = [message for message in messages if message.offset >= self.next]
        start = 0
        while start < len(left):
            several = left[start : start + min(_TOGETHER, self._drain_at)]
            if self._take_alike(several):
                start += len(several)
            else:
                block = self._decoder.decode_all(several)
                start += block.read
                self._bytes += sum([len(m.value) for m in several[: block.read] if m.value])
                self._count(several[: block.read], block.null, block.rejected)
                self._append(block)
                if block.away is not None:
                    _LOG.warning(
                        "driftwatch: %s waits: %s",
                        self.name,
                        block.away,
                        extra=event("kafka.trouble", code="DW066"),
                    )
                    break
            if self._columns.waiting >= self._drain_at or self._is_much():
                self.drain()
            if self.is_full:
                break
        return start == len(left)

    def _take_alike(self, messages: Sequence[Message]) -> bool:
        """Take messages together, if nothing is odd about any of them."""
        if self._apart:
            return False
        if self._buffer.waiting:  # rows are sketched in the order in which they came
            self.drain()
        alike = Alike(self._decoder, messages)
        if not self._columns.append(alike):
            return False
        self._bytes += alike.size
        self._note_panes(alike.times)
        self._count(messages)
        return True

    def _count(
        self, messages: Sequence[Message], null: int = 0, rejected: Sequence[Rejected] = ()
    ) -> None:
        """Count messages by what became of them."""
        if not messages:
            return
        end, valued = messages[-1].offset + 1, len(messages) - null
        self._note("kafka_holes", end - self.next - len(messages))
        self._note("kafka_null", null)
        self._note("kafka_ok", valued - len(rejected))
        for each in rejected:
            self._note(f"kafka_bad_{each.kind.value}", 1)
        self.rejected.extend(rejected)
        change = self._readability.note(valued, bad=(each.number for each in rejected))
        self._tally.count(self._unreadable, change)
        self.taken += len(messages)
        self.next = end

    def remark(self, text: str, /) -> None:
        """Have the reports of the windows that get rows now say something of where they come from.

        It goes with what is stored next.
        """
        self._tally.count(f"{NOTED}{text}")

    def _note(self, reason: str, count: int) -> None:
        """Count what became of messages: for the store, and as it happens."""
        if count:
            self._tally.count(reason, count)
            self._outcomes[reason] += count

    def _append(self, block: Block) -> None:
        """Take the records of messages that were read one by one."""
        for reason, records in block.unmatched.items():
            self._tally.count(reason, records)
        if not block.records:
            return
        self._note_panes(block.times)
        if self._apart:
            self._apart -= 1
        elif self._columns.append(block):
            return
        else:
            self._apart = _BLOCKS_APART
        if self._columns.waiting:
            self.drain()
        roles = [block.by_role.get(word) or repeat(None) for word in _ROLES]
        for record, at, by_role in zip(
            block.records, block.times.tolist(), zip(*roles, strict=False), strict=False
        ):
            prediction, score, label, id_, version = by_role
            self._buffer.append(record, prediction, score, label, id_, at, version)
            if self._buffer.waiting >= min(BUFFERED, self._drain_at):
                self.drain()

    def _note_panes(self, times: NDArray[np.float64]) -> None:
        ends = self._target.spec.panes_at(np.array([times.min(), times.max()])).tolist()
        if ends[0] == ends[1]:  # nearly always
            self._panes.add(ends[0])
        else:
            self._panes.update(self._target.spec.panes_at(times).tolist())

    def _is_much(self) -> bool:
        """Whether what waits takes much room, or will when it is sketched."""
        if self._bytes >= _SKETCHED_BYTES:
            return True
        several = len(self._panes) > 1
        return several and self._accumulator.opened_by(self._panes) >= self._accumulator.most_panes

    def drain(self) -> None:
        """Sketch the records that wait."""
        before = self._accumulator.open_panes
        self._bytes = 0
        self._panes.clear()
        for taken in chain(self._buffer.take(self._accumulator), self._columns.take()):
            try:
                self._accumulator.add(
                    taken.batch,
                    times=taken.times,
                    marks=taken.marks,
                    model_version=taken.model_version,
                )
            except Exception:  # noqa: BLE001 - counted; the messages behind it go on
                self._tally.count("failed_batches")
        # Many records at a time are cheaper; but each may open a pane of its own.
        opened = self._accumulator.open_panes - before
        few = opened <= self._accumulator.most_panes // 8
        self._drain_at = min(_SKETCHED, 4 * self._drain_at) if few else self._few

    def flush(self) -> bool:
        """Store what was taken; whether anything was stored.

        Raises:
            StoreError: If the store cannot take it now. The same delivery is tried again next
                time, and messages may be taken meanwhile.
            FencedError: If another worker has gone on; this feed is of no use any more.
        """
        done = False
        self._target.references.refresh()
        while self._pending is not None or self.has_news:
            if self._pending is None:
                self._pending = self._packed()
            target = self._target
            outcome = target.store.deliver(self._pending, now=target.clock())
            if outcome is Outcome.FENCED:
                raise FencedError(self.name)
            self._pending = None  # stored now, or by an earlier try whose answer was lost
            done = True
        target = self._target
        if not done and target.store.cursor(target.monitor, self._cursor) != self.stored:
            raise FencedError(self.name)  # a command has set it
        return done

    def _packed(self) -> Delivery:
        self.drain()
        moves = [CursorMove(self._cursor, self.stored, self.next)]
        if not self._begun:
            moves.append(CursorMove(self._begun_cursor, 0, 1))
        moves += self.origin.moves()
        marks = [self.next, *self._accumulator.voted.state()]
        if self.next > self.stored:
            moves += [
                CursorMove(f"{self._source} {word}", before, after)
                for word, before, after in zip(_MARKS, self._marks, marks, strict=True)
            ]
            self._marks = marks
        self.stored, self._begun = self.next, True
        return self._accumulator.pack(*moves)

    def check_end(self, end: int, /) -> None:
        """See that the topic is still the one whose offsets were stored.

        Raises:
            OtherTopicError: If it ends before what was read of it.
        """
        if end < self.next:
            raise OtherTopicError(
                f"partition {self.name} ends at offset {end}, and {self.next} were read before: "
                "the topic was made anew, or the brokers have lost what was at its end. Say where "
                "to go on, as `driftwatch worker --reset earliest`, or `--reset latest`"
            )

    def close(self) -> None:
        """Let go of it; what is not stored is read again by whoever gets the partition."""
        self._accumulator.close()

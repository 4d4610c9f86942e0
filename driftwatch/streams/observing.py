"""The side of a monitor that takes in what happens: records, rows, profiles."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:  # loaded when something is observed: importing a monitor alone stays quick
    from driftwatch.core.drift.policy import Policy
    from driftwatch.core.profiles.profile import Profile
    from driftwatch.core.subject import Subject
    from driftwatch.core.windows.evaluation_record import Result
    from driftwatch.core.windows.spec import WindowSpec
    from driftwatch.evaluation.evaluator import Evaluator
    from driftwatch.protocols import Sink, Store
    from driftwatch.stores.remote import RemoteStore
    from driftwatch.streams.observed import ObservedStream
    from driftwatch.streams.stream import Stream

__all__ = ["Observing"]


class Observing:
    """What `driftwatch.Monitor` can do with a stream; the monitor says what it is compared with.

    Attributes:
        name: Name of the monitor.
        enabled: Whether `observe` takes anything in.
        seconds: Gives the time of the clock as seconds since 1970.
        spec: Windows of the stream.
        flush_every: How long rows wait, at most, before they are stored.
    """

    name: str
    enabled: bool
    seconds: Callable[[], float]
    spec: WindowSpec
    flush_every: timedelta
    _subject: Subject
    _stream_policy: Policy
    _judged: Any
    _sinks: Sequence[Sink]
    _source: str
    _store_at: str | Path | Store | RemoteStore | None
    _spool: str | Path | None
    _replaces: bool
    _stream: ObservedStream | None

    def observe(
        self,
        record: Mapping[str, Any],
        /,
        *,
        prediction: Any = None,
        score: Any = None,
        label: Any = None,
        id: Any = None,  # noqa: A002 - the word of the field
        at: datetime | float | None = None,
        model_version: str | None = None,
    ) -> None:
        """Take in one record of production. Never raises, about three microseconds.

        Args:
            record: Values by column; copied, so the dict may be used again.
            prediction: Goes into the reference's column of that role, as do the next three.
            score: The model's score or probability.
            label: The true outcome, where it is known.
            id: What identifies the record.
            at: When it happened: a datetime (UTC where it has no zone) or seconds since 1970;
                now if not given.
            model_version: Of the model that saw it, if not the monitor's.

        Records are gathered and sketched some thousands at a time: in a thread where the caller
        runs an event loop, elsewhere by the call that makes it 4,096 (some ten milliseconds).
        The store is opened, and written to, in a thread. `counters` has what is wrong with records.
        Safe from any thread; a killed process loses what came since the last flush.

        Example:
            >>> from datetime import datetime
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": list(range(20, 70)) * 40})
            >>> for age in range(2000):
            ...     monitor.observe({"age": 20 + age % 50}, at=datetime(2026, 1, 1, age // 100))
            >>> monitor.check().rows_current
            2000
        """
        if not self.enabled:
            return
        try:
            lazy = (self._stream or self._observed()).lazy
            if lazy.buffer.append(record, prediction, score, label, id, at, model_version):
                lazy.settle()
            if not lazy.begun:
                lazy.begin()
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            self.count_unobserved("not_a_record")
            with contextlib.suppress(Exception):  # a filter or a handler of the host's
                logging.getLogger("driftwatch").debug("driftwatch: not observed: %s", error)

    def count_unobserved(self, reason: str, rows: int = 1, /) -> None:
        """Count what was not observed, by reason; stored with the next rows. Never raises."""
        with contextlib.suppress(Exception):
            self._observed().tally.count(reason, rows)

    def disable(self) -> None:
        """Observe nothing more in this process, from now on."""
        self.enabled = False

    def enable(self) -> None:
        """Observe again."""
        self.enabled = True

    def observe_many(
        self, data: Any, /, *, at: Any = None, model_version: str | None = None
    ) -> None:
        """Take in many rows of production at once.

        Args:
            data: A frame, a table, a dict of arrays or a list of records, each as for `observe`;
                not a path, which is for `driftwatch ingest`.
            at: Their event times: one for all, or one a row. The reference's time column
                if not given, or else now.
            model_version: Of the model that saw them, if not the monitor's.

        Raises:
            DataError: If the data cannot be read as rows.
        """

        def observed(stream: Stream) -> None:
            stream.begin()
            stream.observe_many(data, at=at, model_version=model_version)

        self._observed().lazy.use(observed)

    def absorb(
        self, profile: Profile | bytes | str | Path, /, *, at: datetime | float | None = None
    ) -> bool:
        """Take in a profile that was made elsewhere as the rows of one pane.

        Args:
            profile: A profile, its bytes or its path; best made with this reference's
                cells, see `Reference.new_profile`.
            at: When its rows happened; the end of the period it covers if not given.

        Returns:
            False if the very same rows were absorbed before; nothing changes then.

        Raises:
            MergeError: If it does not go with the reference.
            ProfileFormatError: If it is damaged.
            StoreError: If the store cannot take it.
        """
        return self._observed().lazy.use(lambda stream: stream.absorb(profile, at=at))

    def flush(self, *, within: float = 2.0) -> int:
        """Store everything that waits; returns the rows acknowledged, not those turned down.

        Args:
            within: Seconds that may be spent to see it arrive at a collector, or to wait for
                another process that writes to the file.

        Raises:
            StoreError: If the store cannot take it; nothing is lost, the next flush tries again.
        """
        return self._observed().lazy.flush(within=within)

    def evaluate(self) -> Result | None:
        """Evaluate the window that is due, advance detectors and alarm, and keep the report.

        Returns:
            Report and event; None if nothing is due, or another process or a collector evaluates.

        Raises:
            StoreError: If the store cannot be used.
        """
        self.flush()
        return self._observed().lazy.use(lambda stream: stream.evaluate())

    @property
    def counters(self) -> dict[str, int]:
        """What was counted instead of used, by reason: stored, or about to be."""
        return self._observed().counters()

    @property
    def waiting(self) -> int:
        """Rows that were observed and are not stored yet."""
        return 0 if self._stream is None else self._stream.waiting()

    @property
    def stream(self) -> Stream:
        """The stream behind `observe`, opened if it is not."""
        return self._observed().lazy.now()

    @property
    def evaluator(self) -> Evaluator:
        """What evaluates the stored stream; raises StoreError if a collector does."""
        return self._observed().local().evaluator

    @property
    def store(self) -> Store:
        """The store of the stream, opened if it is not; raises StoreError if a collector has it."""
        return self._observed().local().store

    def close(self) -> None:
        """Store everything and let go of the store; observing afterwards opens it anew.

        A second time does nothing. What others observe meanwhile is stored, or waits.

        Raises:
            StoreError: If the store cannot take it; nothing is lost, close it again.
        """
        if self._stream is not None:
            self._stream.lazy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _observed(self) -> ObservedStream:
        """The stream, made when it is first needed: a batch check needs none."""
        if self._stream is None:
            from driftwatch.evaluation.rules import EvaluationRules
            from driftwatch.streams.observed import ObservedStream, StoreAddress
            from driftwatch.streams.stream import StreamSettings

            version = self._subject.model_version
            made = ObservedStream(
                self._subject,
                StreamSettings(self.name, self.spec, self._source, self.flush_every, version),
                EvaluationRules.of(self._stream_policy, self.spec, **self._judged),
                StoreAddress(self._store_at, self._spool, replaces=self._replaces),
                clock=self.seconds,
                sinks=self._sinks,
            )
            # Without a lock, which a fork might cut: of two threads one comes first.
            self._stream = self.__dict__.setdefault("_made", made)
        return self._stream

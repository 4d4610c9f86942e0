"""The collector as the place where deliveries go."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.delivery_codec import (
    HEADER_ROOM,
    delivery_from_bytes,
    delivery_to_bytes,
    header_bytes,
)
from driftwatch.core.windows.segments import Delivery, Outcome, Segment
from driftwatch.core.windows.stored import Overview
from driftwatch.errors import ConfigError, ProfileFormatError, StoreError
from driftwatch.logs.events import event
from driftwatch.process.quiet_log import QuietLog
from driftwatch.stores.remote.client import AUTHORITY, CollectorClient
from driftwatch.stores.remote.kept_back import kept_back
from driftwatch.stores.remote.losses import DROPPED, HELD, UNSENDABLE, rows_lost
from driftwatch.stores.remote.names import name_of
from driftwatch.stores.remote.readings import (
    StrangeAnswerError,
    overview_in,
    profile_in,
    references_in,
    report_in,
)
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import Spool, spool_of
from driftwatch.transport.client import Answer
from driftwatch.transport.statuses import code_of_status

__all__ = ["RemoteStore"]

_TOKEN = "DRIFTWATCH_TOKEN"  # noqa: S105 - the name of a variable
_LOG = logging.getLogger("driftwatch")
_FRAME = 64 << 10
_SECTION = 64
_T = TypeVar("_T")


class RemoteStore:
    """Takes deliveries for a collector; implements `driftwatch.protocols.Receiver`.

    A delivery is on disk when `deliver` returns, and reaches the collector at least once:
    now if it is there, later if it is away, from the next process if this one dies. The
    collector counts it once.

    Args:
        url: The collector's address.
        spool: Folder in which deliveries wait; the user's directory for state if not given.
        token: Bearer token with the scope ``ingest``; ``$DRIFTWATCH_TOKEN`` if not given.
        timeout: Seconds that a request may take with its answer, at most.
        limit_bytes: Bytes that may wait; beyond it the oldest deliveries go and are counted.
        clock: Seconds since 1970, which the collector compares with its own.
        authority: PEM file of the authority that the collector's certificate rests on;
            ``$DRIFTWATCH_CA_FILE`` if not given, and those of the system without either.

    Raises:
        ConfigError: If the address, the token or the authority cannot be used.
        StoreError: If the folder cannot be written.
    """

    def __init__(
        self,
        url: str,
        /,
        *,
        spool: str | Path | None = None,
        token: str | None = None,
        timeout: float = 10.0,
        limit_bytes: int = 256 << 20,
        clock: Callable[[], float] = time.time,
        authority: str | Path | None = None,
    ) -> None:
        self.client = CollectorClient(
            url,
            token=token or os.environ.get(_TOKEN) or None,
            token_from="the argument token" if token else f"${_TOKEN}",
            timeout=timeout,
            clock=clock,
            authority=authority or os.environ.get(AUTHORITY) or None,
        )
        self.spool = _spool(spool, self.client, limit_bytes)
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._lost: Counter[str] = Counter()
        self._rows_of: dict[str, int] = {}
        self._log = QuietLog()
        self._refused_before: Counter[str] = Counter()
        self.sender = Sender(self.client, self.spool, mine=secrets.token_hex(4), now=clock)
        self.sender.wake()  # what an earlier process could not send

    evaluates_elsewhere = True

    def __repr__(self) -> str:
        return f"RemoteStore({self.client.url!r})"

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Put a delivery on its way.

        Raises:
            ConfigError: If it moves cursors: files and windows by rows need a store of their
                own.
            StoreError: If it cannot be written to the spool; call again with the same delivery.
        """
        if delivery.cursors:
            raise ConfigError(
                f"files and windows by rows cannot go through the collector {self.client.url}; "
                "name the store's file on its machine",
                code="DW036",
            )
        self._begin()
        with self._lock:
            lost = self._take_lost()
            try:
                for part, piece in enumerate(_pieces(_with_counters(delivery, lost))):
                    epoch = delivery.epoch if part == 0 else f"{delivery.epoch}.{part}"
                    self._put(replace(piece, epoch=epoch))
            except BaseException:
                self._lost += lost
                raise
            self._make_room()
        self.sender.wake()
        return Outcome.STORED

    def _take_lost(self) -> Counter[str]:
        """Rows that were lost since this was last asked, by reason."""
        refused = self.sender.lost
        lost = self._lost + (refused - self._refused_before)
        self._lost, self._refused_before = Counter(), refused
        return lost

    def _put(self, piece: Delivery) -> None:
        """Keep a piece; without its panes if no collector could read it with them."""
        data = _framed(piece)
        if data is None:
            _LOG.warning(
                "driftwatch: %d rows are too large for a delivery, or named as no collector reads",
                piece.rows,
                extra=event("rows.lost"),
            )
            bare = _with_counters(replace(piece, segments=()), {UNSENDABLE: piece.rows})
            data = _framed(bare)
        if data is None:
            self._lost[UNSENDABLE] += piece.rows
            return
        name = name_of(piece, mine=self.sender.mine)
        self.spool.put(name, data)
        self._rows_of[name] = piece.rows

    def _begin(self) -> None:
        if os.getpid() != self._pid:
            self._pid = os.getpid()
            self._lock = threading.Lock()
            self._lost = Counter()
            self._refused_before = self.sender.lost
            self.sender.after_fork(secrets.token_hex(4))

    def _make_room(self) -> None:
        for data in self.spool.make_room():
            self._lost += rows_lost(data, DROPPED)
            self._log.log(
                "full",
                "driftwatch: the spool %s is full; the oldest go",
                self.spool.folder,
                name="delivery.trouble",
                code="DW058",
            )

    def cursor(self, monitor: str, name: str, /) -> int:
        """Refuse: progress of a source needs a store of its own.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"monitor {monitor!r} cannot keep {name!r} in the collector {self.client.url}: "
            "windows by rows, and files, need a store of their own",
            code="DW036",
        )

    def begin_flush(self) -> Callable[[], int]:
        """Forget what was delivered before; gives a function that tells what became of the rest.

        It returns the rows delivered since then that the collector says it does not take, now or
        ever. Rows that wait because it is away are not among them: they are on disk, and arrive.
        """
        rows_of: dict[str, int] = {}
        with self._lock:
            self._rows_of = rows_of

        def turned_down() -> int:
            return sum(self.sender.rows_not_taken(*each) for each in list(rows_of.items()))

        return turned_down

    def held_up(self, monitor: str, /) -> int:
        """Rows of a monitor that wait, since the collector does not take them now."""
        waiting = kept_back(self.spool.folder)
        return sum(e.rows for e in waiting if e.state == "held" and e.monitor == monitor)

    def flush(self, timeout: float, /) -> bool:
        """Send what waits; whether all of it has arrived in time."""
        self._begin()
        return self.sender.finish(timeout)

    def report(self, monitor: str, /) -> DriftReport:
        """The collector's report on the monitor's window as it is now.

        Raises:
            StoreError: If the collector cannot give it, or something else answers.
        """
        return self._get(f"/v1/monitors/{quote(monitor)}/reports/current", report_in)

    def overview(self, monitor: str, /) -> Overview:
        """Rows, panes and counters, as the collector has them, and what it does not take now.

        Raises:
            StoreError: If the collector cannot give them, or something else answers.
        """
        said = self._get(f"/v1/monitors/{quote(monitor)}", overview_in)
        held = self.held_up(monitor)
        return replace(said, counters={**said.counters, HELD: held}) if held else said

    def references_in_use(self, monitor: str, /) -> dict[str, str]:
        """Ids of the references that the collector compares with, by model version.

        Raises:
            StoreError: If the collector cannot say, or something else answers.
        """
        return self._get(f"/v1/monitors/{quote(monitor)}/references", references_in)

    def reference(self, monitor: str, id_: str, /) -> bytes | None:
        """A reference's profile, from the collector; None if it has none of this id.

        Raises:
            StoreError: If the collector cannot give it, or something else answers.
        """
        path = f"/v1/monitors/{quote(monitor)}/references/{quote(id_)}"
        answer = self.client.get(path)
        return None if answer.status == 404 else self._read(path, answer, profile_in)

    def _get(self, path: str, read: Callable[[Answer], _T]) -> _T:
        return self._read(path, self.client.get(path), read)

    def _read(self, path: str, answer: Answer, read: Callable[[Answer], _T]) -> _T:
        if answer.status != 200:
            raise StoreError(
                f"{self.client.url}{path}: {self.client.why(answer)}",
                code=code_of_status(answer.status),
            )
        try:
            return read(answer)
        except StrangeAnswerError as error:
            raise StoreError(
                f"{self.client.url}{path} answers 200, and not as a collector does: {error}; check "
                "that the address is the collector's, that no login page or proxy answers in its "
                "place, and that it is of this version",
                code="DW057",
            ) from None

    def close(self) -> None:
        """Send what can be sent within two seconds; the rest waits for the next process."""
        if self._pid == os.getpid():
            self.sender.close(2.0)


def _spool(folder: str | Path | None, client: CollectorClient, limit_bytes: int) -> Spool:
    """A folder for this collector alone; a temporary one where the user's cannot be written."""
    try:
        return Spool(spool_of(client.url, folder), limit_bytes=limit_bytes)
    except StoreError as error:
        if folder is not None:
            raise
        made = Path(tempfile.mkdtemp(prefix="driftwatch-spool-"))
        _LOG.warning(
            "driftwatch: %s; deliveries wait in %s instead", error, made, extra=event("rows.lost")
        )
        return Spool(made, limit_bytes=limit_bytes)


def _with_counters(delivery: Delivery, more: Mapping[str, int]) -> Delivery:
    return replace(delivery, counters=Counter(delivery.counters) + Counter(more))


def _framed(delivery: Delivery) -> bytes | None:
    """The bytes of a delivery; None if no collector could read them."""
    try:
        data = delivery_to_bytes(delivery)
        delivery_from_bytes(data)  # as they will: what they refuse must not wait for them
    except ProfileFormatError:
        return None
    return data


def _pieces(delivery: Delivery) -> list[Delivery]:
    """Cut a delivery that is too large for one request; panes need not arrive together."""
    groups: list[list[Segment]] = [[]]
    bare = header_bytes(replace(delivery, segments=()))
    size, header = _FRAME, bare
    for segment in delivery.segments:
        more = len(segment.body) + _SECTION
        facts = header_bytes(replace(delivery, segments=(segment,))) - bare + 1
        if groups[-1] and (size + more > WIRE_LIMIT or header + facts > HEADER_ROOM):
            groups.append([])
            size, header = _FRAME, bare
        groups[-1].append(segment)
        size, header = size + more, header + facts
    first, *others = (tuple(group) for group in groups)
    return [
        replace(delivery, segments=first),
        *(replace(delivery, segments=group, counters={}) for group in others),
    ]

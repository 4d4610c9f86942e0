"""Incidents of a stored stream: what the desk decides, with what it must know from the store."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import orjson

from driftwatch.alerts.desk import AlertDesk
from driftwatch.alerts.incidents import Incident
from driftwatch.alerts.message import Message
from driftwatch.alerts.state import DeskState
from driftwatch.core.reports.report import DriftReport, EarlySign, Status
from driftwatch.core.windows.counters import rows_not_used
from driftwatch.core.windows.evaluation_record import OutgoingMessage
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredIncident
from driftwatch.errors import DataError, StoreError
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.sink_delivery import outgoing
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.logs.events import event
from driftwatch.protocols import Store

__all__ = ["AlertNews", "Alerting"]

_LOG = logging.getLogger("driftwatch")
_NEVER = -1


@dataclass(frozen=True, slots=True)
class AlertNews:
    """What an evaluation changed about the incident.

    Attributes:
        incident: The incident, if it has changed.
        messages: What is to be told.
        number: Of the incident that is open; None if there is none.
    """

    incident: Incident | None = None
    messages: tuple[Message, ...] = ()
    number: int | None = None

    def __bool__(self) -> bool:
        return self.incident is not None or bool(self.messages)

    def stored_incident(self) -> StoredIncident | None:
        """The incident as it is stored."""
        if self.incident is None:
            return None
        body = orjson.dumps(self.incident.to_dict()).decode()
        incident = self.incident
        return StoredIncident(
            incident.number, incident.opened, incident.resolved, incident.status, body
        )

    def stored_messages(self) -> tuple[OutgoingMessage, ...]:
        """The messages as they are stored."""
        return tuple(map(outgoing, self.messages))


class Alerting:
    """The desk of one monitor, over its store.

    Args:
        store: The store.
        monitor: Name of the monitor.
        spec: How its stream is cut.
        rules: How it is judged.
    """

    def __init__(
        self, store: Store, monitor: str, spec: WindowSpec, rules: EvaluationRules, /
    ) -> None:
        self.desk = AlertDesk(rules.alerts, monitor, spec, clear_after=rules.clear_after)
        self._store = store
        self._monitor = monitor
        self._latest: DriftReport | None = None

    def read(self, state: DeskState, pane: int, report: DriftReport, status: Status, /) -> None:
        """Note what rules say of a report on the window that ends with a pane."""
        self._latest = report
        with self._never_in_the_way():
            self.desk.read(state, pane, report, status)

    def consume(self, state: DeskState, pane: int, /, *, early: bool) -> None:
        """Let rules see a pane that is final."""
        with self._never_in_the_way():
            self.desk.consume(state, pane, early=early)

    def forget(self) -> None:
        """Read the newest report anew: another process may have evaluated meanwhile."""
        self._latest = None

    def settle(
        self, state: DeskState, now: float, /, *, early: tuple[EarlySign, ...] = ()
    ) -> AlertNews:
        """Open, change or close the incident.

        Args:
            state: Is changed.
            now: Seconds since 1970.
            early: What detectors see.

        Raises:
            StoreError: If the store cannot be read.
        """
        news = AlertNews()
        with self._never_in_the_way():
            news = self._settled(state, now, early)
        return news  # noqa: RET504 - the guard may have ended the block

    @contextlib.contextmanager
    def _never_in_the_way(self) -> Iterator[None]:
        """Log whatever goes wrong: alerts must not keep windows from being judged."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001
            _LOG.exception(
                "driftwatch: %s: incidents: %s",
                self._monitor,
                type(error).__name__,
                extra=event("incidents.failed", monitor=self._monitor),
            )

    def _settled(self, state: DeskState, now: float, early: tuple[EarlySign, ...]) -> AlertNews:
        heard = None
        if self.desk.watches_deliveries:
            sources = self._store.sources(self._monitor)
            heard = max((s.heard for s in sources), default=None) or self._since_when()
        report = self._report(state)
        if report is not None and report.window is not None:
            report = replace(report, window=replace(report.window, early=early))
        said_of = _NEVER if state.incident is None else state.incident.number
        actions = partial(self._store.actions, self._monitor, incident=said_of)
        incident, messages = self.desk.settle(
            state, now, report, actions, heard=heard, account=self._account
        )
        number = None if state.incident is None else state.incident.number
        return AlertNews(incident, tuple(messages), number)

    def _since_when(self) -> float | None:
        """When the references in use came, where nothing was ever delivered."""
        used = [kept.added for kept in self._store.references(self._monitor) if kept.used_for]
        return max(used, default=None)

    def _account(self) -> tuple[int, int]:
        """Rows that were used, those too that are stored no more, and rows that were not."""
        overview = self._store.overview(self._monitor)
        used = overview.rows + overview.counters.get("expired", 0)
        return used, rows_not_used(overview.counters)

    def _report(self, state: DeskState) -> DriftReport | None:
        """The newest report; after a restart it is read from the store where it is needed."""
        firing = any(episode.alarm.level.is_drift for episode in state.episodes.values())
        if self._latest is None and (firing or state.incident is not None):
            for stored in self._store.reports(self._monitor, limit=1):
                with contextlib.suppress(DataError):
                    self._latest = report_of(stored)
        return self._latest

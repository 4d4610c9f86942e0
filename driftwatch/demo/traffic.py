"""The day passes: applications are posted, outcomes follow, windows are evaluated."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import orjson

from driftwatch.demo.clock import SimulatedClock
from driftwatch.demo.loans import LABEL, LABEL_HOURS, PREDICTION, SCORE, Day
from driftwatch.demo.serving import HOST, PATH, ServedModel
from driftwatch.demo.watching import Watching
from driftwatch.errors import DriftWatchError

__all__ = ["AFTER_HOURS", "Traffic"]

_HOUR = 3_600.0
_ROWS_A_REQUEST = 25
_PATIENCE = 30.0
"""Seconds for an answer of a server on this machine, and for a delivery."""
_QUIET_HOURS = 2
"""Hours without rows after which windows no longer wait for more."""
AFTER_HOURS = LABEL_HOURS + _QUIET_HOURS
"""Hours after the day in which its last outcomes become known, and their windows end."""


class Traffic:
    """Drives a day, hour by hour.

    Args:
        day: What comes when.
        served: Where applications are posted.
        watching: Who watches.
        clock: Is moved on with the traffic.
    """

    def __init__(
        self, day: Day, served: ServedModel, watching: Watching, clock: SimulatedClock, /
    ) -> None:
        self._day = day
        self._served = served
        self._watching = watching
        self._clock = clock
        self._records = _records(day)
        self._scores = np.zeros(len(day.times))
        self._predictions = np.zeros(len(day.times), dtype=np.bool_)
        self._labelled = day.start

    def hours(self) -> Iterator[float]:
        """Let the day pass; gives the end of every hour, when its windows are evaluated.

        It goes on until the last outcomes are known and their window has ended.

        Raises:
            DriftWatchError: If the model or a store does not answer.
        """
        start = self._day.start
        hours = round((self._day.times[-1] - start) / _HOUR) + AFTER_HOURS
        with _connected(self._served) as connection:
            for hour in range(hours):
                begin = start + hour * _HOUR
                self._serve(connection, self._day.between(begin, begin + _HOUR))
                self._clock.move_to(begin + _HOUR)
                self._learn_outcomes(begin + _HOUR - LABEL_HOURS * _HOUR)
                self._watching.evaluate()
                yield begin + _HOUR

    def _serve(self, connection: http.client.HTTPConnection, rows: slice) -> None:
        """Post applications in the order of their times, and keep the answers."""
        for first in range(rows.start, rows.stop, _ROWS_A_REQUEST):
            some = slice(first, min(first + _ROWS_A_REQUEST, rows.stop))
            at = float(self._day.times[some.stop - 1])
            self._clock.move_to(at)
            answer = _posted(connection, {"at": at, "applications": self._records[some]})
            self._scores[some] = answer[SCORE]
            self._predictions[some] = answer[PREDICTION]
        is_empty = self._served.capture.flush(_PATIENCE)
        self._watching.served.flush(within=_PATIENCE)  # says why, where it cannot be stored
        if not is_empty:
            raise DriftWatchError("what the model was asked could not be observed in time")

    def _learn_outcomes(self, until: float) -> None:
        """Observe the answers whose outcomes have become known, at the time of the answers."""
        known = self._day.between(self._labelled, until)
        self._labelled = max(self._labelled, until)
        if known.start == known.stop:
            return
        rows = {
            SCORE: self._scores[known],
            PREDICTION: self._predictions[known],
            LABEL: self._day.outcomes[known],
        }
        self._watching.outcomes.observe_many(rows, at=self._day.times[known])
        self._watching.outcomes.flush(within=_PATIENCE)


def _records(day: Day) -> list[dict[str, Any]]:
    columns = [values.tolist() for values in day.rows.values()]
    return [dict(zip(day.rows, row, strict=True)) for row in zip(*columns, strict=True)]


@contextmanager
def _connected(served: ServedModel) -> Iterator[http.client.HTTPConnection]:
    """A connection; straight to the server, whatever proxy the environment names."""
    connection = http.client.HTTPConnection(HOST, served.port, timeout=_PATIENCE)
    try:
        yield connection
    finally:
        with suppress(OSError):
            connection.close()


def _posted(connection: http.client.HTTPConnection, body: dict[str, Any]) -> dict[str, Any]:
    try:
        connection.request("POST", PATH, orjson.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise DriftWatchError(f"the model's service does not answer: {error}") from error
    if answer.status != http.client.OK:
        raise DriftWatchError(f"the model's service answers {answer.status}: {data[:200]!r}")
    found: dict[str, Any] = orjson.loads(data)
    return found

"""A delivery from outside -> the store: nothing in it is believed before it is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.core.windows.segments import COLLECTOR_REACH, Delivery, Outcome, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import MergeError, NotReadableError, ProfileFormatError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.retention import Retention
from driftwatch.ingest.cutting import MAX_SKEW
from driftwatch.service.watched import Watched, WatchedMonitors
from driftwatch.transport.statuses import code_of_status

__all__ = ["MOST_ROWS", "Refused", "take_in"]

MOST_ROWS = 1 << 36
"""Rows of a segment, and of a counter, at most: so many that a hundred thousand segments can
still be added up exactly in the 53 bits of a profile's counts."""
_LEAST_KEPT = timedelta(seconds=COLLECTOR_REACH)
_ROUNDING_SECONDS = 0.001


class Refused(Exception):  # noqa: N818 - it is an answer
    """A delivery that is not taken.

    Args:
        status: HTTP status: 400 if it will never be taken; 404 and 409 if it may be, once
            this side has been set right (its hash key, its version, its monitors, their
            references and windows), or the sender's clock.
        detail: Why.
        code: Of which `driftwatch explain` says more; that of the status if not given.
    """

    def __init__(self, status: int, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or code_of_status(status, of_delivery=True)


def take_in(
    data: bytes,
    monitors: WatchedMonitors,
    /,
    *,
    clock: Callable[[], float],
    sent_at: float | None = None,
    allowed: Callable[[str], object] = lambda _: None,
) -> tuple[Outcome, Delivery]:
    """Check a delivery and store it, once however often it comes.

    Args:
        data: The bytes, as `driftwatch.core.windows.delivery_codec.delivery_to_bytes` writes them.
        monitors: Those of the service.
        clock: Seconds since 1970.
        sent_at: The sender's clock when it sent them.
        allowed: Raises if the sender may not deliver for a monitor; what it raises is passed on.

    Raises:
        Refused: If it is not taken.
        StoreError: If the store cannot take it now.
    """
    now = clock()
    try:
        delivery = delivery_from_bytes(data)
    except ProfileFormatError as error:
        raise _unread(error) from error
    if sent_at is not None:
        delivery = replace(delivery, sent_at=sent_at)
    allowed(delivery.monitor)
    watched = monitors.get(delivery.monitor)
    if watched is None:
        raise Refused(404, f"no monitor {delivery.monitor!r} is configured here")
    try:
        _check(delivery, watched, now=now, sent_at=sent_at)
    except Refused as refused:
        if refused.status == 409:
            watched.turn_away(delivery, refused.detail, now=now)
        raise
    return watched.deliver(delivery, now=now), delivery


def _check(delivery: Delivery, watched: Watched, /, *, now: float, sent_at: float | None) -> None:
    """Refuse a delivery that the monitor cannot take, now or ever."""
    if sent_at is not None and not abs(sent_at - now) <= MAX_SKEW:
        raise Refused(
            409, f"the sender's clock is {sent_at - now:+,.0f} s off; set it right, then send again"
        )
    _check_header(delivery, now)
    reference = watched.reference
    if watched.monitor is None or reference is None:
        raise Refused(409, f"monitor {delivery.monitor!r} has no reference yet")
    evaluator = watched.monitor.evaluator
    for segment in delivery.segments:
        _check_cut(segment, evaluator.spec)
        _check_times(segment, evaluator, now)
        _check_body(segment, reference)


def _unread(error: ProfileFormatError, where: str = "") -> Refused:
    """What is damaged is never taken; what this collector cannot read now may be later."""
    status = 409 if isinstance(error, NotReadableError) else 400
    return Refused(status, f"{where}{error}", code=error.code)


def _check_header(delivery: Delivery, now: float) -> None:
    if not 0 <= delivery.sent_at <= now + MAX_SKEW:
        raise Refused(400, f"sent at {delivery.sent_at:.0f} s after 1970; now it is {now:.0f}")
    for name, count in delivery.counters.items():
        if count > MOST_ROWS:
            raise Refused(400, f"counter {name}: {count:,} at once; at most {MOST_ROWS:,}")


def _check_cut(segment: Segment, spec: WindowSpec) -> None:
    if spec.by_rows:
        raise Refused(409, "this monitor has windows by rows, which have one feeder")
    if segment.width != spec.width:
        raise Refused(
            409,
            f"panes of {segment.width} s came and this monitor has panes of {spec.width} s: "
            "give both sides the same slide",
        )


def _check_times(segment: Segment, evaluator: Evaluator, now: float) -> None:
    """Refuse a pane that is not kept or not yet, and event times that lie outside of it."""
    pane, spec = segment.pane, evaluator.spec
    if pane > spec.pane_at(now + MAX_SKEW):
        raise Refused(400, f"pane {pane} lies in the future")
    kept = _kept(evaluator)
    if pane < 0 or spec.end_of(pane) < now - kept.total_seconds():
        raise Refused(
            400, f"pane {pane} lies too far back: nothing older than {kept.days:,} days is kept"
        )
    first, end = pane * spec.width - _ROUNDING_SECONDS, spec.end_of(pane) + _ROUNDING_SECONDS
    for name, at in (("earliest", segment.earliest), ("latest", segment.latest)):
        if at is not None and not first <= at <= end:
            raise Refused(
                400,
                f"pane {pane} lasts from {pane * spec.width} to {spec.end_of(pane)} s after 1970, "
                f"and its {name} row came at {at:.0f}",
            )


def _kept(evaluator: Evaluator) -> timedelta:
    """How far back a pane can be used: at least as far as windows and their comparisons look."""
    retention = evaluator.rules.retention or Retention()
    looked_at = timedelta(seconds=2 * evaluator.spec.panes * evaluator.spec.width)
    return max(retention.total, _LEAST_KEPT, looked_at)


def _check_body(segment: Segment, reference: Reference) -> None:
    """Refuse a profile that is unsound, of other rows than its header names, or of another kind."""
    pane = segment.pane
    if segment.rows > MOST_ROWS:
        raise Refused(400, f"pane {pane}: {segment.rows:,} rows at once; at most {MOST_ROWS:,}")
    try:
        profile = Profile.from_bytes(segment.body, guard=reference.profile.guard, limit=WIRE_LIMIT)
    except ProfileFormatError as error:
        raise _unread(error, f"pane {pane}: ") from error
    if profile.rows != segment.rows:
        raise Refused(400, f"pane {pane}: {profile.rows} rows, not {segment.rows}")
    try:
        reference.check_fits(profile)
    except MergeError as error:
        raise Refused(
            409, f"pane {pane} does not go with this monitor's reference: {error}"
        ) from error

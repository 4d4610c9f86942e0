"""A delivery from outside -> the store: nothing in it is believed before it is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from driftwatch.accumulate import MAX_SKEW
from driftwatch.core.codec import WIRE_LIMIT
from driftwatch.core.delivery_codec import delivery_from_bytes
from driftwatch.core.profile import Profile
from driftwatch.core.reference import Reference
from driftwatch.core.segments import Delivery, Outcome, Segment
from driftwatch.core.windows import WindowSpec
from driftwatch.errors import MergeError, ProfileFormatError
from driftwatch.service.watched import WatchedMonitors

__all__ = ["Refused", "take_in"]


class Refused(Exception):  # noqa: N818 - it is an answer
    """A delivery that is not taken.

    Args:
        status: HTTP status: 400 if it will never be taken; 404 and 409 if it may be, once
            this side, or the sender's clock, has been set right.
        detail: Why.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def take_in(
    data: bytes,
    monitors: WatchedMonitors,
    /,
    *,
    clock: Callable[[], float],
    sent_at: float | None = None,
) -> tuple[Outcome, Delivery]:
    """Check a delivery and store it, once however often it comes.

    Args:
        data: The bytes, as `driftwatch.core.delivery_codec.delivery_to_bytes` writes them.
        monitors: Those of the service.
        clock: Seconds since 1970.
        sent_at: The sender's clock when it sent them.

    Raises:
        Refused: If it is not taken.
        StoreError: If the store cannot take it now.
    """
    now = clock()
    if sent_at is not None and not abs(sent_at - now) <= MAX_SKEW:
        raise Refused(
            409, f"the sender's clock is {sent_at - now:+,.0f} s off; set it right, then send again"
        )
    try:
        delivery = delivery_from_bytes(data)
    except ProfileFormatError as error:
        raise Refused(400, str(error)) from error
    watched = monitors.get(delivery.monitor)
    if watched is None:
        raise Refused(404, f"no monitor {delivery.monitor!r} is configured here")
    reference = watched.reference
    if watched.monitor is None or reference is None:
        raise Refused(409, f"monitor {delivery.monitor!r} has no reference yet")
    for segment in delivery.segments:
        _check(segment, watched.monitor.spec, reference, now)
    if sent_at is not None:
        delivery = replace(delivery, sent_at=sent_at)
    return watched.deliver(delivery, now=now), delivery


def _check(segment: Segment, spec: WindowSpec, reference: Reference, now: float) -> None:
    if spec.by_rows:
        raise Refused(409, "this monitor has windows by rows, which have one feeder")
    if segment.width != spec.width:
        raise Refused(
            409,
            f"panes of {segment.width} s came and this monitor has panes of {spec.width} s: "
            "give both sides the same slide",
        )
    if segment.pane > spec.pane_at(now + MAX_SKEW):
        raise Refused(400, f"pane {segment.pane} lies in the future")
    try:
        profile = Profile.from_bytes(segment.body, guard=reference.profile.guard, limit=WIRE_LIMIT)
    except ProfileFormatError as error:
        raise Refused(400, f"pane {segment.pane}: {error}") from error
    if profile.rows != segment.rows:
        raise Refused(400, f"pane {segment.pane}: {profile.rows} rows, not {segment.rows}")
    try:
        reference.new_profile().check_mergeable(profile)
    except MergeError as error:
        raise Refused(
            409, f"pane {segment.pane} does not go with this monitor's reference: {error}"
        ) from error

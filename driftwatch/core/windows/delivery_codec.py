"""Deliveries as bytes, for the way to a collector; every field is checked on arrival."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from driftwatch.core.data.arguments import LONGEST_NAME
from driftwatch.core.profiles.codec import DELIVERY, WIRE_LIMIT, decode, encode
from driftwatch.core.windows.model_versions import LONGEST_VERSION
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.errors import NotReadableError, ProfileFormatError

__all__ = ["HEADER_ROOM", "delivery_from_bytes", "delivery_to_bytes", "header_bytes"]

HEADER_ROOM = 60_000
"""Bytes that the header of a delivery may take up for certain."""

_WHOLE = 2**53
_MOST_SEGMENTS = 10_000
_MOST_COUNTERS = 100
_COUNTER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEYS = frozenset(("monitor", "source", "epoch", "sequence", "counters", "sent_at", "segments"))


def delivery_to_bytes(delivery: Delivery, /) -> bytes:
    """Frame a delivery; equal deliveries give equal bytes.

    Raises:
        ProfileFormatError: If it moves cursors, which only a store of its own can take, has
            too many panes for one frame, or text that no encoding has.

    Example:
        >>> sent = Delivery("scores", "pod-1", "a1", 0, counters={"untimed": 2}, sent_at=60.0)
        >>> delivery_from_bytes(delivery_to_bytes(sent)) == sent
        True
    """
    if delivery.cursors:
        raise ProfileFormatError("a delivery that moves cursors cannot be sent")
    bodies = {str(place): segment.body for place, segment in enumerate(delivery.segments)}
    try:
        return encode(_header(delivery), bodies, magic=DELIVERY)
    except UnicodeEncodeError as error:
        raise ProfileFormatError(f"delivery has text that is no Unicode: {error.reason}") from error


def header_bytes(delivery: Delivery, /) -> int:
    """Bytes of the part of a frame that says what the bodies are; `HEADER_ROOM` fits always."""
    text = json.dumps(_header(delivery), separators=(",", ":"), ensure_ascii=False)
    return len(text.encode(errors="replace"))


def _header(delivery: Delivery) -> dict[str, Any]:
    return {
        "monitor": delivery.monitor,
        "source": delivery.source,
        "epoch": delivery.epoch,
        "sequence": delivery.sequence,
        "counters": dict(delivery.counters),
        "sent_at": delivery.sent_at,
        "segments": [
            {
                "pane": segment.pane,
                "width": segment.width,
                "rows": segment.rows,
                "late": segment.late,
                "earliest": segment.earliest,
                "latest": segment.latest,
                "reference": segment.reference,
                "model_version": segment.model_version,
                # With the segments, whose facts collectors before it do not look at.
                **({} if delivery.reached is None else {"reached": delivery.reached}),
            }
            for segment in delivery.segments
        ],
    }


def delivery_from_bytes(data: bytes, /, *, limit: int = WIRE_LIMIT) -> Delivery:
    """Read a delivery from untrusted bytes.

    The bodies of its segments are not looked into: they are read by
    `driftwatch.core.profiles.profile.Profile.from_bytes`, which trusts nothing either.

    Args:
        data: The bytes.
        limit: Refuse more than this.

    Raises:
        NotReadableError: If they are sound, and of a newer version.
        ProfileFormatError: If they are no sound delivery.
    """
    header, sections = decode(data, limit=limit, magic=DELIVERY)
    if missing := ", ".join(sorted(_KEYS - header.keys())):
        raise ProfileFormatError(f"delivery lacks: {missing}")
    if unknown := ", ".join(sorted(header.keys() - _KEYS)):
        raise NotReadableError.newer(
            f"delivery says what this version does not know ({unknown:.80}): upgrade driftwatch"
        )
    segments = header["segments"]
    if not isinstance(segments, list) or len(segments) > _MOST_SEGMENTS:
        raise ProfileFormatError(f"segments must be a list of at most {_MOST_SEGMENTS:,}")
    if sections.keys() != {str(place) for place in range(len(segments))}:
        raise ProfileFormatError("delivery needs one body for every segment")
    return Delivery(
        monitor=_text(header, "monitor", LONGEST_NAME),
        source=_text(header, "source", LONGEST_NAME),
        epoch=_text(header, "epoch", 64),
        sequence=_whole(header, "sequence"),
        segments=tuple(
            _segment(facts, sections[str(place)]) for place, facts in enumerate(segments)
        ),
        counters=_counters(header["counters"]),
        sent_at=_seconds(header, "sent_at"),
        reached=_reached(segments),
    )


def _reached(segments: list[dict[str, Any]]) -> float | None:
    said = [_seconds(facts, "reached") for facts in segments if facts.get("reached") is not None]
    return min(said, default=None)


def _segment(facts: Any, body: bytes) -> Segment:
    if not isinstance(facts, dict):
        raise ProfileFormatError("a segment must be an object")
    rows, late = _whole(facts, "rows"), _whole(facts, "late")
    if not rows or late > rows:
        raise ProfileFormatError(f"a segment of {rows} rows, {late} of them late")
    timed = facts.get("earliest") is not None or facts.get("latest") is not None
    earliest = _seconds(facts, "earliest") if timed else None
    latest = _seconds(facts, "latest") if timed else None
    if earliest is not None and latest is not None and earliest > latest:
        raise ProfileFormatError("a segment ends before it begins")
    version = facts.get("model_version")
    return Segment(
        pane=_whole(facts, "pane", least=-_WHOLE),
        width=_whole(facts, "width", least=1),
        rows=rows,
        body=body,
        late=late,
        earliest=earliest,
        latest=latest,
        reference=_text(facts, "reference", 64),
        model_version=None if version is None else _text(facts, "model_version", LONGEST_VERSION),
    )


def _counters(value: Any) -> dict[str, int]:
    if not isinstance(value, dict) or len(value) > _MOST_COUNTERS:
        raise ProfileFormatError(f"counters must be an object of at most {_MOST_COUNTERS}")
    for name in value:
        if not _COUNTER.fullmatch(name):
            raise ProfileFormatError(f"a counter cannot be named {name[:80]!r}")
    return {name: _whole(value, name) for name in value}


def _whole(facts: Mapping[str, Any], key: str, least: int = 0) -> int:
    value = facts.get(key)
    if type(value) is not int or not least <= value <= _WHOLE:
        raise ProfileFormatError(f"{key} must be a whole number from {least:,} on")
    return value


def _seconds(facts: Mapping[str, Any], key: str) -> float:
    value = facts.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _WHOLE:
        raise ProfileFormatError(f"{key} must be seconds since 1970")
    return float(value)


def _text(facts: Mapping[str, Any], key: str, longest: int) -> str:
    value = facts.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise ProfileFormatError(f"{key} must be printable text of 1 to {longest} characters")
    return value

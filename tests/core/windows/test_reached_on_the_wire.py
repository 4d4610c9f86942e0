"""How far a source is goes with a delivery, and an older collector passes it over."""

from __future__ import annotations

from driftwatch.core.profiles.codec import DELIVERY, decode
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment


def test_what_a_source_has_reached_arrives() -> None:
    segments = tuple(
        Segment(n, 60, 5, b"x", earliest=1.0, latest=2.0, reference="r") for n in (0, 1)
    )
    for reached in (None, 1.5):
        sent = Delivery("m", "s", "e", 0, segments, sent_at=3.0, reached=reached)
        assert delivery_from_bytes(delivery_to_bytes(sent)) == sent


def test_the_header_stays_what_older_collectors_take() -> None:
    segments = (Segment(0, 60, 5, b"x", earliest=1.0, latest=2.0, reference="r"),)
    sent = Delivery("m", "s", "e", 0, segments, sent_at=3.0, reached=1.5)
    header, _ = decode(delivery_to_bytes(sent), magic=DELIVERY)
    known = {"monitor", "source", "epoch", "sequence", "counters", "sent_at", "segments"}
    assert header.keys() == known

"""A delivery in two halves, whose keys say which whole they are halves of."""

from __future__ import annotations

import re
from dataclasses import replace

from driftwatch.core.windows.segments import Delivery

__all__ = ["epochs_of_halves", "epochs_of_wholes", "halves_of"]

_LONGEST_EPOCH = 64
_HALF = re.compile(r"(.+)~([01]+)", re.DOTALL)


def halves_of(delivery: Delivery, /) -> tuple[Delivery, Delivery] | None:
    """Cut a delivery in the middle of its segments; None if it has fewer than two.

    The halves follow from the whole alone, so that whoever cuts it makes the same two. Their
    epochs name the whole, by which a store knows that it must not take both (see
    `epochs_of_wholes`): a delivery may be cut even where nobody knows whether it has arrived.
    What was counted goes with the first half.

    Args:
        delivery: The whole, or a half to be cut again.

    Example:
        >>> from driftwatch.core.windows.segments import Segment
        >>> panes = (Segment(1, 60, 5, b""), Segment(2, 60, 3, b""))
        >>> whole = Delivery("scores", "pod-1", "a1", 7, panes)
        >>> first, second = halves_of(whole)
        >>> first.epoch, first.sequence, first.rows, second.epoch, second.rows
        ('a1~0', 7, 5, 'a1~1', 3)
        >>> halves_of(first) is None
        True
    """
    middle = len(delivery.segments) // 2
    mark = delivery.epoch if _HALF.fullmatch(delivery.epoch) else f"{delivery.epoch}~"
    if not middle or len(mark) >= _LONGEST_EPOCH:
        return None
    before, after = delivery.segments[:middle], delivery.segments[middle:]
    return (
        replace(delivery, epoch=f"{mark}0", segments=before),
        replace(delivery, epoch=f"{mark}1", segments=after, counters={}),
    )


def epochs_of_wholes(epoch: str, /) -> list[str]:
    """The epochs under which a delivery may have come before: its own, and those of its wholes.

    Example:
        >>> epochs_of_wholes("a1~01"), epochs_of_wholes("a1")
        (['a1~01', 'a1~0', 'a1'], ['a1'])
    """
    found = _HALF.fullmatch(epoch)
    if found is None:
        return [epoch]
    whole, path = found.groups()
    return [*(f"{whole}~{path[:end]}" for end in range(len(path), 0, -1)), whole]


def epochs_of_halves(epoch: str, /) -> tuple[str, str]:
    """From where to before where the epochs of a delivery's halves lie, in the order of text.

    Example:
        >>> low, high = epochs_of_halves("a1")
        >>> [low <= epoch < high for epoch in ("a1", "a1~0", "a1~101", "a1~2", "a2")]
        [False, True, True, False, False]
    """
    mark = epoch if _HALF.fullmatch(epoch) else f"{epoch}~"
    return f"{mark}0", f"{mark}2"

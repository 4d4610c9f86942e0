"""What is kept of a column while it has too few values to tell whether they identify its rows."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.identifiers import Order
from driftwatch.core.data.values import Categories
from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import hash_numbers, hash_texts, keyed_hashes
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

    from driftwatch.core.data.privacy import ValueGuard

__all__ = ["Evidence", "hidden_hashes"]

_ORDER = struct.Struct("<6Q")


@dataclass(slots=True)
class Evidence:
    """Facts by which a role is decided that its part of the data was too short to decide.

    All of them add up, in any order: the role that they speak for is one of all the rows behind
    them, however these were cut and merged. They are those that an identifier's column keeps, so
    that a column which turns out to be one becomes one without its values.

    Attributes:
        distinct: The different values; texts are hashed with the key, as identifiers are.
        order: Of numbers, whether they are whole and rise.

    Example:
        >>> left, right = Evidence(DistinctSketch(64)), Evidence(DistinctSketch(64))
        >>> left.update_numbers(np.array([1.0, 2.0]))
        >>> right.update_numbers(np.array([3.0, 4.5]))
        >>> left.merge(right)
        >>> left.distinct.estimate(), left.order.whole, left.order.rising
        (4.0, 3, 2)
    """

    distinct: DistinctSketch
    order: Order = field(default_factory=Order)

    def update_numbers(self, values: NDArray[np.float64], /) -> None:
        """Add numbers, in the order of their rows."""
        unique, counts = np.unique(values, return_counts=True)
        self.distinct.update(hash_numbers(unique), counts)
        self.order.update(values)

    def update_texts(self, categories: Categories, guard: ValueGuard, /) -> None:
        """Add different texts with their counts."""
        self.distinct.update(hidden_hashes(categories.texts, guard), categories.counts)

    def merge(self, other: Self, /) -> None:
        """Add what is known of other rows; `other` is left as it was."""
        self.distinct.merge(other.distinct)
        pairs = zip(astuple(self.order), astuple(other.order), strict=True)
        self.order = Order(*(mine + theirs for mine, theirs in pairs))

    def copy(self) -> Self:
        """Return evidence that can change without this changing."""
        return type(self)(self.distinct.copy(), replace(self.order))

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        numbers = _ORDER.pack(*astuple(self.order))
        sections = {"evidence": self.distinct.to_bytes(), "evidence_order": numbers}
        counts = self.distinct.counts_to_bytes()
        return sections if counts is None else sections | {"evidence_counts": counts}

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], /, *, k: int, count: int) -> Self | None:
        """Rebuild it from `to_sections`; None where a column keeps none.

        Args:
            sections: Of the column.
            k: Hashes that are kept.
            count: Values of the column.

        Raises:
            ProfileFormatError: If a section is missing or damaged, or contradicts the others.
        """
        if "evidence" not in sections:
            return None
        data = sections.get("evidence_order", b"")
        if len(data) != _ORDER.size:
            raise ProfileFormatError(f"order of undecided numbers: {len(data)} bytes")
        order = Order(*_ORDER.unpack(data))
        if (
            max(order.whole, order.steps, order.days, order.months) > count
            or order.rising + order.falling > order.steps
        ):
            raise ProfileFormatError("order of undecided numbers: more of them than values")
        distinct = DistinctSketch.from_bytes(
            sections["evidence"], sections.get("evidence_counts"), k=k
        )
        if distinct.hashes.size > count:
            raise ProfileFormatError("more different values than values in an undecided column")
        return cls(distinct, order)


def hidden_hashes(texts: pa.Array, guard: ValueGuard, /) -> NDArray[np.uint64]:
    """Hashes by which texts can be told apart, and not be looked up without the key.

    Args:
        texts: ``large_string`` array without nulls.
        guard: Has the key. With the public one, hashes are those of earlier versions.
    """
    if guard.is_public:
        return hash_texts(texts, seed=guard.seed)
    return keyed_hashes(hash_texts(texts), *guard.rounds)

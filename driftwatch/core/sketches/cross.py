"""Cross-moments of the columns of a matrix: sums of products, exact and additive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import MISREAD, MergeError, ProfileFormatError

__all__ = ["CrossMoments", "FourthMoments", "cross_from_sections", "cross_sections"]

MAX_SIZE = 512
"""Columns of scores at most; a megabyte or two of sums."""

Floats = NDArray[np.float64]


class CrossMoments:
    """Count, sums and sums of products of the columns of rows of scores.

    Merging adds, so that panes, replicas and files give the moments of all rows.

    Args:
        size: Columns.
        label: What the columns are; only moments of one label merge.
        sources: Names of the data's columns that they were made from.

    Cost: one matrix product a batch; ``8 size**2`` bytes.

    Example:
        >>> moments = CrossMoments(2, "x, y")
        >>> moments.update(np.array([[1.0, 2.0], [3.0, 4.0]]))
        >>> moments.products.tolist()
        [[10.0, 14.0], [14.0, 20.0]]
    """

    __slots__ = ("count", "label", "products", "sources", "sums")

    def __init__(self, size: int, label: str, sources: tuple[str, ...] = ()) -> None:
        self.label = label
        self.sources = sources
        self.count = 0
        self.sums = np.zeros(size)
        self.products = np.zeros((size, size))

    @property
    def size(self) -> int:
        """Columns."""
        return int(self.sums.size)

    def update(self, scores: Floats, /) -> None:
        """Add rows, an array of rows by columns of finite numbers."""
        self.count += scores.shape[0]
        self.sums += scores.sum(axis=0)
        self.products += scores.T @ scores

    def merge(self, other: Self, /) -> None:
        """Add the rows of other moments; `other` is left as it was.

        Raises:
            MergeError: If they are of other columns.
        """
        if (self.label, self.size) != (other.label, other.size):
            raise MergeError(f"moments of {other.label} are not of {self.label}")
        self.count += other.count
        self.sums += other.sums
        self.products += other.products

    def copy(self) -> Self:
        """Return moments that can change without these changing."""
        return deepcopy(self)

    @property
    def mean(self) -> Floats:
        """Means; zeros of no rows."""
        mean: Floats = self.sums / max(1, self.count)
        return mean

    def covariance(self) -> Floats:
        """Covariance matrix of the rows, not corrected for their number."""
        mean = self.mean
        return self.products / max(1, self.count) - np.outer(mean, mean)

    def to_bytes(self) -> bytes:
        """Serialize count, sums and the upper triangle of the products."""
        upper = self.products[np.triu_indices(self.size)]
        head = np.array([self.count], dtype="<u8").tobytes()
        return head + np.concatenate((self.sums, upper)).astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, size: int, label: str, /) -> Self:
        """Rebuild moments from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not moments of so many columns.
        """
        numbers = _numbers(data, size + size * (size + 1) // 2)
        moments = cls(size, label)
        moments.count = int(np.frombuffer(data, "<u8", 1)[0])
        if moments.count > 1 << 53:
            raise ProfileFormatError("cross-moments refused: the count is out of range")
        moments.sums = numbers[:size].copy()
        moments.products[np.triu_indices(size)] = numbers[size:]
        lower = np.tril_indices(size, -1)
        moments.products[lower] = moments.products.T[lower]
        return moments


class FourthMoments(CrossMoments):
    """Cross-moments with those of second and third powers: how far a correlation scatters.

    Example:
        >>> moments = FourthMoments(1, "x")
        >>> moments.update(np.array([[1.0], [-1.0], [2.0], [-2.0]]))
        >>> moments.scatter()[0].tolist()
        [[8.5]]
    """

    __slots__ = ("cubes", "squares", "tilted")

    def __init__(self, size: int, label: str, sources: tuple[str, ...] = ()) -> None:
        super().__init__(size, label, sources)
        self.tilted = np.zeros((size, size))
        """Sums of ``x_i**2 x_j``."""
        self.cubes = np.zeros((size, size))
        """Sums of ``x_i**3 x_j``."""
        self.squares = np.zeros((size, size))
        """Sums of ``x_i**2 x_j**2``."""

    def update(self, scores: Floats, /) -> None:
        super().update(scores)
        squares = np.square(scores)
        self.tilted += squares.T @ scores
        self.squares += squares.T @ squares
        self.cubes += (squares * scores).T @ scores

    def merge(self, other: Self, /) -> None:
        super().merge(other)
        self.tilted += other.tilted
        self.cubes += other.cubes
        self.squares += other.squares

    def scatter(self) -> tuple[Floats, Floats]:
        """Central moments ``E v_i**2 v_j**2`` and ``E v_i**3 v_j`` with ``v = x - mean``."""
        n = max(1, self.count)
        mean = self.mean
        a, b = mean[:, None], mean[None, :]
        tilted, product = self.tilted / n, self.products / n
        squares, cubes = self.squares / n, self.cubes / n
        square = np.diag(product)[:, None]
        cube = np.diag(tilted)[:, None]
        third = cubes - 3 * a * tilted + 3 * a**2 * product - a**3 * b
        third -= b * (cube - 3 * a * square + 3 * a**2 * a - a**3)
        second = squares - 2 * b * tilted + b**2 * square
        second -= 2 * a * (tilted.T - 2 * b * product + b**2 * a)
        second += a**2 * (square.T - 2 * b * b + b**2)
        return second, third

    def to_bytes(self) -> bytes:
        more = np.concatenate([m.ravel() for m in (self.tilted, self.cubes, self.squares)])
        return super().to_bytes() + more.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, size: int, label: str, /) -> Self:
        base = 8 + 8 * (size + size * (size + 1) // 2)
        moments = super().from_bytes(data[:base], size, label)
        more = _numbers(b"\0" * 8 + data[base:], 3 * size * size).reshape(3, size, size)
        moments.tilted, moments.cubes, moments.squares = (part.copy() for part in more)
        return moments


def cross_sections(moments: CrossMoments, /) -> dict[str, bytes]:
    """Serialize moments of either kind as named sections."""
    head = {
        "size": moments.size,
        "label": moments.label,
        "sources": list(moments.sources),
        "fourth": isinstance(moments, FourthMoments),
    }
    return {"cross": json.dumps(head).encode(), "cross/moments": moments.to_bytes()}


def cross_from_sections(sections: Mapping[str, bytes], /) -> CrossMoments | None:
    """Rebuild moments from `cross_sections`; None where there are none.

    Raises:
        ProfileFormatError: If a section is damaged.
    """
    if "cross" not in sections:
        return None
    try:
        head = json.loads(sections["cross"])
        size, label, fourth = head["size"], head["label"], head["fourth"]
        sources = tuple(map(str, head["sources"]))
        body = sections["cross/moments"]
    except MISREAD as error:
        raise ProfileFormatError(f"cross-moments refused: {error}") from error
    if type(size) is not int or not 0 < size <= MAX_SIZE or not isinstance(label, str):
        raise ProfileFormatError(f"cross-moments refused: {size!r} columns")
    moments = (FourthMoments if fourth else CrossMoments).from_bytes(body, size, label)
    moments.sources = sources
    return moments


def _numbers(data: bytes, expected: int) -> Floats:
    if len(data) != 8 + 8 * expected:
        raise ProfileFormatError(f"cross-moments refused: {len(data)} bytes")
    numbers = np.frombuffer(data, "<f8", expected, 8).astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ProfileFormatError("cross-moments refused: a number is not finite")
    return numbers

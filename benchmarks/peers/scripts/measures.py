"""What is computed from the counts of both sides, for scripts that count by themselves.

In plain Python: some hundreds of counts a column are no work, and importing NumPy would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import log, sqrt

__all__ = ["chi2", "chi2_of_categories", "ks", "psi"]

FLOOR = 1e-6  # of a share, as is usual: an empty bin has no logarithm


def psi(before: Sequence[int], after: Sequence[int], /) -> float:
    """Population stability index of the counts of the same bins."""
    n, m = sum(before), sum(after)
    shares = ((max(a / n, FLOOR), max(b / m, FLOOR)) for a, b in zip(before, after, strict=True))
    return sum((q - p) * log(q / p) for p, q in shares)


def ks(before: Sequence[int], after: Sequence[int], /) -> float:
    """Largest difference of the distribution functions at the cut points between the bins."""
    n, m = sum(before), sum(after)
    return max(
        abs(a / n - b / m) for a, b in zip(accumulate(before), accumulate(after), strict=True)
    )


def chi2(pairs: Iterable[tuple[int, int]], n: int, m: int, /) -> float:
    """Chi-squared statistic of two samples of ``n`` and ``m`` rows."""
    ratio = sqrt(m / n)
    return sum((a * ratio - b / ratio) ** 2 / (a + b) for a, b in pairs)


def chi2_of_categories(before: Mapping[str, int], after: Mapping[str, int], /) -> float:
    """The same of two tables of counts, whose categories may differ."""
    names = before.keys() | after.keys()
    pairs = ((before.get(name, 0), after.get(name, 0)) for name in names)
    return chi2(pairs, sum(before.values()), sum(after.values()))

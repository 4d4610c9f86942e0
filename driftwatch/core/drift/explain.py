"""What moved, in one sentence a person can act on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from driftwatch.core.column_profile import ColumnProfile
from driftwatch.core.drift.sides import CategorySides, NumericSides, Sides
from driftwatch.core.report import Distribution, DriftResult, Status
from driftwatch.core.schema import Kind

__all__ = ["distribution_of", "explain"]

_BARS = 30
_NAMED = 12
_FACTORS = (10.0, 12.0, 24.0, 60.0, 100.0, 1000.0, 1024.0, 3600.0, 1e6, 1e9)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def explain(
    status: Status,
    primary: DriftResult | None,
    sides: Sides | None,
    reference: ColumnProfile,
    current: ColumnProfile,
    /,
) -> str:
    """Say in one sentence what a feature did.

    Args:
        status: Its status.
        primary: The test that decided it.
        sides: Both sides, where both have values.
        reference: Its reference profile.
        current: Its current profile.
    """
    if current.rows == 0 or reference.rows == 0:
        return "no rows to compare"
    if primary is not None and primary.method == "missing" and status.is_drift:
        return _missing(reference, current)
    if sides is None:
        side = "reference" if reference.count == 0 else "production"
        return f"no usable value in the {side}"
    moved = (
        _numeric(sides)
        if isinstance(sides, NumericSides)
        else _categorical(sides, unseen=primary is not None and primary.method == "unseen")
    )
    if status is Status.UNDECIDED and primary is not None:
        return f"{_undecided(primary, sides.m)}; {moved}"
    return moved if status.is_drift else f"no drift that matters; {moved}"


def _missing(reference: ColumnProfile, current: ColumnProfile) -> str:
    before = reference.missing.total / reference.rows
    after = current.missing.total / current.rows
    reasons = {
        "null": current.missing.null,
        "NaN": current.missing.nan,
        "infinite": current.missing.positive_infinity + current.missing.negative_infinity,
        "unreadable": current.missing.invalid,
    }
    main = max(reasons, key=lambda reason: reasons[reason])
    why = f", mostly {main}" if after > before and main != "null" else ""
    return f"rows without a value went from {_percent(before)} to {_percent(after)}{why}"


def _undecided(primary: DriftResult, rows: int) -> str:
    if primary.rows_needed is not None and primary.rows_needed > rows:
        return f"{rows:,} rows cannot tell, about {primary.rows_needed:,} would"
    return f"{rows:,} rows cannot tell; the drift is near the threshold"


def _numeric(sides: NumericSides) -> str:
    before, after = sides.before, sides.after
    kind = sides.reference.profile.column.kind
    quantiles = [0.25, 0.5, 0.75]
    old, new = before.quantile(quantiles), after.quantile(quantiles)
    middle = f"median {_value(old[1], kind)}"
    if new[1] != old[1]:
        middle += f" → {_value(new[1], kind)}"
        if sides.reference.spread > 0:
            middle += f" ({(new[1] - old[1]) / sides.reference.spread:+.2f} IQR)"
    factor = _factor(old.tolist(), new.tolist())
    if factor is not None:
        return f"values look multiplied by {factor:g}, a change of unit; {middle}"
    gap, at = sides.ks
    if round(abs(gap), 3) == 0:
        return middle
    below = f"{_percent(float(before.at(at)))} → {_percent(float(after.at(at)))}"
    where = f"rows at or below {_value(at, kind)}: {below}"
    return f"values moved {'up' if gap > 0 else 'down'}: {middle}; {where}"


def _factor(old: list[float], new: list[float]) -> float | None:
    """A well-known factor between all three quartiles, or None."""
    if any(value == 0 for value in (*old, *new)) or old[0] == old[2]:
        return None
    ratios = [b / a for a, b in zip(old, new, strict=True)]
    if min(ratios) <= 0 or max(ratios) > 1.15 * min(ratios):
        return None
    typical = math.exp(sum(map(math.log, ratios)) / len(ratios))
    for factor in _FACTORS:
        for candidate in (factor, 1 / factor):
            if abs(math.log(typical / candidate)) < 0.08:
                return candidate
    return None


def _categorical(sides: CategorySides, *, unseen: bool) -> str:
    before, after = sides.before / sides.n, sides.after / sides.m
    if unseen:
        new = np.where(sides.before == 0, after, 0.0)
        new[-1] = 0.0
        places = [int(place) for place in np.argsort(-new)[:3] if new[place] > 0]
        names = ", ".join(f"{_quoted(sides.label(place))}" for place in places)
        return f"{_percent(float(new.sum()))} of rows hold categories never seen before: {names}"
    places = [int(place) for place in np.argsort(-np.abs(after - before))[:2]]
    parts = [
        f"{_quoted(sides.label(place))} {_percent(float(before[place]))} → "
        f"{_percent(float(after[place]))}"
        for place in places
        if before[place] != after[place]
    ]
    return ", ".join(parts) or "the same shares on both sides"


def distribution_of(sides: Sides, /) -> Distribution:
    """Both sides over cells that are good to look at."""
    return _bars(sides) if isinstance(sides, NumericSides) else _names(sides)


def _bars(sides: NumericSides) -> Distribution:
    ends = np.array([0.005, 0.995])
    old, new = sides.before.quantile(ends), sides.after.quantile(ends)
    low, high = float(min(old[0], new[0])), float(max(old[1], new[1]))
    whole = bool((np.concatenate((sides.before.values, sides.after.values)) % 1 == 0).all())
    if whole and high - low <= _BARS:
        edges = np.arange(low - 0.5, high + 1.0)
    elif high > low:
        edges = np.linspace(low, high, _BARS + 1)
    else:
        width = max(abs(low), 1.0)
        edges = np.array([low - width / 2, low + width / 2])
    return Distribution(
        reference=_shares(sides.before.at(edges), float(sides.before.below(edges[0]))),
        current=_shares(sides.after.at(edges), float(sides.after.below(edges[0]))),
        edges=tuple(float(f"{edge:.6g}") for edge in edges),
    )


def _shares(
    heights: np.ndarray[tuple[int, ...], np.dtype[np.float64]], start: float
) -> tuple[float, ...]:
    steps = np.diff(heights)
    steps[0] += heights[0] - start  # the first bar holds its left end as well
    return tuple(round(float(step), 5) for step in steps)


def _names(sides: CategorySides) -> Distribution:
    before, after = sides.before / sides.n, sides.after / sides.m
    order = np.argsort(-np.maximum(before, after)[:-1], kind="stable")[:_NAMED].tolist()
    labels = [sides.label(place) for place in order]
    old, new = [float(before[place]) for place in order], [float(after[place]) for place in order]
    if 1 - sum(old) > 1e-9 or 1 - sum(new) > 1e-9:
        labels.append("(other)")
        old.append(1 - sum(old))
        new.append(1 - sum(new))
    return Distribution(
        reference=tuple(round(share, 5) for share in old),
        current=tuple(round(share, 5) for share in new),
        labels=tuple(labels),
    )


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %" if percent < 99.95 or share == 1 else "> 99.9 %"


def _value(value: float, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        try:
            return (_EPOCH + timedelta(seconds=float(value))).strftime("%Y-%m-%d %H:%M")
        except OverflowError:
            return f"{value:.6g} s"
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:,.0f}"


def _quoted(label: str) -> str:
    return label if label.startswith(("(", "hash:")) else f"'{label}'"


def moved_most(results: Mapping[str, DriftResult], /) -> float:
    """How far a feature is beyond its warning threshold, over its deciding tests."""
    ratios = [
        result.statistic / result.threshold.warning
        for result in results.values()
        if result.gates and result.statistic is not None and result.threshold is not None
        if result.threshold.warning > 0 and result.method != "chi2"
    ]
    return max(ratios, default=0.0)

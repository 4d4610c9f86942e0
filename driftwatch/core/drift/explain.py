"""What moved, in one sentence a person can act on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from driftwatch.core.data.schema import Kind
from driftwatch.core.drift.sides import CategorySides, NumericSides, Sides
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.reports.report import DriftResult, Status
from driftwatch.core.reports.spelling import number, percent, quoted, share_change
from driftwatch.core.sketches.ascending import ascending

__all__ = ["explain", "moved_most", "undecided_because"]

_TAILS = [0.05, 0.25, 0.5, 0.75, 0.95]
_NOTICEABLE = 0.1
_MANY = 30
_MOST = 0.2
_SOME = 0.05
_MOST_OF = 0.6
_FACTORS = (10.0, 12.0, 24.0, 60.0, 100.0, 1000.0, 1024.0, 3600.0, 1e6, 1e9)
_AS_BEFORE = "as before"
_SYMBOLS = {
    "ks": "D",
    "psi": "PSI",
    "atoms": "h",
    "missing": "change of the share of missing values",
    "unseen": "share of unseen categories",
    "out_of_range": "share out of range",
}
_LIKELY = 0.5
_USUALLY_ASKED = 0.951
_NAMED = ("out_of_range", "atoms", "unseen")
_CERTAIN = 0.001
_OF_CATEGORIES = frozenset({"psi", "chi2", "jensen_shannon", "hellinger", "tvd", "unseen"})
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
    method = primary.method if primary is not None else ""
    if method == "missing" and status.is_drift:
        return _missing(reference, current)
    if method == "rule" and primary is not None and status.is_drift:
        return _broken(primary.details)
    if sides is None:
        side = "reference" if reference.count == 0 else "production"
        return f"no usable value in the {side}"
    if status is Status.UNDECIDED and primary is not None:
        return f"{undecided_because(primary)}; {_so_far_of(primary, sides)}"
    if status is Status.INSUFFICIENT_DATA:
        return f"too few rows of any value to compare; {_so_far(sides)}"
    if not status.is_drift:
        # A few rows at an odd place are named, also where they are too few to matter.
        named = primary is not None and method in _NAMED and (primary.p_value or 0.0) < _CERTAIN
        seen = _so_far_of(primary, sides) if primary is not None and named else _so_far(sides)
        return f"no drift that matters; {seen}"
    return _moved(method, primary, sides)


def _moved(method: str, primary: DriftResult | None, sides: Sides) -> str:
    """What the test that showed drift sees."""
    if isinstance(sides, CategorySides):
        return _categorical(sides, unseen=method == "unseen", sampled=primary)
    match method:
        case "out_of_range":
            return f"{_outside(sides)}; {_means(sides)}"
        case "atoms" if primary is not None:
            return f"{_of_one_value(sides, primary.details)}; {_so_far(sides)}"
        case "mean_shift":
            return _means(sides)
        case _:
            return _numeric(sides)


def _so_far_of(primary: DriftResult, sides: Sides) -> str:
    """Both sides in a few words, as the test that could not decide sees them."""
    if isinstance(sides, CategorySides):
        return _categorical(sides, unseen=primary.method == "unseen", sampled=primary)
    match primary.method:
        case "out_of_range":
            return _outside(sides)
        case "atoms":
            return _of_one_value(sides, primary.details)
        case "mean_shift":
            return _means(sides)
        case _:
            return _so_far(sides)


def _outside(sides: NumericSides) -> str:
    """Share of rows beyond the reference's range, and on which side."""
    kind, (low, high) = sides.reference.profile.column.kind, sides.reference_range
    (_, share, _), below = sides.outside, sides.outside_below
    atoms = sides.atoms
    beyond = np.where((atoms.values < low) | (atoms.values > high), atoms.after, 0.0)
    if beyond.size and beyond.max() > _MOST_OF * share:
        value = _value(float(atoms.values[int(np.argmax(beyond))]), kind)
        span = f"the reference's range {_value(low, kind)} … {_value(high, kind)}"
        moved = share_change(0.0, float(beyond.max()))
        return f"rows equal to {value}: {moved} (outside of {span})"
    if below > 0.99 * share:
        return f"{percent(share)} of rows below the reference's least value {_value(low, kind)}"
    if below < 0.01 * share:
        where = f"above the reference's greatest value {_value(high, kind)}"
        return f"{percent(share)} of rows {where}"
    span = f"{_value(low, kind)} … {_value(high, kind)}"
    return f"{percent(share)} of rows outside of the reference's range {span}"


def _means(sides: NumericSides) -> str:
    kind = sides.reference.profile.column.kind
    before, after = (side.mean for side in sides.moments)
    if not math.isfinite(before) or not math.isfinite(after):
        return _so_far(sides)
    return f"mean {' → '.join(_apart(before, after, kind))}"


def _of_one_value(sides: NumericSides, details: Mapping[str, Any]) -> str:
    kind = sides.reference.profile.column.kind
    was, now = float(details["reference"]), float(details["production"])
    return f"rows equal to {_value(details['value'], kind)}: {share_change(was, now)}"


def _broken(details: Mapping[str, Any]) -> str:
    was, now = float(details["reference"]), float(details["production"])
    return f"rows that are not {details['rule']}: {share_change(was, now)}"


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
    return f"rows without a value: {share_change(before, after)}{why}"


def undecided_because(result: DriftResult, /) -> str:
    """Say why a test is undecided, and what would decide."""
    why, threshold = result.undecided, result.threshold
    if why is None or threshold is None:
        return "not decided"
    n, m = why.rows_reference, why.rows_current
    drift = f"{_SYMBOLS.get(result.method, result.method)} = {number(result.statistic or 0.0)}"
    if why.kind == "at_the_threshold":
        return f"{drift}, at the threshold of {number(threshold.warning)}"
    needed = None
    if result.rows_needed is not None:
        needed = f"about {result.rows_needed:,} rows would tell"
    elif why.lacks == "reference":
        needed = f"the reference is too small to tell ({n:,} rows)"
    elif why.lacks == "sketch":
        categories = result.method in _OF_CATEGORIES
        needed = (
            "too many categories to compare them one by one"
            if categories
            else "the sketches are too coarse to tell; a larger k would"
        )
    if why.kind == "size_not_shown":
        confidence, bound = why.confidence or 0.0, f"above {number(threshold.warning)}"
        shown = f"not shown to be {bound}"
        if confidence > _LIKELY:
            asked = 1 - (result.level or 0.0)
            more = f", where {_sure(asked)} is asked for" if asked > _USUALLY_ASKED else ""
            shown = f"{bound} at {_sure(confidence)}{more}"
        told = f"{drift}, certainly not zero; {shown}"
        return f"{told}; {needed}" if needed else told
    if result.rows_needed is not None:
        return f"{m:,} rows cannot tell, about {result.rows_needed:,} would"
    return needed or f"{m:,} rows cannot tell"


def _sure(confidence: float) -> str:
    """A confidence as percentage, with the decimals that tell it from certainty."""
    texts = (f"{100 * confidence:.{digits}f} %" for digits in range(6))
    return next((text for text in texts if not text.startswith("100")), "over 99.99999 %")


def _so_far(sides: Sides) -> str:
    """Both sides in a few words, without a claim that anything moved."""
    if isinstance(sides, CategorySides):
        return _categorical(sides, unseen=False)
    two = _one_of_two(sides)
    if two is not None:
        return two
    old, new = (float(side.quantile(0.5)) for side in (sides.before, sides.after))
    return _median(sides, old, new)


def _numeric(sides: NumericSides) -> str:
    two = _one_of_two(sides)
    if two is not None:
        return two
    before, after = sides.before, sides.after
    kind = sides.reference.profile.column.kind
    old, new = before.quantile(_TAILS), after.quantile(_TAILS)
    middle = _median(sides, float(old[2]), float(new[2]))
    factor = _factor(old[1:4].tolist(), new[1:4].tolist())
    if factor is not None:
        return f"values look multiplied by {factor:g}, a change of unit; {middle}"
    gap, at = sides.ks
    if round(abs(gap), 3) == 0:
        return middle
    atom = _atom(sides, abs(gap))
    if atom is not None:
        value, was, now = atom
        return f"rows equal to {_value(value, kind)}: {share_change(was, now)}; {middle}"
    spread = _spread(sides, old.tolist(), new.tolist())
    if spread is not None:
        return f"{spread}; {middle}"
    below = share_change(float(before.at(at)), float(after.at(at)))
    where = f"rows at or below {_value(at, kind)}: {below}"
    if middle.endswith(_AS_BEFORE):
        return f"{where}; {middle}"
    # Where the middle went the other way, or only the tails moved, no one word is true.
    one_way = (new[2] - old[2]) * gap >= 0
    moved = f"moved {'up' if gap > 0 else 'down'}" if one_way else "are spread differently"
    return f"values {moved}: {middle}; {where}"


def _one_of_two(sides: NumericSides) -> str | None:
    """The share of the greater value, where there are no more than two."""
    if max(sides.before.values.size, sides.after.values.size) > 2:
        return None
    values = ascending(sides.before.values, sides.after.values)
    if values.size > 2:
        return None
    was, now = (float(s.at(values[-1]) - s.below(values[-1])) for s in (sides.before, sides.after))
    of = f"rows equal to {_value(float(values[-1]), sides.reference.profile.column.kind)}"
    return f"{of}: {share_change(was, now)}"


def _median(sides: NumericSides, old: float, new: float) -> str:
    kind, spread = sides.reference.profile.column.kind, sides.reference.spread
    shift = f"{(new - old) / spread:+.2f}".replace("-", "−") if spread > 0 else "0.00"
    before, after = _apart(old, new, kind)
    if before == after or shift in ("+0.00", "−0.00"):
        return f"median {before} {_AS_BEFORE}"
    return f"median {before} → {after}" + (f" ({shift} IQR)" if spread > 0 else "")


def _apart(old: float, new: float, kind: Kind) -> tuple[str, str]:
    """Both values with as many digits as it takes to tell them apart."""
    before, after = _value(old, kind), _value(new, kind)
    digits = 5
    while before == after and old != new and kind is not Kind.DATETIME and digits <= 8:
        before, after = f"{old:.{digits}g}", f"{new:.{digits}g}"
        digits += 1
    return before, after


def _atom(sides: NumericSides, gap: float) -> tuple[float, float, float] | None:
    """The single value that explains most of the gap, and its shares; None if none does."""
    candidates = ascending(sides.before.atoms(0.01), sides.after.atoms(0.01))
    if not candidates.size or candidates.size == ascending(sides.before.values, candidates).size:
        return None  # every value is one of few: that one of them changed is no news
    was, now = (s.at(candidates) - s.below(candidates) for s in (sides.before, sides.after))
    best = int(np.argmax(np.abs(now - was)))
    if abs(now[best] - was[best]) < max(0.6 * gap, 0.01):
        return None
    return float(candidates[best]), float(was[best]), float(now[best])


def _spread(sides: NumericSides, old: list[float], new: list[float]) -> str | None:
    """Whether the tails moved apart, or together; None where all moved one way."""
    scale, kind = sides.reference.spread, sides.reference.profile.column.kind
    if scale <= 0:
        return None
    low, high = (new[0] - old[0]) / scale, (new[4] - old[4]) / scale
    if low * high >= 0 or min(abs(low), abs(high)) < _NOTICEABLE:
        return None
    how = "spread out" if low < 0 else "drew together"
    ends = f"{_value(old[0], kind)} … {_value(old[4], kind)}"
    return (
        f"values {how}: the middle 90 % of rows went from {ends} to "
        f"{_value(new[0], kind)} … {_value(new[4], kind)}"
    )


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


def _categorical(sides: CategorySides, *, unseen: bool, sampled: DriftResult | None = None) -> str:
    before, after = sides.before / sides.n, sides.after / sides.m
    of_rows = _of_rows(sides)
    new = np.where(sides.before == 0, after, 0.0)
    new[-1] = 0.0
    if unseen:
        named = [sides.label(int(place)) for place in np.argsort(-new)[:3] if new[place] > 0]
        examples = ", ".join(_quoted(label) for label in named if label != "(rare)")
        share = float(new.sum())
        if sampled is not None and sampled.statistic is not None:
            share = max(share, sampled.statistic)
        told = f"{percent(share)} of {of_rows} hold categories never seen before"
        return f"{told}: {examples}" if examples else told
    gaps = np.abs(after - before)
    places = [int(place) for place in np.argsort(-gaps)[:2]]
    if sides.before.size > _MANY and gaps[places].sum() < _MOST * gaps.sum():
        told = f"{percent(float(gaps.sum()) / 2)} of {of_rows} moved between categories"
        told += f", spread over {np.count_nonzero(gaps):,} of them"
        return told + (f"; {percent(float(new.sum()))} hold new ones" if new.any() else "")
    parts = [
        f"{_quoted(sides.label(place))} {share_change(float(before[place]), float(after[place]))}"
        f"{' (new)' if new[place] > 0 else ''}"
        for place in places
        if before[place] != after[place]
    ]
    return ", ".join(parts) or "the same shares on both sides"


def _of_rows(sides: CategorySides) -> str:
    """What shares are of: the rows, unless many of them have no value."""
    rows = sides.current.rows
    missing = rows - sides.m > _SOME * rows
    return f"the {sides.m:,} rows with a value" if missing else "rows"


def _value(value: float, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        try:
            return (_EPOCH + timedelta(seconds=float(value))).strftime("%Y-%m-%d %H:%M")
        except OverflowError:
            return f"{value:.6g} s"
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:,.0f}"


def _quoted(label: str) -> str:
    return label if label.startswith(("(", "hash:")) else quoted(label)


def moved_most(results: Mapping[str, DriftResult], /) -> float:
    """How far a feature is beyond its warning threshold, over its deciding tests."""
    ratios = [
        # Tests whose statistic grows with the rows say their effect beside it.
        float(result.details.get("effect", result.statistic)) / result.threshold.warning
        for result in results.values()
        if result.gates and result.statistic is not None and result.threshold is not None
        if result.threshold.warning > 0
    ]
    return max(ratios, default=0.0)

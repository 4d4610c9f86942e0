"""Round numbers and dates for axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from driftwatch.render.numbers import dates as date_texts
from driftwatch.render.numbers import moment, numbers

__all__ = ["date_ticks", "number_ticks", "round_values", "share_ticks", "spread_out", "time_ticks"]

_MOST = 6
_FEW_DAYS = 4 * 86_400.0


def round_values(low: float, high: float, /, *, about: int = 5) -> list[float]:
    """Round values between two ends, one more than `about` at most.

    Where the ends are too close for distinct round values, the ends themselves are returned.

    Example:
        >>> round_values(0.0, 0.11)
        [0.0, 0.02, 0.04, 0.06, 0.08, 0.1]
    """
    raw = high / about - low / about
    if raw <= 1e-11 * max(abs(low), abs(high)):
        return [low] if low == high else [low, high]
    unit = 10.0 ** math.floor(math.log10(raw))
    if not unit > 0:
        return [low, high]  # ends so close to zero that their distance cannot be divided
    for step in (unit, 2 * unit, 5 * unit, 10 * unit):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first <= about:
            break
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def number_ticks(low: float, high: float, /) -> list[tuple[float, str]]:
    """Places, as shares of the way from `low` to `high`, and texts of round values."""
    values = round_values(low, high)
    span = high / 2 - low / 2
    places = [(value / 2 - low / 2) / span if span > 0 else 0.5 for value in values]
    return list(zip(places, numbers(values), strict=True))


def date_ticks(low: float, high: float, /, *, about: int = 4) -> list[tuple[float, str]]:
    """Places and texts of moments, in seconds since 1970, at equal distances."""
    places = [index / about for index in range(about + 1)]
    values = [low * (1 - place) + high * place for place in places]
    return list(zip(places, date_texts(values), strict=True))


def time_ticks(low: float, high: float, /, *, about: int = 5) -> list[tuple[float, str]]:
    """Places and texts of moments as people write them: days, and hours where days are few.

    Example:
        >>> time_ticks(1764547200.0, 1765152000.0, about=1)
        [(0.0, '1 Dec'), (1.0, '8 Dec')]
    """
    ticks = []
    for place in (index / about for index in range(about + 1)):
        at = datetime.fromtimestamp(low * (1 - place) + high * place, UTC)
        day, _, time = moment(at).rpartition(" ")
        day = day.rpartition(" ")[0]
        ticks.append((place, f"{day} {time}" if high - low < _FEW_DAYS else day))
    return ticks


def share_ticks(highest: float, /, *, about: int = 4) -> list[tuple[float, str]]:
    """Shares from 0 up to the highest, three to five of them, with their texts in percent.

    Example:
        >>> share_ticks(0.62)
        [(0.0, '0'), (0.2, '20 %'), (0.4, '40 %'), (0.6, '60 %')]
    """
    values = round_values(0.0, max(highest, 1e-9), about=about)
    return [(value, f"{100 * value:.6g} %" if value else "0") for value in values]


def spread_out(
    ticks: Sequence[tuple[float, str]], /, *, nearest: float = 0.12, ends: bool = False
) -> list[tuple[float, str]]:
    """The ticks without those that would stand on others, at most six.

    Args:
        ticks: Places and texts, ascending.
        nearest: How near two may stand.
        ends: Whether the first and the last are kept before all others.
    """
    kept = [ticks[0], ticks[-1]] if ends and len(ticks) > 1 else []
    step = -(-len(ticks) // _MOST)
    for tick in ticks[::step]:
        if all(abs(tick[0] - other) >= nearest for other, _ in kept):
            kept.append(tick)
    return sorted(kept)

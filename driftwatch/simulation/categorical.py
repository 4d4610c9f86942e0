"""Drift of categories: rows move to a rare one, a given one, or one never seen."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

import numpy as np

from driftwatch.core.data.schema import Kind
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.simulation.arguments import Rows, Seed, checked_share, generator
from driftwatch.simulation.classes import Classes
from driftwatch.simulation.containers import AnyColumn, Names, open_data

__all__ = ["category_shift"]

Data = TypeVar("Data")


def category_shift(
    data: Data,
    /,
    intensity: float = 0.3,
    *,
    columns: Names = None,
    to: Hashable = None,
    unseen: str | None = None,
    seed: Seed = 0,
) -> Data:
    """Move a share of the rows from the most frequent category to another one.

    Of the ``n`` rows that are not missing, exactly ``round(intensity * n)`` move, or all that
    are not in the target category yet if those are fewer. They come from the most frequent
    category, at random; once it is empty, from the next most frequent, and so on. The
    total variation distance between before and after is the share that moved.

    The target is the rarest category, the category `to`, or the new category `unseen`. Of
    categories equally frequent, the one that appears first counts as the more frequent.
    A column with a single category stays as it is unless `unseen` is given.

    Missing values stay missing. Columns keep their type; a categorical type learns the
    unseen category, and fixed-width NumPy text grows as wide as it needs.

    Args:
        data: An array, list, dict, frame or series; see `mean_shift`.
        intensity: Share of the rows to move, from 0 to 1.
        columns: Names (positions in an array) to change, of any hashable type; if left out,
            every column of text, categories or booleans (with `unseen`: not the booleans).
        to: The category to move to; each column must hold it.
        unseen: A text that no column holds, to move to; for text and categories only.
        seed: Of the choice of rows.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, no column is categorical, `to` is not in a
            column or `unseen` is.
        UnknownColumnError: `columns` names one that is not there.
        DataError: The values of a column are not hashable, or `data` is none of these types.

    Time is O(n log n) and memory O(n) per column; values pass through Python objects, about
    0.3 s a million.

    Example:
        >>> plans = ["free"] * 6 + ["pro"] * 3 + ["team"]
        >>> shifted = category_shift(plans, 0.2)
        >>> {plan: shifted.count(plan) for plan in ("free", "pro", "team")}
        {'free': 4, 'pro': 3, 'team': 3}
        >>> category_shift(plans, 0.1, unseen="trial").count("trial")
        1
    """
    portion = checked_share(intensity, "intensity")
    rng = generator(seed)
    if to is not None and unseen is not None:
        raise ConfigError(f"give to= or unseen=, not both; got {to!r} and {unseen!r}")
    if unseen is not None and not isinstance(unseen, str):
        raise ConfigError(f"unseen must be a text, got {unseen!r}")
    opened = open_data(data)
    if unseen is not None:
        chosen = opened.choose(columns, lambda kind: kind is Kind.CATEGORICAL, "text or category")
    elif columns is None:
        chosen = opened.choose(None, lambda kind: kind.is_discrete, "categorical")
    else:
        chosen = opened.named(columns)
    moved = {column.name: _moved(column, portion, to, unseen, rng) for column in chosen}
    return opened.close({name: new for name, new in moved.items() if new is not None})


def _moved(
    column: AnyColumn,
    portion: float,
    to: Hashable,
    unseen: str | None,
    rng: np.random.Generator,
) -> Any:
    classes = column.classes()
    if not classes.values:
        return None
    by_frequency = np.argsort(-classes.counts, kind="stable")
    if unseen is not None:
        _check_unseen(column.name, unseen, classes)
        chosen = _movers(classes, by_frequency, portion, rng)
        return column.with_text(chosen, unseen) if chosen.size else None
    target = int(by_frequency[-1]) if to is None else _position(column.name, to, classes)
    chosen = _movers(classes, by_frequency[by_frequency != target], portion, rng)
    if chosen.size == 0:
        return None
    rows = np.arange(classes.codes.size)
    rows[chosen] = classes.examples[target]
    return column.rearranged(rows)


def _movers(classes: Classes, sources: Rows, portion: float, rng: np.random.Generator) -> Rows:
    """Return the rows that leave the classes `sources`, which are emptied in that order."""
    turn = np.full(len(classes.values), -1)
    turn[sources] = np.arange(sources.size)
    present = classes.present
    candidates = rng.permutation(present[turn[classes.codes[present]] >= 0])
    in_turn = candidates[np.argsort(turn[classes.codes[candidates]], kind="stable")]
    return in_turn[: round(portion * present.size)]


def _position(name: Hashable, to: Hashable, classes: Classes) -> int:
    if to not in classes.values:
        near = did_you_mean(str(to), map(str, classes.values))
        raise ConfigError(
            f"column {name!r} holds no category {to!r}{near}; "
            "unseen= brings in one that is new, columns= names the columns to change"
        )
    return classes.values.index(to)


def _check_unseen(name: Hashable, unseen: str, classes: Classes) -> None:
    if unseen in classes.values:
        raise ConfigError(f"column {name!r} has seen the category {unseen!r}; move to it with to=")

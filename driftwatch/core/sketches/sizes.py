"""How precise the sketches are: one frozen value, hashed into every profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Self

from driftwatch.errors import ConfigError, NotReadableError

__all__ = ["SketchConfig"]

_LIMITS = {
    "k": (8, 65535),
    "reference_k": (8, 65535),
    "cells": (10, 1000),
    "exact_values": (0, 65_536),
    "dictionary": (1, 10_000),
    "exact_categories": (1, 100_000),
    "frequent_lg": (3, 16),
    "distinct_k": (16, 65_536),
}


@dataclass(frozen=True, slots=True)
class SketchConfig:
    """Sizes of the sketches of a profile.

    Profiles merge only if their configurations agree, so that no side silently
    lowers the other's precision.

    Attributes:
        k: KLL parameter of a production column; 800 keeps about 19 KB a column and
            ranks within 0.35 % of the rows (99 % confidence, all ranks at once).
        reference_k: KLL parameter of a reference; 4096 keeps about 93 KB, within 0.07 %.
        cells: Cells of the grid a reference lays over a numeric column.
        exact_values: Numeric columns with no more distinct values than this are counted
            value by value, without any error.
        dictionary: Categories counted exactly once a column has too many to count all.
        exact_categories: Up to this many categories a column is counted without error.
        frequent_lg: Base-2 logarithm of the frequent-items map beyond that limit.
        distinct_k: Hashes kept to estimate the number of distinct categories; 1024 gives
            a relative standard error of 3 %.

    Raises:
        ConfigError: If a size is outside its limits.

    Example:
        >>> SketchConfig().k
        800
        >>> SketchConfig(k=3)
        Traceback (most recent call last):
            ...
        driftwatch.errors.ConfigError: SketchConfig.k must be in 8..65535; got 3
        DW001: `driftwatch explain DW001` says more
    """

    k: int = 800
    reference_k: int = 4096
    cells: int = 100
    exact_values: int = 1024
    dictionary: int = 255
    exact_categories: int = 10_000
    frequent_lg: int = 12
    distinct_k: int = 1024

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ConfigError(f"SketchConfig.{name} must be in {low}..{high}; got {value!r}")

    @property
    def id(self) -> str:
        """Short hash of all sizes; equal exactly for equal configurations."""
        return _id_of(self)

    def to_dict(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Rebuild a configuration from `to_dict`.

        Raises:
            NotReadableError: If it has sizes that this version does not know.
            ConfigError: If a key is missing, or a size outside its limits.
        """
        names = {field.name for field in fields(cls)}
        if set(data) > names:
            raise NotReadableError.newer(
                f"sketches have sizes {sorted(set(data) - names)}, which this version does not "
                "know: upgrade driftwatch"
            )
        if set(data) != names:
            odd = sorted(set(data) ^ names)
            raise ConfigError(f"SketchConfig has the sizes {sorted(names)}; check {odd}")
        return cls(**data)


@lru_cache(maxsize=64)
def _id_of(config: SketchConfig) -> str:
    """It is asked of every profile that is read or merged, and there are few configurations."""
    text = json.dumps(asdict(config), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

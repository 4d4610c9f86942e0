"""The words of a column's name, and texts that look like something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.core.data.numpy_values import places

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["name_words", "share_matching", "spread"]

_LOOKED_AT = 2_000


def name_words(name: str, /) -> list[str]:
    """Split ``InvoiceNo`` and ``invoice_no`` into lower-case words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def share_matching(pattern: re.Pattern[str], texts: list[str], /) -> float:
    """Share of the texts that match a pattern as a whole, blanks around them aside."""
    return sum(bool(pattern.fullmatch(text.strip())) for text in texts) / max(1, len(texts))


def spread(array: pa.Array, /) -> pa.Array:
    """Some values from everywhere in an array."""
    if len(array) <= 2 * _LOOKED_AT:
        return array
    rows = np.random.default_rng(len(array)).choice(len(array), _LOOKED_AT, replace=False)
    return array.take(places(np.sort(rows)))

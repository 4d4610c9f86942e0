"""Texts that stand for no value, such as ``NA`` and ``-``: one list for every container."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.first_bytes import may_be_any
from driftwatch.core.data.numpy_values import array_of_texts
from driftwatch.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MISSING_WORDS", "PLACEHOLDERS", "stored_words", "without_words"]

MISSING_WORDS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "(null)", "<NA>", "N/A", "NA", "NULL", "NaN", "NaT", "None", "\\N", "n/a", "nan", "null",
)  # fmt: skip
"""Texts that are no value in any column unless a caller says otherwise: those that pandas takes
for missing in CSV files, and ``(null)`` and ``\\N``, which databases write. Blanks around a text do
not count."""

PLACEHOLDERS = ("-", "?")
"""No values where numbers, times or truth values are expected. Among categories they are one:
models were trained with them, and how often they come is tested as of any."""

_MOST = 1_000


def stored_words(name: object, given: Any, /) -> tuple[str, ...] | None:
    """Words from the bytes of a profile; None if it has none of its own.

    Raises:
        SchemaError: If they are no list of texts, or too many.
    """
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise SchemaError(f"column {name!r}: words for missing values must be a list of texts")
    if len(given) > _MOST:
        raise SchemaError(f"column {name!r}: {len(given)} words for missing values, over {_MOST}")
    return tuple(given)


def without_words(texts: pa.Array, words: Sequence[str], /, *, trim: bool = True) -> pa.Array:
    """The same texts with null for each that stands for no value.

    Args:
        texts: Array of strings.
        words: Those that do.
        trim: Whether blanks around a text do not count, which costs as much again.

    Example:
        >>> import pyarrow as pa
        >>> without_words(pa.array(["a", " NA", None]), MISSING_WORDS).to_pylist()
        ['a', None, None]
    """
    if not words or not may_be_any(texts, words):
        return texts
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string_view(texts.type):  # of which Arrow cannot compute
        texts = texts.cast(pa.large_string())
    bare = pc.utf8_trim_whitespace(texts) if trim else texts
    found = pc.is_in(bare, array_of_texts(words).cast(texts.type))
    if not pc.any(found).as_py():
        return texts
    return pc.if_else(found, pa.nulls(len(texts), texts.type), texts)

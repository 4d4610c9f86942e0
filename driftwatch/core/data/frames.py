"""Tables of results as the data frames that a caller uses."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from driftwatch.errors import ConfigError, MissingDependencyError, shown

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LIBRARIES", "Library", "as_frame", "table_of_rows"]

Library = Literal["pandas", "polars", "pyarrow"]
"""A library of data frames."""
LIBRARIES: tuple[Library, ...] = ("pandas", "polars", "pyarrow")
"""In the order in which they are looked for."""


def as_frame(table: pa.Table, library: Library | None = None, /) -> Any:
    """A table as a data frame of a library.

    Args:
        table: The table.
        library: ``"pandas"``, ``"polars"`` or ``"pyarrow"``; the first of these that is installed
            if None. Nothing else is imported.

    Raises:
        ConfigError: If there is no such library.
        MissingDependencyError: If it is not installed.

    Example:
        >>> import pyarrow as pa
        >>> type(as_frame(pa.table({"a": [1]}), "pyarrow")).__name__
        'Table'
    """
    if library is not None and library not in LIBRARIES:
        raise ConfigError(f"library must be one of {', '.join(LIBRARIES)}; got {shown(library)}")
    installed = (name for name in LIBRARIES if _is_installed(name))
    chosen = next(installed) if library is None else library
    if not _is_installed(chosen):
        raise MissingDependencyError(f"a frame of {chosen} needs {chosen}: pip install {chosen}")
    if chosen == "pandas":
        return table.to_pandas()
    if chosen == "polars":
        import polars as pl

        return pl.from_arrow(table)
    return table


def table_of_rows(rows: Iterable[Mapping[str, Any]], types: Mapping[str, str], /) -> pa.Table:
    """Rows as a table whose columns and types do not depend on them.

    Args:
        rows: Values by column; those that are not there are null.
        types: ``text``, ``number``, ``count``, ``truth`` or ``time`` by column, in order.
    """
    import pyarrow as pa

    known = {
        "text": pa.string(),
        "number": pa.float64(),
        "count": pa.int64(),
        "truth": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    found = list(rows)
    arrays = {
        name: pa.array([_written(row.get(name)) for row in found], known[word])
        for name, word in types.items()
    }
    return pa.table(arrays)


def _written(value: Any) -> Any:
    """A text without what no encoding has; everything else as it is."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _is_installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None

"""Rows of values beside which the names of their columns stand, as MLflow and Seldon write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from driftwatch.ingest.tensors import is_list, is_tensor, tensor_rows

__all__ = ["NamedRows", "rows_of_seldon", "rows_of_split"]


class NamedRows(NamedTuple):
    """Rows and names.

    Attributes:
        rows: Lists of values.
        names: Of the values of a row; empty if they are not said.
    """

    rows: Sequence[Any]
    names: tuple[str, ...]


def rows_of_split(document: Any, /) -> NamedRows | None:
    """Those of ``{"dataframe_split": {"columns": [..], "data": [[..]]}}``, or of what is in it.

    Example:
        >>> rows_of_split({"columns": ["age"], "data": [[31], [40]]})
        NamedRows(rows=[[31], [40]], names=('age',))
    """
    if not isinstance(document, Mapping):
        return None
    split = document.get("dataframe_split")
    if split is None and "columns" in document:
        split = document
    if not isinstance(split, Mapping):
        return None
    return _named(split.get("data"), split.get("columns"))


def rows_of_seldon(document: Any, /) -> NamedRows | None:
    """Those of ``{"data": {"names": [..], "ndarray": [[..]]}}``, or of what is in ``data``.

    In the place of ``ndarray`` there may be a tensor.

    Example:
        >>> rows_of_seldon({"data": {"tensor": {"shape": [2, 1], "values": [31, 40]}}})
        NamedRows(rows=[[31], [40]], names=())
    """
    inner = document.get("data", document) if isinstance(document, Mapping) else None
    if not isinstance(inner, Mapping):
        return None
    rows = inner.get("ndarray")
    tensor = inner.get("tensor")
    if rows is None and isinstance(tensor, Mapping):
        rows = _rows_of_tensor({**tensor, "name": "", "data": tensor.get("values")})
    return _named(rows, inner.get("names") or None)


def _rows_of_tensor(tensor: Mapping[str, Any]) -> list[Any] | None:
    found = tensor_rows(tensor) if is_tensor(tensor) else None
    if found is None or len(tensor["shape"]) != 2:
        return None
    values, width = found
    return [values[at : at + width] for at in range(0, len(values), max(1, width))]


def _named(rows: Any, names: Any) -> NamedRows | None:
    if not is_list(rows) or not (names is None or is_list(names)):
        return None
    return NamedRows(rows, tuple(map(str, names or ())))

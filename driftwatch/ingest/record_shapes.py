"""Shapes of records: which columns the values of records with the same names go into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from driftwatch.ingest.known_columns import KnownColumns, picking
from driftwatch.ingest.records import as_record

__all__ = ["MOST_SHAPES", "RecordShapes", "Shape", "alike"]

MOST_SHAPES = 100
"""Shapes that are remembered. Records come in few; where clients send ever new ones, none of them
is worth remembering."""


class Shape:
    """What all records with the same names have in common.

    Args:
        keys: Names whose values are looked at, as the records have them.
        columns: The column of each.
        size: Names of a record, with those that are not looked at.

    Attributes:
        columns: As passed in.
        size: As passed in.
        pick: Gives the values of a record as a tuple; raises KeyError if it lacks a name.
    """

    __slots__ = ("columns", "pick", "size")

    def __init__(self, keys: tuple[Any, ...], columns: tuple[str, ...], size: int, /) -> None:
        self.columns = columns
        self.size = size
        self.pick: Callable[[Any], tuple[Any, ...]] = picking(keys)


class RecordShapes:
    """Finds the shape of a record: at once where the last one with as many names had the same.

    Args:
        known: Which columns of records are looked at.

    Attributes:
        latest: By number of names, the shape of the last record that had so many. A record of so
            many names that has all names of the shape is of this shape.

    Example:
        >>> from driftwatch.core.data.schema import Column, Kind, Schema
        >>> shapes = RecordShapes(
        ...     KnownColumns(Schema((Column("age", Kind.NUMERIC),)), lambda reason, rows: None)
        ... )
        >>> shape, values = shapes.taken({"age": 31, "city": "Bonn"})
        >>> shape.columns, values, shapes.latest[2] is shape
        (('age', 'city'), (31, 'Bonn'), True)
    """

    def __init__(self, known: KnownColumns, /) -> None:
        self._known = known
        self._plain = Shape(known.names, known.names, len(known.names))
        self._by_names: dict[frozenset[Any], Shape] = {}
        self.latest: dict[int, Shape] = {}
        self._forget()

    def _forget(self) -> None:
        self._by_names.clear()
        self.latest.clear()
        self._remember(frozenset(self._known.names), self._plain)

    def _remember(self, names: frozenset[Any], shape: Shape) -> None:
        if len(self._by_names) >= MOST_SHAPES:
            self._forget()
        self._by_names[names] = self.latest[shape.size] = shape

    def taken(self, record: Any, /) -> tuple[Shape, tuple[Any, ...]] | tuple[None, None]:
        """Shape and values of any record; None for both if it is none.

        Values that are not looked at are counted.
        """
        if not isinstance(record, Mapping):
            values = self._plain_values(record)
            if values is not None:
                return self._plain, values
            record = as_record(record)
            if record is None:
                return None, None
        names = frozenset(record)
        shape = self._by_names.get(names)
        if shape is None:
            shape = self._shape_of(record, names)
        else:
            self.latest[shape.size] = shape
        return shape, shape.pick(record)

    def _plain_values(self, record: Any) -> tuple[Any, ...] | None:
        """Values of what has them by name, though it is no mapping, such as rows of databases."""
        try:
            values = self._plain.pick(record)
            return values if len(record) == self._plain.size else None
        except Exception:  # noqa: BLE001 - objects of others
            return None

    def _shape_of(self, record: Mapping[Any, Any], names: frozenset[Any]) -> Shape:
        keys = self._known.looked_at(record)
        shape = Shape(tuple(keys), tuple(map(self._known.column_of, keys)), len(names))
        unused = len(names) - len(keys)
        self._known.count_unused(unused)
        # Names that are not looked at may be of any length. And those that are no texts may be
        # equal to names that are written otherwise, as 1 and 1.0 are.
        if not unused and set(map(type, names)) <= {str}:
            self._remember(names, shape)
        return shape


def alike(
    shapes: list[Shape], rows: list[tuple[Any, ...]], /
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns of records of any shapes, and for each record its value of each column.

    Args:
        shapes: One a record, at least one.
        rows: Values of each record, in the order of its shape's columns.

    Returns:
        Columns in the order in which records first have them, and rows of as many values; None
        where a record lacks one.

    Example:
        >>> one, two = Shape(("a",), ("a",), 1), Shape(("b", "a"), ("b", "a"), 2)
        >>> alike([one, two], [(1,), (2, 3)])
        (('a', 'b'), [(1, None), (3, 2)])
    """
    if shapes.count(shapes[0]) == len(shapes):  # nearly always
        return shapes[0].columns, rows
    different = dict.fromkeys(shapes)
    columns = tuple(dict.fromkeys(name for shape in different for name in shape.columns))
    if all(shape.columns == columns for shape in different):
        return columns, rows
    widen = {shape: _widening(shape, columns) for shape in different}
    return columns, [widen[shape](row) for shape, row in zip(shapes, rows, strict=True)]


def _widening(
    shape: Shape, columns: tuple[str, ...]
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A function that puts the values of a record into the places of all columns."""
    places = {name: place for place, name in enumerate(shape.columns)}  # the last of equal names
    lacking = len(shape.columns)
    chosen = [places.get(name, lacking) for name in columns]
    if len(chosen) == 1:
        (only,) = chosen
        return lambda row: ((*row, None)[only],)
    pick = itemgetter(*chosen)
    return lambda row: pick((*row, None))

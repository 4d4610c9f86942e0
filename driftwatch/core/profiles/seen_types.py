"""Which types the values of each column had, and how many rows of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from driftwatch.core.data.mixed import children_of, is_mixed
from driftwatch.core.data.storage import plain_type
from driftwatch.core.reports.schema_change import family_of
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SeenTypes", "type_name"]

_MOST_TYPES = 100
"""Types of a column in the bytes of a profile, at most: `_NAMES`, by themselves and as values of
dictionaries."""
_OTHERS = "others"
_NOTHING = "null"
_VALUES = "dictionary<values="
_PARAMETERS = re.compile(r"[\[(<,>].*", re.DOTALL)
_OTHER_NAMES = {
    "decimal32": "decimal",
    "decimal64": "decimal",
    "decimal128": "decimal",
    "decimal256": "decimal",
}
# fmt: off
_NAMES = frozenset({
    "text", "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "halffloat", "float", "double", "decimal", "string", "large_string", "string_view",
    "binary", "large_binary", "binary_view", "fixed_size_binary", "timestamp", "date32", "date64",
    "time32", "time64", "duration", "month_interval", "day_time_interval",
    "month_day_nano_interval", "list", "large_list", "fixed_size_list", "list_view",
    "large_list_view", "struct", "map", "dense_union", "sparse_union", "extension",
})
# fmt: on


def type_name(dtype: pa.DataType, /) -> str:
    """Name of what an Arrow type holds: that below extension types, without parameters.

    Precision, unit, zone and the types within lists and records are left out: a column may have
    any number of them, and none is a change of what it holds. So there are some fifty names.

    Example:
        >>> import pyarrow as pa
        >>> type_name(pa.float64()), type_name(pa.list_(pa.int64())), type_name(pa.bool8())
        ('double', 'list', 'bool')
        >>> type_name(pa.decimal128(5, 2)), type_name(pa.timestamp("us", tz="UTC"))
        ('decimal', 'timestamp')
    """
    import pyarrow.types as t

    dtype = plain_type(dtype)
    if t.is_dictionary(dtype):
        return _plain_name(f"{_VALUES}{dtype.value_type}>")
    return _plain_name(str(dtype))


def _plain_name(name: str) -> str:
    """The name of a type without parameters; also of one in a profile that was saved with them."""
    if name in _NAMES:  # nearly always
        return name
    *dictionaries, name = name.split(_VALUES)
    if name.startswith("run_end_encoded<") and "values: " in name:
        name = name.partition("values: ")[2]
    if name.startswith("extension<arrow.bool8>"):
        name = "bool"
    name = _PARAMETERS.sub("", name)
    name = _OTHER_NAMES.get(name, name)
    if name not in _NAMES:
        return _OTHERS
    return f"{_VALUES}{name}>" if dictionaries else name


class SeenTypes(Mapping[str, str]):
    """The columns that data had, whether a schema has them or not, and their types.

    As a mapping it gives the type that most rows of a column have. Types are named by `type_name`;
    those that this version does not know are counted together.

    Example:
        >>> import pyarrow as pa
        >>> seen = SeenTypes()
        >>> seen.note("age", pa.array([31.0, None]))
        >>> dict(seen)
        {'age': 'double'}
    """

    __slots__ = ("_read", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, int]] = {}
        self._read: tuple[int, dict[str, Any]] | None = None
        """Rows and the table that it was rebuilt from, while nothing is added: in older ones names
        are longer."""

    def __getitem__(self, name: str, /) -> str:
        rows = self._rows[name]
        return max(rows, key=lambda dtype: (dtype != _NOTHING, rows[dtype], dtype))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object, /) -> bool:
        return name in self._rows

    def note(self, name: str, array: pa.Array, /, *, untyped: bool = False) -> None:
        """Count the rows of an array, by type where it has several.

        Args:
            name: The column.
            array: Its values.
            untyped: Whether it comes from a format in which everything is text.
        """
        if untyped:
            self.add(name, "text", len(array))
        elif is_mixed(array.type):
            for rows, child in children_of(array):
                self.add(name, type_name(child.type), rows.size - child.null_count)
        else:
            self.add(name, type_name(array.type), len(array))

    def add(self, name: str, dtype: str, rows: int = 0, /) -> None:
        """Count rows of a column that have a type."""
        self._read = None
        known, dtype = self._rows.setdefault(name, {}), _plain_name(dtype)
        known[dtype] = known.get(dtype, 0) + rows

    def changed(self, name: str, before: Mapping[str, float], /) -> tuple[str, float]:
        """The type that most values have which the reference's had not, and the share of these.

        Args:
            name: The column.
            before: Shares of the families of types in the reference.

        Returns:
            The type, and the share of the rows with a value that have types of such families,
            beyond what the reference has of them.
        """
        rows = self._rows[name]
        after = self.shares(name)
        new = {family: share - before.get(family, 0.0) for family, share in after.items()}
        share = sum(more for more in new.values() if more > 0)
        of_new = [dtype for dtype in rows if new.get(family_of(dtype), 0.0) > 0]
        return max(of_new, key=lambda dtype: (rows[dtype], dtype), default=self[name]), share

    def shares(self, name: str, /) -> dict[str, float]:
        """Share of each family of types among the rows of a column; empty without any.

        What comes from formats without types belongs to no family, and is left out.
        """
        families: Counter[str] = Counter()
        for dtype, rows in self._rows.get(name, {}).items():
            families[family_of(dtype)] += rows
        for neutral in ("text", "null"):
            families.pop(neutral, None)
        total = families.total()
        return {family: rows / total for family, rows in families.items()} if total else {}

    def is_untyped(self, name: str, /) -> bool:
        """Whether a column comes, or some of it, from a format in which everything is text."""
        return "text" in self._rows.get(name, ())

    def merge(self, other: SeenTypes, /) -> None:
        """Add what another saw."""
        for name, types in other._rows.items():
            for dtype, rows in types.items():
                self.add(name, dtype, rows)

    def copy(self) -> Self:
        """The same, which can change without this changing."""
        twin = type(self)()
        twin.merge(self)
        twin._read = self._read  # noqa: SLF001 - a twin
        return twin

    def to_table(self, rows: int) -> dict[str, Any]:
        """As plain data: each column's type, and the rows of each where not all rows have it."""
        if self._read is not None and self._read[0] == rows:
            return self._read[1]
        several = {
            name: dict(types) for name, types in self._rows.items() if types != {self[name]: rows}
        }
        return {"seen": dict(self), **({"types": several} if several else {})}

    @classmethod
    def of_table(cls, table: Mapping[str, Any], rows: int) -> Self:
        """Rebuild it from `to_table`; the types of columns without counts are those of all rows.

        Raises:
            ProfileFormatError: If it is none.
        """
        seen, types = table.get("seen"), table.get("types", {})
        if not isinstance(seen, dict) or not all(isinstance(item, str) for item in seen.values()):
            raise ProfileFormatError("schema does not say which columns were seen")
        if not isinstance(types, dict) or not types.keys() <= seen.keys():
            raise ProfileFormatError("schema counts types of columns that were not seen")
        restored = cls()
        for name, dtype in seen.items():
            counts = types.get(name, {dtype: rows})
            if not isinstance(counts, dict) or not all(map(_is_count, counts.values())):
                raise ProfileFormatError(f"column {name!r} has types without a number of rows")
            if not 0 < len(counts) <= _MOST_TYPES:
                raise ProfileFormatError(f"column {name!r} has {len(counts)} types")
            for of_some, count in counts.items():
                restored.add(name, of_some, count)
        restored._read = rows, {"seen": seen, **({"types": types} if types else {})}
        return restored


def _is_count(rows: object) -> bool:
    return isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 1 << 63

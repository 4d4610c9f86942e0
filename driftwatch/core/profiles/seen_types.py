"""Which types the values of each column had, and how many rows of each."""

from __future__ import annotations

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

_MOST_TYPES = 16
_OTHERS = "others"
_NOTHING = "null"


def type_name(dtype: pa.DataType, /) -> str:
    """Name of what an Arrow type holds: that below extension types, of nested ones the outermost.

    Example:
        >>> import pyarrow as pa
        >>> type_name(pa.float64()), type_name(pa.list_(pa.int64())), type_name(pa.bool8())
        ('double', 'list', 'bool')
    """
    import pyarrow.types as t

    dtype = plain_type(dtype)
    if t.is_dictionary(dtype):
        return f"dictionary<values={type_name(dtype.value_type)}>"
    name = str(dtype)
    return name.partition("<")[0] if t.is_nested(dtype) else name


class SeenTypes(Mapping[str, str]):
    """The columns that data had, whether a schema has them or not, and their types.

    As a mapping it gives the type that most rows of a column have.

    Example:
        >>> import pyarrow as pa
        >>> seen = SeenTypes()
        >>> seen.note("age", pa.array([31.0, None]))
        >>> dict(seen)
        {'age': 'double'}
    """

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[str, Counter[str]] = {}

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
        known = self._rows.setdefault(name, Counter())
        if dtype not in known and len(known) >= _MOST_TYPES:
            dtype = _OTHERS
        known[dtype] += rows

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
        return twin

    def to_table(self, rows: int) -> dict[str, Any]:
        """As plain data: each column's type, and the rows of each where not all rows have it."""
        several = {
            name: dict(types)
            for name, types in self._rows.items()
            if dict(types) != {self[name]: rows}
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
            if not 0 < len(counts) <= _MOST_TYPES + 1:
                raise ProfileFormatError(f"column {name!r} has {len(counts)} types")
            restored._rows[name] = Counter(counts)
        return restored


def _is_count(rows: object) -> bool:
    return isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 1 << 63

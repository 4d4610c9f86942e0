"""Request bodies as serving frameworks have them -> records, one a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Self

from driftwatch.core.data.labelled_columns import without_labels
from driftwatch.core.data.schema import Kind, Role, Schema
from driftwatch.errors import ConfigError, did_you_mean, shown
from driftwatch.ingest.json_paths import UNREADABLE, Each, JsonPath
from driftwatch.ingest.named_rows import NamedRows, rows_of_seldon, rows_of_split
from driftwatch.ingest.tensors import SCALARS, is_list, is_tensor, tensor_rows

__all__ = ["MOST_ROWS", "OtherPayloadError", "Payload", "Rows", "Shape", "UnknownColumnsError"]

MOST_ROWS = 100_000
"""Rows of one document that are made, if nothing else is said."""

_WRAPPERS = (
    "dataframe_records", "instances", "inputs", "records", "rows", "data", "input_data", "jsonData"
)  # fmt: skip
_MOST_WRAPPERS = 4
"""Words of frameworks below each other behind which rows are looked for."""
_TENSORFLOW = ("instances", "inputs")
"""Where the value of a feature may stand in a list of one."""


class Shape(StrEnum):
    """What stands at the path of the features: the words of the option ``payload``."""

    AUTO = "auto"
    """Any of the others, whichever it looks like."""
    RECORD = "record"
    """One record: ``{"age": 31, "plan": "pro"}``."""
    RECORDS = "records"
    """A list of records: ``[{"age": 31}, {"age": 40}]``."""
    COLUMNS = "columns"
    """Values by column, as many of each: ``{"age": [31, 40], "plan": ["pro", "free"]}``; or as
    pandas writes them, by row label: ``{"age": {"0": 31, "1": 40}}``."""
    ROWS = "rows"
    """Rows of values in the order of the model's features: ``[[31, "pro"], [40, "free"]]``."""
    DATAFRAME_SPLIT = "dataframe_split"
    """MLflow's ``{"dataframe_split": {"columns": ["age"], "data": [[31]]}}``, or what is in it."""
    DATAFRAME_RECORDS = "dataframe_records"
    """MLflow's ``{"dataframe_records": [{"age": 31}]}``."""
    INPUTS = "inputs"
    """MLflow's and TensorFlow Serving's ``{"inputs": ...}``, by column or by row."""
    INSTANCES = "instances"
    """MLflow's and TensorFlow Serving's ``{"instances": ...}``, by row or by column."""
    TENSORS = "tensors"
    """KServe's and Triton's ``{"inputs": [{"name": ..., "shape": ..., "data": ...}]}``."""
    NDARRAY = "ndarray"
    """Seldon's ``{"data": {"names": ["age"], "ndarray": [[31]]}}``, or what is in ``data``; also a
    ``tensor`` there."""

    @classmethod
    def of(cls, text: object, /) -> Self:
        """The shape of that name.

        Raises:
            ConfigError: If there is none; it lists them.
        """
        known = [shape.value for shape in cls]
        if not isinstance(text, str) or text not in known:
            near = did_you_mean(text, known) if isinstance(text, str) else ""
            raise ConfigError(f"payload must be one of {', '.join(known)}; got {shown(text)}{near}")
        return cls(text)

    def check_path(self, features: JsonPath, /) -> None:
        """See that this shape may stand at a path.

        Raises:
            ConfigError: If the path has a wildcard, so that it finds rows, and this is more.
        """
        if features.finds_each and self not in _OF_ROWS:
            raise ConfigError(
                "a path of features with a wildcard finds rows, one by one: payload must be one "
                f"of {', '.join(_OF_ROWS)}; got {self.value}"
            )


_OF_ROWS = (Shape.AUTO, Shape.RECORD, Shape.RECORDS, Shape.ROWS)


class OtherPayloadError(LookupError):
    """A document is not of the shape that was named."""


class UnknownColumnsError(OtherPayloadError):
    """A document has nothing in which there is one of the reference's columns."""


class Rows(NamedTuple):
    """The rows of a document.

    Attributes:
        made: A record each, as far as it may have rows; None where one cannot be read, and
            `UNREADABLE` where a line is no JSON.
        total: How many it has.
    """

    made: list[Any]
    total: int


@dataclass(frozen=True, slots=True)
class Payload:
    """Tells the rows of a document, by looking at it and by the names of the model's features.

    `Shape` lists what is known. Whatever a document claims of itself, only `most` rows are made
    of it.

    Attributes:
        names: The model's features, in its order. Without any, only records are known.
        lists: Those whose values are lists themselves.
        wider: The features with identifiers and times among them, for rows of as many values.
        shape: What documents are; a document that is not is refused, and not guessed at.
        most: Rows of a document that are made, at most.
        columns: All of the reference, of which one must be there; none if that is not asked.

    Example:
        >>> payload = Payload(("age", "plan"))
        >>> payload.rows({"age": [31, 40], "plan": ["pro", "free"]}).made
        [{'age': 31, 'plan': 'pro'}, {'age': 40, 'plan': 'free'}]
        >>> payload.rows({"dataframe_split": {"columns": ["plan", "age"], "data": [["pro", 31]]}})
        Rows(made=[{'plan': 'pro', 'age': 31}], total=1)
    """

    names: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()
    wider: tuple[str, ...] = ()
    shape: Shape = Shape.AUTO
    most: int = MOST_ROWS
    columns: frozenset[str] = frozenset()

    @classmethod
    def of(cls, schema: Schema, shape: Shape = Shape.AUTO, /, *, most: int = MOST_ROWS) -> Self:
        """What a reference knows of the model's features: they have the order of its columns."""
        features = [column for column in schema if column.role is Role.FEATURE]
        inputs = (Role.FEATURE, Role.ID, Role.TIME)
        return cls(
            tuple(column.name for column in features),
            frozenset(c.name for c in features if c.kind is Kind.UNSUPPORTED),
            tuple(column.name for column in schema if column.role in inputs),
            shape,
            most,
            frozenset(schema.names),
        )

    def is_one_record(self, document: Any, /) -> bool:
        """Whether a document is an object that is one record."""
        return isinstance(document, Mapping) and self.rows(document) is None

    def rows(self, document: Any, /) -> Rows | None:
        """The records of a document.

        Args:
            document: Parsed JSON; in an `Each` every member is a row.

        Returns:
            None if it is one record itself, or nothing that is known.

        Raises:
            OtherPayloadError: If it is not of the shape that was named, or has no known column.
        """
        if self.shape is Shape.AUTO and type(document) is dict:
            for name in self.names:
                if name in document:
                    if type(document[name]) in SCALARS and name not in self.lists:
                        return None  # the usual record: no column is one value, and no wrapper's
                    break
        found = self._found(document)
        self._check_columns([document] if found is None else found.made)
        return found

    def _found(self, document: Any) -> Rows | None:
        if isinstance(document, Each):
            return self._of_each(document)
        if self.shape is Shape.AUTO:
            return self._guessed(document)
        if self.shape is Shape.RECORD:
            if isinstance(document, Mapping) and self._has_features(document):
                return None
            raise OtherPayloadError(self.shape)
        found = self._named(document)
        if found is None:
            raise OtherPayloadError(self.shape)
        return found

    def _check_columns(self, records: Iterable[Any]) -> None:
        """See that one of the records, if there are some, has a column that is known.

        What has none is something else than records: it would count as rows without any value.

        Raises:
            UnknownColumnsError: If none has.
        """
        is_any = False
        for record in records if self.columns else ():
            if isinstance(record, Mapping):
                if not self.columns.isdisjoint(record):
                    return
                is_any = True
        if is_any:
            raise UnknownColumnsError(self.shape)

    def _named(self, document: Any) -> Rows | None:
        """Rows of a document of the shape that was named; None if it is of another."""
        read: dict[Shape, Callable[[Any], Rows | None]] = {
            Shape.RECORDS: self._of_records,
            Shape.COLUMNS: self._of_columns,
            Shape.ROWS: self._of_values,
            Shape.DATAFRAME_SPLIT: self._of_split,
            Shape.DATAFRAME_RECORDS: self._of_dataframe_records,
            Shape.INPUTS: partial(self._below, "inputs"),
            Shape.INSTANCES: partial(self._below, "instances"),
            Shape.TENSORS: self._of_v2,
            Shape.NDARRAY: self._of_ndarray,
        }
        return read[self.shape](document)

    def _guessed(self, document: Any, levels: int = _MOST_WRAPPERS) -> Rows | None:
        if isinstance(document, list):
            return self._of_list(document)
        if not self.names or not isinstance(document, Mapping) or not levels:
            return None
        return self._of_columns(document) or self._unwrapped(document, levels)

    def _has_features(self, document: Mapping[str, Any]) -> bool:
        known = self.wider or self.names
        return not known or any(name in document for name in known)

    def _of_each(self, items: Each) -> Rows:
        """Rows of places, or lines, that are a row each."""
        if self.shape not in _OF_ROWS:
            raise OtherPayloadError(self.shape)
        orders = self._orders()
        by_value, by_name = self.shape is Shape.ROWS, self.shape in (Shape.RECORD, Shape.RECORDS)

        def row_of(item: Any) -> Any:
            if item is UNREADABLE or (isinstance(item, Mapping) and not by_value):
                return item
            return None if by_name else self._row(item, orders)

        return Rows([row_of(item) for item in islice(items, self.most)], len(items))

    def _of_columns(self, document: Any) -> Rows | None:
        """Rows of an object, if what stands under the features' names are lists of one length."""
        if not isinstance(document, Mapping):
            return None
        own = [name for name in self.names if name in document]
        scalars = [name for name in own if name not in self.lists]
        if scalars and isinstance(document[scalars[0]], Mapping):
            labelled = without_labels({n: v for n, v in document.items() if isinstance(v, Mapping)})
            return None if labelled is None else self._of_columns(labelled)
        if not scalars or not all(is_list(document[name]) for name in own):
            return None
        total = len(document[own[0]])
        if any(len(document[name]) != total for name in own):
            return None
        lists = {name: value for name, value in document.items() if is_list(value)}
        return self._together({n: v for n, v in lists.items() if len(v) == total})

    def _unwrapped(self, document: Mapping[str, Any], levels: int) -> Rows | None:
        """Rows of a document with keys of a framework; of one with features None."""
        if any(name in document for name in self.names):
            return None
        found = self._of_split(document) or self._of_ndarray(document)
        if found is not None:
            return found
        for word in _WRAPPERS:
            found = self._below(word, document, levels - 1, is_named=False)
            if found is not None:
                return found
        return None

    def _below(
        self, word: str, document: Any, levels: int = _MOST_WRAPPERS, *, is_named: bool = True
    ) -> Rows | None:
        """Rows of what stands under a framework's word, if it stands there.

        Args:
            word: The word.
            document: An object.
            levels: Other words below it behind which rows are looked for.
            is_named: Whether it was said that rows are there: then objects are records of ours.
        """
        inner = document.get(word) if isinstance(document, Mapping) else None
        found = None
        if isinstance(inner, list):
            has_objects = any(isinstance(item, Mapping) for item in inner)
            found = self._of_records(inner) if is_named and has_objects else self._of_list(inner)
        elif isinstance(inner, Mapping):
            found = self._guessed(inner, levels)
            if found is None and (not is_named or self._has_features(inner)):
                found = Rows([inner], 1)
        if found is None or word not in _TENSORFLOW:
            return found
        return found._replace(made=[self._unboxed(row) for row in found.made])

    def _unboxed(self, row: Any) -> Any:
        """A record whose values stand in lists of one: the rows of tensors of a shape (n, 1)."""
        if row is None or not any(is_list(value) and len(value) == 1 for value in row.values()):
            return row
        return {
            name: value[0]
            if is_list(value) and len(value) == 1 and name not in self.lists
            else value
            for name, value in row.items()
        }

    def _of_split(self, document: Any) -> Rows | None:
        return self._by_names(rows_of_split(document))

    def _of_ndarray(self, document: Any) -> Rows | None:
        return self._by_names(rows_of_seldon(document))

    def _by_names(self, found: NamedRows | None) -> Rows | None:
        return None if found is None else self._rows_of(found.rows, found.names or None)

    def _of_dataframe_records(self, document: Any) -> Rows | None:
        inner = document.get("dataframe_records") if isinstance(document, Mapping) else None
        return self._of_records(inner)

    def _of_records(self, items: Any) -> Rows | None:
        if not is_list(items):
            return None
        if items and not any(isinstance(i, Mapping) and self._has_features(i) for i in items):
            return None
        return self._objects_of(items)

    def _objects_of(self, items: Sequence[Any]) -> Rows:
        """What is an object, as a record."""
        made = [item if isinstance(item, Mapping) else None for item in items[: self.most]]
        return Rows(made, len(items))

    def _of_values(self, items: Any) -> Rows | None:
        if not is_list(items) or any(isinstance(item, Mapping) for item in items):
            return None
        if items and len(self.names) != 1 and not any(map(is_list, items)):
            return None
        return self._rows_of(items)

    def _of_list(self, items: list[Any]) -> Rows:
        found = self._of_tensors(items)
        if found is not None:
            return found
        if not self.names or any(isinstance(item, Mapping) for item in items):
            return self._objects_of(items)
        if any(map(is_list, items)) or len(self.names) == 1:
            return self._rows_of(items)
        return self._rows_of([items]) if items else Rows([], 0)

    def _orders(self) -> dict[int, tuple[str, ...]]:
        """Names by how many values a row without names has."""
        return {len(order): order for order in (self.wider, self.names)}

    def _rows_of(self, rows: Sequence[Any], names: tuple[str, ...] | None = None) -> Rows:
        """Rows of values by names; None in the place of one with another number of values.

        Args:
            rows: Lists of values.
            names: Of all values of a row; those of the features if not given.
        """
        orders = self._orders()
        if names is not None:
            orders = {len(names): names}
        return Rows([self._row(row, orders) for row in islice(rows, self.most)], len(rows))

    def _row(self, row: Any, orders: Mapping[int, tuple[str, ...]]) -> dict[str, Any] | None:
        if is_list(row):
            order = orders.get(len(row))
            return None if order is None else dict(zip(order, row, strict=True))
        if len(self.names) == 1 and not isinstance(row, Mapping) and row is not None:
            return {self.names[0]: row}
        return None

    def _of_v2(self, document: Any) -> Rows | None:
        if isinstance(document, Mapping):
            document = document.get("inputs")
        return self._of_tensors(document)

    def _of_tensors(self, tensors: Any) -> Rows | None:
        """Rows of tensors: each a column by its name, or one with all values, row by row."""
        if not is_list(tensors) or not tensors or not all(map(is_tensor, tensors)):
            return None
        columns: dict[str, Sequence[Any]] = {}
        for place, tensor in enumerate(tensors):
            found = tensor_rows(tensor)
            if found is None:
                return Rows([None], 1)  # data of another size than the shape are nobody's rows
            flat, width = found
            starts = range(0, len(flat), max(1, width))
            name = str(tensor["name"])
            if len(tensors) == 1 and width != 1 and width in self._orders():
                made = [flat[at : at + width] for at in starts[: self.most]]
                return self._rows_of(made)._replace(total=len(starts))
            if name not in self.names and len(tensors) == len(self.names):
                name = self.names[place]
            several = [flat[at : at + width] for at in starts] if width != 1 else flat
            columns[name] = several
        return self._together(columns)

    def _together(self, columns: Mapping[str, Sequence[Any]]) -> Rows:
        """Rows of columns; where these have several lengths none is a row."""
        total = max(map(len, columns.values()))
        if any(len(column) != total for column in columns.values()):
            return Rows([None] * min(total, self.most), total)
        rows = islice(zip(*columns.values(), strict=True), self.most)
        return Rows([dict(zip(columns, values, strict=True)) for values in rows], total)

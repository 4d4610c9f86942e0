"""Request bodies as serving frameworks have them -> records, one a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.core.data.schema import Kind, Role, Schema

__all__ = ["NO_ROWS", "Payload", "one_value", "row_values"]

NO_ROWS: Any = object()
"""What `Payload.rows` gives where a document is no payload."""

_WRAPPERS = ("dataframe_records", "instances", "inputs", "records", "rows", "data")
_TENSOR = ("name", "shape", "data")
_MOST_LEVELS = 4
"""Lists and objects of one member in each other below which a value is looked for."""

_ANSWERS = ("predictions", "prediction", "outputs", "result", "results")


@dataclass(frozen=True, slots=True)
class Payload:
    """Tells what a document is by looking at it, and by the names of the model's features.

    Known are: one record ``{"age": 31}``; a list of records; columns ``{"age": [31, 40]}``; rows
    of values ``[[31, 5200], [40, 3900]]`` and one such row, in the order of the model's features;
    MLflow's ``dataframe_split``, ``dataframe_records``, ``inputs`` and ``instances``; TensorFlow
    Serving's ``instances``; tensors of KServe and Triton (Open Inference Protocol, version 2), and
    Seldon's ``names`` and ``ndarray``.

    Attributes:
        names: The model's features, in its order. Without any, only records are known.
        lists: Those whose values are lists themselves.
        wider: The features with identifiers and times among them, for rows of as many values.

    Example:
        >>> payload = Payload(("age", "plan"))
        >>> payload.rows({"age": [31, 40], "plan": ["pro", "free"]})
        [{'age': 31, 'plan': 'pro'}, {'age': 40, 'plan': 'free'}]
        >>> payload.rows({"dataframe_split": {"columns": ["plan", "age"], "data": [["pro", 31]]}})
        [{'plan': 'pro', 'age': 31}]
    """

    names: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()
    wider: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: Schema, /) -> Self:
        """What a reference knows of the model's features: they have the order of its columns."""
        features = [column for column in schema if column.role is Role.FEATURE]
        inputs = (Role.FEATURE, Role.ID, Role.TIME)
        return cls(
            tuple(column.name for column in features),
            frozenset(c.name for c in features if c.kind is Kind.UNSUPPORTED),
            tuple(column.name for column in schema if column.role in inputs),
        )

    def is_one_record(self, document: Any, /) -> bool:
        """Whether a document is an object that is one record."""
        return isinstance(document, Mapping) and self.rows(document) is NO_ROWS

    def rows(self, document: Any, /) -> list[Any] | Any:
        """The records of a document; what is no record in a list of them comes as None.

        Returns:
            A list; `NO_ROWS` if the document is one record, or nothing that is known.
        """
        if isinstance(document, list):
            return self._of_list(document)
        if not self.names or not isinstance(document, Mapping):
            return NO_ROWS
        if self._are_columns(document):
            rows = next(len(document[name]) for name in self.names if name in document)
            lists = {name: value for name, value in document.items() if _is_list(value)}
            return _of_columns({n: v for n, v in lists.items() if len(v) == rows})
        return self._unwrapped(document)

    def _are_columns(self, document: Mapping[str, Any]) -> bool:
        """Whether what stands under the features' names are lists of one length."""
        own = [name for name in self.names if name in document]
        scalars = [name for name in own if name not in self.lists]
        if not scalars or not all(_is_list(document[name]) for name in own):
            return False
        return len({len(document[name]) for name in own}) == 1

    def _unwrapped(self, document: Mapping[str, Any]) -> list[Any] | Any:
        """Rows of a document with keys of a framework; of one with features `NO_ROWS`."""
        if any(name in document for name in self.names):
            return NO_ROWS
        if "dataframe_split" in document:
            return self._split(document["dataframe_split"])
        if "columns" in document and "data" in document:
            return self._split(document)
        if "names" in document and _is_list(document.get("ndarray")):
            return self._rows_of(document["ndarray"], document["names"])
        for word in _WRAPPERS:
            inner = document.get(word)
            if isinstance(inner, list):
                return self._of_list(inner)
            if isinstance(inner, Mapping):
                rows = self.rows(inner)
                return [inner] if rows is NO_ROWS else rows
        return NO_ROWS

    def _split(self, split: Any) -> list[Any] | Any:
        if not isinstance(split, Mapping) or not _is_list(split.get("data")):
            return NO_ROWS
        return self._rows_of(split["data"], split.get("columns"))

    def _of_list(self, items: list[Any]) -> list[Any]:
        if items and all(map(_is_tensor, items)):
            return self._of_tensors(items)
        if not self.names or any(isinstance(item, Mapping) for item in items):
            return [item if isinstance(item, Mapping) else None for item in items]
        if any(_is_list(item) for item in items):
            return self._rows_of(items)
        if len(self.names) == 1:
            return [{self.names[0]: item} for item in items]
        return self._rows_of([items]) if items else []

    def _rows_of(self, rows: Sequence[Any], names: Any = None) -> list[Any]:
        """Rows of values by names; None in the place of one with another number of values.

        Args:
            rows: Lists of values.
            names: Of all values of a row; those of the features if not given.
        """
        known = [self.wider, self.names]
        if _is_list(names):
            known = [tuple(map(str, names))]
        by_width = {len(order): order for order in known}
        return [
            dict(zip(by_width[len(row)], row, strict=True))
            if _is_list(row) and len(row) in by_width
            else None
            for row in rows
        ]

    def _of_tensors(self, tensors: list[Any]) -> list[Any]:
        """Rows of tensors: each a column by its name, or one with all values, row by row."""
        columns = {}
        for place, tensor in enumerate(tensors):
            shape, flat = list(tensor["shape"]), _flat(tensor["data"])
            rows = shape[0] if shape else 1
            width = len(flat) // rows if rows else 0
            name = str(tensor["name"])
            if width == len(self.names) and len(tensors) == 1 and width != 1:
                starts = range(0, rows * width, width)
                return self._rows_of([flat[at : at + width] for at in starts])
            if name not in self.names and len(tensors) == len(self.names):
                name = self.names[place]
            starts = range(0, len(flat), max(1, width))
            columns[name] = flat if width == 1 else [flat[at : at + width] for at in starts]
        return _of_columns(columns)


def _of_columns(columns: Mapping[str, list[Any]]) -> list[Any]:
    """Rows of columns; where these have several lengths none is a row."""
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        return [None] * max(lengths)
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, values, strict=True)) for values in rows]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_tensor(item: Any) -> bool:
    return (
        isinstance(item, Mapping)
        and all(key in item for key in _TENSOR)
        and _is_list(item["shape"])
        and all(isinstance(size, int) and size >= 0 for size in item["shape"])
        and _is_list(item["data"])
    )


def _flat(values: Any) -> list[Any]:
    """The values of nested lists, in their order."""
    flat: list[Any] = []
    front = [iter(values)]
    while front:
        for value in front[-1]:
            if _is_list(value):
                front.append(iter(value))
                break
            flat.append(value)
        else:
            front.pop()
    return flat


def one_value(answer: Any, /) -> Any:
    """The value of an answer about one record: below lists and objects of one member.

    Example:
        >>> one_value([{"risk": 0.3}]), one_value({"predictions": [[0.3]]}), one_value([0.2, 0.8])
        (0.3, 0.3, [0.2, 0.8])
    """
    for _ in range(_MOST_LEVELS):
        if isinstance(answer, Mapping):
            named = [answer[word] for word in _ANSWERS if word in answer]
            if len(answer) != 1 and len(named) != 1:
                return answer
            answer = named[0] if named else next(iter(answer.values()))
        elif _is_list(answer) and len(answer) == 1:
            answer = answer[0]
        else:
            return answer
    return answer


def row_values(answer: Any, rows: int, /) -> list[Any] | None:
    """The values of an answer about several records, one a row; None if they do not match.

    Example:
        >>> row_values([[0.3], [0.4]], 2), row_values({"predictions": [0.3, 0.4]}, 2)
        ([0.3, 0.4], [0.3, 0.4])
        >>> row_values([0.3], 2) is None
        True
    """
    if isinstance(answer, Mapping):
        named = [answer[word] for word in _ANSWERS if word in answer]
        answer = named[0] if len(named) == 1 else answer
    if _is_list(answer) and len(answer) == 1 and _is_tensor(answer[0]):
        flat = _flat(answer[0]["data"])
        width = len(flat) // rows if rows else 0
        if not width or len(flat) != width * rows:
            return None
        starts = range(0, len(flat), width)
        return flat if width == 1 else [flat[at : at + width] for at in starts]
    if _is_list(answer) and len(answer) == rows:
        return [one_value(value) for value in answer]
    value = one_value(answer) if rows == 1 else None
    return None if value is None or isinstance(value, Mapping | list) else [value]

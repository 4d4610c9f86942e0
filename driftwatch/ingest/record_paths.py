"""Records in JSON documents: found by paths, one or many in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.payloads import NO_ROWS, Payload, one_value, row_values

__all__ = ["Extracted", "RecordPaths", "is_deep"]

_SAME: Any = object()
_ANSWERED = ("prediction", "score")
_ROLES = ("prediction", "score", "label", "id", "at", "model_version")


class Extracted(NamedTuple):
    """A record and the values passed with it.

    Attributes:
        record: Values by column; None if what stood there is no object.
        by_role: Prediction, score, label, id, time and version, as `Monitor.observe` takes them.
        unmatched: Whether the predictions or scores of its rows are not as many as these.
    """

    record: Mapping[str, Any] | None
    by_role: dict[str, Any]
    unmatched: bool = False


@dataclass(frozen=True, slots=True)
class RecordPaths:
    """Where things stand in a document.

    Attributes:
        features: One record, or many in one of the forms that `Payload` knows.
        prediction: A value; or a list of as many, if the features are a list; as the others.
        score: The model's.
        label: The true outcome.
        id: What identifies the record.
        at: The event time.
        model_version: The model's.
        payload: What is known of the model's features.
    """

    features: JsonPath
    prediction: JsonPath | None = None
    score: JsonPath | None = None
    label: JsonPath | None = None
    id: JsonPath | None = None
    at: JsonPath | None = None
    model_version: JsonPath | None = None
    payload: Payload = field(default_factory=Payload)
    _given: tuple[tuple[str, JsonPath], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        paths = {name: getattr(self, name) for name in _ROLES}
        present = tuple((name, path) for name, path in paths.items() if path is not None)
        object.__setattr__(self, "_given", present)

    def extract(self, document: Any, answer: Any = _SAME, /) -> list[Extracted]:
        """Give the records of a document; what is no record comes as None.

        Args:
            document: Parsed JSON.
            answer: Another, in which prediction and score stand, if not in the same.

        Raises:
            LookupError: If there is nothing at the path of the features, or neither an object
                nor a list.
        """
        features = self.features.find(document)
        by_role = dict.fromkeys(_ROLES)
        for name, path in self._given:
            other = answer is not _SAME and name in _ANSWERED
            by_role[name] = path.find(answer if other else document, None)
        rows = self.payload.rows(features)
        if rows is not NO_ROWS:
            return _each(rows, by_role)
        if isinstance(features, Mapping):
            for word in _ANSWERED:
                by_role[word] = one_value(by_role[word])
            return [Extracted(features, by_role)]
        raise LookupError("no record")

    @property
    def words(self) -> tuple[str, ...]:
        """Roles of the values passed with records, as far as there are paths for them."""
        return tuple(word for word, _ in self._given)

    def take(self, document: Any, /) -> tuple[Any, ...]:
        """What stands at the features' path, then the values by role in the order of `words`.

        Raises:
            LookupError: If there is nothing at the path of the features.
        """
        by_role = (path.find(document, None) for _, path in self._given)
        return (self.features.find(document), *by_role)

    def taker(self) -> Callable[[Any], tuple[Any, ...]]:
        """`take` as a function that is faster, and raises errors where anything is absent."""
        paths = [self.features, *(path for _, path in self._given)]
        if len(paths) > 1 and all(len(path.steps) == 1 for path in paths):
            return itemgetter(*(path.steps[0] for path in paths))
        getters = [path.getter() for path in paths]
        return lambda document: tuple(get(document) for get in getters)


def _each(rows: list[Any], by_role: dict[str, Any]) -> list[Extracted]:
    """Records with the values of each; what was answered must be as many as they are."""
    unmatched = False
    for word in _ANSWERED:
        if by_role[word] is not None:
            values = row_values(by_role[word], len(rows))
            unmatched |= values is None
            by_role[word] = values
    return [
        Extracted(row, {name: _at(value, place) for name, value in by_role.items()}, unmatched)
        for place, row in enumerate(rows)
    ]


def is_deep(document: Any, levels: int, /) -> bool:
    """Whether objects and lists stand in each other more than some levels deep."""
    front = [document]
    for _ in range(levels):
        front = [
            inner
            for outer in front
            if isinstance(outer, Mapping | list)
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not front:
            return False
    return any(isinstance(value, Mapping | list) for value in front)


def _at(value: Any, place: int) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value[place] if place < len(value) else None
    return value

"""Records in JSON documents: found by paths, one or many in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from driftwatch.ingest.answers import ScoreClass, one_value, row_values
from driftwatch.ingest.json_paths import Each, JsonPath
from driftwatch.ingest.payloads import Payload
from driftwatch.ingest.tensors import SCALARS, is_list

__all__ = ["Extracted", "Found", "RecordPaths", "is_deep"]

_SAME: Any = object()
_ANSWERED = ("prediction", "score")
_ROLES = ("prediction", "score", "label", "id", "at", "model_version")
_PREDICTIONS = "predictions_do_not_match"
_OTHERS = "values_do_not_match"


class Extracted(NamedTuple):
    """A record and the values passed with it.

    Attributes:
        record: Values by column; None if what stood there is no object, and `UNREADABLE` if a line
            is no JSON.
        by_role: Prediction, score, label, id, time and version, as `Monitor.observe` takes them.
    """

    record: Any
    by_role: dict[str, Any]


class Found(NamedTuple):
    """What a document holds.

    Attributes:
        records: Its records, as many as may be made of one document.
        surplus: How many more it has.
        unmatched: Why values of records are not used, as it is counted: they are not as many as
            the rows.
    """

    records: list[Extracted]
    surplus: int = 0
    unmatched: tuple[str, ...] = ()


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
        score_class: Which score is meant, where there is one for each class.

    Raises:
        ConfigError: If features with a wildcard are said to be more than rows.
    """

    features: JsonPath
    prediction: JsonPath | None = None
    score: JsonPath | None = None
    label: JsonPath | None = None
    id: JsonPath | None = None
    at: JsonPath | None = None
    model_version: JsonPath | None = None
    payload: Payload = field(default_factory=Payload)
    score_class: ScoreClass | None = None
    _given: tuple[tuple[str, JsonPath], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        paths = {name: getattr(self, name) for name in _ROLES}
        present = tuple((name, path) for name, path in paths.items() if path is not None)
        object.__setattr__(self, "_given", present)
        self.payload.shape.check_path(self.features)

    def extract(self, document: Any, answer: Any = _SAME, /) -> Found:
        """Give the records of a document; what is no record comes as None.

        Args:
            document: Parsed JSON.
            answer: Another, in which prediction and score stand, if not in the same.

        Raises:
            OtherPayloadError: If the features are not of the shape that was named, or have none of
                the reference's columns.
            LookupError: If there is nothing at the path of the features, or neither an object
                nor a list.
        """
        features = self.features.find(document)
        by_role, plain = dict.fromkeys(_ROLES), self.score_class is None
        for name, path in self._given:
            other = answer is not _SAME and name in _ANSWERED
            by_role[name] = value = path.find(answer if other else document, None)
            plain = plain and type(value) in SCALARS
        rows = self.payload.rows(features)
        if rows is not None:
            return self._each(rows.made, rows.total, by_role)
        if plain and type(features) is dict:  # nearly always
            return Found([Extracted(features, by_role)])
        if isinstance(features, Mapping):
            return self._one(features, by_role)
        raise LookupError("no record")

    def _one(self, record: Mapping[str, Any], by_role: dict[str, Any]) -> Found:
        """One record; what a path with a wildcard finds for it must be one value."""
        unmatched: tuple[str, ...] = ()
        for word, _ in self._given:
            value = by_role[word]
            if type(value) in SCALARS:
                continue
            if isinstance(value, Each):
                if len(value) != 1 and _reason(word) not in unmatched:
                    unmatched += (_reason(word),)
                value = value[0] if len(value) == 1 else None
            by_role[word] = one_value(value) if word in _ANSWERED else value
        self._choose(by_role)
        return Found([Extracted(record, by_role)], 0, unmatched)

    def _each(self, made: list[Any], total: int, by_role: dict[str, Any]) -> Found:
        """Records with the values of each; lists of values must be as many as they are."""
        unmatched: list[str] = []
        columns: dict[str, list[Any] | tuple[Any, ...]] = {}
        for word, _ in self._given:
            value, values = by_role[word], None
            if word in _ANSWERED:
                values = None if value is None else row_values(value, total, len(made))
            elif is_list(value):
                values = value if len(value) == total else None
            else:
                continue  # the same of all rows
            if values is not None:
                columns[word] = values
            elif value is not None:
                unmatched.append(_reason(word))
            by_role[word] = None
        records = []
        for place, row in enumerate(made):
            own = by_role | {word: values[place] for word, values in columns.items()}
            self._choose(own)
            records.append(Extracted(row, own))
        return Found(records, total - len(made), tuple(dict.fromkeys(unmatched)))

    def _choose(self, by_role: dict[str, Any]) -> None:
        if self.score_class is not None:
            by_role["score"] = self.score_class.score(by_role["score"])

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
        if len(paths) > 1 and all(path.is_one_step for path in paths):
            return itemgetter(*(path.steps[0] for path in paths))
        getters = [path.getter() for path in paths]
        return lambda document: tuple(get(document) for get in getters)


def _reason(word: str) -> str:
    return _PREDICTIONS if word in _ANSWERED else _OTHERS


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

"""Records in JSON documents: found by paths, one or many in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftwatch.json_paths import JsonPath

__all__ = ["Extracted", "RecordPaths", "is_deep"]

_SAME: Any = object()
_ANSWERED = ("prediction", "score")
_SAID = ("prediction", "score", "label", "id", "at", "model_version")


@dataclass(frozen=True, slots=True)
class RecordPaths:
    """Where things stand in a document.

    Attributes:
        features: An object, one record; or a list of objects, many.
        prediction: A value; or a list of as many, if the features are a list; as the others.
        score: The model's.
        label: The true outcome.
        id: What identifies the record.
        at: The event time.
        model_version: The model's.
    """

    features: JsonPath
    prediction: JsonPath | None = None
    score: JsonPath | None = None
    label: JsonPath | None = None
    id: JsonPath | None = None
    at: JsonPath | None = None
    model_version: JsonPath | None = None

    def extract(self, document: Any, answer: Any = _SAME, /) -> Iterator[Extracted]:
        """Give the records of a document; what is no record comes as None.

        Args:
            document: Parsed JSON.
            answer: Another, in which prediction and score stand, if not in the same.

        Raises:
            LookupError: If there is nothing at the path of the features, or neither an object
                nor a list.
        """
        features = self.features.find(document)
        said = {
            name: self._found(
                name, answer if name in _ANSWERED and answer is not _SAME else document
            )
            for name in _SAID
        }
        if isinstance(features, Mapping):
            yield Extracted(features, said)
        elif isinstance(features, list):
            for place, record in enumerate(features):
                mine = {name: _at(value, place) for name, value in said.items()}
                yield Extracted(record if isinstance(record, Mapping) else None, mine)
        else:
            raise LookupError("no record")  # noqa: TRY004 - as if nothing stood there

    def _found(self, name: str, document: Any) -> Any:
        path: JsonPath | None = getattr(self, name)
        return None if path is None else path.find(document, None)


@dataclass(frozen=True, slots=True)
class Extracted:
    """A record and what was said beside it.

    Attributes:
        record: Values by column; None if what stood there is no object.
        said: Prediction, score, label, id, time and version, as `Monitor.observe` takes them.
    """

    record: Mapping[str, Any] | None
    said: dict[str, Any]


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

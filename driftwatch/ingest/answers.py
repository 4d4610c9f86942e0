"""What a model answered -> a value for each row, or nothing where they do not match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.core.data.aligned import class_text, in_order
from driftwatch.errors import ConfigError, shown
from driftwatch.ingest.json_paths import UNREADABLE, Each
from driftwatch.ingest.named_rows import rows_of_seldon
from driftwatch.ingest.tensors import SCALARS, flat, is_list, is_tensor

__all__ = ["ScoreClass", "one_value", "row_values"]

_MOST_LEVELS = 4
"""Lists and objects of one member in each other below which a value is looked for."""


_ANSWERS = ("predictions", "prediction", "outputs", "result", "results")


@dataclass(frozen=True, slots=True)
class ScoreClass:
    """Which of a row's scores is meant, where a model gives one for each class.

    Attributes:
        place: Its place in a list; None if that is not known.
        name: The class, by which a score is found in an object.

    Example:
        >>> of_yes = ScoreClass.of("yes", ("no", "yes"))
        >>> of_yes.score([0.2, 0.8]), of_yes.score({"yes": 0.8, "no": 0.2}), of_yes.score(0.8)
        (0.8, 0.8, 0.8)
    """

    place: int | None
    name: str | None = None

    @classmethod
    def of(cls, said: int | str, classes: Sequence[str] = (), /) -> Self:
        """The class that somebody names.

        Args:
            said: Its place, from 0 or from the end (-1), or its name.
            classes: Those of the model, if they are known; scores have scikit-learn's order.

        Raises:
            ConfigError: If it is neither, or the model has no such class.
        """
        ordered = in_order(classes)
        if isinstance(said, bool) or not isinstance(said, int | str):
            raise ConfigError(
                f"score_class must be a place or a class's name; got {shown(said)}", code="DW091"
            )
        if isinstance(said, int):
            if ordered and not -len(ordered) <= said < len(ordered):
                raise ConfigError(
                    f"score_class must be below {len(ordered)}; got {said}", code="DW091"
                )
            return cls(said, ordered[said] if ordered else None)
        name = class_text(said)
        if ordered and name not in ordered:
            raise ConfigError(
                f"score_class must be one of {', '.join(ordered)}; got {shown(said)}", code="DW091"
            )
        return cls(ordered.index(name) if name in ordered else None, name)

    def score(self, answer: Any, /) -> Any:
        """The score of the class; as it is what has none of several classes."""
        if isinstance(answer, Mapping):
            return next((v for n, v in answer.items() if class_text(n) == self.name), answer)
        if is_list(answer) and self.place is not None:
            return answer[self.place] if -len(answer) <= self.place < len(answer) else answer
        return answer


def one_value(answer: Any, /) -> Any:
    """The value of an answer about one record: below lists and objects of one member.

    Example:
        >>> one_value([{"risk": 0.3}]), one_value({"predictions": [[0.3]]}), one_value([0.2, 0.8])
        (0.3, 0.3, [0.2, 0.8])
    """
    if type(answer) in SCALARS:  # nearly always
        return answer
    for _ in range(_MOST_LEVELS):
        answer = _unframed(answer, 1)
        if isinstance(answer, Mapping):
            named = [answer[word] for word in _ANSWERS if word in answer]
            if len(answer) != 1 and len(named) != 1:
                return answer
            answer = named[0] if named else next(iter(answer.values()))
        elif is_list(answer) and len(answer) == 1:
            answer = answer[0]
        else:
            return None if answer is UNREADABLE else answer
    return answer


def row_values(answer: Any, rows: int, most: int | None = None, /) -> list[Any] | None:
    """The values of an answer about several records, one a row; None if they do not match.

    Args:
        answer: In an `Each` every member is the answer about one row.
        rows: How many records there are.
        most: Of how many of them, from the first on, values are wanted; of all if not given.

    Example:
        >>> row_values([[0.3], [0.4]], 2), row_values({"predictions": [0.3, 0.4]}, 2)
        ([0.3, 0.4], [0.3, 0.4])
        >>> row_values([0.3], 2) is None
        True
    """
    if isinstance(answer, Each):
        return _values_of(answer, most) if len(answer) == rows else None
    if isinstance(answer, Mapping):
        named = [answer[word] for word in _ANSWERS if word in answer]
        answer = named[0] if len(named) == 1 else answer
    if is_list(answer) and answer and all(map(is_tensor, answer)):
        if len(answer) > 1:  # which of them is meant?
            return None
        answer = answer[0]
    answer = _unframed(answer, rows)
    if is_list(answer) and len(answer) == rows:
        return _values_of(answer, most)
    value = one_value(answer) if rows == 1 else None
    return None if value is None or isinstance(value, Mapping | list) else [value]


def _values_of(answers: Sequence[Any], most: int | None) -> list[Any]:
    return [one_value(value) for value in answers[:most]]


def _unframed(answer: Any, rows: int) -> Any:
    """The values of a tensor, or of what Seldon answers, row by row; anything else as it is."""
    if is_tensor(answer):
        return _of_tensor(answer, rows)
    found = rows_of_seldon(answer)
    if found is None:
        return answer
    values, names = found
    if len(names) < 2:
        return values
    return [
        dict(zip(names, row, strict=True)) if is_list(row) and len(row) == len(names) else row
        for row in values
    ]


def _of_tensor(tensor: Mapping[str, Any], rows: int) -> list[Any]:
    """Values of a tensor: one a row, or lists of as many; none if they are of other rows."""
    values, shape = flat(tensor["data"]), tensor["shape"]
    if len(values) == rows:
        return values
    if not rows or not shape or shape[0] != rows or len(values) % rows:
        return []
    width = len(values) // rows
    return [values[at : at + width] for at in range(0, len(values), width)]

"""What is wrong with a configuration, in words, without showing what was given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from driftwatch.errors import ConfigError, DriftWatchError, did_you_mean, shown

__all__ = ["code_within", "explained", "keys_of"]

_COLUMNS = (
    "features", "exclude", "time", "id", "label", "prediction", "score", "weight"
)  # fmt: skip
"""Keys whose values are names of columns, which are no secrets."""
_QUOTED = re.compile(r"(?P<before>did you mean )?(?P<quote>['\"])(?P<text>.*?)(?P=quote)")
_HIDDEN = "(not shown)"
_TABLES = ("model_type", "model_attributes_type", "dict_type")


def explained(error: ValidationError, model: type[BaseModel], given: object, /) -> str:
    """The first thing that is wrong, by its key as it is written.

    What was given is not shown: a secret may stand in the wrong place.

    Args:
        error: What pydantic found.
        model: The table that was read.
        given: What was read.
    """
    first = _first(error)
    place, kind = first["loc"], first["type"]
    key = ".".join(_written(place, given, last_is_missing=kind == "missing"))
    if kind == "extra_forbidden":
        known = keys_of(_table(model, place))
        return f"unknown key {key}{did_you_mean(str(place[-1]), known)}; known: {', '.join(known)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        message = _without(str(first["ctx"]["error"]), first["input"])
    elif kind in _TABLES:
        message = "a table of keys is needed here"
    else:
        near = _near(first["input"], first.get("ctx", {}).get("expected", ""))
        message = first["msg"][:1].lower() + first["msg"][1:] + near
    return f"{key}: {message}".removeprefix(": ")


def code_within(error: ValidationError, /) -> str:
    """The code of the first thing that is wrong: its own where a value says more of itself."""
    cause = _first(error).get("ctx", {}).get("error")
    if isinstance(cause, DriftWatchError) and cause.code != ConfigError.code:
        return cause.code
    return "DW004"


def _first(error: ValidationError) -> Mapping[str, Any]:
    errors: Sequence[Mapping[str, Any]] = error.errors(include_url=False)
    # A key with a slip of the pen is also a key that is missing; the slip is what to show.
    return next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])


def keys_of(model: type[BaseModel], /) -> list[str]:
    """The keys of a table, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items() if not field.exclude]


def _written(place: Sequence[int | str], given: object, *, last_is_missing: bool) -> Iterator[str]:
    """The parts of a place that are keys or numbers in lists of what was given.

    Others are pydantic's: which type of several was tried, which check, and the list that a
    single table was made.
    """
    for number, part in enumerate(place):
        inside = given if isinstance(given, Mapping) else {}
        if isinstance(given, list | tuple):
            inside = dict(enumerate(given))
        if part in inside or (last_is_missing and number == len(place) - 1):
            given = inside.get(part)
            yield str(part)


def _without(message: str, given: object) -> str:
    """A message without texts of what was given."""
    hidden, named = list(_texts(given)), set(_texts(given, of_columns=True))
    for text in sorted(hidden, key=len, reverse=True):
        for form in (repr(text), shown(text)):
            message = message.replace(form, _HIDDEN) if text not in named else message

    def replaced(found: re.Match[str]) -> str:
        text = found["text"].rstrip("…")
        keep = found["before"] or text in named or not any(text in each for each in hidden)
        return found[0] if keep else _HIDDEN

    return _QUOTED.sub(replaced, message).replace(f"; got {_HIDDEN}", "")


def _texts(given: object, *, of_columns: bool = False) -> Iterator[str]:
    """Every value in what was given as text; with `of_columns` the names of columns only."""
    if isinstance(given, BaseModel):
        given = dict(given)
    if isinstance(given, Mapping):
        for key, value in given.items():
            if (key in _COLUMNS) is of_columns:
                yield from _texts(value)
    elif isinstance(given, list | tuple):
        for value in given:
            yield from _texts(value, of_columns=of_columns)
    elif given is not None and not of_columns:
        yield given if isinstance(given, str) else shown(given)


def _table(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    """The table that a key is in, by the way to it through tables of tables and lists."""
    name_follows = False
    for part in place[:-1]:
        if name_follows:  # the name of a monitor, or a place in a list
            name_follows = False
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if str(part) not in fields:
            continue
        annotation = fields[str(part)].annotation
        inner = next(_models(annotation), None)
        if inner is None:
            break
        model, name_follows = inner, get_origin(annotation) in (dict, list)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _near(value: object, expected: str) -> str:
    known = re.findall("'([^']+)'", expected)
    return did_you_mean(value, known) if isinstance(value, str) else ""

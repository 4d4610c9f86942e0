"""What is wrong with a configuration, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from driftwatch.errors import did_you_mean

__all__ = ["explained"]


def explained(error: ValidationError, model: type[BaseModel], /) -> str:
    """The first thing that is wrong, by its key.

    Args:
        error: What pydantic found.
        model: The table that was read.
    """
    errors = error.errors(include_url=False)
    # A key with a slip of the pen is also a key that is missing; the slip is what to show.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    key, kind = ".".join(str(part) for part in first["loc"]), first["type"]
    if kind == "extra_forbidden":
        fields = _table(model, first["loc"]).model_fields
        known = [name for name, field in fields.items() if not field.exclude]
        near = did_you_mean(str(first["loc"][-1]), known)
        return f"unknown key {key}{near}; known: {', '.join(known)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        return f"{key}: {first['ctx']['error']}".removeprefix(": ")
    if "alerts" in first["loc"]:  # what was given may be a secret that stands in the wrong place
        return f"{key}: {first['msg'].lower()}"
    message = f"{key}: {first['msg'].lower()}; got {first['input']!r}"
    return message + _near(first["input"], first.get("ctx", {}).get("expected", ""))


def _table(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    """The table that a key is in, by the way to it through tables of tables and lists."""
    name_follows = False
    for part in place[:-1]:
        if name_follows:  # the name of a monitor, or a place in a list
            name_follows = False
            continue
        annotation = model.model_fields[str(part)].annotation
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
    return did_you_mean(str(value), re.findall("'([^']+)'", expected))

"""Everything DriftWatch raises, on one page.

    DriftWatchError
    ├── ConfigError (ValueError)          an argument, a threshold or an option is wrong
    ├── DataError (ValueError)            a frame, a file or a record cannot be read
    │   └── UnknownColumnError (KeyError) a column was named that the data does not have
    ├── SchemaError (ValueError)          two sides disagree about what a column is
    ├── ProfileFormatError (ValueError)   bytes that are not a profile we can trust
    │   └── NotReadableError              sound bytes, for another reader than this
    │       └── HashKeyError              a sound profile, whose key of hidden values is another
    ├── MergeError (ValueError)           two sketches that cannot be added up
    ├── EmptySketchError (ValueError)     a question to a sketch that has seen nothing
    ├── StoreError (OSError)              a store cannot do what was asked of it
    └── MissingDependencyError (ImportError)

Each also inherits the builtin a caller would reach for, so `except ValueError` works.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self

__all__ = [
    "MISREAD",
    "ConfigError",
    "DataError",
    "DriftWatchError",
    "EmptySketchError",
    "HashKeyError",
    "MergeError",
    "MissingDependencyError",
    "NotReadableError",
    "ProfileFormatError",
    "SchemaError",
    "StoreError",
    "UnknownColumnError",
    "did_you_mean",
    "shown",
]


class DriftWatchError(Exception):
    """The root of every error that DriftWatch raises on purpose."""


class ConfigError(DriftWatchError, ValueError):
    """An argument, a threshold or a configuration value is not usable."""


class DataError(DriftWatchError, ValueError):
    """A frame, a file or a record cannot be read as rows and columns."""


class UnknownColumnError(DataError, KeyError):
    """A column was asked for that the data does not have."""

    def __init__(self, name: str, available: Iterable[str], where: str) -> None:
        available = list(available)
        message = f"no column {name!r} in {where}{did_you_mean(name, available)}"
        if len(available) <= 20:
            message += f"; columns: {', '.join(available) or 'none'}"
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        # KeyError would print the repr of the message, quotes and all.
        return self.message


class SchemaError(DriftWatchError, ValueError):
    """Two sides disagree about the columns in a way that cannot be reported as drift."""


class ProfileFormatError(DriftWatchError, ValueError):
    """Bytes that are not a profile, are damaged, or break a structural rule."""


class NotReadableError(ProfileFormatError):
    """Sound bytes that this reader cannot read now, and another one, or this one later, can.

    Made with another hash key, or by a newer version. Whoever meets them leaves them where they
    are and counts them by `reason`; only what is damaged is ever set aside.

    Args:
        message: What was met, and what to do.
        reason: The kind of it, as it is counted: ``hashed_with_another_key`` or
            ``of_a_newer_format``.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    @classmethod
    def newer(cls, message: str) -> Self:
        """What a newer version has written."""
        return cls(message, "of_a_newer_format")


class HashKeyError(NotReadableError):
    """A profile that is sound, with columns that were hashed with a key that is not this one.

    Nothing is damaged: whoever has the key can read it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, "hashed_with_another_key")


class MergeError(DriftWatchError, ValueError):
    """Two sketches or profiles cannot be added up."""


class EmptySketchError(DriftWatchError, ValueError):
    """A question was put to a sketch that has seen no values."""

    def __init__(self, sketch: str, question: str) -> None:
        super().__init__(f"{sketch}.{question} of an empty sketch; check .count first")


class StoreError(DriftWatchError, OSError):
    """A store is locked, read-only, full, damaged or gone; nothing of the call happened."""


class MissingDependencyError(DriftWatchError, ImportError):
    """An optional library is needed for what was asked."""


MISREAD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading plain data of another shape than expected raises; its reader makes it ours."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the known name nearest to `name`, else ``""``.

    Example:
        >>> did_you_mean("incme", ["age", "income"])
        " (did you mean 'income'?)"
    """
    near = difflib.get_close_matches(str(name), list(map(str, known)), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def shown(value: object, /) -> str:
    """What was given, for an error: at most 80 characters; its type where it cannot be written.

    Not for what may be a secret.

    Example:
        >>> shown("age"), shown([1] * 1000)[-5:], shown(10**5000)
        ("'age'", ' 1, …', 'int')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a caller's object, or a number of thousands of digits
        return type(value).__name__
    return text if len(text) <= 80 else text[:79] + "…"

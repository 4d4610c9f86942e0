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

Each has a code, such as DW031, which never changes its meaning: `error.code` is for programs, and
``driftwatch explain DW031`` says more to people (`driftwatch.explanations` has the texts). A class
has a code of its own; where more can be said of a case, it is raised with the code of the case. An
error that quotes the one that is being handled keeps its code, since that one was nearer to the
fault.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from typing import Any, Self

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
    "code_of",
    "did_you_mean",
    "shown",
]


class DriftWatchError(Exception):
    """The root of every error that DriftWatch raises on purpose.

    It can be copied and pickled, so that it comes back from another process as it was raised there.
    The text of the error is the message alone; tracebacks and notebooks show the code below it, as
    a note.

    Args:
        args: The message.
        code: What it is about, as `driftwatch.explanations` has it; if not given, that of the error
            that is being handled where the message quotes it, else that of the class.

    Attributes:
        code: Such as ``"DW031"``.

    Example:
        >>> try:
        ...     raise StoreError("a.db is on a disk that is full", code="DW037")
        ... except StoreError as cause:
        ...     error = ConfigError(f"monitor 'churn': {cause}")
        >>> error.code, str(error)
        ('DW037', "monitor 'churn': a.db is on a disk that is full")
    """

    code: str = "DW009"

    def __init__(self, *args: object, code: str | None = None) -> None:
        super().__init__(*args)
        found = code or _code_that_is_quoted(args)
        if found is not None:
            self.code = found
        self.add_note(f"{self.code}: `driftwatch explain {self.code}` says more")

    def __reduce__(self) -> tuple[Any, ...]:
        # By what it says, and not by its class, whose __init__ may make that of other things.
        said = super().__reduce__()[1]
        return _restored, (type(self), said), self.__dict__.copy()


def _code_that_is_quoted(said: tuple[object, ...]) -> str | None:
    """The code of the error that is being handled, if the message of the new one holds its own."""
    handled = sys.exception()
    if not isinstance(handled, DriftWatchError) or not said:
        return None
    return handled.code if str(handled) and str(handled) in str(said[0]) else None


def _restored(kind: type[DriftWatchError], said: tuple[object, ...], /) -> DriftWatchError:
    error = kind.__new__(kind, *said)
    DriftWatchError.__init__(error, *said)
    vars(error).clear()  # what was the error's own comes with its state
    return error


class ConfigError(DriftWatchError, ValueError):
    """An argument, a threshold or a configuration value is not usable."""

    code = "DW001"


class DataError(DriftWatchError, ValueError):
    """A frame, a file or a record cannot be read as rows and columns."""

    code = "DW010"


class UnknownColumnError(DataError, KeyError):
    """A column was asked for that the data does not have."""

    code = "DW020"

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

    code = "DW023"


class ProfileFormatError(DriftWatchError, ValueError):
    """Bytes that are not a profile, are damaged, or break a structural rule."""

    code = "DW040"


class NotReadableError(ProfileFormatError):
    """Sound bytes that this reader cannot read now, and another one, or this one later, can.

    Made with another hash key, or by a newer version. Whoever meets them leaves them where they
    are and counts them by `reason`; only what is damaged is ever set aside.

    Args:
        message: What was met, and what to do.
        reason: The kind of it, as it is counted: ``hashed_with_another_key`` or
            ``of_a_newer_format``.
    """

    code = "DW044"

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

    code = "DW041"

    def __init__(self, message: str) -> None:
        super().__init__(message, "hashed_with_another_key")


class MergeError(DriftWatchError, ValueError):
    """Two sketches or profiles cannot be added up."""

    code = "DW045"


class EmptySketchError(DriftWatchError, ValueError):
    """A question was put to a sketch that has seen no values."""

    code = "DW047"

    def __init__(self, sketch: str, question: str) -> None:
        super().__init__(f"{sketch}.{question} of an empty sketch; check .count first")


class StoreError(DriftWatchError, OSError):
    """A store is locked, read-only, full, damaged or gone; nothing of the call happened."""

    code = "DW030"


class MissingDependencyError(DriftWatchError, ImportError):
    """An optional library is needed for what was asked."""

    code = "DW070"


MISREAD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading plain data of another shape than expected raises; its reader makes it ours."""


def code_of(error: BaseException, /) -> str:
    """The code of any error: its own, that of the system's refusals, or that of our own faults.

    Example:
        >>> code_of(DataError("no")), code_of(PermissionError("no")), code_of(KeyError("no"))
        ('DW010', 'DW013', 'DW000')
    """
    if isinstance(error, DriftWatchError):
        return error.code
    return "DW013" if isinstance(error, OSError) else "DW000"


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

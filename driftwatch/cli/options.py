"""The options that commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.completion import monitor_names, words
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.cli.monitors import StreamRequest
    from driftwatch.profiling.delimited import CsvFormat

__all__ = [
    "Config",
    "Exclude",
    "FailOn",
    "FalseAlarms",
    "Features",
    "Files",
    "Format",
    "Ids",
    "Kinds",
    "Labels",
    "LogFormat",
    "Multivariate",
    "Name",
    "Output",
    "Positive",
    "Predictions",
    "Quiet",
    "Ref",
    "Scores",
    "Slide",
    "StorePath",
    "Task",
    "Time",
    "Times",
    "Version",
    "Weights",
    "Window",
    "column_options",
    "parse_thresholds",
    "request_of",
    "set_up_logs",
]

Files = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="A file, folder or glob, also as s3://, gs:// or https://: parquet, CSV, JSON lines "
        "(compressed or not), or a .dwp profile. Repeat for several.",
    ),
]
Ref = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="Reference data, or a profile; path or URL. Repeatable."),
]
Features = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Columns to use, separated by commas. Default: all."),
]
Exclude = Annotated[
    str | None, typer.Option(metavar="A,B", help="Columns to leave out, separated by commas.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="COLUMN=KIND",
        help="What a column is: numeric, categorical, boolean or datetime. Repeatable.",
    ),
]
Predictions = Annotated[
    list[str] | None,
    typer.Option("--prediction", metavar="COLUMN", help="A column of the model's predictions."),
]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--score",
        metavar="COLUMN",
        help="A column of the model's scores or probabilities; one a class, in their order.",
    ),
]
Positive = Annotated[
    str | None, typer.Option(metavar="CLASS", help="The positive class of two. Default: the last.")
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="TASK",
        help="binary, multiclass or regression. Default: by the labels.",
        autocompletion=words("binary", "multiclass", "regression"),
    ),
]
Weights = Annotated[
    list[str] | None, typer.Option("--weight", metavar="COLUMN", help="A column of row weights.")
]
Times = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="A column of times. Not tested.")
]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column of event times.")]
Labels = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="A column of labels, for the model's performance."),
]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="COLUMN", help="A column of identifiers. Not tested."),
]
Multivariate = Annotated[
    bool,
    typer.Option("--multivariate", help="Also watch how columns depend on each other."),
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="driftwatch.toml; the one of this folder if not given."),
]
Name = Annotated[
    str | None,
    typer.Option("--monitor", help="Name of the monitor.", autocompletion=monitor_names),
]
StorePath = Annotated[
    str | None, typer.Option("--store", metavar="FILE", help="The SQLite file of the monitor.")
]
Window = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="24h, 7d, or '10000 rows'. Default: 24h.")
]
Slide = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="How far a window moves. Default: 1h.")
]
FalseAlarms = Annotated[
    str | None, typer.Option(metavar="BUDGET", help="Such as '1 per 30d', for all features.")
]
Version = Annotated[
    str | None, typer.Option("--model-version", help="Only for this version of the model.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORM",
        help="text, json, markdown, html, junit or github.",
        autocompletion=words("text", "json", "markdown", "html", "junit", "github"),
    ),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Also write the report to this file; its suffix says how. Repeatable.",
    ),
]
FailOn = Annotated[
    str,
    typer.Option(
        metavar="STATUS",
        help="Exit with 1 from this status on: undecided, warning or critical.",
        autocompletion=words("undecided", "warning", "critical"),
    ),
]
LogFormat = Annotated[
    str,
    typer.Option(
        "--log-format",
        metavar="FORM",
        help="text, or json: one object a line.",
        autocompletion=words("text", "json"),
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def set_up_logs(form: str, /) -> None:
    """Send the log to stderr in a form.

    Raises:
        ConfigError: If there is no such form.
    """
    if form not in ("text", "json"):
        raise ConfigError(f"--log-format {form!r}; known: text, json", code="DW002")
    from driftwatch.logs import set_up

    set_up(form)


def request_of(
    config: Path | None, monitor: str | None, store: str | None, **settings: Any
) -> StreamRequest:
    """What the options say of a monitor."""
    from driftwatch.cli.monitors import StreamRequest

    options = {key: value for key, value in settings.items() if value not in (None, [], ())}
    return StreamRequest(config, monitor, store, options)


def column_options(
    features: str | None = None,
    exclude: str | None = None,
    kind: list[str] | None = None,
    *,
    positive: str | None = None,
    task: str | None = None,
    null: list[str] | None = None,
    not_null: list[str] | None = None,
    **roles: str | list[str] | None,
) -> dict[str, Any]:
    """What the options say of columns, as arguments of `Monitor`.

    Args:
        features: Names, separated by commas.
        exclude: Names of columns to leave out, separated by commas.
        kind: Texts such as ``zip=categorical``.
        positive: The positive class.
        task: What the model predicts.
        null: Words that stand for no value, beside the usual ones.
        not_null: Words of the usual ones that do not.
        roles: Columns by role; the role ``id_`` is that of identifiers.

    Raises:
        ConfigError: If a kind is not of that form.
    """
    kinds: dict[str, str] = {}
    for text in kind or ():
        name, equals, value = text.rpartition("=")
        if not equals:
            raise ConfigError(f"--kind {text!r} must look like zip=categorical", code="DW002")
        known = kinds.setdefault(name.strip(), value.strip())
        if known != value.strip():
            raise ConfigError(
                f"--kind: {name.strip()!r} is {known} and {value.strip()}", code="DW002"
            )
    by_column: dict[str, str] = {}
    for word, names in roles.items():
        role = word.rstrip("_")
        for name in [names] if isinstance(names, str) else names or ():
            if by_column.setdefault(name, role) != role:
                raise ConfigError(
                    f"column {name!r} is named for {by_column[name]} and for {role}", code="DW021"
                )
    options = {
        "features": None if features is None else _names(features),
        "exclude": None if exclude is None else _names(exclude),
        "kinds": kinds,
        "roles": by_column,
        "score": scores if (scores := roles.get("score")) and len(scores) > 1 else None,
        "positive": positive,
        "task": task,
        "missing_words": _missing_words(null or (), not_null or ()),
    }
    return {key: value for key, value in options.items() if value}


def _missing_words(null: Sequence[str], not_null: Sequence[str]) -> list[str] | None:
    """The words that stand for no value; None for the usual ones."""
    from driftwatch.core.data.missing_words import MISSING_WORDS

    if not null and not not_null:
        return None
    for word in not_null:
        if word not in MISSING_WORDS:
            usual = ", ".join(filter(None, MISSING_WORDS))
            raise ConfigError(
                f"--not-null {word!r} stands for a value as it is; others: {usual}", code="DW002"
            )
    return [word for word in (*MISSING_WORDS, *null) if word not in not_null]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_thresholds(texts: tuple[str, ...], /) -> dict[str, Any]:
    """Read ``ks=0.1``, ``psi=0.1:0.25``, and ``age.ks=0.1`` for one column.

    Raises:
        ConfigError: If a text is neither.
    """
    thresholds: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            numbers = [float(part) for part in value.split(":")]
        except ValueError:
            numbers = []
        if not equals or len(numbers) not in (1, 2):
            raise ConfigError(
                f"--threshold {text!r} must look like ks=0.1, psi=0.1:0.25 (warning:critical) or "
                "age.ks=0.1 (of one column)",
                code="DW006",
            )
        column, dot, test = name.strip().rpartition(".")
        table = thresholds.setdefault(column, {}) if dot else thresholds
        if not isinstance(table, dict):
            raise ConfigError(
                f"--threshold {text!r}: {column!r} is a test, and has a threshold", code="DW006"
            )
        table[test] = numbers[0] if len(numbers) == 1 else numbers
    return thresholds


Delimiter = Annotated[
    str | None,
    typer.Option(
        metavar="CHAR", help="Between the values of CSV files, also 'tab'; noticed if not given."
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(metavar="CHAR", help="Decimal mark of CSV files, . or ,; noticed if not given."),
]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of CSV files, such as latin-1; else UTF-8.")
]
Null = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORD",
        help="A further word that stands for no value, such as 'unknown'. Repeatable.",
    ),
]
NotNull = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORD",
        help="A word that is a value here, not a missing one, such as 'NA' or 'None'. Repeatable.",
    ),
]


def csv_format(
    delimiter: str | None, decimal: str | None, encoding: str | None, null: list[str] | None, /
) -> CsvFormat:
    """How CSV files are written, as the options say.

    Raises:
        ConfigError: If one of them cannot be.
    """
    from driftwatch.profiling.delimited import CsvFormat

    mark = {"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter)
    return CsvFormat(mark, decimal, encoding, tuple(null or ()))

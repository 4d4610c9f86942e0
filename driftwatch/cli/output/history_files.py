"""Features x time to stdout and to files: text, HTML, JSON, and numbers as CSV or Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.process.atomic_files import write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMS", "HISTORY_FORMATS", "form_of", "write_forms"]

HISTORY_FORMATS = ("text", "json", "html")
"""Forms on stdout."""

FORMS = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".txt": "text",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""What the suffix of a file stands for."""


def form_of(path: Path, /) -> str:
    """The form that a file is to have.

    Raises:
        ConfigError: If its suffix stands for none.
    """
    try:
        return FORMS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"cannot tell the form of {path} from its suffix; known: {', '.join(FORMS)}",
            code="DW014",
        ) from None


def write_forms(
    paths: tuple[Path, ...], written: Callable[[str], str], table: Callable[[], pa.Table], /
) -> None:
    """Write every file in the form that its suffix asks for.

    Args:
        paths: The files.
        written: Gives the text of a form: ``text``, ``json`` or ``html``.
        table: Gives the numbers: one row a window and feature.

    Raises:
        DataError: If one cannot be written.
    """
    writers: Mapping[str, Callable[[pa.Table], bytes]] = {"csv": _csv, "parquet": _parquet}
    for path in paths:
        form = form_of(path)
        if form in writers:
            write_atomically(path, writers[form](table()))
        else:
            write_atomically(path, written(form).encode("utf-8", "replace"))


def _csv(table: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            texts = pc.strftime(table.column(place).cast(pa.timestamp("s", "UTC")), _ISO)
            table = table.set_column(place, field.name, texts)
    stream = io.BytesIO()
    pyarrow.csv.write_csv(table, stream)
    return stream.getvalue()


_ISO = "%Y-%m-%dT%H:%M:%SZ"


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream)
    return stream.getvalue()

"""CSV and the like: how a file is written is noticed, everything in it is text, header included."""

from __future__ import annotations

import codecs
import csv as python_csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.batch import BATCH_ROWS, Batch
from driftwatch.errors import ConfigError, DataError, shown
from driftwatch.profiling.decimal_commas import with_points
from driftwatch.profiling.opened import BLOCK, LONGEST_LINE, Source, opened, pieces

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "CsvFormat",
    "CsvLayout",
    "NoHeaderError",
    "layout_of",
    "read_delimited",
    "rows_of_block",
]

_CANDIDATES = (",", ";", "\t", "|")
_LOOKED_AT = 256 * 1024
_LINES = 20
_MOST_LINES = 0.8
_DECIMAL_LINES = 2_000
_SAID = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
"""The line before the header in which Excel says what is between values."""
_NOTHING_FOLLOWS = ("Empty CSV file", "Could not skip initial")
"""What Arrow says of a file that ends with its header."""
_AS_UTF_16 = "--encoding utf-16-le, or CsvFormat(encoding=...)"


class NoHeaderError(DataError):
    """A file holds no header, or none yet."""

    code = "DW015"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How CSV files are written, where it is not to be noticed.

    Attributes:
        delimiter: One character between values; noticed if None, of comma, semicolon, tab and bar.
        decimal: ``"."`` or ``","``; if None a comma where values are divided by semicolons, and
            numbers have one.
        encoding: Of the text, such as ``"latin-1"``; if None UTF-8, or UTF-16 with its mark.
        null: Words that stand for no value in these files, beside the empty text and those of
            the columns (`driftwatch.core.data.missing_words.MISSING_WORDS`).

    Raises:
        ConfigError: If one of them cannot be.

    Example:
        >>> CsvFormat(delimiter=";", decimal=",").decimal
        ','
    """

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    null: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.delimiter is not None and (
            len(self.delimiter) != 1 or self.delimiter in '\n\r"' or not self.delimiter.isascii()
        ):
            raise ConfigError(
                f"delimiter is one character, such as ';' or a tab; got {self.delimiter!r}"
            )
        if self.decimal not in (None, ".", ","):
            raise ConfigError(f"decimal is '.' or ','; got {self.decimal!r}")
        if self.decimal == "," and self.delimiter == ",":
            raise ConfigError("a comma cannot be both the delimiter and the decimal mark")
        if self.encoding is not None and not _is_encoding(self.encoding):
            raise ConfigError(
                f"no encoding is called {self.encoding!r}; such are utf-8, latin-1, cp1252"
            )


def _is_encoding(name: str) -> bool:
    """Whether text is encoded like that: ``hex`` and others are no encodings of text."""
    try:
        return "a;1".encode(name).decode(name) == "a;1" and name.lower() not in ("idna", "punycode")
    except Exception:  # noqa: BLE001 - of codecs of any kind
        return False


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How one file is written.

    Attributes:
        names: Of the columns, as they stand in the header.
        delimiter: Between values.
        decimal: ``"."`` or ``","``.
        encoding: Of the text.
        before: Lines before the first row: blank ones, comments, and the header.
        null: Words that stand for no value.
    """

    names: tuple[str, ...]
    delimiter: str
    decimal: str
    encoding: str
    before: int
    null: tuple[str, ...]

    def read_options(self, *, skip: bool) -> dict[str, Any]:
        """Options of pyarrow's reader, with or without the lines before the first row."""
        import pyarrow as pa
        from pyarrow import csv

        names = list(self.names)
        return {
            "read_options": csv.ReadOptions(
                block_size=BLOCK,
                column_names=names,
                skip_rows=self.before if skip else 0,
                encoding=self.encoding,
            ),
            "convert_options": csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=True,
                null_values=["", *self.null],
            ),
        }

    def parse_options(self, **more: Any) -> Any:
        """Options of pyarrow's parser; of a single column an empty line is a row."""
        from pyarrow import csv

        several = len(self.names) > 1
        return csv.ParseOptions(
            delimiter=self.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=several,
            **more,
        )

    def batch(self, batch: pa.RecordBatch, size_bytes: int = 0) -> Batch:
        """A record batch with points in its numbers."""
        import pyarrow as pa

        if self.decimal == ",":
            columns = [with_points(column) for column in batch.columns]
            batch = pa.record_batch(columns, names=batch.schema.names)
        return Batch.of_arrow(batch, untyped=True, size_bytes=size_bytes)


def layout_of(path: Source, given: CsvFormat, usual: str, /) -> CsvLayout:
    """Notice how a file is written.

    Args:
        path: The file.
        given: What need not be noticed.
        usual: The delimiter that its name tells, which others must beat.

    Raises:
        NoHeaderError: If there is nothing but comments and empty lines.
        DataError: If two columns are alike, or it is text of another encoding.
    """
    raw, plain = opened(path)
    with raw, plain:
        start = b""
        while len(start) < _LOOKED_AT and (block := plain.read(_LOOKED_AT)):
            start += block
        while not _has_a_line(start) and len(start) < LONGEST_LINE and (block := plain.read(BLOCK)):
            start += block
    encoding = given.encoding or _encoding_of(start)
    text = _decoded(path, start, encoding)
    skipped, text = _without_comments(text)
    if not text.strip():
        raise NoHeaderError(f"{path}: the file is empty; a header with the column names is needed")
    if "\0" in text.partition("\n")[0]:
        raise DataError(
            f"{path}: is no {encoding.upper()}; say how it is encoded: {_AS_UTF_16}", code="DW012"
        )
    said = _SAID.fullmatch(text.partition("\n")[0])
    if said is not None:
        skipped, text = skipped + 1, text.partition("\n")[2]
    delimiter = given.delimiter or (said[1] if said else _delimiter_of(text, usual))
    reader = python_csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = next(reader, [])
    except python_csv.Error as error:
        raise DataError(f"{path}: the header cannot be read: {error}", code="DW015") from None
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(
            f"{path}: two columns are called {twice[0]!r}; rename one of them", code="DW022"
        )
    others = [mark for mark in _CANDIDATES if mark in names[0]]
    if len(names) == 1 and others and given.delimiter is None:
        raise DataError(
            f"{path}: {names[0]!r} is no header that is understood; say what divides values: "
            f"--delimiter {others[0]!r}, or CsvFormat(delimiter=...)",
            code="DW015",
        )
    decimal = given.decimal or _decimal_of(text, delimiter)
    before = skipped + reader.line_num
    return CsvLayout(tuple(names), delimiter, decimal, encoding, before, given.null)


def _has_a_line(start: bytes) -> bool:
    return b"\n" in start.strip()


def _encoding_of(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8"


def _decoded(path: Source, start: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(start).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: is no {encoding.upper()} from byte {error.start} on; say how it is encoded: "
            "--encoding latin-1, or CsvFormat(encoding=...)",
            code="DW012",
        ) from None


def _without_comments(text: str) -> tuple[int, str]:
    """How many lines stand before the header: blank ones, and comments; and what follows them.

    A first line with ``#`` that has as many values as the next is the header.
    """
    skipped = 0
    while text:
        line, _, rest = text.partition("\n")
        is_comment = line.lstrip().startswith("#") and not _is_header(line, rest)
        if line.strip() and not is_comment:
            break
        skipped, text = skipped + 1, rest
    return skipped, text


def _is_header(line: str, rest: str) -> bool:
    below = rest.partition("\n")[0]
    return any(line.count(mark) and line.count(mark) == below.count(mark) for mark in _CANDIDATES)


def _delimiter_of(text: str, usual: str) -> str:
    """The mark that cuts the first lines into the same number of values, and the most."""
    found = {mark: _values_a_line(text, mark) for mark in _CANDIDATES}
    best = max(found, key=lambda mark: (found[mark], mark == usual))
    return best if found[best] > 1 else usual


def _values_a_line(text: str, mark: str) -> int:
    """How many values the header has; 0 if most lines have others, as far as is looked."""
    lines = [line for line in text.split("\n")[:_LINES] if line.strip()]
    whole = lines if len(lines) < _LINES else lines[:-1]
    try:
        counts = [len(row) for row in python_csv.reader(whole, delimiter=mark)]
    except python_csv.Error:
        return 0
    agree = sum(count == counts[0] for count in counts) if counts else 0
    return counts[0] if agree >= _MOST_LINES * len(counts) else 0


def _decimal_of(text: str, delimiter: str) -> str:
    """A comma where values are cut by something else, and numbers have one and no point."""
    if delimiter == ",":
        return "."
    try:
        rows = list(python_csv.reader(text.split("\n")[1:_DECIMAL_LINES], delimiter=delimiter))
    except python_csv.Error:
        return "."
    values = [value.strip() for row in rows[:-1] or rows for value in row]
    # Three digits behind the only comma may as well be thousands.
    commas = sum(
        _is_number(v.replace(".", "").replace(",", ".", 1)) and len(v.rpartition(",")[2]) != 3
        for v in values
        if "," in v
    )
    points = sum("." in v and _is_number(v) for v in values)
    return "," if commas > points else "."


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def read_delimited(path: Source, given: CsvFormat, usual: str, /) -> Iterator[Batch]:
    """Rows of a file, as texts; a batch without rows first, so that the columns are known.

    Raises:
        DataError: As `layout_of` does.
    """
    import pyarrow as pa
    from pyarrow import csv

    # Every column is read as text and typed later: a guess from the first block would make
    # a later "n/a" an error, and a postal code a number.
    layout = layout_of(path, given, usual)
    yield no_rows(layout)
    raw, plain = opened(path)
    with raw, plain:
        try:
            reader = csv.open_csv(
                plain, parse_options=layout.parse_options(), **layout.read_options(skip=True)
            )
        except pa.ArrowInvalid as error:
            if any(words in str(error) for words in _NOTHING_FOLLOWS):
                return
            raise
        at, batch = 0, None
        for batch in reader:
            # How far the compressed file was read, which a progress bar can count on.
            now = raw.tell()
            for piece in pieces(batch, BATCH_ROWS):
                yield layout.batch(piece, now - at)
                at = now
    if batch is not None:
        _check_end(path, batch)


def _check_end(path: Source, last: pa.RecordBatch) -> None:
    """See that a quote is not open where the file ends: its value holds all rows behind it.

    Raises:
        DataError: If one is.
    """
    value = last.column(last.num_columns - 1)[-1].as_py() if last.num_rows else None
    if value is None or "\n" not in value:  # without a line break it begins and ends in its line
        return
    end = b""
    raw, plain = opened(path)
    with raw, plain:
        while block := plain.read(BLOCK):
            end = (end + block)[-_LOOKED_AT:]
    if not end.rstrip(b"\r\n\0 ").endswith(b'"'):
        name, lines = last.schema.names[-1], value.count("\n")
        raise DataError(  # without the value, which may be personal
            f"{path}: a quote in column {shown(name)} is never closed, so that {lines} lines "
            "behind it are one value",
            code="DW015",
        )


def no_rows(layout: CsvLayout, /) -> Batch:
    """The columns of a file without rows."""
    import pyarrow as pa

    return Batch(0, {name: pa.nulls(0, pa.large_string()) for name in layout.names}, untyped=True)


def rows_of_block(block: bytes, layout: CsvLayout, bad: Counter[str], /) -> Batch:
    """Rows of whole lines from the middle of a file.

    Args:
        block: The lines.
        layout: Of the file.
        bad: Counts lines that have another number of values.
    """
    from pyarrow import csv

    def passed_over(_row: Any) -> str:
        bad["unreadable_lines"] += 1
        return "skip"

    table = csv.read_csv(
        io.BytesIO(block),
        parse_options=layout.parse_options(invalid_row_handler=passed_over),
        **layout.read_options(skip=False),
    )
    merged = table.combine_chunks().to_batches()
    return layout.batch(merged[0]) if merged else no_rows(layout)

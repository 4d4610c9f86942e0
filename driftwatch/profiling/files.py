"""Paths, globs and compression -> batches of Arrow arrays, streamed and never loaded whole."""

from __future__ import annotations

import glob
import io
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.batch import BATCH_ROWS, Batch
from driftwatch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DataFiles", "find_files", "header_of"]

PROFILE_SUFFIX = ".dwp"
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4", ".br": "brotli"}
_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    PROFILE_SUFFIX: "profile",
}
_BLOCK = 8 * 1024 * 1024
_LONGEST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Files that together hold one data set.

    Attributes:
        paths: The files, all of one format, in order.
        format: ``parquet``, ``csv``, ``tsv``, ``jsonl`` or ``profile``.
        size_bytes: Bytes on disk, for progress.
    """

    paths: tuple[Path, ...]
    format: str
    size_bytes: int

    def batches(self, wanted: Collection[str] | None = None, /) -> Generator[Batch]:
        """Read the rows batch by batch.

        Args:
            wanted: Read only these columns where the format allows it; others still
                appear in the schema of the first batch where that costs nothing.

        Yields:
            At least one batch a file, so that the columns of an empty file are known.

        Raises:
            DataError: If a file cannot be read as what its name says it is.
        """
        for path in self.paths:
            with _explained(path):
                match self.format:
                    case "parquet":
                        yield from _parquet(path, wanted)
                    case "jsonl":
                        yield from _json_lines(path)
                    case _:
                        yield from _delimited(path, "\t" if self.format == "tsv" else ",")

    @property
    def label(self) -> str:
        """Short name for messages and progress bars."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0].name}{more}"


def find_files(spec: str | Path | Sequence[str | Path], /) -> DataFiles:
    """Find the files that a path, a folder, a glob or several of them stand for.

    Args:
        spec: ``train.parquet``, ``day-*.csv.gz``, a folder, or a list of such.

    Raises:
        DataError: If nothing is there, formats are mixed, or a format is unknown.
    """
    specs = [spec] if isinstance(spec, str | Path) else list(spec)
    paths = [path for one in specs for path in _expand(str(one))]
    if not paths:
        raise DataError("no file was named")
    formats = {_format(path) for path in paths}
    if len(formats) > 1:
        raise DataError(
            f"files of one side must be of one format; got {', '.join(sorted(formats))}"
        )
    return DataFiles(tuple(paths), formats.pop(), sum(path.stat().st_size for path in paths))


def _expand(spec: str) -> list[Path]:
    path = Path(spec).expanduser()
    if path.is_dir():
        paths = sorted(item for item in path.rglob("*") if item.is_file() and _known(item))
        if not paths:
            raise DataError(f"{spec}: no data file in this folder (looked for {_known_suffixes()})")
        return paths
    if path.exists():
        return [path]
    paths = [Path(item) for item in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - absolute patterns
    paths = [item for item in paths if item.is_file()]
    if not paths:
        raise DataError(f"{spec}: no such file")
    return paths


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _known(path: Path) -> bool:
    return not path.name.startswith((".", "_")) and _suffix(path) in _FORMATS


def _known_suffixes() -> str:
    return ", ".join(_FORMATS)


def _format(path: Path) -> str:
    suffix = _suffix(path)
    if suffix not in _FORMATS:
        raise DataError(
            f"{path}: unknown format {suffix or '(no suffix)'}; known: {_known_suffixes()}, "
            f"compressed or not ({', '.join(_COMPRESSED)})"
        )
    return _FORMATS[suffix]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the reader raises into one line that names the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: {message}") from error


def _parquet(path: Path, wanted: Collection[str] | None) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyarrow.types as t

    # Reading ahead would hold the whole file in memory; dictionary pages are taken as
    # they are, which spares decoding every string.
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if t.is_string(field.type)]
    file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False, buffer_size=1 << 20)
    with file:
        names = [name for name in schema.names if wanted is None or name in wanted]
        # All columns are announced, whether they are read or not.
        yield Batch(0, {field.name: pa.nulls(0, field.type) for field in schema})
        rows = max(1, file.metadata.num_rows)
        per_row = path.stat().st_size / rows
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
            yield Batch.of_arrow(batch, size_bytes=round(per_row * batch.num_rows))


def _delimited(path: Path, delimiter: str) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import csv

    # Every column is read as text and typed later: a guess from the first block would make
    # a later "n/a" an error, and a postal code a number.
    names = header_of(path, delimiter)
    options = {
        "parse_options": csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        "read_options": csv.ReadOptions(block_size=_BLOCK, column_names=names, skip_rows=1),
        "convert_options": csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=True
        ),
    }
    raw, plain = _open(path)
    with raw, plain:
        yield Batch(0, {name: pa.nulls(0, pa.large_string()) for name in names}, untyped=True)
        try:
            reader = csv.open_csv(plain, **options)
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):
                return
            raise
        at = 0
        for batch in reader:
            # How far the compressed file was read, which a progress bar can count on.
            now = raw.tell()
            for piece in _pieces(batch):
                yield Batch.of_arrow(piece, untyped=True, size_bytes=now - at)
                at = now


def header_of(path: Path, delimiter: str, /) -> list[str]:
    """Column names of a CSV file, read the way the rest of it is.

    Raises:
        DataError: If there are none, or two are alike.
    """
    from pyarrow import csv

    raw, plain = _open(path)
    with raw, plain:
        line = b""
        while block := plain.read(65_536):
            line += block
            if b"\n" in block or len(line) > _LONGEST_LINE:
                break
    if not line.strip():
        raise DataError(f"{path}: the file is empty; a header with the column names is needed")
    first = line.split(b"\n")[0] + b"\n"
    options = csv.ParseOptions(delimiter=delimiter)
    read = csv.ReadOptions(autogenerate_column_names=True)
    strings = csv.ConvertOptions(strings_can_be_null=False)
    table = csv.read_csv(
        io.BytesIO(first), parse_options=options, read_options=read, convert_options=strings
    )
    names = [str(column[0].as_py()) for column in table.columns]
    names[0] = names[0].removeprefix("\ufeff")
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"{path}: two columns are called {twice[0]!r}; rename one of them")
    return names


def _json_lines(path: Path) -> Iterator[Batch]:
    raw, plain = _open(path)
    with raw, plain:
        at, line = 0, 1
        any_line = False
        for block in _line_blocks(plain, path):
            now = raw.tell()
            for piece in _pieces(_json_block(block, path, line)):
                any_line = True
                yield Batch.of_arrow(piece, size_bytes=now - at)
                at = now
            line += block.count(b"\n")
        if not any_line:
            yield Batch(0, {})


def _line_blocks(stream: Any, path: Path) -> Iterator[bytes]:
    """Blocks of whole lines."""
    rest = b""
    while block := stream.read(_BLOCK):
        rest += block
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > _LONGEST_LINE:
            raise DataError(
                f"{path}: a line of more than {_LONGEST_LINE:,} bytes; "
                "JSON lines hold one record a line"
            )
    if rest.strip():
        yield rest


def _json_block(block: bytes, path: Path, first_line: int) -> pa.RecordBatch:
    """Parse a block by itself: records of a later block may have other fields and types."""
    import pyarrow as pa
    from pyarrow import json

    if not block.strip():
        return pa.record_batch([], names=[])
    try:
        parse = json.ParseOptions(newlines_in_values=False)
        read = json.ReadOptions(block_size=len(block) + 1, use_threads=False)
        table = json.read_json(pa.BufferReader(block), parse_options=parse, read_options=read)
        return table.combine_chunks().to_batches()[0] if table.num_rows else _no_rows(table)
    except pa.ArrowInvalid:  # types change from record to record, or a line is no record
        return _record_by_record(block, path, first_line)


def _no_rows(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.record_batch([pa.nulls(0, f.type) for f in table.schema], schema=table.schema)


def _record_by_record(block: bytes, path: Path, first_line: int) -> pa.RecordBatch:
    import orjson

    from driftwatch.core.data.batch import table_of

    records = []
    for number, line in enumerate(block.split(b"\n"), start=first_line):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataError(f"{path}, line {number}: not JSON: {error}") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}, line {number}: a record must be an object, one a line")
        records.append(record)
    return table_of(records).combine_chunks().to_batches()[0]


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _open(path: Path) -> tuple[Any, Any]:
    """The file, and the same decompressed; the first one knows how far it was read."""
    import pyarrow as pa

    # A file of Arrow's own: its threads read ahead, and one that calls into Python while the
    # process ends would abort it.
    raw = pa.OSFile(str(path), "rb")
    codec = _COMPRESSED.get(path.suffix.lower())
    return raw, pa.CompressedInputStream(raw, codec) if codec else raw

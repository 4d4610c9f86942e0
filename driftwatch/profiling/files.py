"""Paths, globs and compression -> batches of Arrow arrays, streamed and never loaded whole."""

from __future__ import annotations

import csv as python_csv
import glob
import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from driftwatch.core.data.batch import BATCH_ROWS, Batch, is_index
from driftwatch.errors import DataError
from driftwatch.profiling.delimited import CsvFormat, read_delimited
from driftwatch.profiling.json_files import read_json
from driftwatch.profiling.opened import BLOCK, COMPRESSED, opened, pieces

__all__ = ["DataFiles", "find_files"]

_PARTITION = re.compile(r"([^=]+)=(.*)")
_OF_READERS = (python_csv.Error, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
PROFILE_SUFFIX = ".dwp"
_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    PROFILE_SUFFIX: "profile",
}


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Files that together hold one data set.

    Attributes:
        paths: The files, all of one format, in order.
        format: ``parquet``, ``csv``, ``tsv``, ``jsonl``, ``arrow`` or ``profile``.
        size_bytes: Bytes on disk, for progress.
        csv: How CSV files are written, where that is not to be noticed.
    """

    paths: tuple[Path, ...]
    format: str
    size_bytes: int
    csv: CsvFormat = field(default_factory=CsvFormat)

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
            partition = _partition_of(path)
            with _explained(path):
                for batch in self._rows(path, wanted):
                    yield _with_partition(batch, partition) if partition else batch

    def _rows(self, path: Path, wanted: Collection[str] | None) -> Iterator[Batch]:
        match self.format:
            case "parquet":
                yield from _parquet(path, wanted)
            case "jsonl":
                yield from read_json(path)
            case "arrow":
                yield from _arrow_file(path, wanted)
            case _:
                usual = "\t" if self.format == "tsv" else ","
                yield from read_delimited(path, self.csv, usual)

    @property
    def label(self) -> str:
        """Short name for messages and progress bars."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0].name}{more}"


def find_files(
    spec: DataFiles | str | Path | Sequence[str | Path], /, *, csv: CsvFormat | None = None
) -> DataFiles:
    """Find the files that a path, a folder, a glob or several of them stand for.

    Args:
        spec: ``train.parquet``, ``day-*.csv.gz``, a folder, or a list of such; files that were
            found already are taken as they are.
        csv: How CSV files are written, where that is not to be noticed.

    Raises:
        DataError: If nothing is there, formats are mixed, or a format is unknown.
    """
    if isinstance(spec, DataFiles):
        return spec
    specs = [spec] if isinstance(spec, str | Path) else list(spec)
    paths = [path for one in specs for path in _expand(str(one))]
    if not paths:
        raise DataError("no file was named")
    formats = {_format(path) for path in paths}
    if len(formats) > 1:
        raise DataError(
            f"files of one side must be of one format; got {', '.join(sorted(formats))}"
        )
    size = sum(path.stat().st_size for path in paths)
    return DataFiles(tuple(paths), formats.pop(), size, csv or CsvFormat())


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
    if suffixes and suffixes[-1] in COMPRESSED:
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
            f"compressed or not ({', '.join(sorted(COMPRESSED))})"
        )
    return _FORMATS[suffix]


def _partition_of(path: Path) -> dict[str, str | None]:
    """Columns that stand in the folders of a file, as in ``year=2026/plan=pro/a.parquet``."""
    found = (_PARTITION.fullmatch(part) for part in path.parent.parts)
    values = {match[1]: unquote(match[2]) for match in found if match is not None}
    return {n: None if v == "__HIVE_DEFAULT_PARTITION__" else v for n, v in values.items()}


def _with_partition(batch: Batch, partition: Mapping[str, str | None]) -> Batch:
    """A batch with the columns of its folders: whole numbers where they are some, else texts."""
    import pyarrow as pa

    arrays = dict(batch.arrays)
    for name, value in partition.items():
        if name in arrays:
            continue
        if value is None:
            arrays[name] = pa.nulls(batch.rows, pa.large_string())
        elif batch.untyped or not re.fullmatch(r"-?(0|[1-9]\d{0,17})", value):
            arrays[name] = pa.repeat(pa.scalar(value, pa.large_string()), batch.rows)
        else:
            arrays[name] = pa.repeat(pa.scalar(int(value), pa.int64()), batch.rows)
    return replace(batch, arrays=arrays)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the reader raises into one line that names the file."""
    import pyarrow as pa

    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, EOFError, UnicodeError, *_OF_READERS) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        hint = "; say how it is encoded: --encoding latin-1" if "UTF8" in message else ""
        raise DataError(f"{path}: {message}{hint}") from error


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
        fields = [field for field in schema if not is_index(field.name)]
        names = [field.name for field in fields if wanted is None or field.name in wanted]
        # All columns are announced, whether they are read or not.
        yield Batch(0, {field.name: pa.nulls(0, field.type) for field in fields})
        rows = max(1, file.metadata.num_rows)
        per_row = path.stat().st_size / rows
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
            yield Batch.of_arrow(batch, size_bytes=round(per_row * batch.num_rows))


def _arrow_file(path: Path, wanted: Collection[str] | None) -> Iterator[Batch]:
    """A file, or a stream, in Arrow's own format, which Feather is too."""
    import pyarrow as pa
    from pyarrow import ipc

    raw, plain = opened(path)
    with raw, plain, ExitStack() as stack:
        whole = plain if plain is raw else stack.enter_context(_unpacked(plain))
        try:
            reader = ipc.open_file(whole)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            whole.seek(0)
            reader = batches = ipc.open_stream(whole)
        schema = reader.schema
        fields = [field for field in schema if not is_index(field.name)]
        yield Batch(0, {field.name: pa.nulls(0, field.type) for field in fields})
        names = [name for name in schema.names if wanted is None or name in wanted]
        at = 0
        for batch in batches:
            now = whole.tell()
            for piece in pieces(batch.select(names), BATCH_ROWS):
                yield Batch.of_arrow(piece, size_bytes=max(0, now - at))
                at = now


@contextmanager
def _unpacked(stream: Any) -> Iterator[Any]:
    """A compressed file unpacked into a temporary one, in pieces: Arrow reads from its end."""
    import pyarrow as pa

    with tempfile.NamedTemporaryFile(prefix="driftwatch-") as file:
        while block := stream.read(BLOCK):
            file.write(block)
        file.flush()
        with pa.OSFile(file.name, "rb") as unpacked:
            yield unpacked

"""Paths, globs and compression -> batches of Arrow arrays, streamed and never loaded whole."""

from __future__ import annotations

import csv as python_csv
import glob
import lzma
import re
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from driftwatch.core.data.batch import Batch
from driftwatch.errors import DataError, shown
from driftwatch.profiling.arrow_files import read_arrow
from driftwatch.profiling.delimited import CsvFormat, read_delimited
from driftwatch.profiling.json_files import read_json
from driftwatch.profiling.locations import (
    Location,
    RemoteFile,
    is_url,
    local_path,
    size_of,
)
from driftwatch.profiling.opened import (
    ARCHIVE,
    COMPRESSED,
    Source,
    ZipMember,
    members_of,
    read_whole,
)
from driftwatch.profiling.parquet import read_parquet

__all__ = [
    "DataFiles",
    "explained",
    "find_files",
    "is_data",
    "partition_of",
    "texts_in_folders",
    "with_partition",
]

_PARTITION = re.compile(r"([^=]+)=(.*)")
_WHOLE = re.compile(r"-?[1-9]\d{0,17}|\d{1,2}")
"""Whole numbers, also ``01`` for a month, a day or an hour."""
_ROW = re.compile(r"(CSV parse error: .*?got \d+): .*")
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
        paths: The files, all of one format, in order; a zip archive is one of them, and what is
            in it is read like the files of a folder.
        format: ``parquet``, ``csv``, ``tsv``, ``jsonl``, ``arrow`` or ``profile``.
        size_bytes: Bytes of the files as they are kept, for progress.
        csv: How CSV files are written, where that is not to be noticed.
    """

    paths: tuple[Location, ...]
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
        texts = texts_in_folders(map(partition_of, self.paths))
        for path in self.paths:
            parts = _parts(path)
            in_texts = texts | texts_in_folders(map(partition_of, parts))
            for part in parts:
                partition = partition_of(part)
                with explained(part):
                    for batch in self._rows(part, wanted):
                        yield with_partition(batch, partition, in_texts) if partition else batch

    def bodies(self) -> Iterator[tuple[Source, bytes]]:
        """Every file as a whole.

        Raises:
            DataError: If one cannot be read.
        """
        for path in self.paths:
            for part in _parts(path):
                with explained(part):
                    body = read_whole(part)
                yield part, body

    def _rows(self, path: Source, wanted: Collection[str] | None) -> Iterator[Batch]:
        match self.format:
            case "parquet":
                yield from read_parquet(path, wanted)
            case "jsonl":
                yield from read_json(path)
            case "arrow":
                yield from read_arrow(path, wanted)
            case _:
                usual = "\t" if self.format == "tsv" else ","
                yield from read_delimited(path, self.csv, usual)

    @property
    def label(self) -> str:
        """Short name for messages and progress bars."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0].name}{more}"


def find_files(
    spec: DataFiles | str | Location | Sequence[str | Location],
    /,
    *,
    csv: CsvFormat | None = None,
) -> DataFiles:
    """Find the files that a path, a folder, a glob or several of them stand for.

    Args:
        spec: ``train.parquet``, ``day-*.csv.gz``, a folder, a URL (``s3://``, ``gs://``,
            ``https://``, ``http://``, ``file://``), or a list of such; files that were found
            already are taken as they are.
        csv: How CSV files are written, where that is not to be noticed.

    Raises:
        DataError: If nothing is there, formats are mixed, or a format is unknown.
        MissingDependencyError: If a library is missing for such a URL.
    """
    if isinstance(spec, DataFiles):
        return spec
    specs = [spec] if isinstance(spec, str | Path | RemoteFile) else list(spec)
    paths = [path for one in specs for path in _expand(one)]
    if not paths:
        raise DataError("no file was named", code="DW011")
    formats = {_format(path) for path in paths}
    if len(formats) > 1:
        raise DataError(
            f"files of one side must be of one format; got {', '.join(sorted(formats))}",
            code="DW014",
        )
    size = sum(map(size_of, paths))
    return DataFiles(tuple(paths), formats.pop(), size, csv or CsvFormat())


def _expand(spec: str | Location) -> Sequence[Location]:
    if isinstance(spec, RemoteFile):
        return [spec]
    if isinstance(spec, str) and is_url(spec):
        if not spec.lower().startswith("file://"):
            from driftwatch.profiling.remote_files import find_remote  # seldom needed

            return find_remote(spec, is_data)
        spec = local_path(spec)
    try:
        return _local(spec)
    except (OSError, RuntimeError) as error:  # too long, not permitted, a user that is not known
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{shown(str(spec))}: cannot be looked for: {why}", code="DW011") from error


def _local(spec: str | Path) -> Sequence[Path]:
    path = Path(spec).expanduser()
    if path.is_dir():
        paths = sorted(item for item in path.rglob("*") if item.is_file() and is_data(item))
        if not paths:
            raise DataError(
                f"{spec}: no data file in this folder (looked for {_known_suffixes()})",
                code="DW011",
            )
        return paths
    if path.exists():
        return [path]
    paths = [Path(item) for item in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - absolute patterns
    paths = [item for item in paths if item.is_file()]
    if not paths:
        raise DataError(f"{spec}: no such file", code="DW011")
    return paths


def _suffix(path: Source) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_data(path: Source, /) -> bool:
    """Whether a file is one of data, as its name says."""
    return not path.name.startswith((".", "_")) and _suffix(path) in _FORMATS


def _known_suffixes() -> str:
    return ", ".join(_FORMATS)


def _format(path: Location) -> str:
    if path.suffix.lower() == ARCHIVE:
        with explained(path):
            return _format_of_archive(path)
    suffix = _suffix(path)
    if suffix not in _FORMATS:
        raise DataError(
            f"{path}: unknown format {suffix or '(no suffix)'}; known: {_known_suffixes()}, "
            f"compressed or not ({', '.join(sorted(COMPRESSED))})",
            code="DW014",
        )
    return _FORMATS[suffix]


def _format_of_archive(archive: Location) -> str:
    formats = {_FORMATS[_suffix(part)] for part in _data_in(archive)}
    if len(formats) > 1:
        raise DataError(
            f"{archive}: an archive of {' and '.join(sorted(formats))} files; unpack it, and name "
            "those that are meant",
            code="DW014",
        )
    return formats.pop() if formats else _FORMATS[_suffix(archive)]


def _data_in(archive: Location) -> list[ZipMember]:
    """The data in an archive; none if it is a single file whose name says nothing."""
    members = members_of(archive)
    data = [each for each in members if is_data(each) and each.suffix.lower() != ARCHIVE]
    if not data and (len(members) != 1 or _suffix(archive) not in _FORMATS):
        raise DataError(
            f"{archive}: no data file in this archive (looked for {_known_suffixes()})",
            code="DW011",
        )
    return data


def _parts(path: Location) -> Sequence[Source]:
    """What is read of a file: itself, or what is in it."""
    if path.suffix.lower() != ARCHIVE:
        return [path]
    with explained(path):
        return _data_in(path) or members_of(path)


def partition_of(path: Source, /) -> dict[str, str | None]:
    """Columns that stand in the folders of a file, as in ``year=2026/plan=pro/a.parquet``."""
    found = (_PARTITION.fullmatch(part) for part in path.parent.parts)
    values = {match[1]: unquote(match[2]) for match in found if match is not None}
    return {n: None if v == "__HIVE_DEFAULT_PARTITION__" else v for n, v in values.items()}


def texts_in_folders(partitions: Iterable[Mapping[str, str | None]]) -> frozenset[str]:
    """The columns in folders of which one is no whole number: codes, say, such as ``zip=02134``."""
    return frozenset(
        name
        for partition in partitions
        for name, value in partition.items()
        if value is not None and _WHOLE.fullmatch(value) is None
    )


def with_partition(
    batch: Batch, partition: Mapping[str, str | None], texts: frozenset[str]
) -> Batch:
    """A batch with the columns of its folders: whole numbers, or texts.

    Args:
        batch: The rows of a file.
        partition: What its folders say.
        texts: Columns that are texts in all files, since they are no numbers in some.
    """
    import pyarrow as pa

    arrays = dict(batch.arrays)
    for name, value in partition.items():
        if name in arrays:
            continue
        if value is None:
            arrays[name] = pa.nulls(batch.rows, pa.large_string())
        elif batch.untyped or name in texts:
            arrays[name] = pa.repeat(pa.scalar(value, pa.large_string()), batch.rows)
        else:
            arrays[name] = pa.repeat(pa.scalar(int(value), pa.int64()), batch.rows)
    return replace(batch, arrays=arrays)


@contextmanager
def explained(path: Source, /) -> Iterator[None]:
    """Turn what the reader raises into one line that names the file."""
    import pyarrow as pa

    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, EOFError, UnicodeError, *_OF_READERS) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = _ROW.sub(r"\1", message)  # what is in it may be personal
        if isinstance(path, RemoteFile) and not isinstance(error, ValueError):  # of what is in it
            message = path.explained(error)
        hint = "; say how it is encoded: --encoding latin-1" if "UTF8" in message else ""
        raise DataError(f"{path}: {message}{hint}", code=_code_of(error, path, message)) from error


def _code_of(error: Exception, path: Source, message: str) -> str | None:
    """The code of what a reader raised, where more is known of it than that it did."""
    if "UTF8" in message:
        return "DW012"
    if isinstance(path, RemoteFile) and not isinstance(error, ValueError):
        return "DW018"
    return "DW013" if isinstance(error, OSError) and error.errno is not None else None

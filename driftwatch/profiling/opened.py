"""A file opened for reading, and the same decompressed; files in archives."""

from __future__ import annotations

import lzma
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from driftwatch.errors import DataError
from driftwatch.profiling.locations import Location, RemoteFile

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ARCHIVE",
    "BLOCK",
    "COMPRESSED",
    "LONGEST_LINE",
    "Source",
    "ZipMember",
    "file_on_disk",
    "members_of",
    "opened",
    "pieces",
    "read_whole",
]

_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4", ".br": "brotli"}
ARCHIVE = ".zip"
COMPRESSED = frozenset({*_CODECS, ".xz", ARCHIVE})
"""Suffixes of compressed files."""

BLOCK = 8 * 1024 * 1024
"""Bytes that are read at a time."""

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line, or of a JSON document, at most."""


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file in a zip archive.

    Attributes:
        archive: The archive.
        inside: Its path in it.
        start: Where it begins in the archive, for progress.
        alone: Whether it is the only one.
    """

    archive: Location
    inside: str
    start: int
    alone: bool

    def __str__(self) -> str:
        return str(self.archive) if self.alone else f"{self.archive} ({self.inside})"

    @property
    def name(self) -> str:
        return PurePosixPath(self.inside).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.inside).suffix

    @property
    def suffixes(self) -> Sequence[str]:
        return PurePosixPath(self.inside).suffixes

    @property
    def parent(self) -> PurePosixPath:
        return PurePosixPath(*self.archive.parent.parts, PurePosixPath(self.inside).parent)


Source = Location | ZipMember
"""What is read as one file."""


def members_of(archive: Location, /) -> list[ZipMember]:
    """The files in a zip archive by name, without those that macOS adds.

    Raises:
        DataError: If it is none.
        OSError: If it cannot be opened.
    """
    path = archive.copy() if isinstance(archive, RemoteFile) else archive
    try:
        with zipfile.ZipFile(path) as file:
            found = file.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{archive}: {error}") from error
    files = [each for each in found if not each.is_dir()]
    files = [each for each in files if not each.filename.startswith("__MACOSX/")]
    files.sort(key=lambda each: each.filename)
    alone = len(files) == 1
    return [ZipMember(archive, each.filename, each.header_offset, alone) for each in files]


def opened(source: Source, /) -> tuple[Any, Any]:
    """The file, and the same decompressed; the first one knows how far it was read.

    Raises:
        DataError: If it is in an archive that cannot be read.
        OSError: If it cannot be opened.
    """
    import pyarrow as pa

    if isinstance(source, ZipMember):
        raw = _From(_raw(source.archive), source.start)
        return raw, _decompressed(_unzipped(source, raw.file), source.suffix)
    raw = _raw(source)
    suffix = source.suffix.lower()
    if isinstance(source, RemoteFile) and suffix in COMPRESSED:
        # Decompressing asks for some kilobytes at a time, and each would be a request.
        return raw, _decompressed(pa.BufferedInputStream(raw, BLOCK), suffix)
    return raw, _decompressed(raw, suffix)


def _raw(location: Location) -> Any:
    import pyarrow as pa

    if isinstance(location, RemoteFile):
        # Archives are read from their end, and then here and there.
        if location.suffix.lower() == ARCHIVE:
            location.copy()
        return location.open()
    # A file of Arrow's own: its threads read ahead, and one that calls into Python while the
    # process ends would abort it.
    return pa.OSFile(str(location), "rb")


def _decompressed(file: Any, suffix: str) -> Any:
    import pyarrow as pa

    suffix = suffix.lower()
    if suffix in _CODECS:
        return pa.CompressedInputStream(file, _CODECS[suffix])
    return pa.PythonFile(lzma.LZMAFile(file), "r") if suffix == ".xz" else file


def _unzipped(member: ZipMember, raw: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.PythonFile(zipfile.ZipFile(raw).open(member.inside), "r")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{member}: {error}") from error


class _From:
    """A file whose position counts from somewhere in it."""

    def __init__(self, file: Any, start: int, /) -> None:
        self.file = file
        self._start = start

    def tell(self) -> int:
        return max(0, int(self.file.tell()) - self._start)

    def __enter__(self) -> None:
        self.file.__enter__()

    def __exit__(self, *error: object) -> None:
        self.file.__exit__(*error)


@contextmanager
def file_on_disk(source: Source, /) -> Iterator[Path]:
    """The path of a file with the content, decompressed: for what is read from its end.

    Raises:
        DataError: If it cannot be read.
        OSError: If it cannot be opened, or written.
    """
    if not isinstance(source, ZipMember) and source.suffix.lower() not in COMPRESSED:
        yield source.copy() if isinstance(source, RemoteFile) else source
        return
    raw, plain = opened(source)
    with tempfile.NamedTemporaryFile(prefix="driftwatch-") as file:
        with raw, plain:
            while block := plain.read(BLOCK):
                file.write(block)
        file.flush()
        yield Path(file.name)


def read_whole(source: Source, /) -> bytes:
    """All bytes of a file, decompressed.

    Raises:
        DataError: If it is in an archive that cannot be read.
        OSError: If it cannot be opened.
    """
    raw, plain = opened(source)
    with raw, plain:
        return bytes(plain.read())


def pieces(batch: pa.RecordBatch, rows: int, /) -> list[pa.RecordBatch]:
    """A record batch in pieces of so many rows."""
    return [batch.slice(start, rows) for start in range(0, batch.num_rows, rows)]

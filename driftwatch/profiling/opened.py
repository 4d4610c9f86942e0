"""A file opened for reading, and the same decompressed."""

from __future__ import annotations

import io
import lzma
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BLOCK", "COMPRESSED", "LONGEST_LINE", "opened", "pieces"]

_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4", ".br": "brotli"}
COMPRESSED = frozenset({*_CODECS, ".xz", ".zip"})
"""Suffixes of compressed files."""

BLOCK = 8 * 1024 * 1024
"""Bytes that are read at a time."""

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line, or of a JSON document, at most."""


def opened(path: Path, /) -> tuple[Any, Any]:
    """The file, and the same decompressed; the first one knows how far it was read.

    Raises:
        DataError: If it is an archive of several files.
        OSError: If it cannot be opened.
    """
    import pyarrow as pa

    # A file of Arrow's own: its threads read ahead, and one that calls into Python while the
    # process ends would abort it.
    raw = pa.OSFile(str(path), "rb")
    suffix = path.suffix.lower()
    if suffix in _CODECS:
        return raw, pa.CompressedInputStream(raw, _CODECS[suffix])
    if suffix == ".xz":
        return raw, pa.PythonFile(lzma.LZMAFile(raw), "r")
    if suffix == ".zip":
        return raw, pa.PythonFile(_only_member(path, raw), "r")
    return raw, raw


def _only_member(path: Path, raw: Any) -> io.BufferedIOBase:
    try:
        archive = zipfile.ZipFile(raw)
        members = [each for each in archive.infolist() if not each.is_dir()]
        members = [each for each in members if not each.filename.startswith("__MACOSX/")]
        if len(members) == 1:
            return archive.open(members[0])  # type: ignore[return-value]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{path}: {error}") from error
    raise DataError(f"{path}: an archive of {len(members)} files; unpack it, and name the files")


def pieces(batch: pa.RecordBatch, rows: int, /) -> list[pa.RecordBatch]:
    """A record batch in pieces of so many rows."""
    return [batch.slice(start, rows) for start in range(0, batch.num_rows, rows)]

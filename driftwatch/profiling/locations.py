"""Where data are: a path of this machine, or the URL of a file elsewhere."""

from __future__ import annotations

import os
import re
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol
from urllib.parse import unquote

from driftwatch.errors import DataError

__all__ = ["Location", "Origin", "RemoteFile", "is_url", "local_path", "shown_url", "size_of"]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs")
_QUERY = {"object": re.compile(r"\?[^/]*=.*", re.DOTALL), "other": re.compile(r"[?#].*", re.DOTALL)}
"""In the name of an object a ? is part of it, or of a pattern, unless a parameter follows."""


def is_url(data: object, /) -> bool:
    """Whether a text is a URL; a path object never is.

    Example:
        >>> is_url("s3://bucket/train.parquet"), is_url("train.parquet"), is_url(Path("s3://a"))
        (True, False, False)
    """
    return isinstance(data, str) and _URL.match(data) is not None


def shown_url(text: str, /) -> str:
    """A URL without what may be secret: user and password, the query, the fragment.

    Example:
        >>> shown_url("https://me:word@example.com/a.csv?X-Amz-Signature=ab")
        'https://example.com/a.csv?…'
        >>> shown_url("train.parquet")
        'train.parquet'
    """
    found = _URL.match(text)
    if found is None:
        return text
    scheme, rest = found[1].lower(), found[2]
    query = _QUERY["object" if scheme in _OBJECT_STORES else "other"]
    rest = query.sub("?…", rest)
    host, slash, path = rest.partition("/")
    port = host.rpartition("@")[2].partition(":")[2]
    if port and not port.isdigit() and "@" in path:
        # A password with a slash in it, which should have been written as %2F.
        host, slash, path = path.rpartition("@")[2].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def local_path(url: str, /) -> Path:
    """The path in a ``file://`` URL.

    Raises:
        DataError: If it names another machine, or no path.

    Example:
        >>> local_path("file:///data/a%20b.csv").as_posix()
        '/data/a b.csv'
    """
    host, slash, path = url.partition("://")[2].partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        raise DataError(
            f"{shown_url(url)}: a file of this machine is written file:///folder/name", code="DW018"
        )
    return Path(unquote(slash + path))


class Origin(Protocol):
    """How a file that is elsewhere is read."""

    def open(self) -> Any | None:
        """A file of Arrow's that reads in place; None where the file must be copied first."""

    def fetch(self, into: IO[bytes], /) -> None:
        """Copy the whole file."""

    def explained(self, error: BaseException, /) -> str:
        """What an error means and what to do, without any secret."""


class RemoteFile:
    """A file that is elsewhere.

    It has the parts of `pathlib.Path` that readers of names need, and its text is its URL without
    secrets. A copy, where one was made, is a temporary file, and goes with this object.

    Args:
        url: As it may be shown.
        path: In its bucket, or at its host.
        size: Bytes; None if nobody says.
        origin: How it is read.
    """

    __slots__ = ("__weakref__", "_copy", "_origin", "_path", "_url", "size")

    def __init__(self, url: str, path: PurePosixPath, size: int | None, origin: Origin, /) -> None:
        self.size = size
        self._url = url
        self._path = path
        self._origin = origin
        self._copy: weakref.finalize[[Path, int], RemoteFile] | None = None

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"RemoteFile({self._url!r})"

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def suffix(self) -> str:
        return self._path.suffix

    @property
    def suffixes(self) -> Sequence[str]:
        return self._path.suffixes

    @property
    def parent(self) -> PurePosixPath:
        return self._path.parent

    def open(self) -> Any:
        """The file, opened with Arrow, whose threads may read ahead.

        Raises:
            DataError: If it must be copied, and cannot be.
            OSError: If it cannot be opened.
        """
        import pyarrow as pa

        file = self.in_place()
        return pa.OSFile(str(self.copy()), "rb") if file is None else file

    def in_place(self) -> Any | None:
        """The file opened where it is; None if it is to be read from a copy.

        Raises:
            OSError: If it cannot be opened.
        """
        return None if self._copied() else self._origin.open()

    def copy(self) -> Path:
        """A copy of it on this machine, made once.

        Raises:
            DataError: If it cannot be copied.
        """
        if (path := self._copied()) is not None:
            return path
        number, name = tempfile.mkstemp(prefix="driftwatch-")
        self._copy = weakref.finalize(self, _remove, Path(name), os.getpid())
        try:
            with os.fdopen(number, "wb") as file:
                self._origin.fetch(file)
        except BaseException:
            self.release()
            raise
        self.size = Path(name).stat().st_size
        return Path(name)

    def release(self) -> None:
        """Remove the copy, if there is one."""
        if self._copy is not None:
            self._copy()

    def explained(self, error: BaseException, /) -> str:
        """What an error while it was read means and what to do, without any secret."""
        return str(error).partition("\n")[0] if self._copied() else self._origin.explained(error)

    def _copied(self) -> Path | None:
        found = None if self._copy is None else self._copy.peek()
        return None if found is None else found[2][0]


Location = Path | RemoteFile
"""A file: of this machine, or elsewhere."""


def size_of(location: Location, /) -> int:
    """Bytes of a file; 0 where nobody says."""
    if isinstance(location, RemoteFile):
        return location.size or 0
    return location.stat().st_size


def _remove(path: Path, maker: int) -> None:
    # A fork that ends before its parent must leave the parent's file alone.
    if os.getpid() == maker:
        path.unlink(missing_ok=True)

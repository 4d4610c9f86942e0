"""Files elsewhere: in S3 and Google Cloud Storage by Arrow, from web servers by fsspec."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import quote, unquote, urlsplit

from driftwatch.errors import DataError, MissingDependencyError, did_you_mean
from driftwatch.profiling.locations import RemoteFile, shown_url

__all__ = ["find_remote"]

CONNECT_SECONDS = 10
"""How long a connection may take."""
SILENT_SECONDS = 60
"""How long a server may send nothing."""
_TOTAL_SECONDS = 6 * 3600
_ATTEMPTS = 3
_BLOCK = 8 << 20

_SCHEMES = ("file", "gs", "http", "https", "s3")
_ALSO = {"s3a": "s3", "gcs": "gs"}
_MAGIC = re.compile(r"[*?\[]")
_IN_URLS = "%/:=&?~#+!$,;'@()*[]"

_S3_KEYS = (
    "credentials are those of the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "AWS_PROFILE, or the role of this machine; a public file is also at its https:// URL"
)
_GCS_KEYS = (
    "credentials are those of the environment: GOOGLE_APPLICATION_CREDENTIALS, those of `gcloud "
    "auth application-default login`, or of this machine; a public file is also at "
    "https://storage.googleapis.com/"
)
_S3_MEANINGS = (
    (r"NO_SUCH_BUCKET", "no such bucket"),
    (r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE|CREDENTIALS|TOKEN|HTTP status 40[013]",
     f"access denied; {_S3_KEYS}"),
    (r"PERMANENT_REDIRECT|HTTP status 301",
     "the bucket is in another region; name it with AWS_REGION"),
    (r"NETWORK_CONNECTION|curlCode",
     "the server cannot be reached; check the network, and AWS_ENDPOINT_URL where it is set"),
)  # fmt: skip
_GCS_MEANINGS = (
    (r"OAuth2|PERMISSION_DENIED|UNAUTHENTICATED|credentials", f"access denied; {_GCS_KEYS}"),
    (r"NOT_FOUND", "no such file or bucket"),
    (r"UNAVAILABLE|DEADLINE_EXCEEDED|CURL|Retry policy",
     "the server cannot be reached; check the network, and STORAGE_EMULATOR_HOST where it is set"),
)  # fmt: skip


def find_remote(url: str, is_data: Callable[[Any], bool], /) -> list[RemoteFile]:
    """Find the files that a URL stands for: one, or those of a folder or a pattern in a bucket.

    Args:
        url: Such as ``s3://bucket/day-*.parquet``.
        is_data: Which files of a folder are data, by their names.

    Raises:
        DataError: If nothing is there, the server cannot be reached or refuses, or nobody knows
            such URLs.
        MissingDependencyError: If a library is missing for such a URL.
    """
    scheme, _, rest = url.partition("://")
    scheme = _ALSO.get(scheme.lower(), scheme.lower())
    if scheme not in _SCHEMES:
        raise DataError(
            f"{shown_url(url)}: unknown kind of URL{did_you_mean(scheme, _SCHEMES)}; "
            f"known: {', '.join(f'{each}://' for each in _SCHEMES)}, and paths",
            code="DW018",
        )
    if scheme in ("http", "https"):
        return [_web_file(url)]
    return _Bucket.of(scheme, rest, shown_url(url)).find(rest.rstrip("/"), is_data)


@dataclass(frozen=True, slots=True)
class _Bucket:
    """A bucket of S3 or of Google Cloud Storage.

    Attributes:
        scheme: ``s3`` or ``gs``.
        name: Its name.
        system: Arrow's file system.
        meanings: What is to be said of errors, by what their texts have in them.
    """

    scheme: str
    name: str
    system: Any
    meanings: Sequence[tuple[str, str]] = field(repr=False)

    @classmethod
    def of(cls, scheme: str, path: str, shown: str) -> _Bucket:
        name = path.partition("/")[0]
        if not name or "@" in name or _MAGIC.search(name):
            raise DataError(
                f"{shown}: must look like {scheme}://bucket/path; credentials come from the "
                "environment, and have no place in it",
                code="DW018",
            )
        import pyarrow as pa

        meanings = _S3_MEANINGS if scheme == "s3" else _GCS_MEANINGS
        try:
            system = _s3(name) if scheme == "s3" else _gcs()
        except ImportError as error:
            raise MissingDependencyError(
                f"{shown}: this pyarrow was built without {scheme}://; that of PyPI has it "
                "(pip install pyarrow)"
            ) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DataError(f"{shown}: {_meaning(error, meanings)}", code="DW018") from error
        return cls(scheme, name, system, meanings)

    def find(self, path: str, is_data: Callable[[Any], bool]) -> list[RemoteFile]:
        import pyarrow as pa

        shown = shown_url(f"{self.scheme}://{path}")
        try:
            return self._found(path, shown, is_data)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{shown}: {_meaning(error, self.meanings)}", code="DW018") from error

    def _found(self, path: str, shown: str, is_data: Callable[[Any], bool]) -> list[RemoteFile]:
        from pyarrow import fs

        info = self.system.get_file_info(path)
        if info.type == fs.FileType.File:
            return [self._file(info)]
        if info.type == fs.FileType.Directory:
            files = [file for file in map(self._file, self._listed(path)) if is_data(file)]
            if not files:
                raise DataError(f"{shown}: no data file in this folder", code="DW011")
            return files
        if _MAGIC.search(path):
            parts = path.split("/")
            first = next(n for n, part in enumerate(parts) if _MAGIC.search(part))
            deep = first < len(parts) - 1 or "**" in parts
            listed = self._listed("/".join(parts[:first]), deep=deep)
            matching = [i for i in listed if _matches(i.path.split("/"), parts)]
            if matching:
                return [self._file(each) for each in matching]
        bucket = self.system.get_file_info(self.name)
        what = "bucket" if bucket.type == fs.FileType.NotFound else "file"
        raise DataError(f"{shown}: no such {what}", code="DW011")

    def _listed(self, folder: str, *, deep: bool = True) -> list[Any]:
        from pyarrow import fs

        selector = fs.FileSelector(folder, recursive=deep, allow_not_found=True)
        found = self.system.get_file_info(selector)
        return sorted((i for i in found if i.type == fs.FileType.File), key=lambda i: i.path)

    def _file(self, info: Any) -> RemoteFile:
        shown = shown_url(f"{self.scheme}://{info.path}")
        return RemoteFile(shown, PurePosixPath(info.path), info.size, _Object(self, info.path))


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a bucket, read in place."""

    bucket: _Bucket
    path: str

    def open(self) -> Any:
        return self.bucket.system.open_input_file(self.path)

    def fetch(self, into: IO[bytes], /) -> None:
        import pyarrow as pa

        try:
            with self.open() as file:
                while block := file.read(_BLOCK):
                    into.write(block)
        except (OSError, pa.ArrowException) as error:
            shown = shown_url(f"{self.bucket.scheme}://{self.path}")
            raise DataError(f"{shown}: {self.explained(error)}", code="DW018") from error

    def explained(self, error: BaseException, /) -> str:
        return _meaning(error, self.bucket.meanings)


def _meaning(error: BaseException, meanings: Sequence[tuple[str, str]]) -> str:
    text = str(error).partition("\n")[0]
    return next((said for pattern, said in meanings if re.search(pattern, text)), text)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path are those of a pattern, as `glob.glob` has it."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        if _matches(parts, pattern[1:]):
            return True
        return bool(parts) and not parts[0].startswith(".") and _matches(parts[1:], pattern)
    if not parts or (parts[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _s3(bucket: str) -> Any:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem, resolve_s3_region

    given = os.environ.get
    endpoint = given("AWS_ENDPOINT_URL_S3") or given("AWS_ENDPOINT_URL")
    region = given("AWS_REGION") or given("AWS_DEFAULT_REGION")
    if not endpoint and not region:
        region = resolve_s3_region(bucket)
    return S3FileSystem(
        endpoint_override=endpoint.rstrip("/") if endpoint else None,
        region=region,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=SILENT_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _gcs() -> Any:
    from pyarrow.fs import GcsFileSystem

    patience = timedelta(seconds=SILENT_SECONDS)
    emulator = os.environ.get("STORAGE_EMULATOR_HOST")
    if not emulator:
        return GcsFileSystem(retry_time_limit=patience)
    scheme, _, host = emulator.rpartition("://")
    return GcsFileSystem(
        anonymous=True,
        scheme=scheme or "http",
        endpoint_override=host.rstrip("/"),
        retry_time_limit=patience,
    )


def _web_file(url: str) -> RemoteFile:
    shown = shown_url(url)
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise DataError(
            f"{shown}: is no URL; it must look like https://example.com/data.csv", code="DW018"
        )
    origin = _OfWebServer(quote(url.partition("#")[0], safe=_IN_URLS), shown)
    return RemoteFile(shown, PurePosixPath(unquote(parts.path)), origin.size(), origin)


class _OfWebServer:
    """A file of a web server, copied by fsspec: not every server can be asked for a part."""

    __slots__ = ("_aiohttp", "_shown", "_system", "_url")

    def __init__(self, url: str, shown: str, /) -> None:
        try:
            import aiohttp
            from fsspec.implementations.http import HTTPFileSystem
        except ImportError as error:
            raise MissingDependencyError(
                f"{shown}: http:// and https:// need fsspec and aiohttp; "
                "pip install 'driftwatch-sketch[remote]'"
            ) from error
        self._url = url
        self._shown = shown
        self._aiohttp = aiohttp
        timeout = aiohttp.ClientTimeout(
            total=_TOTAL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS
        )
        # A URL is sent as it is written: a signature may be of its very characters.
        self._system = HTTPFileSystem(
            encoded=True,
            skip_instance_cache=True,
            client_kwargs={"timeout": timeout, "trust_env": True},  # proxies, and ~/.netrc
        )

    def size(self) -> int | None:
        size = self._asked(lambda: self._system.info(self._url)).get("size")
        return None if size is None else int(size)

    def open(self) -> None:
        return None

    def fetch(self, into: IO[bytes], /) -> None:
        self._asked(lambda: self._system.get_file(self._url, into))

    def _asked(self, question: Callable[[], Any]) -> Any:
        try:
            with _no_urls_logged():
                return question()
        except (OSError, ValueError, TimeoutError, self._aiohttp.ClientError) as error:
            why = self.explained(error)
        # Not inside the except: the error that is left behind has the whole URL in its text.
        raise DataError(f"{self._shown}: {why}", code="DW018")

    def explained(self, error: BaseException, /) -> str:
        http, cause = self._aiohttp, error.__cause__
        # What cannot be found has the reason for its cause; so has a transfer that ended.
        if isinstance(error, FileNotFoundError) and cause is None:
            return _status(404, self._url)
        if isinstance(error, FileNotFoundError) and cause is not None:
            return self.explained(cause)
        if isinstance(error, http.TooManyRedirects):
            return "the server redirects without end"
        if isinstance(error, http.ClientResponseError):
            return _status(error.status, self._url)
        if isinstance(error, TimeoutError):
            return "the server does not answer in time; check the network, or try again later"
        if isinstance(error, http.ClientConnectorCertificateError | http.ClientSSLError):
            return "its certificate is not trusted; SSL_CERT_FILE names a file of authorities"
        if isinstance(error, http.ClientConnectorError):
            reason = _reason(error.os_error)
            return f"the server cannot be reached ({reason}); check the name and the network"
        if isinstance(error, http.ClientPayloadError | http.ServerDisconnectedError):
            return "the server ended the transfer early; try again"
        if isinstance(error, OSError) and error.strerror:
            return f"{error.strerror}; the copy is written to the folder that TMPDIR names"
        return f"cannot be read ({type(error).__name__})"


def _reason(error: OSError) -> str:
    # asyncio writes an address into what it makes of the system's own words.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else error.strerror or type(error).__name__


def _status(status: int, url: str) -> str:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    answer = f"HTTP {status} {phrase}".rstrip()
    if status in (401, 403):
        return (
            f"access denied ({answer}); a presigned URL may have expired, and names and passwords "
            "of servers come from ~/.netrc, or the file that NETRC names"
        )
    if status in (404, 410):
        more = "; a web server lists no files: name each" if "*" in url.partition("?")[0] else ""
        return f"no such file ({answer}){more}"
    return f"the server answers {answer}; try again later" if status >= 500 else answer


@contextmanager
def _no_urls_logged() -> Iterator[None]:
    """Keep from the log what fsspec says at the level DEBUG, which is URLs with their queries."""
    logger = logging.getLogger("fsspec.http")

    def is_told(record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG

    logger.addFilter(is_told)
    try:
        yield
    finally:
        logger.removeFilter(is_told)

"""Bodies as they come over HTTP -> documents: compressed or not, JSON, JSON lines, forms."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Any, NamedTuple

from driftwatch.core.data.json_text import NotJSONError, json_value
from driftwatch.ingest.json_paths import UNREADABLE, Each

__all__ = ["Form", "UnreadableError", "document_of", "is_json"]

_FORM = "application/x-www-form-urlencoded"
_LINES = (
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/jsonlines",
)
_LINE = re.compile(rb"[^\s][^\n]*")


class Form(NamedTuple):
    """How a body is written.

    Attributes:
        kind: Its content type; empty if that is not said.
        encoding: How it is compressed; empty if it is not.
    """

    kind: str = ""
    encoding: str = ""


@lru_cache(maxsize=64)
def _plain_kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class UnreadableError(ValueError):
    """A body is nothing that can be read; the text is the reason that is counted."""


def is_json(content_type: str) -> bool:
    """Whether a content type is one of JSON."""
    kind = _plain_kind(content_type)
    return kind == "application/json" or kind.endswith("+json")


def document_of(body: bytes, form: Form, most: int, rows: int, /) -> Any:
    """The document of a body.

    A body that does not say what it is, or that it is text, is tried as JSON, as Flask does with
    ``force=True``. JSON lines are an `Each` with a place for every line that is not empty, in which
    `UNREADABLE` stands for those that are no JSON; fields of a form are an object.

    Args:
        body: The body as it came.
        form: How it is written.
        most: Bytes that it may have when it is unpacked.
        rows: Lines that are read, at most; of further ones only the places are there.

    Raises:
        UnreadableError: With the reason that is counted: ``compressed``, ``too_large``,
            ``not_json`` or ``not_a_json_body``.
    """
    if form.encoding:
        body = _unpacked(body, form.encoding.strip().lower(), most)
    try:
        if form.kind == "application/json":  # nearly always
            return json_value(body)
        kind = _plain_kind(form.kind)
        if kind in _LINES:
            return _lines(body, rows)
        if kind == _FORM:
            return _fields(body)
        if kind and not is_json(kind) and not kind.startswith(("text/plain", "application/octet")):
            raise UnreadableError("not_a_json_body")
        return json_value(body)
    except (NotJSONError, UnicodeDecodeError):
        raise UnreadableError("not_json") from None


def _lines(body: bytes, rows: int) -> Each:
    lines = Each()
    for line in _LINE.finditer(body.removeprefix(b"\xef\xbb\xbf")):
        value = None
        if len(lines) < rows:
            try:
                value = json_value(line[0])
            except NotJSONError:
                value = UNREADABLE
        lines.append(value)
    return lines


def _fields(body: bytes) -> dict[str, Any]:
    from urllib.parse import parse_qs

    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10_000)
    except ValueError:
        raise UnreadableError("not_a_json_body") from None
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    unpack = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli}.get(encoding)
    if unpack is None:
        raise UnreadableError("compressed")
    return unpack(body, most)


def _inflated(body: bytes, most: int, bits: int) -> bytes:
    unpacked = b""
    while body:  # gzip may have several members, one after the other
        unpacker = zlib.decompressobj(bits)
        try:
            unpacked += unpacker.decompress(body, most - len(unpacked) + 1)
        except zlib.error:
            raise UnreadableError("compressed") from None
        if len(unpacked) > most:
            raise UnreadableError("too_large")
        if not unpacker.eof:
            raise UnreadableError("compressed")
        body = unpacker.unused_data
    return unpacked


def _gzip(body: bytes, most: int) -> bytes:
    return _inflated(body, most, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes, most: int) -> bytes:
    bits = zlib.MAX_WBITS if body[:1] and body[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
    return _inflated(body, most, bits)


def _brotli(body: bytes, most: int) -> bytes:
    """By Arrow, which is there, in pieces, so that no body unpacks to more than it may."""
    import io

    import pyarrow as pa

    try:
        with pa.CompressedInputStream(io.BytesIO(body), "brotli") as stream:
            unpacked: bytes = stream.read(most + 1)
    except (pa.ArrowException, OSError):
        raise UnreadableError("compressed") from None
    if len(unpacked) > most:
        raise UnreadableError("too_large")
    return unpacked

"""Values of persons and secrets that stand for real ones, and what finds them in anything written.

They are looked for as they are, and as encodings write them: in base64 (at any place of what was
encoded), hex, UTF-16, percent-encoded, with the escapes of JSON, HTML and Python, without the
blanks of a number, and as the bytes of a number; in files also behind compression and in the cells
of databases.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy as np

from driftwatch.stores.sqlite.packed_text import unpacked

__all__ = ["PEOPLE", "SECRETS", "forms", "leaks", "leaks_in_files"]

_NAMES = ("Zquanne", "Zqbobbo", "Zqcemal", "Zqdörte", "Zqelias", "Zqfiona", "Zqgreta", "Zqhenri")
PEOPLE: dict[str, tuple[str, ...]] = {
    "email": tuple(f"{name.lower()}@zq-canary.example" for name in _NAMES),
    "phone": tuple(f"+49 171 55{n}0 77{n}4" for n in range(8)),
    "mobile": tuple(str(15_550_123_457 + 7_919 * n) for n in range(8)),
    "first_name": _NAMES,
    "customer": tuple(f"{name} Zqcanarson" for name in _NAMES),
    "address": tuple(f"{n}7 Zqcanary Road, Zqtown" for n in range(1, 9)),
    "card": ("4539 1488 0343 6467", "5425 2334 3010 9903", "3714 4963 5398 431",
             "6011 0009 9013 9424", "4485 2757 4230 8327", "5105 1051 0510 5100",
             "4012 8888 8888 1881", "3782 8224 6310 005"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19",
             "FR14 2004 1010 0505 0001 3M02 606", "NL91 ABNA 0417 1643 00",
             "ES91 2100 0418 4502 0005 1332", "AT61 1904 3002 3457 3201",
             "CH93 0076 2011 6238 5295 7", "BE68 5390 0754 7034"),
    "ip": tuple(f"203.0.113.{n}7" for n in range(10, 18)),
    "note": tuple(f"{name} rang about the zqcanary loan and wants it {n} weeks later please"
                  for n in range(3) for name in _NAMES),
}  # fmt: skip
"""Values by column."""
SECRETS: dict[str, str] = {
    "hash key": "zqcanary-hash-key-5d1e9a77c2b04f63",
    "token": "zqcanary/of+the=token-77aa",
    "password in an address": "zqcanary-pass+word/9f31",
    "signature in an address": "zqcanary-signature-c40d",
    "password of Kafka": "zqcanary-kafka-password-1b2c",
    "password of the registry": "zqcanary-registry-password-3d4e",
    "password of mails": "zqcanary-smtp-password-5f60",
    "address of Slack": "T00/B00/zqcanary-of-slack-6a7b",
}


def forms(text: str) -> set[bytes]:
    """What a text looks like in the encodings that files, protocols and logs have."""
    raw = text.encode()
    found = {raw, raw.lower(), raw.upper(), raw[::-1]}
    found |= {raw.hex().encode(), raw.hex().upper().encode()}
    found |= {text.encode(code) for code in ("utf-16-le", "utf-16-be", "utf-32-le")}
    found |= {quote(text, safe="").encode(), quote_plus(text).encode(), quote(text).encode()}
    found |= {json.dumps(text)[1:-1].encode(), html.escape(text).encode()}
    found |= {text.encode("unicode_escape"), text.encode("latin-1", "backslashreplace")}
    bare = text.replace(" ", "")
    found |= {bare.encode(), bare.removeprefix("+").encode()}
    if bare.removeprefix("+").isdecimal():
        number = int(bare.removeprefix("+"))
        found |= {struct.pack(form, number) for form in ("<q", ">q", "<d", ">d")}
        found |= {f"{number:,}".encode(), f"{float(number)}".encode()}
    for before in range(3):  # bytes of something else, modulo three
        coded = base64.b64encode(b"." * before + raw).decode()
        whole = coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        found |= {whole.encode(), whole.replace("+", "-").replace("/", "_").encode()}
    return {form for form in found if len(form) >= 6}


_NEEDLES = {
    form: text
    for text in (*(value for values in PEOPLE.values() for value in values), *SECRETS.values())
    for form in forms(text)
}

_BEGIN = 4
_BY_BEGIN: dict[int, list[bytes]] = {}
for _form in _NEEDLES:
    _BY_BEGIN.setdefault(int.from_bytes(_form[:_BEGIN], "little"), []).append(_form)
_BEGINS = np.array(sorted(_BY_BEGIN), np.uint32)


def _possible(data: bytes) -> Iterator[bytes]:
    """The forms whose first four bytes are there: so few that each can be looked for."""
    found: set[int] = set()
    for start in range(min(_BEGIN, len(data))):
        words = np.frombuffer(data, "<u4", (len(data) - start) // _BEGIN, start)
        found.update(np.intersect1d(words, _BEGINS).tolist())
    for begin in found:
        yield from _BY_BEGIN[begin]


def leaks(written: str | bytes) -> set[str]:
    """The canaries that something written has in some form, also behind compression."""
    data = written.encode("utf-8", "surrogatepass") if isinstance(written, str) else written
    return {_NEEDLES[form] for layer in _layers(data) for form in _possible(layer) if form in layer}


def leaks_in_files(folder: Path) -> dict[str, set[str]]:
    """The canaries in every file of a folder, by its name; and in the names."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        inside = leaks(str(path.relative_to(folder)))
        if path.is_file():
            inside |= leaks(path.read_bytes())
            inside |= {text for cell in _cells(path) for text in leaks(cell)}
        if inside:
            found[str(path.relative_to(folder))] = inside
    return found


def _layers(data: bytes) -> Iterator[bytes]:
    """Bytes, and what is in them, as long as something can be unpacked."""
    yield data
    for inner in _unpacked(data):
        yield from _layers(inner)


def _unpacked(data: bytes) -> Iterator[bytes]:
    for open_, wrong in (
        (gzip.decompress, (OSError, EOFError, zlib.error)),
        (zlib.decompress, (zlib.error,)),
        (bz2.decompress, (OSError, ValueError)),
        (lzma.decompress, (lzma.LZMAError,)),
    ):
        with suppress(*wrong):
            if len(data) > 12:
                yield open_(data)
    if data[:2] == b"PK":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    text = data.decode("latin-1")
    if (plain := unpacked(text)) != text:
        yield plain.encode()


def _cells(path: Path) -> Iterator[bytes]:
    """The cells of a database of SQLite."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            for row in database.execute(f'SELECT * FROM "{name.decode()}"'):  # noqa: S608
                yield from _texts(row)


def _texts(row: Iterable[object]) -> Iterator[bytes]:
    for cell in row:
        yield cell if isinstance(cell, bytes) else str(cell).encode()

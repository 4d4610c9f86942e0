"""The pages of a damaged SQLite file, read without SQLite: as far as they make sense.

SQLite gives up a table at the first page that contradicts itself. Here every page is looked at by
itself, so that a broken one costs no more than what is on it. The layout is that of
https://www.sqlite.org/fileformat2.html. Nothing that is read is believed before it is checked:
numbers of pages against the file, lengths against the page, and chains against going in circles.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Cell", "Pages", "Value", "columns_of", "encoded", "varint"]

Value = int | float | str | bytes | None
"""What a column of a row may hold."""

_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_DEEPEST = 40
_MOST_COLUMNS = 64
_USUAL_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Cell:
    """A row as it lies on a page.

    Attributes:
        page: Number of the page.
        payload: Bytes of the whole row.
        rowid: SQLite's number of the row; None in tables without one.
        begin: Where its row begins on the page.
    """

    page: int
    payload: int
    rowid: int | None
    begin: int


class Pages:
    """Pages of a database by number, from 1, with what its log holds of them.

    Holds one page at a time, and where each page of the log begins.

    Args:
        file: The file.
        log: Its write-ahead log; None if there is none.
        size: Bytes of a page, if the header is not to be believed.
    """

    def __init__(self, file: BinaryIO, log: BinaryIO | None, /, *, size: int | None = None) -> None:
        self._file = file
        self._log = log
        self.size = size or _page_size(_read(file, 0, 100))
        self._newer = {} if log is None else _logged(log, self.size)
        self.count = max([file.seek(0, io.SEEK_END) // self.size, *self._newer])

    def page(self, number: int, /) -> bytes:
        """A page; empty where there is none."""
        if self._log is not None and number in self._newer:
            return _read(self._log, self._newer[number], self.size)
        if not 1 <= number <= self.count:
            return b""
        return _read(self._file, (number - 1) * self.size, self.size)

    def walk(self, root: int, /) -> Iterator[int]:
        """Numbers of the pages of a table, its root first."""
        seen: set[int] = set()
        waiting = [(root, 0)]
        while waiting:
            number, depth = waiting.pop()
            page = self.page(number)
            if number in seen or not page or depth > _DEEPEST:
                continue
            seen.add(number)
            yield number
            waiting += [(child, depth + 1) for child in self._children(number, page)]

    def cells(self, number: int, /, *, rows: bool) -> Iterator[Cell]:
        """Rows of a page.

        Args:
            number: The page.
            rows: Whether it is of a table whose rows have numbers; the rows of others are also on
                pages above the lowest.
        """
        page = self.page(number)
        start = _start(number)
        inner = page[start : start + 1] in (b"\x02", b"\x05")
        if inner and rows:
            return
        for at in _pointers(page, start, 12 if inner else 8):
            if cell := self._cell(number, page, at + (4 if inner else 0), rows=rows):
                yield cell

    def row(self, cell: Cell, /, *, rows: bool) -> list[Value] | None:
        """The columns of a row; None if they cannot be read."""
        payload = self.payload(cell, rows=rows)
        return None if payload is None else columns_of(payload)

    def payload(self, cell: Cell, /, *, rows: bool, straight: bool = False) -> bytes | None:
        """The bytes of a row, from its page and those that it runs over to.

        Args:
            cell: The row.
            rows: Whether it is of a table whose rows have numbers.
            straight: Take it that it runs over to pages that follow one another.
        """
        page, local = self.page(cell.page), self._local(cell.payload, rows=rows)
        parts = [page[cell.begin : cell.begin + local]]
        left = cell.payload - local
        at = cell.begin + local
        if left > self.count * self.size:
            return None
        follows = int.from_bytes(page[at : at + 4], "big") if left else 0
        while left > 0:
            over = self.page(follows)
            if not over:
                return None
            parts.append(over[4 : 4 + left])
            left -= self.size - 4
            then = int.from_bytes(over[:4], "big")
            if straight or (left > 0 and not 1 < then <= self.count):
                then = follows + 1
            follows = then
        whole = b"".join(parts)
        return whole if len(whole) == cell.payload else None

    def unused(self) -> set[int]:
        """Numbers of pages that were let go, as far as the list of them can be read."""
        found: set[int] = set()
        trunk = int.from_bytes(self.page(1)[32:36], "big")
        while 1 < trunk <= self.count and trunk not in found:
            found.add(trunk)
            page = self.page(trunk)
            many = min(int.from_bytes(page[4:8], "big"), self.size // 4 - 2)
            found |= {
                leaf
                for k in range(many)
                if 1 < (leaf := int.from_bytes(page[8 + 4 * k : 12 + 4 * k], "big")) <= self.count
            }
            trunk = int.from_bytes(page[:4], "big")
        return found

    def _children(self, number: int, page: bytes) -> list[int]:
        start = _start(number)
        if page[start : start + 1] not in (b"\x02", b"\x05"):
            return []
        ends = [*_pointers(page, start, 12), start + 8]
        return [int.from_bytes(page[at : at + 4], "big") for at in ends]

    def _cell(self, number: int, page: bytes, at: int, *, rows: bool) -> Cell | None:
        payload, at = varint(page, at)
        rowid = None
        if rows:
            rowid, at = varint(page, at)
        return Cell(number, payload, rowid, at) if payload > 0 and at < len(page) else None

    def _local(self, payload: int, *, rows: bool) -> int:
        """How much of a row is on its own page."""
        most = self.size - 35 if rows else (self.size - 12) * 64 // 255 - 23
        if payload <= most:
            return payload
        least = (self.size - 12) * 32 // 255 - 23
        part = least + (payload - least) % (self.size - 4)
        return part if part <= most else least


def _page_size(data: bytes) -> int:
    size = int.from_bytes(data[16:18], "big")
    size = 65_536 if size == 1 else size
    return size if size >= 512 and size & (size - 1) == 0 else _USUAL_PAGE


def _start(number: int) -> int:
    return 100 if number == 1 else 0


def _pointers(page: bytes, start: int, header: int) -> list[int]:
    many = int.from_bytes(page[start + 3 : start + 5], "big")
    end = start + header + 2 * min(many, (len(page) - start - header) // 2)
    found = [
        int.from_bytes(page[at : at + 2], "big") for at in range(start + header, max(end, 0), 2)
    ]
    return [at for at in found if start + header <= at < len(page)]


def _logged(log: BinaryIO, size: int) -> dict[int, int]:
    """Where the last version of each page begins in a log, of transactions that ended."""
    found: dict[int, int] = {}
    open_: dict[int, int] = {}
    frame = 24 + size
    first = [_read(log, at, 8) for at in (16, 40, 40 + frame)]
    # Every frame repeats what the log begins with; one of the three may be damaged.
    salts = first[1] if first[1] == first[2] else first[0]
    for at in range(32, log.seek(0, io.SEEK_END) - frame + 1, frame):
        head = _read(log, at, 24)
        if head[8:16] != salts:
            continue
        number, committed = struct.unpack_from(">II", head)
        open_[number] = at + 24
        if committed:
            found |= {n: begin for n, begin in open_.items() if 0 < n <= committed}
            open_ = {}
    return found


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def varint(data: bytes, at: int, /) -> tuple[int, int]:
    """A number of variable length, and where it ends; (-1, end) where it is cut off."""
    value = 0
    for k in range(9):
        if at + k >= len(data):
            return -1, len(data)
        byte = data[at + k]
        if k == 8:
            value = value << 8 | byte
            return (value - (1 << 64) if value >> 63 else value), at + 9
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at + k + 1
    return -1, len(data)


def encoded(value: int, /) -> bytes:
    r"""The bytes of a number below 2**56 of variable length.

    Example:
        >>> encoded(300), varint(encoded(300), 0)
        (b'\x82,', (300, 2))
    """
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))


def columns_of(payload: bytes, /) -> list[Value] | None:
    """The columns of a row from its bytes; None if they contradict themselves."""
    length, at = varint(payload, 0)
    if not 0 < length <= len(payload):
        return None
    kinds: list[int] = []
    while at < length and len(kinds) < _MOST_COLUMNS:
        kind, at = varint(payload, at)
        kinds.append(kind)
    if at != length:
        return None
    row: list[Value] = []
    for kind in kinds:
        size = _size_of(kind)
        if size < 0 or at + size > len(payload):
            return None
        try:
            row.append(_value(kind, payload[at : at + size]))
        except UnicodeDecodeError:
            return None
        at += size
    return row


def _size_of(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    if kind in (0, 8, 9):
        return 0
    return 8 if kind == 7 else _INTEGERS.get(kind, -1)


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    return data if kind % 2 == 0 else data.decode()

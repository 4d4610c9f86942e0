"""What can still be read of a damaged store, row by row, into a new one."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from driftwatch.core.reports.window_summary import PackedSummary, WindowSummary
from driftwatch.core.windows.segments import Segment
from driftwatch.errors import DataError
from driftwatch.stores.sqlite.ledger import ANY_MONITOR, digest, doubted_monitors, is_sealed
from driftwatch.stores.sqlite.packed_text import unpacked
from driftwatch.stores.sqlite.pages import Cell, Pages, Value, columns_of, encoded, varint
from driftwatch.stores.sqlite.shapes import ROW_TABLES, SHAPES, completed, is_sound

__all__ = ["Salvaged", "salvage"]

_USUAL_PAGE = 4096
_AHEAD = 1_000
"""New segments get higher numbers than any that was lost: readers ask for what is above the last
number that they have seen."""

_WORD = rb"[\x80-\xff]{0,2}"
_INTEGER = rb"[\x01-\x06\x08\x09]"
_SEGMENT = re.compile(
    rb"(?=[\x0e-\x28]\x00"  # length of the header, no number of its own
    + _WORD
    + rb"[\x0d-\x7f]"  # monitor
    + _INTEGER * 4  # width, pane, rows, late
    + rb"[\x00-\x09]{2}"  # earliest, latest
    + (_WORD + rb"[\x00-\x7f]") * 2  # reference, model version
    + _INTEGER  # covers
    + rb"[\x2c\x3c]"  # digest, of 16 or 24 bytes
    + rb"[\x80-\xff]{0,4}[\x00-\x7f])",  # body
    re.DOTALL,
)
"""How the row of a segment begins, wherever on a page it is."""


@dataclass(slots=True)
class Salvaged:
    """What was taken over.

    Attributes:
        segments: Segments.
        rows: Rows of data in those.
        others: Rows of other tables.
        doubted: Monitors whose accepted deliveries are known in part only.
    """

    segments: int = 0
    rows: int = 0
    others: int = 0
    doubted: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        text = f"{self.segments:,} segments with {self.rows:,} rows taken over"
        if self.doubted:
            text += (
                "; which deliveries had been accepted is known in part only, so that what "
                "repeats a segment is not taken again"
            )
        return text


@dataclass(frozen=True, slots=True)
class _Found:
    """A segment whose bytes are what was stored; its body is left where it is."""

    id: int | None
    monitor: str
    segment: Segment
    covers: int
    digest: bytes
    cell: Cell
    straight: bool

    @property
    def group(self) -> tuple[str, str, str | None]:
        return self.monitor, self.segment.reference, self.segment.model_version


def salvage(path: Path, into: sqlite3.Connection, /) -> Salvaged:
    """Copy what is readable in a file and its log; segments only if they are what was stored.

    A page, row or number that contradicts itself costs what depends on it, and nothing else.
    Progress of sources is kept twice; the higher one is taken, so that no row counts twice. What
    compaction had merged is not taken beside the result.

    Args:
        path: The damaged file; it is only read.
        into: A new store, in a transaction.

    Raises:
        OSError: If the file cannot be read.
        sqlite3.Error: If the new store cannot be written.
    """
    log = path.with_name(path.name + "-wal")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        logged = stack.enter_context(log.open("rb")) if log.exists() else None
        pages = Pages(file, logged)
        if pages.size != _USUAL_PAGE:  # or what says so is damaged
            usual = Pages(file, logged, size=_USUAL_PAGE)
            pages = max(usual, pages, key=lambda some: sum(1 for _ in _segments(some, set())))
        return _copy(pages, into)


def _copy(pages: Pages, into: sqlite3.Connection) -> Salvaged:
    saved, roots = Salvaged(), _roots(pages, into)
    unused = pages.unused()
    for table in SHAPES:
        if table not in ("segments", "copies", "cursors", "doubts"):
            for row in _rows(pages, table, roots):
                saved.others += _insert(into, table, row)
    _take_cursors(pages, roots, into)
    left_out = {
        digest(body)
        for (body,) in into.execute("SELECT body FROM quarantine WHERE body IS NOT NULL")
    }
    found = [one for one in _segments(pages, unused) if one.digest[:16] not in left_out]
    ids: dict[int, bytes] = {}
    for one in _without_merged(found):
        saved.segments += 1
        saved.rows += one.segment.rows
        _insert_segment(pages, one, ids, into)
    newest = max([*ids, *_sequence(pages, roots)], default=0)
    into.execute("DELETE FROM sqlite_sequence WHERE name='segments'")
    into.execute("INSERT INTO sqlite_sequence VALUES ('segments', ?)", (newest + _AHEAD,))
    doubts = {str(row[0]): cast("int", row[1]) for row in _rows(pages, "doubts", roots)}
    into.execute("INSERT INTO doubts VALUES (?,?)", (ANY_MONITOR, newest + _AHEAD))
    saved.doubted = set(doubted := doubted_monitors(into, was_damaged=True))
    doubts |= doubted | {ANY_MONITOR: newest + _AHEAD}
    into.executemany("INSERT OR REPLACE INTO doubts VALUES (?,?)", doubts.items())
    return saved


def _roots(pages: Pages, into: sqlite3.Connection) -> dict[str, int]:
    """Where each table begins: as the file says, and where it does not, as in a new one."""
    roots = {
        str(name): int(root)
        for name, root in into.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage>0")
    }
    for number in pages.walk(1):
        for cell in pages.cells(number, rows=True):
            row = pages.row(cell, rows=True)
            if row is None or len(row) != 5 or row[0] != "table":
                continue
            name, root = row[1], row[3]
            if isinstance(name, str) and name in roots and isinstance(root, int):
                roots[name] = root
    return roots


def _rows(pages: Pages, table: str, roots: dict[str, int]) -> Iterator[list[Value]]:
    """Rows of a table that can be ones of it."""
    numbered = table in ROW_TABLES
    columns = list(SHAPES[table])
    for number in pages.walk(roots[table]):
        for cell in pages.cells(number, rows=numbered):
            row = pages.row(cell, rows=numbered)
            if row is None:
                continue
            if numbered and columns[0] == "id":
                row[0] = cell.rowid
            row = list(completed(table, row))
            if is_sound(table, row):
                yield row


def _insert(into: sqlite3.Connection, table: str, row: list[Value]) -> int:
    if table == "reports" and not SHAPES["states"]["body"](unpacked(str(row[-1]))):
        return 0
    if table == "windows" and not _is_whole(row):  # it can be made up of its report
        return 0
    if table == "accepted" and cast("int", row[3]) > cast("int", row[4]):
        return 0
    marks = ",".join("?" * len(row))
    with contextlib.suppress(OverflowError, UnicodeEncodeError, sqlite3.IntegrityError):
        return into.execute(
            f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608 - our names
            row,
        ).rowcount
    return 0


def _is_whole(window: list[Value]) -> bool:
    """Whether the summary of a window is what was stored; there may be none."""
    *_, facts, columns, cells, numbers = cast("list[Any]", window)
    if cast("int", window[list(SHAPES["windows"]).index("severity")]) < 0:
        return True
    try:
        WindowSummary.unpacked(PackedSummary(facts, columns, cells, numbers))
    except DataError:
        return False
    return True


def _take_cursors(pages: Pages, roots: dict[str, int], into: sqlite3.Connection) -> None:
    highest: dict[tuple[str, str], int] = {}
    for table in ("cursors", "copies"):
        for monitor, name, position in _rows(pages, table, roots):
            key = str(monitor), str(name)
            highest[key] = max(cast("int", position), highest.get(key, cast("int", position)))
    for (monitor, name), position in highest.items():
        for table in ("cursors", "copies"):
            _insert(into, table, [monitor, name, position])


def _sequence(pages: Pages, roots: dict[str, int]) -> Iterator[int]:
    """The last number that a segment had, as SQLite noted it."""
    for number in pages.walk(roots.get("sqlite_sequence", 0)):
        for cell in pages.cells(number, rows=True):
            row = pages.row(cell, rows=True)
            if row is not None and len(row) == 2 and row[0] == "segments":
                last = row[1]
                if isinstance(last, int) and 0 <= last < 1 << 60:
                    yield last


def _segments(pages: Pages, unused: set[int]) -> Iterator[_Found]:
    """Segments on all pages in use, whether or not anything else on the page makes sense."""
    for number in range(1, pages.count + 1):
        if number in unused:
            continue
        page = pages.page(number)
        edge = _edge(page)
        for match in _SEGMENT.finditer(page):
            if match.start() >= edge and (found := _segment(pages, number, page, match.start())):
                yield found


def _edge(page: bytes) -> int:
    """Where rows begin on a page: what lies before, since it was moved or deleted, is none."""
    many, begin = int.from_bytes(page[3:5], "big"), int.from_bytes(page[5:7], "big")
    pointers = [
        int.from_bytes(page[at : at + 2], "big")
        for at in range(8, min(8 + 2 * many, len(page) - 1), 2)
    ]
    sensible = page[:1] == b"\x0d" and pointers and all(begin <= p < len(page) for p in pointers)
    return begin if sensible and begin >= 8 + 2 * many else 0


def _segment(pages: Pages, number: int, page: bytes, begin: int) -> _Found | None:
    """The segment whose row begins at a place of a page; None if it is none, or damaged."""
    length, at = varint(page, begin)
    payload = length
    while at < begin + length:
        kind, at = varint(page, at)
        sizes = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
        payload += (kind - 12) // 2 if kind >= 12 else sizes[kind] if 0 <= kind < 10 else 0
    if at != begin + length or payload >= 1 << 40:
        return None
    cell = Cell(number, payload, _number_before(page, begin, encoded(payload)), begin)
    for straight in (False, True):
        whole = pages.payload(cell, rows=True, straight=straight)
        row = None if whole is None else columns_of(whole)
        if row is None or not is_sound("segments", [1, *row[1:]]):
            continue
        _, monitor, width, pane, rows, late, earliest, latest, reference, version, covers, *rest = (
            cast("list[Any]", row)
        )
        expected, body = rest
        segment = Segment(
            pane, width, rows, body, late, _real(earliest), _real(latest), reference, version
        )
        if is_sealed(expected, monitor, segment, covers=covers):
            light = replace(segment, body=b"")
            return _Found(cell.rowid, monitor, light, covers, expected, cell, straight)
    return None


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def _number_before(page: bytes, begin: int, payload: bytes) -> int | None:
    """SQLite's number of a row, which stands between the length of the row and the row."""
    for size in range(1, 9):
        at = begin - size
        if at < len(payload):
            return None
        number, end = varint(page, at)
        if end == begin and number > 0 and page[at - len(payload) : at] == payload:
            return number
    return None


def _without_merged(found: list[_Found]) -> Iterator[_Found]:
    """Without segments that are in another one, which may lie about until their place is used."""
    merged = defaultdict(list)
    for one in found:
        if one.covers:
            merged[one.group].append(one)
    seen: set[tuple[int | None, bytes]] = set()
    for one in found:
        key = one.id, one.digest
        if (one.id is not None and key in seen) or any(
            _is_in(one, other) for other in merged[one.group]
        ):
            continue
        seen.add(key)
        yield one


def _is_in(one: _Found, other: _Found) -> bool:
    if one is other or one.id is None or one.id > other.covers or one.id == other.id:
        return False
    mine, wide = one.segment, other.segment
    return mine.width <= wide.width and mine.pane * mine.width // wide.width == wide.pane


def _insert_segment(
    pages: Pages, one: _Found, ids: dict[int, bytes], into: sqlite3.Connection
) -> None:
    whole = pages.payload(one.cell, rows=True, straight=one.straight)
    row = columns_of(whole) if whole is not None else None
    if row is None:  # it was read a moment ago
        return
    id_ = one.id
    if id_ is None or id_ in ids or id_ >= 1 << 60:
        id_ = None
    row[0] = id_
    marks = ",".join("?" * len(row))
    done = into.execute(f"INSERT INTO segments VALUES ({marks})", row)  # noqa: S608
    ids[id_ or int(done.lastrowid or 0)] = one.digest

"""A process that opens mutated stores, which may kill it.

Arguments: folder, seed, how many stores, how many bytes of each are changed. Prints what became of
them as JSON.
"""

from __future__ import annotations

import json
import logging
import random
import resource
import sys
from collections import Counter
from pathlib import Path

from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment, StoredSegment
from driftwatch.core.windows.stored import StoredAction
from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.pages import Pages
from driftwatch.stores.sqlite.salvage import _segments
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.stores.test_contract import evaluation
from tests.stores.test_windows_contract import window

WIDTH = 3600
DELIVERIES = 40
ROWS = 25
HEADER = 100


def delivery(number: int) -> Delivery:
    chance = random.Random(number)  # noqa: S311 - the same bytes every time
    body = chance.randbytes(chance.choice([300, 1_500, 6_000, 20_000]))
    segment = Segment(
        number, WIDTH, ROWS, body, 1, number * 3600.0, number * 3600.0 + 9, "reference", "v1"
    )
    move = CursorMove("topic/0", number * 10, number * 10 + 10)
    return Delivery("m", f"pod {number % 3}", "e", number // 3, (segment,), {"late": 1}, (move,))


def fill(path: Path) -> None:
    store = SQLiteStore(path)
    for number in range(DELIVERIES):
        store.deliver(delivery(number), now=float(number))
    store.adopt_reference("m", "reference", b"r" * 9_000, model_version=None, now=1.0)
    token = store.lease("m", "here", now=0.0, seconds=10)
    assert token is not None
    for pane in range(20):
        kept = window(pane) if pane % 3 else None
        store.record(evaluation(token, pane, report='{"a": 1}', sinks=("s",), window=kept))
    store.act("m", StoredAction(1, "note", 1.0, "somebody", None, "seen"))
    store.close()


def footprints(path: Path) -> dict[int, set[int]]:
    """Offsets in the file of everything that a segment is made of, by its number."""
    found: dict[int, set[int]] = {}
    with path.open("rb") as file:
        pages = Pages(file, None)
        for one in _segments(pages, pages.unused()):
            cell = one.cell
            begin = (cell.page - 1) * pages.size + cell.begin
            left = cell.payload - (local := pages._local(cell.payload, rows=True))
            mine = set(range(begin, begin + local + (4 if left else 0)))
            page = pages.page(cell.page)
            after = int.from_bytes(page[cell.begin + local : cell.begin + local + 4], "big")
            while left > 0:
                at = (after - 1) * pages.size
                mine |= set(range(at, at + 4 + min(left, pages.size - 4)))
                after = int.from_bytes(pages.page(after)[:4], "big")
                left -= pages.size - 4
            assert one.id is not None
            found[one.id] = mine
    return found


def stored(store: SQLiteStore) -> dict[int, StoredSegment]:
    found = store.segments("m", width=WIDTH, first=0, last=DELIVERIES)
    return {one.segment.pane: one for one in found}


def use(store: SQLiteStore) -> None:
    """Everything that an evaluation, a command and a delivery ask of a store."""
    for ask in (store.overview, store.sources, store.references, store.references_in_use):
        ask("m")
    for name in store.monitors():
        store.newest(name)
    store.quarantine()
    store.state("m")
    store.outbox("m")
    store.reference("m", "reference")
    store.actions("m", incident=1)
    store.reports("m", limit=100)
    store.report_on("m", 3)
    store.windows("m", limit=100, numbers=True)
    store.window_strip("m", since=0.0, until=9e9, columns=100)
    left = store.unsummarized("m", limit=9)
    store.keep_windows("m", [window(each.pane) for each in left[1:]])
    store.pass_over("m", left[:1])
    store.incidents("m", limit=9)
    store.sent("m", limit=9)
    store.counted("m", width=WIDTH, first=0, last=99)
    token = store.lease("m", "there", now=100.0, seconds=10)
    assert token is not None
    assert store.record(evaluation(token, 50, sinks=("s",), window=window(50)))
    store.take_due("m", "s", now=200.0, hold=1.0)
    store.expire("m", width=WIDTH, before=1)
    store.forget_reports("m", before=0.5)


def examine(path: Path, whole: dict[int, StoredSegment], intact: set[int]) -> Counter[str]:
    """Open a mutated store, use it, and compare what it has with what it had."""
    seen: Counter[str] = Counter()
    store = SQLiteStore(path)
    seen["set aside"] = store.damage is not None
    have = stored(store)
    # Where nothing but segments was hit, each is set aside by itself, and the file stays.
    seen["noticed"] = store.damage is not None or bool(store.quarantine())
    for number, one in whole.items():
        if number in have:
            assert have[number].segment == one.segment, "a segment has changed"
            seen["taken over"] += 1
        elif one.id in intact:
            seen["intact but lost"] += 1
    rows = store.overview("m").rows
    assert rows == ROWS * len(have), f"{rows} rows of {len(have)} segments"
    for number in range(DELIVERIES):
        again = delivery(number)
        same = Delivery("m", again.source, "e", again.sequence, again.segments)
        outcome = store.deliver(same, now=99.0)
        seen["twice"] += number in have and outcome is Outcome.STORED
    seen["progress lost"] = store.cursor("m", "topic/0") != DELIVERIES * 10
    body = b"of a source that was not there before"
    new = Delivery("m", "new", "n", 0, (Segment(3, WIDTH, 1, body),), sent_at=3.0)
    seen["new refused"] = store.deliver(new, now=100.0) is not Outcome.STORED
    use(store)
    store.close()
    again_opened = SQLiteStore(path)
    assert again_opened.damage is None, again_opened.damage
    again_opened.close()
    return seen


def main() -> None:
    folder, seed, stores, changed = Path(sys.argv[1]), *map(int, sys.argv[2:])
    chance = random.Random(seed)  # noqa: S311
    logging.getLogger("driftwatch").addHandler(logging.NullHandler())
    fill(folder / "sound.db")
    sound = (folder / "sound.db").read_bytes()
    with_all = SQLiteStore(folder / "sound.db")
    whole = stored(with_all)
    with_all.close()
    places = footprints(folder / "sound.db")
    path = folder / "s.db"
    path.write_bytes(sound)
    examine(path, whole, set(places))  # what is imported and kept is not growth
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen: Counter[str] = Counter()
    for _ in range(stores):
        for old in folder.glob("*s.db*"):
            old.unlink()
        data = bytearray(sound)
        at = [chance.randrange(len(data)) for _ in range(changed)]
        for place in at:
            data[place] = chance.randrange(256)
        path.write_bytes(data)
        touched = {place for place in at if data[place] != sound[place]}
        intact = {id_ for id_, mine in places.items() if not mine & touched}
        try:
            seen += examine(path, whole, intact)
        except StoreError:
            if min(touched) >= HEADER or path.read_bytes() != data:
                raise
            seen["refused for its header"] += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sys.stdout.write(json.dumps({**seen, "grown": round(grown, 1)}) + "\n")


if __name__ == "__main__":
    main()

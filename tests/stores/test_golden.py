"""Stores, deliveries and spools of every released format open; see tests/golden.

``tables-N.db`` is a store that the version with N scripts of tables has written, ``format-N.dws`` a
delivery, ``spool`` a folder of deliveries that wait, are held and were refused. They are never made
anew: a version with a new format adds a file.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import Outcome
from driftwatch.stores import open_store
from driftwatch.stores.remote.kept_back import kept_back
from driftwatch.stores.remote.spool import Spool
from driftwatch.stores.sqlite.tables import MIGRATIONS
from driftwatch.stores.sqlite.versions import tables_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
KEY = ValueGuard(b"driftwatch")
"""With which the e-mail addresses in them are hashed."""
STORES = sorted(GOLDEN.glob("tables-*.db"))


@pytest.mark.parametrize("golden", STORES, ids=lambda path: path.stem)
@pytest.mark.parametrize("reads_only", [False, True])
def test_stores_of_every_released_format_open(
    golden: Path, tmp_path: Path, reads_only: bool
) -> None:
    path = tmp_path / "s.db"
    shutil.copy(golden, path)
    assert f"tables-{tables_of(path)}" == golden.stem
    store = open_store(path, reads_only=reads_only)
    assert store.damage is None
    overview = store.overview("scores")
    assert (overview.rows, overview.counters["untimed"]) == (150, 2)
    segments = store.segments("scores", width=3600, first=0, last=1 << 40)
    total = merged(Profile.from_bytes(each.segment.body, guard=KEY) for each in segments)
    assert total is not None
    assert (total.rows, total["x"].count, total["email"].count) == (150, 150, 150)
    assert store.cursor("scores", "part-1") == 10
    (id_,) = set(store.references_in_use("scores").values())
    reference = Profile.from_bytes(store.reference("scores", id_) or b"", guard=KEY)
    assert reference.rows == 300
    assert [(row.rows, row.reason) for row in store.quarantine()] == [(10, "for the golden store")]
    assert store.quarantined(1)
    if tables_of(golden) >= 7:  # from there on reports are compressed
        (report,) = store.reports("scores", limit=9)
        assert DriftReport.from_dict(json.loads(report.body)).rows_current == 150
    if tables_of(golden) >= 8:
        (away,) = store.turned_away("scores", now=1_767_297_600.0)
        assert (away.source, away.rows) == ("pod-3", 60)
    if tables_of(golden) >= 9:
        (window,) = store.windows("scores", limit=9, numbers=True)
        assert WindowSummary.unpacked(window.summary).rows == 150
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["s.db"]
    assert tables_of(path) == (tables_of(golden) if reads_only else len(MIGRATIONS))


def test_there_is_a_golden_store_of_the_present_format() -> None:
    """Whoever adds a script of tables adds a store that it has made."""
    assert f"tables-{len(MIGRATIONS)}" in [path.stem for path in STORES]


def test_deliveries_of_every_released_format_are_read_and_taken_once() -> None:
    files = sorted(GOLDEN.glob("*.dws"))
    assert files
    store = open_store(None)
    for path in files:
        data = path.read_bytes()
        delivery = delivery_from_bytes(data)
        assert delivery_to_bytes(delivery) == data
        assert [segment.rows for segment in delivery.segments] == [60, 40]
        for segment in delivery.segments:
            assert Profile.from_bytes(segment.body, guard=KEY).rows == segment.rows
        assert store.deliver(delivery, now=0.0) is Outcome.STORED
        assert store.deliver(delivery, now=0.0) is Outcome.DUPLICATE
    store.close()


def test_spools_of_every_released_format_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    shutil.copytree(GOLDEN / "spool", folder)
    found = [(entry.state, entry.rows, entry.monitor, entry.why) for entry in kept_back(folder)]
    assert found == [
        ("waiting", 20, "scores", ""),
        ("held", 21, "scores", "409: the monitor has no reference yet"),
        ("refused", 22, "scores", "400: pane 1 lies too far back"),
    ]
    spool = Spool(folder)
    names = spool.names()
    assert [delivery_from_bytes(spool.read(name) or b"").rows for name in names] == [20, 21]

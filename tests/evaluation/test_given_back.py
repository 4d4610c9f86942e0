"""What was set aside goes back where it was, or nowhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from driftwatch import Monitor
from driftwatch.core.profiles.profile import Profile
from driftwatch.stores import open_store
from tests.evaluation.test_not_damage import ROWS, Say, folder, say, stored

__all__ = ["folder", "say"]


@pytest.mark.parametrize(
    "damage",
    ["pane = pane + 5", "rows = rows - 1", "late = 7", "latest = latest + 9e9", "monitor = 'n'",
     "reference = 'other'", "model_version = 'v2'",
     "digest = CAST(substr(digest, 1, 20) || 'abcd' AS BLOB)"],
)  # fmt: skip
def test_a_segment_whose_place_has_changed_is_not_given_back_anywhere(
    folder: Path, say: Say, damage: str
) -> None:
    """Its bytes are whole; what is damaged is the word of which rows they are."""
    with sqlite3.connect("s.db") as direct:
        direct.execute(f"UPDATE segments SET {damage}")  # noqa: S608 - from this file
    direct.close()
    store = open_store("s.db")
    (aside,) = store.quarantine()
    store.close()
    monitor = ["--store", "s.db", "--monitor", aside.monitor]
    said = say("quarantine", "restore", "1", *monitor)
    assert "given back" not in said
    assert ("changed since it was stored" in said) or ("rows, and says" in said)
    assert stored(aside.monitor) == (0, 1)
    assert "segment-1.dwp" in say("quarantine", "export", "1", *monitor)
    with Monitor("train.json", name="m", window="6h", store="s.db") as watching:
        whole = Profile.from_bytes(
            Path("segment-1.dwp").read_bytes(), guard=watching.reference.profile.guard
        )
        assert watching.absorb(whole, at=watching.seconds())
        assert watching.check().rows_current == ROWS


def test_a_segment_whose_checksum_alone_has_changed_is_given_back(folder: Path, say: Say) -> None:
    with sqlite3.connect("s.db") as direct:
        direct.execute("UPDATE segments SET digest = CAST('a' || substr(digest, 2) AS BLOB)")
    direct.close()
    open_store("s.db").close()
    assert stored() == (0, 1)
    assert f"{ROWS:,} rows given back" in say("quarantine", "restore", "1")
    assert stored() == (ROWS, 0)

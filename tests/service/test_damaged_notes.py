"""Notes and names in a spool that are damaged hold nobody up, and can be listed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from driftwatch.cli.app import run
from driftwatch.stores.remote.names import made_at
from driftwatch.stores.remote.spool import WAITING, WHY, Spool
from driftwatch.stores.remote.trouble import Trouble

NAME = "001767225600-0a1b2c3d-e1-0000000000-4b12de52"
NOTE = Trouble("413", "scores", 50, since=60.0, last=90.0)


def noted(**facts: Any) -> bytes:
    return json.dumps({**asdict(NOTE), **facts}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"1" * 5_000,
        b"\xff",
        noted(rows=-1),
        noted(rows=10**400),
        noted(attempts=-(10**30)),
        noted(attempts=True),
        noted(why=None),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_a_damaged_note_is_as_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / (NAME + WAITING)).write_bytes(b"")
    (tmp_path / (NAME + WHY)).write_bytes(data)
    assert Spool(tmp_path).trouble(NAME) is None
    assert run(["quarantine", "list", "--spool", str(tmp_path)]) == 1


@pytest.mark.parametrize("when", [-1, -(10**400), 10**400, 1e300, float("nan"), True, "now"])
def test_a_time_that_is_none_is_left_out_of_a_note(when: Any) -> None:
    found = Trouble.from_bytes(noted(since=when, last=when))
    assert found is not None
    assert (found.since, found.last, found.attempts) == (None, None, 1)


@pytest.mark.parametrize(
    "name", ["nan-x", "inf-x", "1e300-x", "9" * 12 + "-x", "9" * 200 + "-x", "-5-x", "", "x"]
)
def test_a_name_without_a_time_is_of_long_ago(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made_at(name) == float("-inf")
    (tmp_path / (name + WAITING)).write_bytes(b"")
    assert run(["quarantine", "list", "--spool", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["id"] == name

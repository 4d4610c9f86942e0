"""Files that grow: whatever they have when they are looked at, each row is taken in once."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DataError
from driftwatch.ingest import file_feeder
from driftwatch.ingest.file_feeder import FileFeeder
from driftwatch.ingest.whole_rows import end_of_rows
from driftwatch.profiling.build import profile_data, profile_like
from driftwatch.stores.sqlite.memory import MemoryStore

START = 1_767_225_600
TEXTS = ["free", "pro", 'two "quoted" words', "two\nlines", 'a "b\nc" d\n\ne', "a, b"]
REFERENCE = Reference(
    profile_data(
        {
            "n": [float(row) for row in range(200)],
            "text": TEXTS[:5] * 40,
            "at": [START + row for row in range(200)],
        }
    )
)
Row = tuple[float, str, int]
ROWS: list[Row] = [(row * 0.5, TEXTS[row % 6], START + row) for row in range(600)]


def written(rows: list[Row], name: str) -> bytes:
    if name.endswith("jsonl"):
        lines = [json.dumps(dict(zip(("n", "text", "at"), row, strict=True))) for row in rows]
        return "".join(f"{line}\n" for line in lines).encode()
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([("n", "text", "at"), *rows])
    return buffer.getvalue().encode()


class Fed:
    """A store, and what feeds it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.feeder = FileFeeder(
            self.store, REFERENCE, WindowSpec.of("1h"), monitor="m", clock=lambda: START, time="at"
        )

    def profile(self) -> Profile:
        profile = REFERENCE.new_profile()
        for segment in self.store.segments("m", width=3_600, first=0, last=1 << 40):
            profile.merge(Profile.from_bytes(segment.segment.body))
        return profile


def whole(rows: list[Row]) -> Profile:
    columns = dict(zip(("n", "text", "at"), map(list, zip(*rows, strict=True)), strict=True))
    return profile_like(REFERENCE, columns)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_one_look_takes_all_that_a_file_has(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_feeder, "_BLOCK", 500)
    (tmp_path / name).write_bytes(written(ROWS, name))
    fed = Fed()
    found = fed.feeder.follow(tmp_path / name)
    assert (found.rows, found.counters, found.known) == (600, {}, False)
    assert fed.profile().content_hash == whole(ROWS).content_hash
    assert fed.feeder.follow(tmp_path / name).rows == 0


@pytest.mark.parametrize("examples", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_rows_are_taken_once_wherever_the_file_ended_when_it_was_looked_at(
    tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(max_examples=examples)
    @example(name="a.csv", cuts=[1], block=50, header=b"\n")  # the header is not there yet
    @given(
        name=st.sampled_from(["a.csv", "a.jsonl"]),
        cuts=st.lists(st.integers(0, 4_000), max_size=6),
        block=st.integers(50, 3_000),
        header=st.sampled_from([b"", b'# it is 5" long\n', b"\n"]),
    )
    def law(name: str, cuts: list[int], block: int, header: bytes) -> None:
        grows(tmp_path_factory, name, cuts, block, header)

    law()


def grows(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    cuts: list[int],
    block: int,
    header: bytes,
) -> None:
    rows = ROWS[:100]
    content = written(rows, name)
    if name == "a.csv":
        content = header + content
    path = tmp_path_factory.mktemp("grows") / name
    path.write_bytes(b"")
    fed = Fed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_feeder, "_BLOCK", block)
        for end in (*sorted(cuts), len(content)):
            path.write_bytes(content[:end])
            assert fed.feeder.follow(path).counters == {}
    assert fed.profile().rows == 100
    assert fed.profile().content_hash == whole(rows).content_hash


def test_a_quote_that_nobody_closes_takes_no_other_row_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_feeder, "_BLOCK", 20_000)
    path = tmp_path / "a.csv"
    plain = [row for row in ROWS if row[1] in ("free", "pro")]
    stray = f'1.5,"open,{START}\n'.encode()
    path.write_bytes(written(plain, "a.csv") + stray + written(plain, "a.csv").partition(b"\n")[2])
    fed = Fed()
    found = fed.feeder.follow(path)
    assert (found.rows, found.counters) == (2 * len(plain), {"unreadable_lines": 1})
    assert fed.profile().content_hash == whole([*plain, *plain]).content_hash


def test_a_line_without_an_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_feeder, "_BLOCK", 500)
    monkeypatch.setattr(file_feeder, "LONGEST_LINE", 2_000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(written(ROWS[:1], "a.jsonl") + b'{"n": ' + b"1" * 1_500)
    fed = Fed()
    assert fed.feeder.follow(path).rows == 1
    with path.open("ab") as file:
        file.write(b"1" * 1_500)
    with pytest.raises(DataError, match=r"a.jsonl: the line at byte \d+ has more than 2,000 bytes"):
        fed.feeder.follow(path)


@pytest.mark.parametrize(
    ("block", "end"),
    [
        (b"", (0, True)),
        (b"1,a", (0, True)),
        (b'"a\n', (0, True)),
        (b'1,a\n2,"b\n', (4, True)),
        (b'1,a\n2,"b\nc",d\n', (14, True)),
        (b'1,"a\nb","c\nd"\n2,"e\n', (14, True)),
        (b'"a""\nb"\n"c""d\n', (8, True)),
        (b'1,a\n"' + b"x\n" * 300, (4, True)),
        (b'"b\n' + b"x\n" * 300, (3, False)),
        (b'"b\n' + b"x" * 70_000 + b"\n", (3, False)),
    ],
)
def test_where_rows_end(block: bytes, end: Any) -> None:
    assert end_of_rows(block) == end

"""What looks for canaries finds them wherever somebody might have left one."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import sqlite3
import struct
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from driftwatch import Column, Kind, Monitor, Schema, ValuePolicy
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.profiling.build import profile_data
from driftwatch.stores.sqlite.packed_text import packed
from tests.privacy.canaries import PEOPLE, SECRETS, leaks, leaks_in_files

ALL = [value for values in PEOPLE.values() for value in values] + [*SECRETS.values()]
WRITTEN = {
    "plain": lambda text: f"a {text} b".encode(),
    "utf-16": lambda text: f"a {text} b".encode("utf-16"),
    "hex": lambda text: f"a {text} b".encode().hex().encode(),
    "json": lambda text: json.dumps({"a": [text]}).encode(),
    "gzip": lambda text: gzip.compress(f"a {text} b".encode()),
    "zlib": lambda text: zlib.compress(f"a {text} b".encode()),
    "bz2 twice": lambda text: bz2.compress(bz2.compress(f"a {text} b".encode())),
    "report": lambda text: packed(json.dumps({"a": [text]})).encode(),
    "base64": lambda text: base64.b64encode(f"{text}.".encode()),
    "base64 at one": lambda text: base64.b64encode(f".{text}.".encode()),
    "base64 at two": lambda text: base64.urlsafe_b64encode(f"..{text}".encode()),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_every_canary_in_every_form(way: str) -> None:
    for text in ALL:
        assert text in leaks(WRITTEN[way](text)), text
    assert leaks(WRITTEN[way]("nothing of the kind")) == set()


@pytest.mark.parametrize("form", ["<q", ">q", "<d", ">d"])
def test_numbers_as_bytes(form: str) -> None:
    for text in PEOPLE["mobile"]:
        assert leaks(b"..." + struct.pack(form, int(text)) + b"...") == {text}


def test_in_files_databases_and_names(tmp_path: Path) -> None:
    secret, person, other = SECRETS["token"], *PEOPLE["card"][:2]
    (tmp_path / "a" / "b").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "a" / "b" / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", person.replace(" ", ""))
    with closing(sqlite3.connect(tmp_path / "a" / "d.db")) as database:
        database.execute("CREATE TABLE t (x BLOB)")
        database.execute("INSERT INTO t VALUES (?)", (zlib.compress(secret.encode()),))
        database.commit()
    (tmp_path / f"of {other}").write_bytes(b"")
    assert leaks_in_files(tmp_path) == {
        "a/b/c.zip": {person},
        "a/d.db": {secret},
        f"of {other}": {other},
    }


@pytest.mark.parametrize("column", PEOPLE)
def test_a_column_that_is_to_be_kept_as_it_is_is_found_in_profile_store_and_report(
    column: str, tmp_path: Path
) -> None:
    """So that what finds nothing elsewhere is seen to find it where it is."""
    schema = Schema((Column(column, Kind.CATEGORICAL, values=ValuePolicy.RAW),))
    values = list(PEOPLE[column])
    data = {column: pa.array(values * 50)}
    assert leaks(profile_data(data).to_bytes()) == set()  # hashed where nobody says otherwise
    reference = {column: pa.array(values[:4] * 100)}
    with Monitor(reference, schema=schema, store=tmp_path / "s.db", hash_key=b"k") as monitor:
        assert leaks(monitor.reference.profile.to_bytes()) >= set(values[:4])
        report = monitor.check(data)
        assert leaks(report.to_json()) >= set(values[4:])
        monitor.observe_many(data, at=1_700_000_000.0)
    assert leaks_in_files(tmp_path)["s.db"] >= set(values)
    public = profile_data(data, guard=ValueGuard(b"k")).to_bytes()
    assert leaks(public) == set()

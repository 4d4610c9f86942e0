"""Where the key of hidden values comes from, and what can be found out without it."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch import Column, Kind, Monitor, Profile, Role, Schema, Status, ValuePolicy
from driftwatch.cli.app import run
from driftwatch.core.data.privacy import DEFAULT_KEY, ValueGuard
from driftwatch.core.data.schema import OTHER_KEY
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.core.sketches.fingerprint import Fingerprint, hash_texts
from driftwatch.errors import ConfigError, DataError, HashKeyError, MergeError
from driftwatch.profiling import hash_keys
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.hash_keys import HashKey, key_beside, key_for, user_key_file
from driftwatch.stores.sqlite.store import SQLiteStore
from driftwatch.streams.stream import Stream

VARIABLE = "DRIFTWATCH_HASH_KEY"
CANDIDATES = [f"qz{name}{n}@example.org" for name in ("ann", "bob", "cem") for n in range(70)]
PEOPLE = CANDIDATES[::7]
rng = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a user's configuration, in which there is nothing."""
    folder = tmp_path / "configuration"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    for cached in (hash_keys._process_key, hash_keys._say_random, hash_keys._say_readable):
        cached.cache_clear()
    yield folder
    hash_keys._process_key.cache_clear()


def people(rows: int = 1_200, among: list[str] = PEOPLE) -> dict[str, Any]:
    return {
        "email": pa.array([among[i % len(among)] for i in range(rows)]),
        "plan": pa.array(["free", "pro"] * (rows // 2)),
        "x": rng.normal(size=rows),
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


# ---- where it comes from


def test_the_argument_goes_before_the_environment_the_store_and_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "drift.db"
    of_the_user = key_for()
    assert not of_the_user.is_shared
    (tmp_path / "drift.db.key").write_bytes(b"of the store\n")
    assert key_for(None, store).key == b"of the store"
    monkeypatch.setenv(VARIABLE, "of the environment")
    assert key_for(None, store) == HashKey(b"of the environment", is_shared=True)
    assert key_for(b"given", store).key == b"given"
    monkeypatch.setenv(VARIABLE, "")
    assert key_for(None, None) == of_the_user


def test_keys_are_random_made_once_and_only_their_owner_reads_them(
    tmp_path: Path, home: Path
) -> None:
    first = key_for()
    assert first == key_for()
    assert user_key_file() == home / "driftwatch" / "hash.key"
    assert mode(user_key_file()) == 0o600
    assert len(bytes.fromhex(first.key.decode())) == 32
    beside = key_for(None, tmp_path / "drift.db")
    assert mode(tmp_path / "drift.db.key") == 0o600
    # On one machine a profile in a file and a store can be compared.
    assert beside == first
    user_key_file().unlink()
    assert key_for() != first
    assert key_for(None, tmp_path / "drift.db") == beside
    assert sorted(path.name for path in tmp_path.glob("*drift*")) == ["drift.db.key"]


def test_a_key_file_can_be_the_environment_of_other_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = key_for(None, tmp_path / "drift.db")
    monkeypatch.setenv(VARIABLE, (tmp_path / "drift.db.key").read_text().strip())
    assert key_for().key == here.key


@pytest.mark.parametrize(
    ("store", "name"),
    [
        ("drift.db", "drift.db.key"),
        (Path("drift.db"), "drift.db.key"),
        ("sqlite:///data/drift.db", "drift.db.key"),
        ("file://drift.db", "drift.db.key"),
        (":memory:", None),
        ("", None),
        (None, None),
        ("https://drift.example.com", None),
        ("postgres://drift", None),
        ("\0x", None),
        (SQLiteStore(None), None),
    ],
)
def test_the_file_beside_a_store(store: object, name: str | None) -> None:
    found = key_beside(store)
    assert (None if found is None else found.name) == name


def test_a_store_that_was_opened_has_its_key_beside_it(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "drift.db")
    key_for(None, store)
    store.close()
    assert (tmp_path / "drift.db.key").exists()


def _key_of_a_process(folder: Path, start: Any, keys: Any) -> None:
    os.environ["XDG_CONFIG_HOME"] = str(folder / "c")
    start.wait()
    keys.put((key_for(None, folder / "drift.db").key, key_for().key))


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, keys = context.Barrier(6), context.Queue()
    workers = [
        context.Process(target=_key_of_a_process, args=(tmp_path, start, keys)) for _ in range(6)
    ]
    for worker in workers:
        worker.start()
    found = {keys.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(found) == 1
    assert (tmp_path / "drift.db.key").read_bytes().strip() == found.pop()[0]
    assert not list(tmp_path.rglob("*.tmp"))


def test_where_no_file_can_be_made_the_key_lasts_as_long_as_the_process(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.write_text("a file where the folder should be")
    first = key_for()
    assert key_for() == first
    assert len(first.key) == 64
    assert said(caplog).count(VARIABLE) == 1
    assert first.key.decode() not in said(caplog)
    report = Monitor(people()).check(people())
    assert report.skipped == {}
    assert not report.has_drift()


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 65])
def test_a_file_that_is_no_key_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "drift.db.key").write_bytes(content)
    with pytest.raises(ConfigError, match=r"drift\.db\.key: not a key of 1 to 64 bytes"):
        key_for(None, tmp_path / "drift.db")


def test_a_key_that_others_can_read_is_used_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "drift.db.key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o644)
    assert key_for(None, tmp_path / "drift.db").key == b"k" * 32
    assert "chmod 600" in said(caplog)


def test_the_monitor_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    assert Monitor(people()).reference.profile.guard == ValueGuard(b"k" * 32)
    monkeypatch.setenv(VARIABLE, "k" * 65)
    with pytest.raises(ConfigError, match="1 to 64 bytes"):
        Monitor(people())


def test_a_key_is_in_no_text_of_ours(tmp_path: Path) -> None:
    key = key_for(None, tmp_path / "drift.db")
    text = key.key.decode()
    assert text not in f"{key!r} {key.guard!r}"
    profile = profile_data(people(), guard=key.guard)
    assert key.key not in profile.to_bytes()
    assert bytes.fromhex(text) not in profile.to_bytes()


# ---- who must share it


@pytest.mark.parametrize("store", ["http://127.0.0.1:9", "https://drift.example.com"])
def test_a_collector_demands_a_shared_key_at_start(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replica(**options: Any) -> Monitor:
        return Monitor(people(), store=store, spool=tmp_path / "spool", **options)

    with pytest.raises(ConfigError, match=rf"'email'.*set {VARIABLE}"):
        replica()
    assert not (tmp_path / "spool").exists()
    replica(exclude=["email"]).close()
    replica(hash_key=b"k" * 32).close()
    monkeypatch.setenv(VARIABLE, "k" * 32)
    replica().close()


# ---- profiles of other keys


def written(tmp_path: Path, name: str, key: bytes | None, data: dict[str, Any]) -> Path:
    path = tmp_path / name
    guard = ValueGuard() if key is None else ValueGuard(key)
    path.write_bytes(profile_data(data, guard=guard).to_bytes())
    return path


@pytest.mark.parametrize("key", [b"of another machine", DEFAULT_KEY])
@pytest.mark.parametrize("side", ["reference", "production"])
def test_hashed_columns_of_another_key_are_not_comparable_and_others_are(
    tmp_path: Path, key: bytes, side: str
) -> None:
    shifted = people() | {"x": rng.normal(2, 1, 1_200)}
    saved = written(tmp_path, "other.dwp", key, people() if side == "reference" else shifted)
    if side == "reference":
        report = Monitor(saved).check(shifted)
    else:
        report = Monitor(people()).check(saved)
    assert report.skipped == {"email": OTHER_KEY}
    assert report.drifted_features == ["x"]
    assert report.schema_changes == ()
    assert "another key" in report.to_json()
    assert "another key" in report.summary()
    quiet = Monitor(saved).check(saved)
    assert quiet.skipped == {"email": OTHER_KEY}
    assert not quiet.has_drift()


def test_the_same_key_on_another_machine_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = written(tmp_path, "train.dwp", b"k" * 32, people())
    monkeypatch.setenv(VARIABLE, "k" * 32)
    others = people(among=[f"{name}.uk" for name in PEOPLE])
    assert Monitor(saved).check(others).drifted_features == ["email"]
    assert Monitor(saved).check(people()).skipped == {}


def test_a_profile_without_a_fingerprint_was_made_with_the_public_key(tmp_path: Path) -> None:
    header, sections = decode(profile_data(people()).to_bytes())
    del header["key_id"]
    old = encode(header, sections)
    assert Profile.from_bytes(old)["email"].column.values is ValuePolicy.HASHED
    with pytest.raises(HashKeyError, match=f"{VARIABLE}=driftwatch"):
        Profile.from_bytes(old, guard=ValueGuard(b"k"))
    path = tmp_path / "old.dwp"
    path.write_bytes(old)
    assert Monitor(path).check(people()).skipped == {"email": OTHER_KEY}
    assert Monitor(path, hash_key=DEFAULT_KEY).check(people()).skipped == {}


def test_bytes_are_read_with_a_key_that_is_given_or_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = written(tmp_path, "a.dwp", b"one", people()).read_bytes()
    hashed = Profile.from_bytes(body, hash_key=b"one")
    assert hashed["email"].categories is not None
    assert hashed.to_bytes() == body
    monkeypatch.setenv(VARIABLE, "one")
    assert Profile.from_bytes(body).content_hash == hashed.content_hash
    for key in (b"two", DEFAULT_KEY):
        with pytest.raises(HashKeyError):
            Profile.from_bytes(body, hash_key=key)
    with pytest.raises(ConfigError, match="1 to 64 bytes"):
        Profile.from_bytes(body, hash_key=b"")


def test_parts_of_several_keys_serve_as_one_reference(tmp_path: Path) -> None:
    one = written(tmp_path, "a.dwp", b"one", people())
    two = written(tmp_path, "b.dwp", b"two", people())
    for parts in ([one, two], [two, one]):
        report = Monitor(parts, hash_key=b"one").check(people())
        assert report.rows_reference == 2_400
        assert report.skipped == {"email": OTHER_KEY}
        assert not report.has_drift()


def test_a_reference_of_another_key_can_be_stored_and_read_again(tmp_path: Path) -> None:
    saved = written(tmp_path, "train.dwp", b"one", people())
    mine = Monitor(saved, hash_key=b"two").reference
    again = Profile.from_bytes(mine.profile.to_bytes(), guard=ValueGuard(b"two"))
    assert again.content_hash == mine.profile.content_hash
    assert again["email"].column.is_of_another_key
    assert again["email"].rows == 1_200


def test_a_stream_whose_reference_is_of_another_key_loses_no_row(tmp_path: Path) -> None:
    saved = written(tmp_path, "train.dwp", b"one", people())
    with Monitor(saved, store=tmp_path / "drift.db") as monitor:
        monitor.observe_many(people(600), at=1_700_000_000.0)
        report = monitor.check()
    assert report.rows_current == 600
    assert report.skipped == {"email": OTHER_KEY}
    assert not report.has_drift()


def test_what_would_lose_columns_for_good_refuses_another_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path, "a.dwp", b"one", people())
    assert run(["merge", str(one), "-o", str(tmp_path / "all.dwp")]) != 0
    assert VARIABLE in capsys.readouterr().err
    with Monitor(people(), hash_key=b"two") as monitor:
        with pytest.raises(DataError, match="another key"):
            monitor.absorb(one)
        with pytest.raises(HashKeyError):
            monitor.absorb(one.read_bytes())
        with pytest.raises(MergeError, match="hash key"):
            monitor.absorb(profile_data(people(), guard=ValueGuard(b"one")))
        assert monitor.counters == {}


def test_a_column_hashed_on_one_side_only_is_not_drift() -> None:
    schema = Schema(tuple(Column(n, k) for n, k in (("email", Kind.CATEGORICAL),)))
    data = {"email": people()["email"]}
    monitor = Monitor(data, schema=schema, hash_key=b"k")
    report = monitor.check(profile_data(data, guard=ValueGuard(b"k")))
    assert report.skipped == {"email": "not comparable: its values are hashed on one side only"}
    assert not report.has_drift()


def test_the_content_hash_is_that_of_every_key(tmp_path: Path) -> None:
    data = people()
    whole = [profile_data(data, guard=ValueGuard(key)) for key in (b"one", b"two", DEFAULT_KEY)]
    assert len({profile.content_hash for profile in whole}) == 1
    for profile in whole:
        again = Profile.from_bytes(profile.to_bytes(), guard=profile.guard)
        assert again.content_hash == profile.content_hash


def test_without_hashed_columns_bytes_do_not_depend_on_the_key() -> None:
    data = {"x": np.arange(500.0), "plan": ["a", "b"] * 250}
    made = [profile_data(data, guard=ValueGuard(key)).to_bytes() for key in (b"one", b"two")]
    assert made[0] == made[1]


# ---- a dictionary


def constants() -> list[bytes]:
    """Every key that somebody may guess who has read the source."""
    return [b"", DEFAULT_KEY, b"driftwatch-sketch", b"key id", b"seed", b"rounds"]


def dictionary(candidates: list[str]) -> dict[str, set[bytes]]:
    """Everything that public constants make of each candidate."""
    texts = pa.array(candidates, pa.large_string())
    found: dict[str, set[bytes]] = {text: set() for text in candidates}
    for key in constants():
        guard = ValueGuard(key) if key else ValueGuard()
        for hashes in (hash_texts(texts), hash_texts(texts, seed=guard.seed)):
            for text, value in zip(candidates, hashes.tolist(), strict=True):
                found[text] |= {value.to_bytes(8, "little"), f"{value:016x}".encode()}
        for text in candidates:
            for digest in (
                hashlib.blake2b(text.encode(), key=key, digest_size=8),
                hashlib.blake2b(key + text.encode(), digest_size=8),
            ):
                found[text] |= {digest.digest(), digest.hexdigest().encode()}
    for text in candidates:
        for name in ("md5", "sha1", "sha256"):
            plain = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
            found[text] |= {plain, plain.hex().encode(), text.encode()}
    return found


def attacked(stored: bytes) -> set[str]:
    """Candidates of which something is in the bytes."""
    return {
        text
        for text, forms in dictionary(CANDIDATES).items()
        if any(form in stored for form in forms)
    }


def test_the_attack_finds_what_the_public_key_hides() -> None:
    assert attacked(profile_data(people()).to_bytes()) == set(PEOPLE)


@pytest.mark.parametrize("role", [Role.FEATURE, Role.ID])
def test_a_dictionary_finds_nobody_in_a_profile_made_with_the_defaults(
    tmp_path: Path, role: Role
) -> None:
    monitor = Monitor(people(), roles={"email": role})
    assert attacked(monitor.reference.profile.to_bytes()) == set()
    path = tmp_path / "people.csv"
    lines = [f"{text},{i}" for i, text in enumerate(PEOPLE * 40)]
    path.write_text("email,x\n" + "\n".join(lines))
    assert run(["profile", str(path), "-o", str(tmp_path / "people.dwp"), "-q"]) == 0
    assert attacked((tmp_path / "people.dwp").read_bytes()) == set()


def test_nobody_is_found_where_one_person_is_all_there_is(tmp_path: Path) -> None:
    """A content hash of one value is the hash of that value, times how often it comes."""
    person, store = PEOPLE[3], tmp_path / "drift.db"
    alone = profile_data(people(100, among=[person]), guard=key_for().guard)
    public = Fingerprint()
    public.update(hash_texts(pa.array([person], pa.large_string())), np.array([100]))
    assert alone["email"].fingerprint == public
    assert public.to_bytes()[8:] not in alone.to_bytes()
    with Monitor(people(), store=store) as monitor:
        monitor.observe({"email": person, "plan": "pro", "x": 0.0}, at=1_700_000_000.0)
        monitor.flush()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("drift.db*"))
    assert attacked(kept) == set()


def test_one_known_value_does_not_give_the_others_away() -> None:
    """Seeded hashes can be turned back into their seed by whoever knows one of the values."""
    guard = key_for().guard
    profile = profile_data(people(), guard=guard)
    categories = profile["email"].categories
    assert categories is not None
    kept = set(categories.distinct.hashes.tolist())
    texts = pa.array(PEOPLE, pa.large_string())
    assert not kept & set(hash_texts(texts, seed=guard.seed).tolist())
    public = hash_texts(texts)
    differences = {int(a) ^ b for a in public for b in kept}
    # Were the key only added to what is known, one pair's difference would be that of all.
    assert len(differences) == len(public) * len(kept)


# ---- canaries


def test_personal_values_are_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    data = people()
    store, spool = tmp_path / "drift.db", tmp_path / "spool"
    with Monitor(data, store=store) as monitor:
        monitor.observe_many(people(600, among=CANDIDATES), at=1_700_000_000.0)
        monitor.observe({"email": {"odd": PEOPLE[0]}, "x": PEOPLE[1]}, at=1_700_000_001.0)
        monitor.observe([PEOPLE[2]], at=1_700_000_002.0)  # type: ignore[arg-type]
        report = monitor.check()
        assert report.rows_current >= 600
        monitor.evaluate()
        stream: Stream = monitor.stream
        assert stream.accumulator.open_rows == 0
    with Monitor(data, store="http://127.0.0.1:9", spool=spool, hash_key=b"k" * 32) as replica:
        replica.observe_many(people(600), at=1_700_000_000.0)
        replica.flush(within=0.0)
    assert list(spool.rglob("*.dws"))
    (tmp_path / "a.json").write_text(report.to_json())
    shown = report.to_json() + report.summary() + report._repr_html_() + said(caplog)
    shown += "".join(capsys.readouterr())
    with pytest.raises(DataError) as wrong:
        Monitor({"email": [PEOPLE[0]], "x": [1, 2]})
    shown += str(wrong.value)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for canary in ("qzann", "qzbob", "qzcem"):
        assert canary.encode() not in kept
        assert canary not in shown
    assert attacked(kept) == set()


def test_a_report_of_hashed_columns_still_shows_drift() -> None:
    report = Monitor(people()).check(people(among=CANDIDATES[1::7]))
    assert report.drifted_features == ["email"]
    assert report.global_status is Status.CRITICAL
    assert "qz" not in report.to_json()


@pytest.mark.parametrize("store", [".", "..", "/", "./", "{folder}", "{folder}/", "x" * 5_000])
def test_what_can_be_no_store_has_no_key_beside_it(store: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert key_beside(store.replace("{folder}", str(tmp_path / "folder"))) is None
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]

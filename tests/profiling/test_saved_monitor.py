"""A monitor in a profile file: it judges as before, and others read its reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.core.profiles.profile import Profile
from driftwatch.errors import (
    ConfigError,
    DataError,
    DriftWatchError,
    NotReadableError,
    ProfileFormatError,
)
from driftwatch.profiling.build import load_profile
from driftwatch.profiling.files import find_files
from driftwatch.profiling.saved_monitor import SECTION

RNG = np.random.default_rng(8)
ROWS = 3000
AGE = RNG.normal(40, 9, ROWS).round()
TRUTH = (RNG.normal(AGE, 12) > 40).astype(int)
REFERENCE: Mapping[str, Any] = {
    "age": AGE,
    "income": RNG.normal(3000, 700, ROWS).round(-2),
    "plan": RNG.choice(["basic", "pro"], ROWS),
    "churned": TRUTH,
    "score": (1 / (1 + np.exp(-(AGE - 40) / 9))).round(3),
    "note": RNG.choice(["x", "y"], ROWS),
}
CURRENT: Mapping[str, Any] = {
    **REFERENCE,
    "age": REFERENCE["age"] + 6,
    "income": REFERENCE["income"] * 1.02,
    "extra": np.zeros(ROWS),
}


class Model:
    """A model that says its version and how much features matter."""

    model_version = "2026-07"
    feature_names_in_ = ("age", "income")
    feature_importances_ = (0.75, 0.25)

    def predict(self, rows: Any) -> Any:
        return (np.asarray(rows)[:, 0] > 40).astype(int)


def clock() -> datetime:
    return datetime(2026, 7, 1, tzinfo=UTC)


def twice(values: Any, *_: Any) -> Any:
    return 2 * np.abs(np.asarray(values) - np.asarray(_[0]))


ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "thresholds": {"thresholds": {"psi": 0.2, "ks_pvalue": 0.05, "age": {"ks": np.float64(0.3)}}},
    "classic": {"policy": "classic"},
    "a budget": {"false_alarms": "1 per 30d", "every": "6h"},
    "features": {"features": ["age", "plan"], "roles": {"note": "group"}},
    "columns": {"exclude": ["note"], "kinds": {"income": "categorical"}},
    "rules": {"rules": {"age": {"min": 0, "max": 70}, "plan": {"in": ["basic", "pro"]}}},
    "labels": {"label": "churned", "score": "score", "thresholds": {"roc_auc": 0.05}},
    "costs": {"label": "churned", "score": "score", "cost": np.array([[0, 1], [5, 0]])},
    "a model": {"model": Model(), "label": "churned", "exclude": ["score"]},
    "importances": {"importances": {"age": 0.9, "plan": 0.1}},
    "dependence": {"multivariate": ["age", "income"]},
    "panes": {"pane": "500 rows"},
    "windows": {"window": "7d", "slide": "1d", "lateness": "2h", "compare": "sliding"},
    "missing words": {"missing_words": ["basic"]},
}
NEEDED_AGAIN = {"a model": {"model": Model()}}
"""What belongs to the process, and is given again."""


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_loaded_monitor_judges_as_before(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    before = Monitor(REFERENCE, name="churn", clock=clock, **ARGUMENTS[name])
    before.save(path)
    after = Monitor.load(path, clock=clock, **NEEDED_AGAIN.get(name, {}))
    assert after.check(CURRENT).to_dict() == before.check(CURRENT).to_dict()
    assert (after.name, after.spec, after.flush_every) == ("churn", before.spec, before.flush_every)
    assert after._judged == before._judged
    again = tmp_path / "again.dwp"
    after.save(again)
    assert again.read_bytes() == path.read_bytes()


def test_without_the_model_its_version_and_weights_are_known(tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    Monitor(REFERENCE, model=Model(), clock=clock).save(path)
    report = Monitor.load(path, clock=clock).check(CURRENT)
    assert report.model_version == "2026-07"
    assert report["age"].importance == 0.75


def test_arguments_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    Monitor(REFERENCE, thresholds={"ks": 0.01}, window="7d", name="churn").save(path)
    changed = Monitor.load(path, thresholds={"ks": 0.9}, name="other")
    levels = changed.check(CURRENT)["age"].tests["ks"].threshold
    assert levels is not None
    assert levels.warning == 0.9
    assert (changed.name, str(changed.spec)) == ("other", "7d every 1h")
    with pytest.raises(TypeError, match="colour"):
        Monitor.load(path, colour="red")


def test_functions_are_given_again(tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    rules: dict[str, Any] = {"label": "churned", "score": "score", "metrics": {"loss": twice}}
    Monitor(REFERENCE, thresholds={"loss": 0.1}, **rules).save(path)
    with pytest.raises(ConfigError, match="loss"):
        Monitor.load(path)
    report = Monitor.load(path, metrics={"loss": twice}).check(CURRENT)
    assert report.performance is not None
    assert report.performance["loss"].status is not None


def test_every_reader_of_profiles_reads_the_reference(tmp_path: Path) -> None:
    path, plain = tmp_path / "m.dwp", tmp_path / "plain.dwp"
    monitor = Monitor(REFERENCE, label="churned", score="score", rules={"age": {"min": 0}})
    monitor.save(path)
    plain.write_bytes(monitor.reference.profile.to_bytes())
    read = Profile.from_bytes(path.read_bytes())
    assert read.to_bytes() == plain.read_bytes()
    assert read.schema == monitor.reference.schema
    one, other = (Monitor(file, clock=clock).check(CURRENT).to_dict() for file in (path, plain))
    assert one == other
    merged = find_files([path, plain])
    assert load_profile(merged).rows == 2 * ROWS


def test_sections_that_are_not_known_are_passed_over() -> None:
    """So that versions before this one read the reference of a saved monitor."""
    data = Monitor(REFERENCE).reference.profile.to_bytes()
    header, sections = decode(data)
    more = {SECTION: b"{}", f"{SECTION}/part": b"\xff", "of a later version": b""}
    assert Profile.from_bytes(encode(header, {**sections, **more})).to_bytes() == data


def with_settings(path: Path, body: bytes) -> Path:
    header, sections = decode(path.read_bytes())
    path.write_bytes(encode(header, {**sections, SECTION: body}))
    return path


FACTS: Mapping[str, Any] = {
    "model_version": None,
    "importances": {},
    "features": None,
    "exclude": [],
}


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({"version": 2, "settings": {}, "facts": FACTS}, NotReadableError),
        ({"version": 1, "settings": {"new": 1}, "facts": FACTS}, NotReadableError),
        ({"version": "1", "settings": {}, "facts": FACTS}, ProfileFormatError),
        ({"version": 1, "settings": [], "facts": FACTS}, ProfileFormatError),
        ({"version": 1, "settings": {}, "facts": {}}, ProfileFormatError),
        ({"version": 1, "settings": {}, "facts": {**FACTS, "importances": {"a": "x"}}},
         ProfileFormatError),
        ({"version": 1, "settings": {"window": 5}, "facts": FACTS}, ConfigError),
        ({"version": 1, "settings": {"thresholds": {"nothing": 1}}, "facts": FACTS}, ConfigError),
        ([], ProfileFormatError),
        (None, ProfileFormatError),
    ],
)  # fmt: skip
def test_settings_are_checked_before_they_are_used(
    table: Any, error: type[DriftWatchError], tmp_path: Path
) -> None:
    path = tmp_path / "m.dwp"
    Monitor(REFERENCE).save(path)
    with pytest.raises(error):
        Monitor.load(with_settings(path, json.dumps(table).encode()))
    assert Monitor(path).check(REFERENCE).rows_current == ROWS


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b'{"version": 1'])
def test_damaged_settings_are_one_clear_error(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    Monitor(REFERENCE).save(path)
    with pytest.raises(ProfileFormatError, match="settings of the saved monitor"):
        Monitor.load(with_settings(path, body))


def test_what_is_no_saved_monitor_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "m.dwp"
    monitor = Monitor(REFERENCE)
    path.write_bytes(monitor.reference.profile.to_bytes())
    with pytest.raises(DataError, match="is a profile without a monitor"):
        Monitor.load(path)
    with pytest.raises(DataError, match="no such file"):
        Monitor.load(tmp_path / "nothing.dwp")
    (tmp_path / "rows.csv").write_text("age\n1\n")
    with pytest.raises(DataError, match=r"is one \.dwp file"):
        Monitor.load(tmp_path / "rows.csv")
    monitor.save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ProfileFormatError, match="damaged"):
        Monitor.load(path)
    with pytest.raises(ConfigError, match=r"ends in \.dwp"):
        monitor.save(tmp_path / "m.bin")
    with pytest.raises(DataError, match="cannot be written"):
        monitor.save(tmp_path / "no" / "folder.dwp")


def test_hidden_values_need_their_key(tmp_path: Path) -> None:
    mails = {
        "email": [f"user{n % 40}@example.com" for n in range(2000)],
        "x": RNG.normal(size=2000),
    }
    path = tmp_path / "m.dwp"
    Monitor(mails, hash_key=b"one").save(path)
    assert b"example.com" not in path.read_bytes()
    assert "email" in Monitor.load(path, hash_key=b"one").check(mails)
    other = Monitor.load(path, hash_key=b"another").check(mails)
    assert "another key" in other.skipped["email"]


def test_the_reference_that_the_store_has_in_use_is_saved(tmp_path: Path) -> None:
    store, path = tmp_path / "s.db", tmp_path / "m.dwp"
    with Monitor(REFERENCE, name="churn", store=store) as first:
        first.observe_many(CURRENT)
    newer = {**REFERENCE, "age": REFERENCE["age"] + 6}
    with Monitor(newer, name="churn", store=store, reference="replace") as second:
        second.observe_many(CURRENT)
        expected = second.reference.id
    with Monitor(REFERENCE, name="churn", store=store) as third:
        third.save(path)
    assert Monitor.load(path).reference.id == expected

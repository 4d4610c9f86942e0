"""What pages say of time holds whatever stretch is looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from driftwatch.config.load import load_config
from driftwatch.service.dashboard.asked import asked_of
from driftwatch.service.dashboard.facts.feature_lines import moved_with
from driftwatch.service.dashboard.facts.features import all_features
from driftwatch.service.dashboard.facts.fleet import fleet_line
from driftwatch.service.dashboard.facts.gaps import have_windows_stopped, is_silent, usual_gap
from driftwatch.service.dashboard.facts.why import why_no_data
from driftwatch.service.dashboard.facts.window_lines import WindowLines, window_lines
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.stores import open_store
from tests.service.dashboard.seeding import DAY, DRIFT_BEGAN, HOUR, NOW


@pytest.fixture(scope="module")
def quiet(seeded: Path) -> Shown:
    return shown_in(seeded, "quiet")


@pytest.fixture(scope="module")
def credit(seeded: Path) -> Shown:
    return shown_in(seeded, "credit")


def shown_in(folder: Path, name: str) -> Shown:
    store = open_store(folder / f"{name}.db", reads_only=True)
    return Shown(name, store, store, load_config(folder / "driftwatch.toml").monitors[name])


def lines_of(shown: Shown, days: float) -> WindowLines:
    return window_lines(shown, since=NOW - days * DAY, until=NOW, numbers=True)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_drift_is_as_old_as_it_is_or_older_than_what_is_shown(credit: Shown, days: int) -> None:
    lines = lines_of(credit, days)
    assert lines.newest is not None
    rows = {row.name: row for row in all_features(lines, lines.newest)}
    debt = rows["debt_ratio"]
    assert debt.since is not None
    if days < 8:
        assert debt.is_older
        assert debt.since >= lines.windows[0].at - lines.step
        assert moved_with(lines, "debt_ratio") == []  # when it began is not known here
    else:
        assert not debt.is_older
        assert DRIFT_BEGAN - HOUR < debt.since < DRIFT_BEGAN + DAY
        assert "country" in moved_with(lines, "debt_ratio")
    assert rows["age"].since is None


def test_a_window_before_the_stretch_can_be_looked_at(pages: TestClient) -> None:
    text = pages.get("/m/credit?range=24h&at=2026-11-15T06:00:00Z").text
    assert "No window" not in text
    assert "15 Nov 06:00" in text
    assert "Incident 1</a> is not acknowledged" not in text  # it was not open then


def test_every_cell_of_the_strip_leads_to_its_own_window(credit: Shown) -> None:
    lines = lines_of(credit, 30)
    fraction = [replace(window, at=window.at + 0.7) for window in lines.windows]
    moved = replace(lines, windows=tuple(fraction))
    for window in moved.windows:
        assert moved.at(float(int(window.at) + 1)) is window


def test_silence_and_windows_that_stopped_are_told_apart(quiet: Shown) -> None:
    gap = usual_gap(quiet)
    assert gap == 6 * HOUR
    assert not is_silent(quiet, NOW - 3 * gap, now=NOW)
    assert is_silent(quiet, NOW - 3 * gap - 1, now=NOW)
    assert is_silent(quiet, None, now=NOW)
    assert not have_windows_stopped(quiet, NOW - 24 * HOUR, now=NOW)
    assert have_windows_stopped(quiet, NOW - 25 * HOUR, now=NOW)
    unknown = replace(quiet, config=None)
    assert not is_silent(unknown, None, now=NOW)
    assert not have_windows_stopped(unknown, 0.0, now=NOW)


def test_the_fleet_and_its_why_agree(quiet: Shown) -> None:
    for now, word in ((NOW, "OK"), (NOW + 40 * HOUR, "NO DATA")):
        line = fleet_line(quiet, asked_of({}, now=now), now=now)
        assert line.status == word
        assert (why_no_data(quiet, now=now).first_failure is None) is (word == "OK")
    past = asked_of({"to": "2026-11-20T00:00Z"}, now=NOW + 40 * HOUR)
    assert fleet_line(quiet, past, now=NOW + 40 * HOUR).status != "NO DATA"  # it is of then


def test_thresholds_of_the_monitor_judge_comparisons(credit: Shown) -> None:
    assert credit.config is not None
    lenient = credit.config.model_copy(update={"thresholds": {"ks": 0.9}})
    assert replace(credit, config=lenient).policy().effects["ks"].warning == 0.9
    assert credit.policy().effects["ks"].warning == 0.05

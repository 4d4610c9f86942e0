"""A collector and its replicas need one key where columns are hashed, and say so at start."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch import Monitor
from driftwatch.config.load import load_config
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.segments import Segment
from driftwatch.errors import ConfigError
from driftwatch.service.api.intake import Refused, _check_body
from driftwatch.service.watched import WatchedMonitors

VARIABLE = "DRIFTWATCH_HASH_KEY"
EMAILS = ["ann@example.org", "bob@example.org"] * 100
ROWS = {"email": EMAILS, "x": [1.0, 2.0] * 100}


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A configuration of a collector whose reference has a hashed column."""
    lines = [f"{email},{i % 2}" for i, email in enumerate(EMAILS)]
    (tmp_path / "train.csv").write_text("email,x\n" + "\n".join(lines))
    path = tmp_path / "driftwatch.toml"
    path.write_text('store = "drift.db"\n[monitors.churn]\nreference = "train.csv"\n')
    return path


def test_a_collector_without_a_chosen_key_does_not_start(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=rf"'email'.*set {VARIABLE}"):
        WatchedMonitors(load_config(configured))
    monkeypatch.setenv(VARIABLE, "k" * 32)
    monitors = WatchedMonitors(load_config(configured))
    monitors.close()


def test_without_hashed_columns_a_collector_needs_no_key(configured: Path) -> None:
    text = configured.read_text()
    configured.write_text(f'{text}exclude = ["email"]\n')
    WatchedMonitors(load_config(configured)).close()


def test_rows_that_were_hashed_with_another_key_are_refused_and_told_why() -> None:
    here, there = (Monitor(ROWS, hash_key=key).reference for key in (b"here", b"there"))

    def segment(reference: Reference) -> Segment:
        profile: Profile = reference.new_profile()
        return Segment(pane=0, width=3600, rows=0, body=profile.to_bytes())

    _check_body(segment(here), here)
    with pytest.raises(Refused, match=f"'email'.*{VARIABLE}"):
        _check_body(segment(there), here)

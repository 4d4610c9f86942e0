"""Everything that is said while a test runs, and a home in which nothing is."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.cli.app import run
from driftwatch.logs import JsonFormatter
from tests.privacy.canaries import PEOPLE, SECRETS, leaks


def giving_away(text: str) -> list[str]:
    """The lines of a text that have a canary."""
    return [line for line in text.splitlines() if leaks(line)]


class Heard:
    """All output, every log from DEBUG on in plain text and in JSON, and errors with tracebacks."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self.handlers = [logging.StreamHandler(self._text), logging.StreamHandler(self._text)]
        self.handlers[0].setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
        self.handlers[1].setFormatter(JsonFormatter())
        for handler in self.handlers:  # of our own, and not of clients that tests use
            handler.addFilter(lambda record: record.name.startswith(("driftwatch", "py.warnings")))

    @property
    def text(self) -> str:
        return self._text.getvalue()

    def command(self, *arguments: str) -> int:
        """Run a command; what it writes is heard."""
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = run(arguments)
        assert giving_away(said.getvalue()) == [], arguments
        assert "internal error" not in said.getvalue(), said.getvalue()
        self._text.write(said.getvalue())
        return code

    def error(self, error: BaseException) -> None:
        """Note everything that an error is usually written as."""
        self._text.write(f"{error} {error!r} {vars(error)}")
        self._text.write("".join(traceback.format_exception_only(error)))


@pytest.fixture
def heard() -> Iterator[Heard]:
    found, root = Heard(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in found.handlers:
        root.addHandler(handler)
    yield found
    for handler in found.handlers:
        root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything is written, in a process whose secrets are canaries."""
    written = tmp_path / "written"
    written.mkdir()
    monkeypatch.chdir(written)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(written / "state"))
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", SECRETS["hash key"])
    monkeypatch.setenv("DRIFTWATCH_TOKEN", SECRETS["token"])
    monkeypatch.setenv("DRIFTWATCH_KAFKA_PASSWORD", SECRETS["password of Kafka"])
    monkeypatch.setenv("DRIFTWATCH_REGISTRY_PASSWORD", SECRETS["password of the registry"])
    monkeypatch.setenv("DRIFTWATCH_SMTP_PASSWORD", SECRETS["password of mails"])
    monkeypatch.setenv(
        "DRIFTWATCH_SLACK_WEBHOOK_URL",
        f"https://127.0.0.1:1/services/{SECRETS['address of Slack']}",
    )
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return written


def persons(rows: int, *, seed: int = 0, shift: float = 0.0, few: int = 0) -> pa.Table:
    """Rows of persons, with a number and a plan, on the first day of 2026.

    Args:
        rows: How many.
        seed: Of the numbers.
        shift: Of the numbers.
        few: Of each column only so many of its last values, or all.
    """
    rng = np.random.default_rng(seed)
    columns = {
        name: pa.array(
            rng.choice(values[-few:] if few and name != "note" else values, rows).tolist()
        )
        for name, values in PEOPLE.items()  # free text is known by many different ones
    }
    columns["mobile"] = pa.array([int(text) for text in columns["mobile"].to_pylist()])
    columns["x"] = pa.array(rng.normal(shift, 1, rows))
    columns["plan"] = pa.array(rng.choice(["free", "pro"], rows).tolist())
    minutes = np.arange(rows) * np.timedelta64(60_000_000, "us")
    columns["ts"] = pa.array(np.datetime64("2026-01-01", "us") + minutes)
    return pa.table(columns)

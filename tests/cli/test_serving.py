"""``driftwatch serve`` and ``token``, as they are run."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from driftwatch.service.tokens import hash_of
from tests.service.conftest import Collector, folder, reference, running

__all__ = ["folder", "reference", "running"]  # fixtures


def driftwatch(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "driftwatch", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_token_is_printed_once_and_its_hash_goes_into_the_configuration(tmp_path: Path) -> None:
    made = driftwatch(
        "token", "--scope", "ingest", "--scope", "read", "--name", "pods", cwd=tmp_path
    )
    assert made.returncode == 0
    secret = made.stdout.strip()
    assert secret.startswith("dw_")
    lines = [line for line in made.stderr.splitlines() if not line.startswith("#")]
    configured = tomllib.loads("\n".join(lines))["service"]["tokens"][0]
    assert configured == {"name": "pods", "scopes": ["ingest", "read"], "sha256": hash_of(secret)}
    assert secret not in made.stderr
    wrong = driftwatch("token", "--scope", "all", cwd=tmp_path)
    assert (wrong.returncode, "known scopes" in wrong.stderr) == (2, True)


def test_it_does_not_let_others_in_without_tokens(folder: Path) -> None:
    refused = driftwatch("serve", "--host", "0.0.0.0", cwd=folder)  # noqa: S104 - it is refused
    assert refused.returncode == 2
    assert "driftwatch token" in refused.stderr


def test_a_port_that_is_taken_is_said(
    folder: Path, running: Callable[[], AbstractContextManager[Collector]]
) -> None:
    with running() as collector:
        second = driftwatch("serve", "--port", str(collector.port), cwd=folder)
        assert second.returncode == 2
        assert "name another --port" in second.stderr


def test_it_ends_in_order(
    folder: Path, running: Callable[[], AbstractContextManager[Collector]]
) -> None:
    with running() as collector:
        process = collector.process
        assert process is not None
        assert process.stderr is not None
        process.terminate()
        said = process.stderr.read().decode()
        process.wait(30)
        assert f"collector of scores, empty on {collector.url}" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("command", ["absorb", "evaluate", "doctor"])
def test_commands_on_a_store_say_that_a_collector_has_it(folder: Path, command: str) -> None:
    (folder / "rows.csv").write_text("x,c\n1.5,a\n", "utf-8")
    files = ["rows.csv"] if command == "absorb" else []
    refused = driftwatch(
        command, *files, "--store", "http://127.0.0.1:9", "--monitor", "scores",
        *([] if command == "doctor" else ["--ref", "reference.dwp"]), cwd=folder,
    )  # fmt: skip
    assert refused.returncode == (1 if command == "doctor" else 2), refused.stderr
    assert "collector" in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr

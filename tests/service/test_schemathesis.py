"""The API against a generator of requests, reasonable and not: no server error, as described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from driftwatch.service.security.tokens import Scope, hash_of
from tests.service.conftest import SECRETS, Collector

pytest.importorskip("schemathesis", reason="schemathesis is not installed")

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,ignored_auth"
)


@pytest.mark.slow
def test_generated_requests(
    folder: Path, running: Callable[[], AbstractContextManager[Collector]], tmp_path: Path
) -> None:
    secret = SECRETS[Scope.ADMIN]
    with (folder / "driftwatch.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[[service.tokens]]\nname = "t"\nscopes = ["admin"]\nsha256 = "{hash_of(secret)}"\n'
        )
    with running() as collector:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{collector.url}/openapi.json",
                f"--header=Authorization: Bearer {secret}",
                f"--checks={CHECKS}",
                "--max-examples=60",
                "--seed=1",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "examples")},
        )
        assert collector.process is not None
        assert collector.process.poll() is None
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = re.search(r"(\d+) generated", done.stdout)
    assert found is not None, done.stdout[-2000:]
    assert int(found[1]) >= 300

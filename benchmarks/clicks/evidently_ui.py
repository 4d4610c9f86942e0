"""Evidently's workspace of the history, and its UI as a process on the loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.clicks import history
from benchmarks.environments import Environment, child_variables

__all__ = ["UiError", "fill", "serving"]

SCRIPT = Path(__file__).with_name("evidently_workspace.py")
FILL_SECONDS, START_SECONDS, END_SECONDS = 900, 120, 20


class UiError(RuntimeError):
    """The workspace was not filled, or the UI not started; the message is what was said last."""


def fill(environment: Environment, folder: Path, /) -> None:
    """Write the workspace, beside the files of `history.write`.

    Raises:
        UiError: If evidently fails.
    """
    python = environment.program("python")
    names = ("rows.parquet", "reference.parquet", "workspace")
    try:
        done = subprocess.run(
            [python, "-W", "ignore", SCRIPT, *(folder / name for name in names), str(history.NOW)],
            check=False,
            capture_output=True,
            text=True,
            env=child_variables(),
            cwd=folder,
            timeout=FILL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UiError(f"the reports were not made in {FILL_SECONDS} s") from error
    if done.returncode:
        raise UiError(_last_line(done.stderr))


@contextmanager
def serving(environment: Environment, folder: Path, /) -> Iterator[str]:
    """The address of ``evidently ui`` over the workspace; it ends with the block.

    Raises:
        UiError: If it does not answer.
    """
    port = _free_port()
    program, workspace = environment.program("evidently"), folder / "workspace"
    command: list[str | Path] = [program, "ui", "--workspace", workspace]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    log = folder / "evidently.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=child_variables(),
            cwd=folder,
            start_new_session=True,
        )
        try:
            if not _answers(process, port):
                raise UiError(_last_line(log.read_text("utf-8")))
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/api/projects")
            if connection.getresponse().status == 200:
                connection.close()
                return True
        connection.close()
        time.sleep(0.3)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    for what in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, what)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=END_SECONDS)
            return


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"

"""``driftwatch serve`` and ``token``, as they are run."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, get_args

import anyio
import anyio.to_thread
import pytest
import uvicorn

from driftwatch.cli.app import run
from driftwatch.config.service import TokenConfig
from driftwatch.service.security.connections import PromptConnection
from driftwatch.service.security.tokens import Scope, hash_of
from driftwatch.service.server import let_requests_end, listening_on
from tests.service.conftest import Collector, folder, reference, running
from tests.waiting import until

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


def test_answers_do_not_wait_for_the_client_to_acknowledge_their_beginning() -> None:
    async def asked() -> int:
        accepted: asyncio.Queue[Any] = asyncio.Queue()
        with listening_on("127.0.0.1", 0) as listening:
            server = await asyncio.start_server(
                lambda _, writer: accepted.put_nowait(writer), sock=listening
            )
            async with server:
                _, client = await asyncio.open_connection(*listening.getsockname())
                writer = await accepted.get()
                made = writer.get_extra_info("socket")
                at_once = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                for each in (writer, client):
                    each.close()
                    await each.wait_closed()
        return int(at_once)

    assert asyncio.run(asked()) != 0


def answered(port: int, request: bytes) -> bytes:
    """The beginning of an answer; nothing while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
            sock.sendall(request)
            return sock.recv(100)
    except ConnectionRefusedError:
        return b""


def test_with_json_every_line_on_stderr_is_json(folder: Path) -> None:
    """Also what uvicorn says of a request that is none, and what ends the process."""
    serving = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "serve", "--port", "0", "--log-format", "json"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serving.stderr is not None
    lines: list[str] = []
    for line in serving.stderr:
        lines.append(line)
        if "collector of" in line:
            break
    port = int(json.loads(lines[-1])["message"].partition("127.0.0.1:")[2].split()[0])
    until(lambda: answered(port, b"no request\r\n\r\n").startswith(b"HTTP/1.1 400"))
    serving.terminate()
    lines += serving.communicate(timeout=60)[1].splitlines()
    said = [json.loads(line) for line in lines]
    assert any(each["logger"].startswith("uvicorn") for each in said)
    for more in (["--monitor", "empty"], ["--monitor", "nobody"], ["--monitor", "scores"]):
        ran = driftwatch("evaluate", "--log-format", "json", *more, cwd=folder)
        said = [json.loads(line) for line in ran.stderr.splitlines()]
        assert said, more
    assert said[-1]["message"] == "scores: nothing is due; its store has no rows yet"


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


@pytest.mark.parametrize("command", ["ingest", "evaluate", "doctor"])
def test_commands_on_a_store_say_that_a_collector_has_it(folder: Path, command: str) -> None:
    (folder / "rows.csv").write_text("x,c\n1.5,a\n", "utf-8")
    files = ["rows.csv"] if command == "ingest" else []
    refused = driftwatch(
        command, *files, "--store", "http://127.0.0.1:9", "--monitor", "scores",
        *([] if command == "doctor" else ["--ref", "reference.dwp"]), cwd=folder,
    )  # fmt: skip
    assert refused.returncode == (1 if command == "doctor" else 2), refused.stderr
    assert "collector" in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr


# -- connections


def test_silent_connections_take_nothing_from_others(
    folder: Path, running: Callable[[], AbstractContextManager[Collector]]
) -> None:
    with running() as collector, ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(socket.create_connection(("127.0.0.1", collector.port)))
        for path in ("/healthz", "/v1/monitors"):
            with urllib.request.urlopen(collector.url + path) as answer:  # noqa: S310 - our own
                assert answer.status == 200


class Impatient(PromptConnection):
    seconds = 0.2


@contextmanager
def served(app: Any) -> Iterator[Callable[[], socket.socket]]:
    """A server of connections that must be prompt; gives what connects to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http=Impatient, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield lambda: socket.create_connection(listening.getsockname(), timeout=20)
        finally:
            server.should_exit = True
            thread.join()


def is_closed_at_last(connection: socket.socket, byte: bytes) -> bool:
    """Send a byte now and then until the other side has closed."""
    connection.settimeout(0.02)
    for _ in range(1_000):
        try:
            if not connection.recv(65_536):
                return True
        except TimeoutError:
            pass
        except ConnectionError:
            return True
        try:
            connection.send(byte)
        except ConnectionError:
            return True
    return False


async def brief(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 401, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("begin", "byte"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"x"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET ", b"x"),
    ],
    ids=["silent", "slow head", "slow body after the answer", "slow second head"],
)
def test_a_connection_that_asks_nothing_in_time_is_closed(begin: bytes, byte: bytes) -> None:
    with served(brief) as connect, connect() as connection:
        connection.sendall(begin)
        assert is_closed_at_last(connection, byte)


def test_an_answer_may_take_longer_than_a_head() -> None:
    asked, release = threading.Event(), threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await asyncio.to_thread(release.wait)
        await brief(scope, receive, send)

    with served(slow) as connect, connect() as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert asked.wait(20)
        with connect() as silent:
            assert silent.recv(1) == b""  # by now the first would have been closed, too
        release.set()
        assert waiting.recv(65_536).startswith(b"HTTP/1.1 401")


# -- configurations that cannot run

TABLE = '[[service.tokens]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('[monitors.m]\nevery = "often"', ("monitors.m.every", "15m")),
        ("[monitors.m]\nevery = 60", ("monitors.m.every", "15m")),
        ('[monitors.m]\nevery = "99999w"', ("monitors.m.every", "3660d")),
        ('[monitors.m]\nflush_every = "banana"', ("monitors.m.flush_every", "90s")),
        ('[monitors.m]\npane = "nonsense"', ("monitors.m.pane", "24h", "500 rows")),
        ('[monitors.m]\nwindow = "long"', ("monitors.m.window", "24h", "500 rows")),
        ('[monitors.m]\nslide = "0h"', ("monitors.m.slide", "24h")),
        ('[monitors.m]\nlateness = "some"', ("monitors.m.lateness", "15m")),
        ('[monitors.m]\nwindow = "90m"', ("monitors.m", "multiple of slide '1h'")),
        ('[monitors.m]\nwindow = "500 rows"', ("monitors.m", "one is rows, one is time")),
        ("[monitors.m]\nthresholds = {kss = 0.1}", ("monitors.m", "did you mean 'ks'")),
        ('[monitors.m]\nfalse_alarms = "few"', ("monitors.m", "1 per 30d")),
        ('[monitors.m]\ncompare = "frozn"', ("monitors.m.compare", "did you mean 'frozen'")),
        ('[monitors.m]\nid = ["a"]\nlabel = ["a"]', ("monitors.m", "'a'", "id", "label")),
        ('[monitors.m]\ntime = "t"\nscore = "t"', ("monitors.m", "'t'", "time", "score")),
        (TABLE + 'scopes = ["ingets"]\nsha256 = "zz"', ("scopes.0", "did you mean 'ingest'")),
        (TABLE + 'scopes = []\nsha256 = "zz"', ("tokens.0.scopes", "ingest, read or admin")),
        (TABLE + 'scopes = ["read"]\nsha256 = "zz"', ("tokens.0.sha256", "64 hexadecimal")),
        ('[service]\nallowed_hosts = ["a.*"]', ("allowed_hosts.0", "*.example.com")),
    ],
)
def test_what_cannot_run_is_one_clear_line_of_check_and_serve(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    reasons: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    found = text if "[monitors.m]" in text else text + "\n[monitors.m]"
    Path("driftwatch.toml").write_text(f'store = "a.db"\n{found}\n', "utf-8")
    for command in (["config", "check"], ["serve", "--port", "0"]):
        assert run(command) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert [reason for reason in reasons if reason not in said] == []


def test_a_token_in_place_of_its_hash_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "driftwatch.toml"
    path.write_text(TABLE + 'scopes = ["read"]\nsha256 = "dw_secret"\n', "utf-8")
    assert run(["config", "check", "--config", str(path)]) == 2
    assert "dw_secret" not in capsys.readouterr().err


def test_an_option_that_cannot_run_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--store", "a.db", "--window", "long", "--ref", "r.dwp"]) == 2
    assert "window: a duration looks like" in capsys.readouterr().err


def test_the_configuration_knows_the_scopes_of_the_service() -> None:
    wanted = {scope.value for scope in Scope}
    known = TokenConfig.model_fields["scopes"].annotation
    assert set(get_args(get_args(known)[0])) == wanted


def test_an_address_that_is_none_is_said(folder: Path) -> None:
    refused = driftwatch("serve", "--host", "x..y", "--insecure", cwd=folder)
    assert refused.returncode == 2
    assert "cannot be listened on" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_who_is_told_the_address_may_connect_before_the_server_is_ready() -> None:
    with (
        listening_on("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname(), timeout=20) as early,
    ):
        assert early.getpeername() == listening.getsockname()


def test_threads_of_requests_are_waited_for() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()

    thread = threading.Thread(target=work, name="AnyIO worker thread", daemon=True)
    thread.start()
    assert begun.wait(60)
    let_requests_end(0.01)  # which is not for ever
    assert thread.is_alive()
    may_end.set()
    let_requests_end(60.0)
    assert not thread.is_alive()


def test_anyio_calls_its_threads_as_they_are_looked_for() -> None:
    name = asyncio.run(anyio.to_thread.run_sync(lambda: threading.current_thread().name))
    assert name == "AnyIO worker thread"

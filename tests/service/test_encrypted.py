"""The way to a collector, encrypted: by its own certificate, and by a proxy before it."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from driftwatch.cli.app import run
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.errors import ConfigError
from driftwatch.service.security.tokens import new_token
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.readings import is_healthy
from tests.service.conftest import NOW, Collector, free_port
from tests.waiting import until

Make = Callable[..., Delivery]
Running = Callable[[], AbstractContextManager[Collector]]
RECIPE = Path(__file__).parents[2] / "examples" / "nginx_collector.conf"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certified(folder: Path, authority: trustme.CA) -> Path:
    """A configuration with a certificate, and the authority's file beside it."""
    issued = authority.issue_cert("127.0.0.1", "localhost", "drift.example.com")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "cert.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return folder


def with_service(folder: Path, *lines: str) -> None:
    config = folder / "driftwatch.toml"
    text = config.read_text("utf-8").replace("[service]\n", "\n".join(["[service]", *lines, ""]))
    config.write_text(text, "utf-8")


@contextmanager
def serving(folder: Path, *options: str, said: str) -> Iterator[str]:
    """``driftwatch serve``; gives the address that it says it has."""
    import sys

    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "serve", "--port", "0", *options],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if said in line:
                yield said + line.partition(said)[2].split()[0]
                break
        else:
            pytest.fail("it does not say that it serves")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("by_option", [True, False])
def test_replicas_trust_a_collector_by_the_authority_that_they_are_given(
    certified: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    by_option: bool,
    delivery: Make,
) -> None:
    options = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"] if by_option else []
    if not by_option:
        with_service(certified, 'tls_cert = "cert.pem"', 'tls_key = "key.pem"')
    with serving(certified, *options, said="https://127.0.0.1:") as url:
        distrusting = CollectorClient(url).get("/healthz")
        assert (distrusting.status, "CERTIFICATE_VERIFY_FAILED" in distrusting.reason) == (0, True)
        assert is_healthy(
            CollectorClient(url, authority=certified / "authority.pem").get("/healthz")
        )
        monkeypatch.setenv("DRIFTWATCH_CA_FILE", str(certified / "authority.pem"))
        store = RemoteStore(url, spool=tmp_path / "spool")
        store.deliver(replace(delivery(), segments=(), counters={"untimed": 3}), now=NOW)
        assert store.flush(60.0)
        assert store.overview("scores").counters == {"untimed": 3}
        store.close()
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" not in plain.recv(100)


def test_an_authority_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate", "utf-8")
    for name, why in (("no.pem", "PEM"), ("missing.pem", "cannot be read")):
        with pytest.raises(ConfigError, match=why):
            RemoteStore("https://127.0.0.1:9", spool=tmp_path, authority=tmp_path / name)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--tls-cert", "cert.pem"], "--tls-key"),
        (["--tls-key", "key.pem"], "--tls-cert"),
        (["--tls-cert", "cert.pem", "--tls-key", "missing.pem"], "missing.pem cannot be read"),
        (["--tls-cert", "cert.pem", "--tls-key", "other.pem"], "key values mismatch"),
        (["--tls-cert", "driftwatch.toml", "--tls-key", "key.pem"], "PEM"),
        (["--tls-cert", "cert.pem", "--tls-key", "locked.pem"], "has a password"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_clear_line(
    certified: Path,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    why: str,
) -> None:
    from cryptography.hazmat.primitives import serialization

    monkeypatch.chdir(certified)
    authority.issue_cert("x.example").private_key_pem.write_to_path("other.pem")
    key = serialization.load_pem_private_key(Path("key.pem").read_bytes(), None)
    Path("locked.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert run(["serve", "--port", "0", *options]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), why in said) == (1, True), said


# -- behind a proxy


@contextmanager
def nginx(folder: Path, upstream: int, **changes: str) -> Iterator[int]:
    """The recipe of the examples, on a port of its own and with files of this test."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    recipe = RECIPE.read_text("utf-8")
    for old, new in {
        "127.0.0.1:8765": f"127.0.0.1:{upstream}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/drift.example.com.pem": str(folder / "cert.pem"),
        "/etc/ssl/drift.example.com.key": str(folder / "key.pem"),
        **changes,
    }.items():
        assert old in recipe
        recipe = recipe.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder / 'nginx.pid'};\n"
        f"error_log {folder / 'nginx.log'};\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{recipe}\n}}\n",
        "utf-8",
    )
    process = subprocess.Popen([program, "-c", str(config), "-p", str(folder)])
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (folder / "nginx.log").read_text("utf-8")
        yield port
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def large(delivery: Make) -> Delivery:
    """A delivery of some hundred kilobytes, of the hours before now."""
    import time

    now = time.time()
    made = delivery(0, pane=int(now // 3600) - 1, rows=2_000)
    (one,) = made.segments
    assert one.earliest is not None
    assert one.latest is not None
    panes = tuple(
        replace(
            one,
            pane=one.pane - back,
            earliest=one.earliest - back * 3600,
            latest=one.latest - back * 3600,
        )
        for back in range(60)
    )
    return replace(made, segments=panes, sent_at=now)


def test_replicas_reach_a_collector_through_the_proxy_of_the_recipe(
    certified: Path, running: Running, large: Delivery, tmp_path: Path
) -> None:
    with_service(certified, 'allowed_hosts = ["drift.example.com"]')
    with running() as collector, nginx(certified, collector.port) as port:
        trust = ssl.create_default_context(cafile=certified / "authority.pem")
        for host, status in (("drift.example.com", 200), ("elsewhere.example.com", 400)):
            request = urllib.request.Request(
                f"https://127.0.0.1:{port}/healthz", headers={"Host": host}
            )
            if status == 200:
                with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310
                    assert answer.status == status
            else:
                with pytest.raises(urllib.error.HTTPError, match=str(status)):
                    urllib.request.urlopen(request, context=trust)  # noqa: S310
        store = RemoteStore(
            f"https://localhost:{port}",
            spool=tmp_path / "spool",
            authority=certified / "authority.pem",
        )
        store.deliver(large, now=NOW)
        assert store.flush(60.0)
        assert store.overview("scores").rows == large.rows
        store.close()


def signed_in(url: str, authority: Path, secret: str, **headers: str) -> tuple[int, str]:
    """Sign in as a browser does; the status, and the cookie."""
    trust = ssl.create_default_context(cafile=authority)
    host, _, port = url.removeprefix("https://").partition(":")
    connection = http.client.HTTPSConnection(host, int(port), context=trust, timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    try:
        connection.request("POST", "/login", f"token={secret}", {**form, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Set-Cookie", "")
    finally:
        connection.close()


@pytest.mark.parametrize("by_option", [True, False])
def test_sessions_of_a_collector_with_a_certificate_go_over_tls_alone(
    certified: Path, monkeypatch: pytest.MonkeyPatch, by_option: bool
) -> None:
    secret = new_token()
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"read:{secret}")
    options = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"] if by_option else []
    if not by_option:
        with_service(certified, 'tls_cert = "cert.pem"', 'tls_key = "key.pem"')
    with serving(certified, *options, said="https://127.0.0.1:") as url:
        status, cookie = signed_in(url, certified / "authority.pem", secret, Origin=url)
    assert (status, cookie.partition("=")[0]) == (303, "__Host-driftwatch")
    assert "; Secure" in cookie


def test_sessions_through_the_proxy_of_the_recipe_go_over_tls_alone(
    certified: Path, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_token()
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"read:{secret}")
    with running() as collector, nginx(certified, collector.port) as port:
        url = f"https://localhost:{port}"
        status, cookie = signed_in(url, certified / "authority.pem", secret, Origin=url)
        assert (status, cookie.partition("=")[0]) == (303, "__Host-driftwatch")
        assert "; Secure" in cookie
        for foreign in ("https://localhost", url.replace("https", "http")):
            refused = signed_in(url, certified / "authority.pem", secret, Origin=foreign)
            assert refused == (403, "")


@pytest.mark.parametrize("refusal", ["413", "444"], ids=["answers 413", "closes"])
def test_what_a_proxy_does_not_let_pass_arrives_in_halves(
    certified: Path, running: Running, large: Delivery, tmp_path: Path, refusal: str
) -> None:
    assert len(delivery_to_bytes(large)) > 200_000
    closing = "client_max_body_size 100k;\n    error_page 413 = @gone;\n"
    closing += "    location @gone { return 444; }\n"
    limit = "client_max_body_size 100k;" if refusal == "413" else closing
    with (
        running() as collector,
        nginx(certified, collector.port, **{"client_max_body_size 9m;": limit}) as port,
    ):
        store = RemoteStore(
            f"https://localhost:{port}",
            spool=tmp_path / "spool",
            authority=certified / "authority.pem",
        )
        store.deliver(large, now=NOW)
        until(lambda: not store.spool.names())
        assert store.spool.refused() == []
        assert store.overview("scores").rows == large.rows
        store.close()

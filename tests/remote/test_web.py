"""Data of web servers, and that no secret of their URLs is told to anybody."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.errors import DataError
from driftwatch.profiling import remote_files
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from tests.http_serving import serving
from tests.remote.conftest import Web
from tests.small_files import ROWS, csv, json_lines, parquet

WRITTEN: dict[str, Callable[[], bytes]] = {
    "/data/a.parquet": parquet,
    "/data/a.csv": csv,
    "/data/a%20b.jsonl": json_lines,
    "/data/a.dwp": lambda: profile_data(ROWS).to_bytes(),
}
SIGNATURE = "X-Amz-Credential=AK%2F2026&X-Amz-Signature=s3cr3t%2Bvalue%3D"


@pytest.mark.parametrize("path", WRITTEN)
def test_every_format_is_read_from_a_web_server(path: str, web: Web) -> None:
    web.files[path] = WRITTEN[path]()
    monitor = Monitor(web.url(path))
    assert monitor.reference.profile.content_hash == profile_data(ROWS).content_hash
    assert monitor.check(web.url(path)).has_drift() is False
    # Once for the reference, once for what is compared, however often its rows are read.
    assert web.seen.count(("GET", path)) == 2


def test_the_copy_goes_with_what_was_read(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    web.files["/a.csv"] = csv()
    files = find_files(web.url("/a.csv"))
    assert files.size_bytes == len(csv())
    assert sum(batch.size_bytes for batch in files.batches()) == len(csv())
    assert len(list(tmp_path.iterdir())) == 1
    del files
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_signed_url_is_sent_as_it_is_written(web: Web) -> None:
    web.files["/a.csv"], web.key = csv(), SIGNATURE
    assert profile_data(web.url(f"/a.csv?{SIGNATURE}")).rows == 240
    assert {path for _, path in web.seen} == {f"/a.csv?{SIGNATURE}"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/none.csv", r"/none\.csv\?…: no such file \(HTTP 404 Not Found\)"),
        ("/day-*.csv", "a web server lists no files: name each"),
        ("/denied.csv", r"access denied \(HTTP 403 Forbidden\); a presigned URL may have expired"),
        ("/broken.parquet", r"/broken\.parquet\?…: "),
        ("/broken.jsonl", r"/broken\.jsonl\?…, line 1: not JSON"),
        ("/twice.csv", r"/twice\.csv\?…: two columns"),
        ("/broken.csv.gz", r"/broken\.csv\.gz\?…: "),
        ("/broken.zip", r"/broken\.zip\?…: File is not a zip file"),
        ("/what.png", r"/what\.png\?…: unknown format \.png"),
        ("/broken.dwp", r"/broken\.dwp\?…: "),
    ],
)
def test_no_error_tells_the_secrets_of_a_url(
    path: str, said: str, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    web.key = SIGNATURE
    for name in ("parquet", "jsonl", "csv.gz", "zip", "dwp"):
        web.files[f"/broken.{name}"] = b"nothing that can be read\n"
    web.files |= {"/what.png": b"", "/twice.csv": b"a,a\n1,2\n"}
    key = "X-Amz-Signature=s3cr3t" if path == "/denied.csv" else SIGNATURE
    url = web.url(f"{path}?{key}").replace("http://", "http://me:s3cr3t@")
    with caplog.at_level(logging.DEBUG), pytest.raises(DataError, match=said) as caught:
        Monitor(url)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "s3cr3t" not in told
    assert "127.0.0.1" in str(caught.value)


def test_no_output_of_a_command_tells_the_secrets_of_a_url(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    web.files |= {"/a.csv": csv(), "/ref.dwp": profile_data(ROWS).to_bytes()}
    web.key = "sig=s3cr3t"
    data, saved = web.url("/a.csv?sig=s3cr3t"), web.url("/ref.dwp?sig=s3cr3t")
    (tmp_path / "driftwatch.toml").write_text(
        f'[monitors.m]\nreference = "{data}"\nstore = "m.db"\nwindow = "100 rows"\n'
        'slide = "100 rows"\n',
        "utf-8",
    )
    told = ["--output", "a.html", "--output", "a.json", "--output", "a.md", "--output", "a.xml"]
    assert run(["check", "--ref", saved, "--prod", data, *told]) == 0
    assert run(["profile", data, "-o", "a.dwp"]) == 0
    assert run(["merge", saved, saved, "-o", "b.dwp"]) == 0
    assert run(["config", "check"]) == 0
    assert run(["doctor"]) in (0, 1, 2)
    assert run(["ingest", data]) == 0
    assert run(["ingest", data]) == 0
    assert run(["reference", "add", data]) == 0
    assert run(["replay", data, "--ref", saved, "--window", "60 rows", "--slide", "20 rows"]) == 0
    assert run(["watch", data, "--once"]) == 2
    assert run(["check", "--ref", saved, "--prod", web.url("/none.csv?sig=s3cr3t")]) == 2
    out = capfd.readouterr()
    assert "a.csv?…: 240 rows taken in" in out.err
    assert "none.csv?…: " in out.err
    assert "s3cr3t" not in out.out + out.err
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 7
    for path in written:
        assert path.name == "driftwatch.toml" or b"s3cr3t" not in path.read_bytes(), path


def test_a_server_that_is_away_hangs_or_ends_early_is_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote_files, "SILENT_SECONDS", 0.2)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if self.path == "/hangs.csv":
                self.server.over.wait()  # type: ignore[attr-defined]
                return
            self.send_response({"/fails.csv": 500, "/turns.csv": 302}.get(self.path, 200))
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"x\n1\n")

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as server:
        at = f"http://127.0.0.1:{server.server_address[1]}"
        for path, said in (
            ("/hangs.csv", "does not answer in time"),
            ("/ends.csv", "ended the transfer early"),
            ("/turns.csv", "redirects without end"),
            ("/fails.csv", "HTTP 500 Internal Server Error; try again later"),
        ):
            with pytest.raises(DataError, match=rf"{path}: .*{said}"):
                profile_data(f"{at}{path}")
    with pytest.raises(DataError, match=r"cannot be reached \(.*refused"):
        profile_data(f"{at}/a.csv")


def test_certificates_are_checked(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.answer(self)

        def do_HEAD(self) -> None:
            web.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    web.files["/a.csv"] = csv()
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(Handler, "localhost", ca=ca) as server:
        url = f"https://localhost:{server.server_address[1]}/a.csv"
        with pytest.raises(DataError, match="its certificate is not trusted; SSL_CERT_FILE"):
            find_files(url)
        code = f"from driftwatch.profiling.build import profile_data as p; print(p({url!r}).rows)"
        trusting = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (trusting.stdout, trusting.stderr) == ("240\n", "")


def test_names_and_passwords_come_from_netrc(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password word\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[str | None] = []
    answer = web.answer
    web.files["/a.csv"] = csv()

    def noted(request: BaseHTTPRequestHandler) -> None:
        sent.append(request.headers["Authorization"])
        answer(request)

    monkeypatch.setattr(web, "answer", noted)
    assert profile_data(web.url("/a.csv")).rows == 240
    assert set(sent) == {"Basic bWU6d29yZA=="}


def test_without_the_extra_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['fsspec'] = None\n"
        "from driftwatch.cli.app import run\n"
        "raise SystemExit(run(['profile', 'https://example.com/a.csv?sig=s3cr3t', '-o', 'a']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "https://example.com/a.csv?…: http:// and https:// need fsspec and aio" in ended.stderr
    assert "pip install 'driftwatch-sketch[remote]'" in ended.stderr
    assert "s3cr3t" not in ended.stderr

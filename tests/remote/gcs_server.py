"""As much of Google's storage API as reading needs: facts of an object, its bytes, a list.

A process of its own: Arrow keeps Python's lock while it opens an object there, so that a thread
of the same process could not answer it.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def main(folder: Path) -> None:
    """Serve the folders in a folder as buckets; the port is the first line that is printed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            bucket, _, name = url.path.removeprefix("/storage/v1/b/").partition("/o")
            name = unquote(name.removeprefix("/"))
            path = folder / bucket / name
            if not (folder / bucket).is_dir() or (name and not path.is_file()):
                self._send(404, b'{"error": {"code": 404, "message": "Not Found"}}')
            elif query.get("alt") == ["media"]:
                start = int(self.headers.get("Range", "bytes=0-").partition("=")[2].split("-")[0])
                self._send(206 if start else 200, path.read_bytes()[start:])
            elif name:
                self._send(200, json.dumps(facts(folder / bucket, path)).encode())
            else:
                prefix = query.get("prefix", [""])[0]
                every = [facts(folder / bucket, p) for p in (folder / bucket).rglob("*.*")]
                items = [each for each in every if each["name"].startswith(prefix)]
                self._send(200, json.dumps({"kind": "storage#objects", "items": items}).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def facts(bucket: Path, path: Path) -> dict[str, Any]:
    at = "2026-01-01T00:00:00Z"
    return {
        "kind": "storage#object",
        "name": path.relative_to(bucket).as_posix(),
        "bucket": bucket.name,
        "size": str(path.stat().st_size),
        "generation": "1",
        "metageneration": "1",
        "timeCreated": at,
        "updated": at,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A small schema registry over real HTTP, on loopback, that tests can take away."""

from __future__ import annotations

import json
import re
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


@dataclass
class Registry:
    """Serves what tests put into it.

    Attributes:
        certificate: Key and chain, PEM; then it speaks TLS.
        url: Where it is.
        away: Whether it answers 503.
        raw: Answered to everything instead, if given: status and body.
        asked: Paths that were asked for.
        logins: What came as Authorization, each time.
    """

    certificate: Path | None = None
    away: bool = False
    raw: tuple[int, bytes] | None = None
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    schemas: dict[int, dict[str, Any]] = field(default_factory=dict)
    subjects: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked.append(self.path)
                registry.logins.append(self.headers["Authorization"])
                status, body = registry._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(
        self,
        number: int,
        text: str,
        *,
        kind: str = "AVRO",
        serialized: str | None = None,
        subject: str | None = None,
        references: dict[str, str] | None = None,
    ) -> None:
        """Register a schema; references are subjects, in their first version, by name."""
        answer: dict[str, Any] = {"schema": text}
        if kind != "AVRO":  # as the original does
            answer["schemaType"] = kind
        if references:
            answer["references"] = [
                {"name": name, "subject": other, "version": 1} for name, other in references.items()
            ]
        self.schemas[number] = {"answer": answer, "serialized": serialized}
        if subject is not None:
            self.subjects[subject, 1] = number

    def _answer(self, path: str) -> tuple[int, bytes]:
        if self.raw is not None:
            return self.raw
        if self.away:
            return 503, b"away"
        number, more, serialized = None, {}, path.endswith("?format=serialized")
        if match := re.match(r"/schemas/ids/(\d+)", path):
            number = int(match[1])
        elif match := re.match(r"/subjects/([^/]+)/versions/(\d+)$", path):
            subject, version = match[1], int(match[2])
            number = self.subjects.get((subject, version))
            more = {"subject": subject, "version": version, "id": number}
        if number not in self.schemas:
            return 404, b'{"error_code": 40403, "message": "Schema not found"}'
        found = self.schemas[number]
        answer = found["answer"] | more
        if serialized and found["serialized"] is not None:
            answer = answer | {"schema": found["serialized"]}
        return 200, json.dumps(answer).encode()

"""Clients of the service: what was answered, by which process, and when."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.soak.processes import PATIENCE_SECONDS
from benchmarks.soak.settings import a_row

__all__ = ["ROWS_A_BODY", "Answered", "Forked", "Traffic"]

ROWS_A_BODY = 4
"""Rows of every request, so that what is counted in bodies can be counted in rows, too."""
_REQUESTS_A_CONNECTION = 10
_PAUSE_SECONDS = 0.05
_AGAIN_SECONDS = 0.2
Life = tuple[str, int]


@dataclass(slots=True)
class Answered:
    """What clients know of one process of the service.

    Attributes:
        times: When each of its answers came, seconds of the monotonic clock.
        unanswered: Rows of requests that it was sent and that got no answer.
    """

    times: list[float] = field(default_factory=list)
    unanswered: int = 0

    @property
    def rows(self) -> int:
        return ROWS_A_BODY * len(self.times)

    def rows_since(self, when: float, /) -> int:
        """Rows of the answers that came after a time."""
        return ROWS_A_BODY * sum(at >= when for at in self.times)


@dataclass(frozen=True, slots=True)
class Forked:
    """What a child that a worker forked has said of itself."""

    life: str
    child: int
    observed: int
    flushed: int
    error: str | None


class Traffic:
    """Some clients, each a thread with a connection that it makes anew now and then.

    Args:
        port: Of the service.
        clients: How many.
        seed: Of what they send.

    Attributes:
        by_life: What is known of each process, by its life and its number.
        unanswered: Rows of requests without an answer on connections that had none before, so that
            nobody knows which process they went to.
        slow: Requests that got no answer for as long as no process may take.
        forks: What children have said.
    """

    def __init__(self, port: int, *, clients: int, seed: int) -> None:
        self.by_life: dict[Life, Answered] = {}
        self.unanswered = 0
        self.slow = 0
        self.forks: list[Forked] = []
        self.forks_unanswered = 0
        self._port = port
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._rng = random.Random(seed)  # noqa: S311 - to vary
        self._threads = [
            threading.Thread(target=self._ask_on_and_on, args=(seed * 1_000 + number,), daemon=True)
            for number in range(clients)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def answers(self) -> Counter[int]:
        """How many answers each process has given, by its number."""
        with self._lock:
            found: Counter[int] = Counter()
            for (_, pid), known in self.by_life.items():
                found[pid] += len(known.times)
            return found

    def fork(self, rows: int) -> None:
        """Have one of the workers fork, and its child observe some rows."""
        try:
            said = self._posted(self._connected(), "/fork", self._body(self._rng, rows))
        except (OSError, http.client.HTTPException) as error:
            with self._lock:
                self.slow += isinstance(error, TimeoutError)
                self.forks_unanswered += 1
            return
        with self._lock:
            self.forks.append(
                Forked(
                    said["life"],
                    said["child"],
                    said.get("observed", -1),
                    said.get("flushed", -1),
                    said.get("error"),
                )
            )

    def _ask_on_and_on(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311
        while not self._over.is_set():
            self._ask_on_one_connection(rng)

    def _ask_on_one_connection(self, rng: random.Random) -> None:
        connection, life = self._connected(), None
        try:
            for _ in range(_REQUESTS_A_CONNECTION):
                if self._over.wait(_PAUSE_SECONDS):
                    return
                try:
                    said = self._posted(connection, "/predict", self._body(rng, ROWS_A_BODY))
                except (OSError, http.client.HTTPException) as error:
                    self._note_no_answer(life, error)
                    self._over.wait(_AGAIN_SECONDS)
                    return
                life = said["life"], said["pid"]
                with self._lock:
                    self.by_life.setdefault(life, Answered()).times.append(time.monotonic())
        finally:
            connection.close()

    def _note_no_answer(self, life: Life | None, error: Exception) -> None:
        if isinstance(error, ConnectionRefusedError):
            return  # nobody has seen it
        with self._lock:
            self.slow += isinstance(error, TimeoutError)
            if life is None:
                self.unanswered += ROWS_A_BODY
            else:
                self.by_life[life].unanswered += ROWS_A_BODY

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)

    @staticmethod
    def _body(rng: random.Random, rows: int) -> Mapping[str, Any]:
        return {"rows": [a_row(rng) for _ in range(rows)]}

    @staticmethod
    def _posted(
        connection: http.client.HTTPConnection, path: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        connection.request(
            "POST", path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise http.client.HTTPException(f"{path} answers {answer.status}: {data[:200]!r}")
        said: dict[str, Any] = json.loads(data)
        return said

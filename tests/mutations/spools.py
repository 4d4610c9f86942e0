"""Mutated spools: what is whole in them arrives, once; what is not is there to be looked at."""

from __future__ import annotations

import io
import itertools
import json
import random
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from driftwatch.cli.app import run
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.service.api.intake import Refused, take_in
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.halving import put_halves
from driftwatch.stores.remote.losses import rows_lost
from driftwatch.stores.remote.names import name_of
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import REFUSED, WAITING, WHY, Spool
from driftwatch.stores.remote.trouble import Trouble
from driftwatch.transport.client import Answer
from tests.mutations.deliveries import collector, sound_delivery
from tests.mutations.frames import changed_frame
from tests.mutations.samples import NOW, profile_of, small_monitor
from tests.mutations.values import changed_bytes, changed_json_text

__all__ = ["Spools"]


class _Collector(CollectorClient):
    """Asks the collector of this process; its answers are those of the service."""

    def __init__(self, folder: Path) -> None:
        super().__init__("http://localhost:1")
        self.monitors = collector(folder)

    def get(self, path: str, /, *, timeout: float | None = None) -> Answer:
        return Answer(200, b'{"status":"ok"}')

    def post(self, path: str, body: bytes, /, *, timeout: float | None = None) -> Answer:
        try:
            outcome, _ = take_in(body, self.monitors, clock=lambda: NOW, sent_at=NOW)
        except Refused as error:
            said = json.dumps({"detail": error.detail})
            return Answer(error.status, said.encode("utf-8", "replace"))
        return Answer(200, json.dumps({"outcome": outcome.value}).encode())


class Spools:
    """Folders of deliveries that wait and were refused, with notes beside them."""

    def __init__(self, folder: Path) -> None:
        self._client = _Collector(folder)
        self._folder = folder / "spool"
        self._body = profile_of(small_monitor(), 40, 3).to_bytes()
        self._numbers = itertools.count()
        self._whole: dict[bytes, Delivery] = {}

    def sound(self) -> dict[str, bytes]:
        """A spool that nothing is wrong with."""
        return self._files()

    def _files(self) -> dict[str, bytes]:
        """Deliveries: one is new, one was sent in vain, one was refused, one is of three panes."""
        files: dict[str, bytes] = {}
        self._whole = {}
        for place, panes in enumerate((1, 3, 1)):
            delivery = sound_delivery(self._body, next(self._numbers), panes)
            name, data = name_of(delivery, mine="abcd"), delivery_to_bytes(delivery)
            self._whole[data] = delivery
            turned_down = place == 2
            files[name + (REFUSED if turned_down else WAITING)] = data
            if place:
                why = Trouble.first("413", data, turned_down=turned_down, now=NOW)
                files[name + WHY] = why.to_bytes()
        return files

    def mutated(self, chance: random.Random) -> dict[str, bytes]:
        """A spool of which one file or two are changed, or have another name."""
        files = self._files()
        for name in chance.sample(sorted(files), chance.choice([1, 1, 2])):
            data = files[name]
            if chance.random() < 0.1:
                files[_other_name(name, chance)] = files.pop(name)
            elif not name.endswith(WHY):
                files[name] = changed_frame(data, chance)
            elif chance.random() < 0.2:
                files[name] = changed_bytes(data, chance)
            else:
                files[name] = changed_json_text(json.loads(data), chance)
        return files

    def use(self, files: dict[str, bytes]) -> str:
        """Look at it, send what waits, give back what was refused, and send that."""
        for old in self._folder.iterdir() if self._folder.exists() else ():
            old.unlink()
        spool = Spool(self._folder, limit_bytes=1 << 30)
        for name, data in files.items():
            (self._folder / name).write_bytes(data)
        self._send(spool)
        if sum(map(len, files.values())) % 8 == 0:  # it takes its time
            self._listed()
        for name in spool.refused():
            spool.give_back(name)
        self._send(spool)
        for name in spool.names():
            put_halves(spool, name, spool.read(name) or b"", mine="abcd")
        arrived = self._check(files)
        spool.limit_bytes = 0
        for dropped in spool.make_room():
            rows_lost(dropped, "dropped")
        assert not spool.names() + spool.refused()
        return "taken" if arrived == len(self._whole) else "refused"

    def _send(self, spool: Spool) -> None:
        """Send until nothing changes; what is held waits for an hour."""
        hours = itertools.count()
        sender = Sender(
            self._client,
            spool,
            mine="abcd",
            clock=lambda: 3_600.0 * next(hours),
            now=lambda: NOW + 120,
        )
        for _ in range(3):
            sender.send_waiting()

    def _listed(self) -> None:
        """What the command shows of it."""
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            code = run(["quarantine", "list", "--spool", str(self._folder), "--json"])
        assert code in (0, 1), said.getvalue()

    def _check(self, files: dict[str, bytes]) -> int:
        """Whatever was whole has arrived; returns how many did."""
        watched = self._client.monitors.get("m")
        assert watched is not None
        there = {data for name, data in files.items() if name.endswith((WAITING, REFUSED))}
        known = 0
        for data, delivery in self._whole.items():
            outcome = watched.deliver(delivery, now=NOW)
            assert data not in there or outcome is Outcome.DUPLICATE, "whole, and not taken over"
            known += outcome is Outcome.DUPLICATE
        return known


def _other_name(name: str, chance: random.Random) -> str:
    stem, dot, suffix = name.rpartition(".")
    changed = chance.choice([
        "x", "nan-x", "-1-a-b", f"1e300-{stem[-30:]}", "inf-inf-inf", f"{'9' * 200}-a-b-0-c",
        stem[:-3],
        "\udcff\udcfe", "::error::x", "a\nb", "\u202e", f"{stem}{WHY}", stem.replace("-", "--"),
    ])  # fmt: skip
    return changed + dot + suffix

"""Mutated deliveries, as a collector gets them."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import replace
from pathlib import Path

from driftwatch.config.load import load_config
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.halves import halves_of
from driftwatch.core.windows.segments import Delivery, Outcome, Segment
from driftwatch.service.api.intake import Refused, take_in
from driftwatch.service.watched import WatchedMonitors
from driftwatch.stores.remote.losses import rows_lost, sent_again
from driftwatch.stores.remote.trouble import facts_of
from tests.mutations.frames import changed_frame
from tests.mutations.samples import KEY, NOW, PANE, profile_of, small_monitor

__all__ = ["ROWS", "Deliveries", "collector", "sound_delivery"]

ROWS = 40
_CONFIGURATION = """
store = "s.db"
[monitors.m]
reference = "r.dwp"
window = "6h"
slide = "1h"
"""


def collector(folder: Path) -> WatchedMonitors:
    """The monitors of a collector, that evaluate only when they are asked."""
    os.environ["DRIFTWATCH_HASH_KEY"] = KEY.decode()
    (folder / "r.dwp").write_bytes(small_monitor().reference.profile.to_bytes())
    (folder / "driftwatch.toml").write_text(_CONFIGURATION)
    return WatchedMonitors(load_config(folder / "driftwatch.toml"), clock=lambda: NOW)


def sound_delivery(body: bytes, sequence: int, panes: int = 1) -> Delivery:
    """Rows of some panes, as a replica sends them."""
    segments = tuple(
        Segment(
            pane, 3600, ROWS, body, 0, pane * 3600.0, pane * 3600.0 + 60,
            small_monitor().reference.id, None if panes == 1 else f"v{pane}",
        )
        for pane in range(PANE - panes + 1, PANE + 1)
    )  # fmt: skip
    return Delivery("m", "pod", "e", sequence, segments, {"late": 1, "untimed": 2}, (), NOW)


class Deliveries:
    """Frames of one pane and of three, and profiles in them."""

    def __init__(self, folder: Path) -> None:
        self._monitors = collector(folder)
        self._body = profile_of(small_monitor(), ROWS, 3).to_bytes()
        self._numbers = itertools.count()
        self._taken = 0

    def sound(self) -> dict[str, bytes]:
        """What nothing is wrong with."""
        return {"d.dws": delivery_to_bytes(sound_delivery(self._body, next(self._numbers)))}

    def mutated(self, chance: random.Random) -> dict[str, bytes]:
        """One changed delivery, whose number is its own."""
        whole = sound_delivery(self._body, 1_000_000 + next(self._numbers), chance.choice([1, 3]))
        if chance.random() < 0.5:
            return {"d.dws": changed_frame(delivery_to_bytes(whole), chance)}
        body = changed_frame(self._body, chance)
        first, *others = whole.segments
        changed = replace(whole, segments=(replace(first, body=body), *others))
        return {"d.dws": delivery_to_bytes(changed)}

    def use(self, files: dict[str, bytes]) -> str:
        """Deliver it, and do with it what a sender does."""
        data = files["d.dws"]
        facts_of(data)
        rows_lost(data, "refused")
        assert rows_lost(sent_again(data), "refused").total() <= rows_lost(data, "refused").total()
        try:
            outcome, delivery = take_in(data, self._monitors, clock=lambda: NOW, sent_at=NOW)
        except Refused as error:
            return "refused" if 400 <= error.status < 500 else f"answered {error.status}"
        halves_of(delivery)
        watched = self._monitors.get(delivery.monitor)
        assert watched is not None
        again = watched.deliver(delivery, now=NOW)
        assert again is Outcome.DUPLICATE, again
        self._taken += 1
        if self._taken % 50 == 0:  # what was taken can be used
            assert watched.monitor is not None
            watched.monitor.evaluator.check()
        return "taken" if outcome is Outcome.STORED else "known"

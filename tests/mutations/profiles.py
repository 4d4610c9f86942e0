"""Mutated profiles: read, used as a reference and as production data, written again."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.readable import check_readable
from driftwatch.errors import DriftWatchError
from driftwatch.monitor import Monitor
from driftwatch.profiling.build import load_profile
from driftwatch.profiling.files import find_files
from driftwatch.render import render
from tests.mutations.frames import changed_frame
from tests.mutations.samples import KEY, monitor, profile_of, small_monitor

__all__ = ["Profiles"]


class Profiles:
    """References, windows and hashed columns, in files and as bytes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mutated.dwp"
        self._guard = ValueGuard(KEY)
        full, small = monitor(), small_monitor()
        self._current = profile_of(full, 50, 5)
        self._sound = [full.reference.profile.to_bytes(), small.reference.profile.to_bytes()]
        self._sound += [profile_of(full, 200, 3).to_bytes(), profile_of(small, 200, 4).to_bytes()]

    def sound(self) -> dict[str, bytes]:
        """What nothing is wrong with."""
        return {"p.dwp": self._sound[0]}

    def mutated(self, chance: random.Random) -> dict[str, bytes]:
        """One changed profile."""
        return {"p.dwp": changed_frame(chance.choice(self._sound), chance)}

    def use(self, files: dict[str, bytes]) -> str:
        """Read it in every way there is; what is taken is compared, merged and written."""
        data = files["p.dwp"]
        with suppress(DriftWatchError):
            check_readable(data, self._guard)
        self._path.write_bytes(data)
        profile = load_profile(find_files(str(self._path)), guard=self._guard, any_key=True)
        again = Profile.from_bytes(profile.to_bytes(), guard=self._guard, any_key=True)
        assert again.content_hash == profile.content_hash, "what is written is something else"
        for watched in (monitor(), small_monitor()):
            _merged(watched, data, self._guard)
            _compared(watched, profile)
        _compared(Monitor(data, hash_key=KEY), self._current)
        return "taken"


def _merged(watched: Monitor, data: bytes, guard: ValueGuard) -> None:
    try:
        theirs = Profile.from_bytes(data, guard=guard)
        total = watched.reference.new_profile()
        watched.reference.check_fits(theirs)
        total.merge(theirs)
        total.merge(theirs)
        assert total.rows == 2 * theirs.rows
    except DriftWatchError:
        pass


def _compared(watched: Monitor, profile: Profile) -> None:
    try:
        report = watched.check(profile)
    except DriftWatchError:
        return
    for form in ("json", "html"):
        render(report, form)

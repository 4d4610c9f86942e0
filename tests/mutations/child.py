"""A process that uses mutated inputs, which may kill it.

Arguments: kind, folder, seed, the number of the first input, how many. Prints what became of them
as JSON. Before an input is used its number is in the file ``now``; an input that raises what is no
error of DriftWatch is left in ``raised``. The same arguments give the same inputs.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import random
import resource
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Protocol

from driftwatch.errors import DriftWatchError
from tests.mutations.configurations import Configurations
from tests.mutations.deliveries import Deliveries
from tests.mutations.profiles import Profiles
from tests.mutations.reports import Reports
from tests.mutations.spools import Spools

SECONDS = 20
"""An input that takes longer hangs."""
MOST_SHOWN = 3


class Kind(Protocol):
    """One kind of input."""

    def __init__(self, folder: Path) -> None: ...
    def sound(self) -> dict[str, bytes]: ...
    def mutated(self, chance: random.Random) -> dict[str, bytes]: ...
    def use(self, files: dict[str, bytes]) -> str: ...


KINDS: dict[str, type[Kind]] = {
    "profiles": Profiles,
    "deliveries": Deliveries,
    "spools": Spools,
    "reports": Reports,
    "configurations": Configurations,
}


def used(kind: Kind, files: dict[str, bytes]) -> str:
    """What became of an input."""
    try:
        return kind.use(files)
    except DriftWatchError:
        return "refused"


def told() -> str:
    """The traceback of the error that is handled, without what makes it long."""
    lines = traceback.format_exc(limit=-8).splitlines()
    return "\n".join(line if len(line) <= 300 else f"{line[:300]}…" for line in lines)


def keep(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def main(which: str, folder: Path, seed: int, first: int, count: int) -> None:
    logger = logging.getLogger("driftwatch")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    kind = KINDS[which](folder)
    for _ in range(3):  # what is imported and kept is not growth
        assert kind.use(kind.sound()) == "taken"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen: Counter[str] = Counter()
    raised: list[str] = []
    with (folder / "now").open("r+b" if (folder / "now").exists() else "w+b", 0) as now:
        for turn in range(first, first + count):
            files = kind.mutated(random.Random(f"{which} {seed} {turn}"))  # noqa: S311
            now.seek(0)
            now.write(b"%10d" % turn)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            try:
                seen[used(kind, files)] += 1
            except Exception:  # noqa: BLE001 - what is looked for
                seen["raised"] += 1
                if len(raised) < MOST_SHOWN:
                    raised.append(f"{which} {seed} {turn}: {told()}")
                    keep(folder / "raised" / f"{which}-{seed}-{turn}", files)
            faulthandler.cancel_dump_traceback_later()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = {"seen": seen, "raised": raised, "grown": round(grown, 1)}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))

"""Who watches: monitors that deliver to a collector on the loopback, or to a file themselves."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from driftwatch.config.load import Config, load_config
from driftwatch.demo.clock import SimulatedClock
from driftwatch.demo.loans import FEATURES, LABEL, PREDICTION, SCORE, Rows
from driftwatch.demo.serving import HOST, has_service, running
from driftwatch.errors import DriftWatchError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.monitor import Monitor
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.hash_keys import key_beside, key_for
from driftwatch.protocols import Store
from driftwatch.stores import open_store

__all__ = ["CONFIG", "OUTCOMES", "SERVED", "Watching", "prepare", "watching"]

SERVED, OUTCOMES = "loans", "loans-outcomes"
"""Names of the monitors: of what is served, and of the answers once their outcomes are known."""

CONFIG, _STORE = "driftwatch.toml", "driftwatch.db"
_WINDOW, _SLIDE = "3h", "1h"
_SETTINGS = f"""\
# Written by `driftwatch demo`.
store = "{_STORE}"

[monitors.{SERVED}] # what the model is asked, and what it answers
reference = "{SERVED}.dwp"
score = "{SCORE}"
prediction = "{PREDICTION}"
window = "{_WINDOW}"
slide = "{_SLIDE}"

[monitors.{OUTCOMES}] # its answers, once it is known who defaulted
reference = "{OUTCOMES}.dwp"
score = "{SCORE}"
prediction = "{PREDICTION}"
label = ["{LABEL}"]
window = "{_WINDOW}"
slide = "{_SLIDE}"
"""


@dataclass(frozen=True, slots=True)
class Watching:
    """Monitors that take in rows, and what evaluates them.

    Attributes:
        served: Takes in what the model is asked, and what it answers.
        outcomes: Takes in answers whose outcomes are known.
        url: Address of the collector; None where monitors store and evaluate themselves.
    """

    served: Monitor
    outcomes: Monitor
    url: str | None
    _evaluators: tuple[Evaluator, ...]
    _store: Path

    def evaluate(self) -> None:
        """Evaluate the windows that are due by the clock."""
        for evaluator in self._evaluators:
            evaluator.step()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """What is stored, opened for reading."""
        store = open_store(self._store, reads_only=True)
        try:
            yield store
        finally:
            store.close()


def prepare(folder: Path, reference: Rows, /) -> None:
    """Write the configuration, a key and the references into an empty folder.

    The key is in the folder, so that none is made in the user's configuration.
    """
    (folder / CONFIG).write_text(_SETTINGS, "utf-8")
    key = key_beside(folder / _STORE)
    assert key is not None  # noqa: S101 - the store is a file
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    key_bytes = key_for(None, folder / _STORE).key
    for name, columns, label in (
        (SERVED, (*FEATURES, SCORE, PREDICTION), None),
        (OUTCOMES, (SCORE, PREDICTION, LABEL), LABEL),
    ):
        data = {column: reference[column] for column in columns}
        made = Monitor(data, score=SCORE, prediction=PREDICTION, label=label, hash_key=key_bytes)
        write_atomically(folder / f"{name}.dwp", made.reference.profile.to_bytes())


@contextmanager
def watching(folder: Path, clock: SimulatedClock, /) -> Iterator[Watching]:
    """Watch until the block ends, with a collector where its libraries are installed."""
    url: str | None = None
    evaluators: tuple[Evaluator, ...] = ()
    with ExitStack() as stack:
        if has_service():
            config = load_config(folder / CONFIG)
            url, evaluators = stack.enter_context(_collector(config, clock))
        served, outcomes = (
            stack.enter_context(_monitor(folder, name, url or folder / _STORE, clock))
            for name in (SERVED, OUTCOMES)
        )
        if not served.enabled:
            raise DriftWatchError("DRIFTWATCH_DISABLED is set, so that nothing would be observed")
        evaluators = evaluators or (served.evaluator, outcomes.evaluator)
        yield Watching(served, outcomes, url, evaluators, folder / _STORE)


@contextmanager
def _collector(
    config: Config, clock: Callable[[], float]
) -> Iterator[tuple[str, tuple[Evaluator, ...]]]:
    """A collector as `driftwatch serve` has it, by a simulated clock; its address, its evaluators.

    It looks for windows by the clock of this machine, too, which is far too seldom here: who drives
    the simulated clock asks the evaluators at every hour of it.
    """
    from driftwatch.service.app import create_app
    from driftwatch.service.security.tokens import Tokens
    from driftwatch.service.server import listening_on, server_of

    app = create_app(config, tokens=Tokens([]), clock=clock)
    evaluators = tuple(watched.open().evaluator for watched in app.state.monitors)
    listening = listening_on(HOST, 0)
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    with running(server_of(app, own_log=True), listening):
        yield url, evaluators


def _monitor(folder: Path, name: str, store: str | Path, clock: SimulatedClock) -> Monitor:
    """A monitor as a service has it; its deliveries go to a collector or to a file."""
    return Monitor(
        folder / f"{name}.dwp",
        hash_key=key_for(None, folder / _STORE).key,
        name=name,
        window=_WINDOW,
        slide=_SLIDE,
        clock=clock.moment,
        store=store,
        spool=folder / "spool",
        source="service",
    )

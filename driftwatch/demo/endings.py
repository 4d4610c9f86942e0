"""How the demo ends: its folder goes, also where a signal ends it early."""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from driftwatch.errors import ConfigError
from driftwatch.process.end_signals import end_signals, signals_to

__all__ = ["EndedBySignal", "ended_in_order", "working_folder"]


class EndedBySignal(KeyboardInterrupt):
    """A signal came that ends the process.

    Attributes:
        name: Of the signal.
        code: What the process should end with, as shells count.
    """

    def __init__(self, number: int) -> None:
        self.name = signal.Signals(number).name
        self.code = 128 + number
        super().__init__(self.name)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Make the signals that end a process raise `EndedBySignal`, so that everything is tidied up.

    Only the first one is: the tidying is not interrupted by a second.
    """
    numbers = end_signals()

    def end(number: int, _: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise EndedBySignal(number)

    with signals_to(end):
        yield


@contextmanager
def working_folder(keep: Path | None, /) -> Iterator[Path]:
    """A folder to work in: a temporary one, which is removed at the end, or one to be kept.

    Raises:
        ConfigError: If the one to be kept cannot be made, or has something in it.
    """
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
            used = any(keep.iterdir())
        except OSError as error:
            raise ConfigError(
                f"{keep}: cannot be used ({error.strerror or error})", code="DW013"
            ) from error
        if used:
            raise ConfigError(f"{keep} is not empty: name a new folder with --keep")
        yield keep.resolve()
        return
    # Its name is chosen first: whenever a signal comes, it is known what to remove.
    folder = Path(tempfile.gettempdir()) / f"driftwatch-demo-{secrets.token_hex(6)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

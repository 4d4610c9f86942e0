"""What waits to be sent, as files: it survives the process, and is bounded."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from driftwatch.errors import DataError, StoreError
from driftwatch.process.atomic_files import write_atomically

__all__ = ["Spool", "default_spool"]

_SUFFIX = ".dws"
_REFUSED = ".refused"
_STALE_SECONDS = 3_600.0


def default_spool() -> Path:
    """Where deliveries wait unless told otherwise: in the user's directory for state."""
    own = os.environ.get("DRIFTWATCH_STATE")
    if own:
        return Path(own) / "spool"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "driftwatch" / "spool"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "driftwatch" / "spool"


class Spool:
    """A folder of deliveries, one a file, named in the order they were made.

    Any number of processes may share it. Each file is there whole or not at all; one that
    is sent by two processes is dropped by the collector the second time.

    Args:
        folder: Made if it is not there.
        limit_bytes: Bytes that wait or were set aside, at most; the oldest go.

    Raises:
        StoreError: If the folder cannot be written.
    """

    def __init__(self, folder: Path, /, *, limit_bytes: int = 256 << 20) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StoreError(f"{folder}: cannot be written; name another folder as spool")
        self._sweep()

    def _sweep(self) -> None:
        """Remove what writers that were killed left behind."""
        for path in self.folder.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()

    def put(self, name: str, data: bytes, /) -> None:
        """Keep a delivery; once this returns it survives the machine.

        Raises:
            StoreError: If it cannot be written; nothing is there then.
        """
        try:
            write_atomically(self.folder / (name + _SUFFIX), data, private=True)
        except DataError as error:
            raise StoreError(str(error)) from error

    def names(self) -> list[str]:
        """What waits, the oldest first."""
        try:
            names = [p.name.removesuffix(_SUFFIX) for p in self.folder.glob("*" + _SUFFIX)]
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read: {error}") from error
        return sorted(names)

    def read(self, name: str, /) -> bytes | None:
        """A delivery; None if another process has sent it."""
        try:
            return (self.folder / (name + _SUFFIX)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.folder / name}: cannot be read: {error}") from error

    def remove(self, name: str, /) -> None:
        """Forget a delivery that has arrived."""
        try:
            (self.folder / (name + _SUFFIX)).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder / name}: cannot be removed: {error}") from error

    def refuse(self, name: str, /) -> bool:
        """Set a delivery aside that the collector will never take; False if it is gone."""
        path = self.folder / (name + _SUFFIX)
        try:
            path.replace(path.with_suffix(_REFUSED))
        except FileNotFoundError:  # another process has set it aside, or sent it
            return False
        except OSError as error:
            raise StoreError(f"{path}: cannot be set aside: {error}") from error
        return True

    def make_room(self) -> list[bytes]:
        """Drop the oldest beyond the limit; returns those that were still to be sent.

        What was set aside goes first: it is counted already and will not be sent.
        """
        refused, waiting = self._sizes(_REFUSED), self._sizes(_SUFFIX)
        surplus = sum(size for _, size in refused + waiting) - self.limit_bytes
        for path, size in refused:
            if surplus <= 0:
                return []
            with contextlib.suppress(OSError):
                path.unlink()
            surplus -= size
        dropped: list[bytes] = []
        for path, size in waiting:
            if surplus <= 0:
                break
            data = self.read(path.stem)
            self.remove(path.stem)
            surplus -= size
            if data is not None:
                dropped.append(data)
        return dropped

    def _sizes(self, suffix: str) -> list[tuple[Path, int]]:
        """Files with their bytes, the oldest first."""
        sizes: list[tuple[Path, int]] = []
        for path in sorted(self.folder.glob("*" + suffix)):
            with contextlib.suppress(OSError):
                sizes.append((path, path.stat().st_size))
        return sizes

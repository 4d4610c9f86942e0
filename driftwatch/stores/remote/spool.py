"""What waits to be sent, as files: it survives the process, and is bounded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from driftwatch.errors import DataError, StoreError
from driftwatch.process.atomic_files import write_atomically
from driftwatch.stores.remote.losses import sent_again
from driftwatch.stores.remote.trouble import Trouble

__all__ = ["REFUSED", "WAITING", "WHY", "Spool", "default_spool", "spool_of"]

WAITING = ".dws"
"""End of the name of a delivery that is to be sent."""
REFUSED = ".refused"
"""End of the name of one that the collector will not take as it is."""
WHY = ".why"
"""End of the name of what came of sending it: a `Trouble` as JSON."""
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


def spool_of(url: str, folder: str | Path | None, /) -> Path:
    """The folder of one collector's deliveries: nothing in it may go to another.

    Args:
        url: The collector's address, as its client has it.
        folder: What was named for deliveries; the user's directory for state if None.
    """
    name = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
    return (default_spool() if folder is None else Path(folder)) / name


class Spool:
    """A folder of deliveries, one a file, named in the order they were made.

    Any number of processes may share it. Each file is there whole or not at all; one that
    is sent by two processes is dropped by the collector the second time. Beside one that was
    sent in vain, or set aside, there is a file that says why.

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
            raise StoreError(
                f"{folder}: cannot be made: {error.strerror or error}", code="DW013"
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StoreError(
                f"{folder}: cannot be written; name another folder as spool", code="DW013"
            )
        self._sweep()

    def _sweep(self) -> None:
        """Remove what writers that were killed left behind."""
        for path in [*self.folder.glob(".*.tmp"), *self._notes_of_none()]:
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()

    def _notes_of_none(self) -> Iterator[Path]:
        for path in self.folder.glob("*" + WHY):
            name = path.name.removesuffix(WHY)
            if not any((self.folder / (name + suffix)).exists() for suffix in (WAITING, REFUSED)):
                yield path

    def put(self, name: str, data: bytes, /) -> None:
        """Keep a delivery; once this returns it survives the machine.

        Raises:
            StoreError: If it cannot be written; nothing is there then.
        """
        try:
            write_atomically(self.folder / (name + WAITING), data, private=True)
        except DataError as error:
            raise StoreError(str(error)) from error

    def names(self) -> list[str]:
        """What waits, the oldest first."""
        return self._names(WAITING)

    def refused(self) -> list[str]:
        """What was set aside, the oldest first."""
        return self._names(REFUSED)

    def _names(self, suffix: str) -> list[str]:
        try:
            names = [path.name.removesuffix(suffix) for path in self.folder.glob("*" + suffix)]
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read: {error}", code="DW013") from error
        return sorted(names)

    def read(self, name: str, /) -> bytes | None:
        """A delivery; None if another process has sent it."""
        try:
            return (self.folder / (name + WAITING)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"{self.folder / name}: cannot be read: {error}", code="DW013"
            ) from error

    def remove(self, name: str, /) -> None:
        """Forget a delivery that has arrived."""
        try:
            (self.folder / (name + WAITING)).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.folder / name}: cannot be removed: {error}", code="DW013"
            ) from error
        self._forget_why(name)

    def has(self, name: str, /) -> bool:
        """Whether a delivery waits."""
        return (self.folder / (name + WAITING)).exists()

    def note(
        self, name: str, why: str, /, *, data: bytes, turned_down: bool, now: float
    ) -> Trouble:
        """Note beside a delivery that it was sent in vain; what is known of it then.

        Where that cannot be written it is known to this process alone.

        Args:
            name: Of the delivery.
            why: What came of it.
            data: Its bytes.
            turned_down: Whether the collector said that it does not take it.
            now: Seconds since 1970.
        """
        before = self.trouble(name)
        if before is None:
            trouble = Trouble.first(why, data, turned_down=turned_down, now=now)
        else:
            trouble = before.again(why, turned_down=turned_down, now=now)
        with contextlib.suppress(DataError):
            write_atomically(self.folder / (name + WHY), trouble.to_bytes(), private=True)
        return trouble

    def trouble(self, name: str, /) -> Trouble | None:
        """What is wrong with a delivery; None if nothing is known to be."""
        try:
            return Trouble.from_bytes((self.folder / (name + WHY)).read_bytes())
        except OSError:
            return None

    def _forget_why(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self.folder / (name + WHY)).unlink(missing_ok=True)

    def refuse(self, name: str, /) -> bool:
        """Set a delivery aside that the collector will never take; False if it is gone."""
        path = self.folder / (name + WAITING)
        try:
            path.replace(path.with_suffix(REFUSED))
        except FileNotFoundError:  # another process has set it aside, or sent it
            return False
        except OSError as error:
            raise StoreError(f"{path}: cannot be set aside: {error}", code="DW013") from error
        return True

    def give_back(self, name: str, /) -> bool:
        """Have a delivery that was refused wait to be sent again; False if there is none.

        Its rows were counted as refused; it says itself that they come after all.

        Raises:
            StoreError: If it cannot be written.
        """
        path = self.folder / (name + REFUSED)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error}", code="DW013") from error
        self.put(name, sent_again(data))
        self.drop(name)
        return True

    def drop(self, name: str, /) -> bool:
        """Forget a delivery that was refused; False if there is none.

        Raises:
            StoreError: If it cannot be removed.
        """
        try:
            (self.folder / (name + REFUSED)).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(
                f"{self.folder / name}: cannot be removed: {error}", code="DW013"
            ) from error
        self._forget_why(name)
        return True

    def make_room(self) -> list[bytes]:
        """Drop the oldest beyond the limit; returns those that were still to be sent.

        What was set aside goes first: it is counted already and will not be sent.
        """
        refused, waiting = self._sizes(REFUSED), self._sizes(WAITING)
        surplus = sum(size for _, size in refused + waiting) - self.limit_bytes
        for path, size in refused:
            if surplus <= 0:
                return []
            with contextlib.suppress(OSError):
                path.unlink()
            self._forget_why(path.stem)
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

"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from driftwatch.errors import DataError

__all__ = ["write_atomically"]


def write_atomically(path: Path, data: bytes, /, *, private: bool = False) -> None:
    """Replace a file in one step; a reader sees the old one or the new one.

    Args:
        path: The file.
        data: What it is to hold.
        private: Whether only its owner may read it.

    Raises:
        DataError: If it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if not private:  # as open() would have made it: others may read a report
                umask = os.umask(0)
                os.umask(umask)
                temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
            _sync(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written: {error.strerror or error}", code="DW013"
        ) from error


def _sync(folder: Path) -> None:
    """Make a rename survive a power cut, where folders can be synchronized."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""Where the key of hidden values comes from: a caller, the environment, a file made once."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from driftwatch.core.data.privacy import ValueGuard, hash_key
from driftwatch.core.data.schema import Column, ValuePolicy
from driftwatch.errors import ConfigError
from driftwatch.logs.events import event

__all__ = ["HashKey", "key_beside", "key_for", "user_key_file"]

_LOG = logging.getLogger("driftwatch")
_BYTES = 32
_ADDRESSES = ("http://", "https://")
_NO_NAMES = (errno.ENAMETOOLONG, errno.ELOOP)
"""Errors of paths of which there can be no file."""
_LONGEST = 4_096
"""Bytes of a file that are looked at: what is longer is no key."""


@dataclass(frozen=True, slots=True)
class HashKey:
    """A key of hidden values, and who has it.

    Attributes:
        key: The key.
        is_shared: Whether somebody chose it, who can give it to other machines, too.
        is_given: Whether the caller gave it, rather than the environment.
        needed_by: Who else needs it, such as ``a collector and its replicas``; empty if nobody.

    Example:
        >>> HashKey(b"k" * 32, is_shared=True).guard.key == b"k" * 32
        True
    """

    key: bytes = field(repr=False)
    is_shared: bool = False
    is_given: bool = False
    needed_by: str = ""

    @property
    def guard(self) -> ValueGuard:
        """What may be kept of values, with this key."""
        return ValueGuard(self.key, is_default=not self.is_shared)

    def check(self, columns: Iterable[Column], /) -> None:
        """Do nothing, or say that others need the key, too, and nobody has chosen one.

        Args:
            columns: Of the reference; without hashed ones any key will do.

        Raises:
            ConfigError: If columns are hashed with a key that only this machine has, and others
                need it.
        """
        hashed = [column.name for column in columns if column.values is ValuePolicy.HASHED]
        if self.is_shared or not self.needed_by or not hashed:
            return
        which = repr(hashed[0]) + (f" and {len(hashed) - 1} more" if hashed[1:] else "")
        raise ConfigError(
            f"{self.needed_by} need one key for hashed columns ({which}), or their rows cannot be "
            "added up: set DRIFTWATCH_HASH_KEY to the same 32 random bytes for all of them (such "
            "as of `openssl rand -hex 32`), or leave these columns out with exclude",
            code="DW042",
        )


def key_for(
    given: bytes | None = None,
    store: object = None,
    /,
    *,
    needed_by: str = "",
    makes: bool = True,
) -> HashKey:
    """The key for a monitor, a command or a function.

    In this order: the one that is given; ``$DRIFTWATCH_HASH_KEY``; the file beside the store, made
    with the store; the file in the user's configuration, made when it is first needed. Where no
    file can be made, a random key that lives as long as the process, and a line in the log.

    Args:
        given: The caller's key.
        store: A store, its path, or the address of a collector, which must have the same key.
        needed_by: Who else needs the key, if the store does not say it.
        makes: Whether a file may be made; otherwise a store without one gets a passing key.

    Raises:
        ConfigError: If a key is not usable, or its file cannot be read.
    """
    if str(store).startswith(_ADDRESSES) or getattr(store, "evaluates_elsewhere", False):
        needed_by = "a collector and its replicas"
    if given is not None:
        return HashKey(ValueGuard(given).key, is_shared=True, is_given=True, needed_by=needed_by)
    of_environment = hash_key()
    if of_environment is not None:
        return HashKey(ValueGuard(of_environment).key, is_shared=True, needed_by=needed_by)
    path = key_beside(store)
    if path is None:
        return HashKey(_user_key() or _process_key(), needed_by=needed_by)
    key = _read(path) or (
        _made(path, _user_key(quiet=True) or _random()) if makes else _process_key()
    )
    return HashKey(key, needed_by=needed_by)


def key_beside(store: object, /) -> Path | None:
    """The key file of a store; None where the store is no file.

    Args:
        store: A store, its path, or an address.

    Example:
        >>> key_beside("/data/driftwatch.db").name, key_beside("https://drift.example.com")
        ('driftwatch.db.key', None)
    """
    if not isinstance(store, str | os.PathLike):
        store = getattr(store, "path", None)
    if not isinstance(store, str | os.PathLike):
        return None
    text = os.fspath(store)
    if not isinstance(text, str) or text in ("", ":memory:") or "\0" in text:
        return None
    kind, separator, rest = text.partition("://")
    if separator:
        text = rest
        if kind not in ("sqlite", "file") or not rest:
            return None
    try:
        is_no_file = not Path(text).name or Path(text).is_dir()
    except (OSError, ValueError):  # a path of which there can be no file
        is_no_file = True
    return None if is_no_file else Path(f"{text}.key")


def user_key_file() -> Path:
    """Where the user's key is: in the folder for configuration.

    Raises:
        RuntimeError: If the user has no home.
    """
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA") or Path.home())
    else:
        named = os.environ.get("XDG_CONFIG_HOME")
        folder = Path(named) if named else Path.home() / ".config"
    return folder / "driftwatch" / "hash.key"


def _user_key(*, quiet: bool = False) -> bytes | None:
    """The key in the user's configuration; None, and a line in the log, where there can be none."""
    try:
        path = user_key_file()
        known = _read(path)
        if known is None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            known = _written(path, _random())
    except (ConfigError, OSError, RuntimeError) as error:
        if not quiet:
            _say_random(str(error))
        return None
    return known


def _made(path: Path, key: bytes) -> bytes:
    """The key beside a store, made now or by another process at the same time."""
    try:
        return _written(path, key)
    except OSError as error:
        _say_random(f"{path}: {error.strerror or error}")
        return key


def _random() -> bytes:
    """A key as text, which can be copied into an environment."""
    return secrets.token_hex(_BYTES).encode()


@cache
def _process_key() -> bytes:
    return _random()


@cache
def _say_random(why: str) -> None:
    """Say once that there is no place for a key."""
    _LOG.warning(
        "driftwatch: no hash key can be kept (%s); hashed columns of this process cannot be "
        "compared with those of others: set DRIFTWATCH_HASH_KEY",
        why,
        extra=event("hash_key.trouble"),
    )


def _read(path: Path) -> bytes | None:
    """The key in a file; None if there is no file.

    Raises:
        ConfigError: If it cannot be read, or holds no key.
    """
    try:
        with path.open("rb") as file:
            opened = os.fstat(file.fileno())
            data = file.read(_LONGEST).strip() if stat.S_ISREG(opened.st_mode) else b""
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) in _NO_NAMES:
            return None  # nor is there a store, whose own error says more
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"hash key {path}: cannot be read ({why}); let this user read it, or set "
            "DRIFTWATCH_HASH_KEY",
            code="DW042",
        ) from error
    if not 1 <= len(data) <= 64:
        raise ConfigError(
            f"hash key {path}: not a key of 1 to 64 bytes; put back the file that was there, or "
            "remove it to have another key made",
            code="DW042",
        )
    if os.name == "posix" and opened.st_mode & 0o077:
        _say_readable(str(path))
    return data


@cache
def _say_readable(path: str) -> None:
    _LOG.warning(
        "driftwatch: %s: others can read this hash key; chmod 600 it",
        path,
        extra=event("hash_key.trouble", code="DW043"),
    )


def _written(path: Path, key: bytes) -> bytes:
    """Put a key into a file that only its owner reads, unless another process was first.

    Returns:
        The key that is in the file now.

    Raises:
        OSError: If it cannot be written.
        ConfigError: If another process wrote what is no key.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            _linked(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return _read(path) or key


def _linked(temporary: Path, path: Path) -> None:
    """Give a whole file its name, if no other file has it: of several processes one is first."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: a moment is left in which two may be first
        if path.exists():
            return
        temporary.replace(path)

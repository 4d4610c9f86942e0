"""Names of monitors, features and tests as MLflow allows them in metrics, tags and paths."""

from __future__ import annotations

import re
from hashlib import blake2b

__all__ = ["folder_of", "key_of", "metric_prefix", "safe_name", "tag_of"]

_FOLDER = "driftwatch"
_UNNAMED = "default"
"""What a monitor is called that was given no name."""
_MOST_OF_MONITOR = 60


def safe_name(name: str, most: int, /) -> str:
    """A name as MLflow allows it; where it had to change, a hash keeps it apart from others.

    Args:
        name: Any text.
        most: Characters to keep; nine more where it had to change.

    Example:
        >>> safe_name("age", 100), safe_name("a/b", 100)
        ('age', 'a_b_82badf67')
    """
    shown = re.sub(r"[^\w\-. ]", "_", name, flags=re.ASCII)[:most].strip(". ")
    return shown if shown == name and shown else f"{shown}_{_hash(name, 4)}"


def key_of(monitor: str, /) -> str:
    """What a monitor's run is found by: a hash, which no quoting and no collation changes."""
    return _hash(monitor, 16)


def metric_prefix(monitor: str, /) -> str:
    """What the names of a monitor's metrics begin with, so that two fit into one run.

    Example:
        >>> metric_prefix("churn"), metric_prefix("default")
        ('churn/', '')
    """
    return "" if monitor == _UNNAMED else f"{safe_name(monitor, _MOST_OF_MONITOR)}/"


def folder_of(monitor: str, /) -> str:
    """Folder of a monitor's artefacts in a run.

    Example:
        >>> folder_of("churn"), folder_of("default")
        ('driftwatch/churn', 'driftwatch')
    """
    return f"{_FOLDER}/{metric_prefix(monitor)}".rstrip("/")


def tag_of(monitor: str, what: str, /) -> str:
    """Name of a monitor's tag.

    Example:
        >>> tag_of("churn", "status"), tag_of("default", "status")
        ('driftwatch.churn.status', 'driftwatch.status')
    """
    return f"driftwatch.{metric_prefix(monitor).replace('/', '.')}{what}"


def _hash(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()

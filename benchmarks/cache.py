"""Where benchmarks keep what they generate: never in the repository."""

from __future__ import annotations

import tempfile
from pathlib import Path

__all__ = ["default_cache"]


def default_cache() -> Path:
    """Where generated files and the peers' environments go unless told otherwise."""
    return Path(tempfile.gettempdir()) / "driftwatch-benchmarks"

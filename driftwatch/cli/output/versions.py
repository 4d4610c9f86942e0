"""The versions that matter when something does not go together, one a line."""

from __future__ import annotations

import importlib.metadata
import platform

__all__ = ["versions"]

_LIBRARIES = ("numpy", "scipy", "pyarrow", "datasketches")


def versions() -> str:
    """Versions of DriftWatch, of what it computes and stores with, and of its formats.

    None of the libraries is imported, which would take longer than all else.
    """
    import sqlite3

    from driftwatch import __version__
    from driftwatch.core.profiles.codec import FORMAT
    from driftwatch.core.reports.report import SCHEMA_VERSION
    from driftwatch.stores.sqlite.tables import MIGRATIONS

    rows = {
        "driftwatch": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        **{name: _installed(name) for name in _LIBRARIES},
        "sqlite": sqlite3.sqlite_version,
        "store format": str(len(MIGRATIONS)),
        "profile format": str(FORMAT),
        "delivery format": str(FORMAT),
        "report format": str(SCHEMA_VERSION),
    }
    return "".join(f"{name} {version}\n" for name, version in rows.items())


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "is not installed"

"""DriftWatch: says early, and without crying wolf, when production data leaves its reference.

Importing this package starts nothing and loads no heavy library: every public name is
imported when it is first used.

Example:
    >>> import numpy as np
    >>> from driftwatch import Monitor
    >>> rng = np.random.default_rng(0)
    >>> monitor = Monitor(reference_data={"age": rng.normal(40, 9, 5000)})
    >>> monitor.check({"age": rng.normal(40, 9, 5000)}).has_drift()
    False
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch.core.config import SketchConfig as SketchConfig
    from driftwatch.core.profile import Profile as Profile
    from driftwatch.core.reference import Reference as Reference
    from driftwatch.core.report import DriftReport as DriftReport
    from driftwatch.core.report import DriftResult as DriftResult
    from driftwatch.core.report import FeatureDrift as FeatureDrift
    from driftwatch.core.report import Status as Status
    from driftwatch.core.schema import Column as Column
    from driftwatch.core.schema import Kind as Kind
    from driftwatch.core.schema import Role as Role
    from driftwatch.core.schema import Schema as Schema
    from driftwatch.core.schema import ValuePolicy as ValuePolicy
    from driftwatch.errors import DriftWatchError as DriftWatchError
    from driftwatch.monitor import Monitor as Monitor

__version__ = "0.1.0"

_HOMES = {
    "Column": "driftwatch.core.schema",
    "DriftReport": "driftwatch.core.report",
    "DriftResult": "driftwatch.core.report",
    "DriftWatchError": "driftwatch.errors",
    "FeatureDrift": "driftwatch.core.report",
    "Kind": "driftwatch.core.schema",
    "Monitor": "driftwatch.monitor",
    "Profile": "driftwatch.core.profile",
    "Reference": "driftwatch.core.reference",
    "Role": "driftwatch.core.schema",
    "Schema": "driftwatch.core.schema",
    "SketchConfig": "driftwatch.core.config",
    "Status": "driftwatch.core.report",
    "ValuePolicy": "driftwatch.core.schema",
}

__all__ = [
    "Column",
    "DriftReport",
    "DriftResult",
    "DriftWatchError",
    "FeatureDrift",
    "Kind",
    "Monitor",
    "Profile",
    "Reference",
    "Role",
    "Schema",
    "SketchConfig",
    "Status",
    "ValuePolicy",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

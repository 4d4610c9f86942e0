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
import os
import warnings
from typing import TYPE_CHECKING

from driftwatch.core.reports.presentation import present_with

if TYPE_CHECKING:
    from driftwatch.core.data.schema import Column as Column
    from driftwatch.core.data.schema import Kind as Kind
    from driftwatch.core.data.schema import Role as Role
    from driftwatch.core.data.schema import Schema as Schema
    from driftwatch.core.data.schema import ValuePolicy as ValuePolicy
    from driftwatch.core.profiles.profile import Profile as Profile
    from driftwatch.core.profiles.reference import Reference as Reference
    from driftwatch.core.reports.report import DriftReport as DriftReport
    from driftwatch.core.reports.report import DriftResult as DriftResult
    from driftwatch.core.reports.report import FeatureDrift as FeatureDrift
    from driftwatch.core.reports.report import Status as Status
    from driftwatch.core.sketches.sizes import SketchConfig as SketchConfig
    from driftwatch.errors import DriftWatchError as DriftWatchError
    from driftwatch.monitor import Monitor as Monitor

__version__ = "0.1.0"


def _warn_of_the_other_project() -> None:
    """Another project on PyPI is called driftwatch; installed beside this one their files mix."""
    folder = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - quicker than pathlib
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:  # in a zip file
        return
    for name in names:
        if name.startswith("driftwatch-") and name.endswith(".dist-info"):
            warnings.warn(
                f"driftwatch: {folder} also has {name.removesuffix('.dist-info')}, another project "
                "of that name, and the files of both are mixed; uninstall both `driftwatch` and "
                "`driftwatch-sketch`, then install `driftwatch-sketch` again [DW074]",
                RuntimeWarning,
                stacklevel=3,
            )


_warn_of_the_other_project()
present_with("driftwatch.render.presentation")

_HOMES = {
    "Column": "driftwatch.core.data.schema",
    "DriftReport": "driftwatch.core.reports.report",
    "DriftResult": "driftwatch.core.reports.report",
    "DriftWatchError": "driftwatch.errors",
    "FeatureDrift": "driftwatch.core.reports.report",
    "Kind": "driftwatch.core.data.schema",
    "Monitor": "driftwatch.monitor",
    "Profile": "driftwatch.core.profiles.profile",
    "Reference": "driftwatch.core.profiles.reference",
    "Role": "driftwatch.core.data.schema",
    "Schema": "driftwatch.core.data.schema",
    "SketchConfig": "driftwatch.core.sketches.sizes",
    "Status": "driftwatch.core.reports.report",
    "ValuePolicy": "driftwatch.core.data.schema",
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

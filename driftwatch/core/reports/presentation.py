"""How results are shown where they are looked at: in a notebook, as a picture, as a page.

Results are values of the core, which knows nothing of HTML and of charts. What they look like is
the matter of a room above, which the package's front names here once; it is imported when something
is shown for the first time.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from driftwatch.errors import DriftWatchError

if TYPE_CHECKING:
    from driftwatch.core.profiles.profile import Profile
    from driftwatch.core.reports.over_time import OverTime
    from driftwatch.core.reports.report import DriftReport
    from driftwatch.core.reports.results import FeatureDrift

__all__ = ["Presentation", "present_with", "presentation"]


class Presentation(Protocol):
    """What shows results; a module has these as functions.

    Of a notebook's cell the HTML is given back, of a picture matplotlib's axes; a page is written
    whole, and needs nothing else.
    """

    def report_notebook(self, report: DriftReport, /) -> str: ...

    def feature_notebook(self, feature: FeatureDrift, /) -> str: ...

    def profile_notebook(self, profile: Profile, /) -> str: ...

    def over_time_notebook(self, result: OverTime, /) -> str: ...

    def over_time_text(self, result: OverTime, /, *, width: int = 100) -> str: ...

    def save_report(self, report: DriftReport, path: str | Path, /) -> None: ...

    def save_over_time(self, result: OverTime, path: str | Path, /) -> None: ...

    def plot_report(self, report: DriftReport, ax: Any, /) -> Any: ...

    def plot_feature(self, feature: FeatureDrift, ax: Any, /) -> Any: ...

    def plot_over_time(self, result: OverTime, feature: str | None, ax: Any, /) -> Any: ...


_MODULE: list[str] = []


def present_with(module: str, /) -> None:
    """Name the module that shows results."""
    _MODULE[:] = [module]


def presentation() -> Presentation:
    """What shows results, imported now if it was not.

    Raises:
        DriftWatchError: If nothing was named.
    """
    if not _MODULE:
        raise DriftWatchError("nothing is there to show results with: import driftwatch first")
    return cast("Presentation", importlib.import_module(_MODULE[0]))

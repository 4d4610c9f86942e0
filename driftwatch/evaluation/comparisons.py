"""What a window is compared with: the reference, the window before it, or the same season."""

from __future__ import annotations

from collections.abc import Callable

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.spec import COMPARISONS, WindowSpec
from driftwatch.errors import ConfigError
from driftwatch.evaluation.stored_windows import StoredWindows
from driftwatch.protocols import Segments

__all__ = ["ReferenceWindows"]

_WEEK = 604_800
_WEEKS = 4


class ReferenceWindows:
    """Gives the reference for the window that ends with a pane.

    * ``frozen``: always the reference itself. Says whether the model's inputs are still
      those it was trained on.
    * ``sliding``: the window just before. Finds changes, never slow drift.
    * ``seasonal``: the same hours of the four weeks before, pooled. Leaves the weekly
      rhythm out of account; the window must not be longer than a week.

    Until there is as much history as that, the frozen reference stands in.

    Args:
        store: The history.
        spec: How it is cut.
        reference: The frozen reference, whose cells all are counted in.
        monitor: Whose.
        compare: One of `COMPARISONS`.
        wanted: Which versions of the model belong to the history; all if not given.

    Raises:
        ConfigError: If it is none of them, or does not fit the window.
    """

    def __init__(
        self,
        store: Segments,
        spec: WindowSpec,
        reference: Reference,
        /,
        *,
        monitor: str,
        compare: str,
        wanted: Callable[[str | None], bool] | None = None,
    ) -> None:
        if compare not in COMPARISONS:
            raise ConfigError(
                f"compare must be one of {', '.join(COMPARISONS)}; got {compare!r}", code="DW007"
            )
        if compare == "seasonal" and (spec.by_rows or _WEEK % spec.width):
            raise ConfigError(
                f"compare='seasonal' needs panes that divide a week; got {spec}", code="DW007"
            )
        if compare == "seasonal" and spec.panes * spec.width > _WEEK:
            raise ConfigError(
                f"compare='seasonal' needs a window of at most a week; got {spec}", code="DW007"
            )
        self._frozen = reference
        self._offsets: list[int] = []
        if compare == "sliding":
            self._offsets = [spec.panes]
        elif compare == "seasonal":
            self._offsets = [week * (_WEEK // spec.width) for week in range(1, _WEEKS + 1)]
        self.reach = spec.panes + max(self._offsets, default=0)
        """Panes back from the newest that windows and what they are compared with reach."""
        self._windows = [
            StoredWindows(store, spec, reference, monitor=monitor, wanted=wanted)
            for _ in self._offsets
        ]

    def against(self, last: int, /) -> Reference:
        """The reference for the window that ends with pane `last`."""
        if not self._offsets:
            return self._frozen
        merged: Profile | None = None
        for offset, windows in zip(self._offsets, self._windows, strict=True):
            windows.refresh()
            earlier = windows.window(last - offset)
            if earlier is None:
                return self._frozen
            if merged is None:
                merged = earlier.copy()
            else:
                merged.merge(earlier)
        return Reference(merged) if merged is not None else self._frozen

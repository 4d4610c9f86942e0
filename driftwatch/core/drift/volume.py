"""How many rows a window has, beside what stretches of the reference have."""

from __future__ import annotations

import numpy as np

from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.dataset import Volume
from driftwatch.core.reports.results import Levels, Status

__all__ = ["volume_of"]


def volume_of(reference: Reference, rows: int, panes: int, /, *, effect: Levels) -> Volume | None:
    """Compare the rows of a window with those of the reference's stretches of its length.

    The volume is unusual where it is below ``(1 - effect)`` times the rows of the emptiest stretch,
    or above the fullest one's divided by ``(1 - effect)``: the reference's own rhythm counts as
    usual.

    Args:
        reference: A reference with panes of time.
        rows: Rows of the window.
        panes: Panes of the reference that last as long.
        effect: Shares by which the volume may be beyond the usual: for WARNING, for CRITICAL.

    Returns:
        The comparison; None where the reference has no panes, or fewer than two such stretches.
    """
    counted = reference.profile.panes
    if counted is None or not counted.time or len(counted.rows) < 2 * panes:
        return None
    first, last = min(counted.rows), max(counted.rows)
    by_pane = np.array([counted.rows.get(pane, 0) for pane in range(first, last + 1)])
    # The first and the last pane are seldom whole.
    inner = by_pane[1:-1] if by_pane.size >= panes + 3 else by_pane
    ends = np.concatenate(([0], np.cumsum(inner)))
    stretches = ends[panes:] - ends[:-panes]
    low, middle, high = (float(np.quantile(stretches, q)) for q in (0.0, 0.5, 1.0))
    status = Status.OK
    for share, worse in ((effect.warning, Status.WARNING), (effect.critical, Status.CRITICAL)):
        kept = max(1e-9, 1 - share)
        if rows < kept * low or rows > high / kept:
            status = worse
    return Volume(rows, middle, (low, high), status)

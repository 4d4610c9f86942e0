"""Why there are no data, and the replicas that send them."""

from __future__ import annotations

from starlette.responses import Response

from driftwatch.render import outline
from driftwatch.service.dashboard.facts.replicas import replicas_of
from driftwatch.service.dashboard.facts.why import why_no_data
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path

__all__ = ["replicas_page", "why_page"]


def why_page(frame: Frame, shown: Shown, /) -> Response:
    """Everything that data need, in order; what fails first is the headline."""
    home = f"/m/{in_path(shown.name)}"
    return frame.show(
        "why.html",
        trail=[("/", "Fleet"), (home, shown.name), ("", "why no data")],
        json=f"/v1/monitors/{in_path(shown.name)}/why",
        show_range=False,
        shown=shown,
        why=why_no_data(shown, now=frame.now),
    )


def replicas_page(frame: Frame, /) -> Response:
    """All sources of all monitors."""
    found = [replicas_of(shown, now=frame.now) for shown in frame.monitors]
    every = [replica for each in found for replica in each.replicas]
    live = sum(replica.is_live for replica in every)
    waiting = sum(each.waiting[0] for each in found)
    headline = f"{live:,} of {len(every):,} sources were heard within a day"
    if waiting:
        headline += f"; {waiting:,} deliveries wait at their senders"
    return frame.show(
        "replicas.html",
        section="/replicas",
        trail=[("/", "Fleet"), ("", "Replicas")],
        json="/v1/replicas",
        show_range=False,
        headline=f"{headline}." if every else "Nobody has delivered anything so far.",
        monitors=[
            (each, [(outline.in_plain_words(why), rows) for why, rows in each.not_used])
            for each in found
        ],
    )

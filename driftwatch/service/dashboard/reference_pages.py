"""References: which is in use, and what a new one from the stream would change."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import DriftWatchError
from driftwatch.render import outline
from driftwatch.render.numbers import count
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.service.dashboard.facts.references import (
    KeptReference,
    Preview,
    preview_of,
    references_of,
)
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path

__all__ = ["STRETCHES", "preview_page", "references_page"]

STRETCHES = {"7": "last 7 days", "28": "last 28 days", "90": "last 90 days"}
"""Stretches of the stream that can become a reference, in days."""
_DAY = 86_400.0
_LISTED = 12


@dataclass(frozen=True, slots=True)
class _OfMonitor:
    shown: Shown
    references: list[KeptReference]
    in_use: str
    trouble: str = ""


def references_page(frame: Frame, /) -> Response:
    """The references of all monitors."""
    found = [_of(shown) for shown in frame.monitors]
    without = [
        each.shown.name
        for each in found
        if not any(r.is_in_use for r in each.references) and not each.trouble
    ]
    used = sum(any(r.is_in_use for r in each.references) for each in found)
    headline = f"{used:,} of {count(len(found), 'monitor')} with a reference in use"
    if without:
        headline += f"; without: {', '.join(map(plain, without[:3]))}"
    return frame.show(
        "references.html",
        section="/references",
        trail=[("/", "Fleet"), ("", "References")],
        json="/v1/references",
        show_range=False,
        headline=f"{headline}.",
        found=found,
        stretches=STRETCHES,
        undo=frame.asked.query.get("undo", ""),
        undo_of=frame.asked.query.get("of", ""),
    )


def _of(shown: Shown) -> _OfMonitor:
    try:
        references = references_of(shown)
    except DriftWatchError as error:
        return _OfMonitor(shown, [], "", trouble_of(error))
    in_use = next((r.id for r in references if "" in r.used_for), "")
    return _OfMonitor(shown, references, in_use)


def preview_page(frame: Frame, shown: Shown, days: str, /) -> Response:
    """What the last days of the stream would change as a reference; nothing is changed."""
    latest = shown.store.overview(shown.name).latest
    many = days if days in STRETCHES else "28"
    preview, trouble = None, ""
    if latest is None:
        trouble = "There are no rows with a time to make a reference of."
    else:
        end = float(latest) + 1
        try:
            preview = preview_of(shown, start=end - float(many) * _DAY, end=end, now=frame.now)
        except DriftWatchError as error:
            trouble = trouble_of(error)
    return frame.show(
        "preview.html",
        section="/references",
        trail=[("/references", "References"), ("", f"preview for {plain(shown.name)}")],
        json="",
        show_range=False,
        shown=shown,
        home=f"/m/{in_path(shown.name)}",
        days=many,
        stretches=STRETCHES,
        preview=preview,
        trouble=plain(trouble, SENTENCE_LENGTH),
        headline=_headline(preview, STRETCHES[many]) if preview is not None else trouble,
        changes=_changes(preview.change) if preview is not None else [],
        within=_changes(preview.halves) if preview is not None else [],
        newest=preview.newest if preview is not None else None,
    )


def _headline(preview: Preview, stretch: str) -> str:
    if preview.id == preview.instead_of:
        return f"The {stretch} are the reference already."
    newest = preview.newest
    after = ""
    if newest is not None:
        after = f"; the newest window would be {outline.status_text(newest.global_status)}"
    return f"The {stretch} as a reference: {preview.rows:,} rows{after}."


def _changes(report: DriftReport | None) -> list[tuple[str, str, str]]:
    """Name, status and sentence of the features that differ most."""
    if report is None:
        return []
    drifted = [f for f in outline.worst_first(report) if f.status.is_drift]
    return [(f.name, f.status.value, outline.sentence_of(f)) for f in drifted[:_LISTED]]

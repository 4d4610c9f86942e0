"""What forms change: incidents are acknowledged, silenced, noted; references come into use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from driftwatch.core.data.durations import parse_duration
from driftwatch.core.windows.stored import StoredAction
from driftwatch.errors import DriftWatchError, StoreError
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.service.dashboard.facts.incident_list import one_incident
from driftwatch.service.dashboard.facts.references import reference_of_stretch
from driftwatch.service.dashboard.frame import FormRefusedError, Frame, NotFoundError
from driftwatch.service.dashboard.incident_pages import SILENCES
from driftwatch.service.dashboard.one_at_a_time import HEAVY_WORK
from driftwatch.service.dashboard.shelf import Shelf, Shown
from driftwatch.service.security.audit import audit
from driftwatch.transport.paths import in_path

__all__ = ["change_routes"]

_DONE = {
    "ack": "acknowledged",
    "unack": "acknowledgement taken back",
    "silence": "silenced",
    "unsilence": "silence ended",
    "owner": "owner set",
    "note": "note added",
}
"""What can be done about an incident, as the log says it."""
_ONLY_OPEN = ("ack", "unack", "silence", "unsilence")
_NOTE_LENGTH = 1_000
_FARTHEST = 1e11


def change_routes(shelf: Shelf, /) -> APIRouter:
    """The addresses of forms; the guard of pages has let through who comes here."""
    router = APIRouter()

    @router.post("/m/{monitor}/incidents/{number}/{kind}")
    async def act(request: Request, monitor: str, number: int, kind: str) -> Response:
        frame = Frame.of(request, shelf)
        shown = frame.monitor(monitor)
        if kind not in _DONE:
            raise HTTPException(404, "there is no such form")
        await run_in_threadpool(_acted, frame, shown, number, kind, request.state.form)
        audit(request, what=_DONE[kind], monitor=shown.name, incident=number)
        home = f"/m/{in_path(shown.name)}/incidents/{number}"
        return RedirectResponse(f"{home}?{urlencode({'said': kind})}", 303)

    @router.post("/references/{monitor}/use")
    async def use(request: Request, monitor: str) -> Response:
        frame = Frame.of(request, shelf)
        shown = frame.monitor(monitor)
        form = request.state.form
        before = form.get("instead_of", "")
        await run_in_threadpool(_used, frame, shown, form.get("id", ""), before)
        what = "reference put to use"
        audit(request, what=what, monitor=shown.name, reference=form["id"], before=before)
        return _used_answer(shown, before, undone=bool(form.get("undo")))

    @router.post("/references/{monitor}/promote")
    async def promote(request: Request, monitor: str) -> Response:
        frame = Frame.of(request, shelf)
        shown = frame.monitor(monitor)
        form = request.state.form
        await run_in_threadpool(_promoted, frame, shown, form)
        what, before = "reference made of the stream", form.get("instead_of", "")
        audit(request, what=what, monitor=shown.name, reference=form["id"], before=before)
        return _used_answer(shown, before)

    return router


def _acted(frame: Frame, shown: Shown, number: int, kind: str, form: Mapping[str, str]) -> None:
    found = one_incident(shown, number)
    if found is None:
        raise NotFoundError(frame, f"{plain(shown.name)} has no incident {number}.")
    if kind in _ONLY_OPEN and found[0].resolved is not None:
        home = f"/m/{in_path(shown.name)}/incidents/{number}"
        raise FormRefusedError(
            frame,
            f"Incident {number} is over: nothing more is told of it.",
            [(f"incident {number}", home)],
        )
    text = plain(form.get("text", ""), _NOTE_LENGTH if kind == "note" else 80)
    if kind == "note" and not text:
        raise HTTPException(422, "a note has some text")
    until = None
    if kind == "silence":
        length = form.get("for", "")
        if length not in SILENCES:
            raise HTTPException(422, f"a silence lasts one of {', '.join(filter(None, SILENCES))}")
        until = frame.now + parse_duration(length).total_seconds() if length else None
    by = plain(frame.visitor.name)
    shown.store.act(shown.name, StoredAction(number, kind, frame.now, by, until, text))


def _used(frame: Frame, shown: Shown, id_: str, instead_of: str) -> None:
    if id_ not in [row.id for row in shown.store.references(shown.name)]:
        raise NotFoundError(
            frame,
            f"{plain(shown.name)} has no reference ‘{plain(id_)}’.",
            [("all references", "/references")],
        )
    done = shown.store.use_reference(
        shown.name, id_, model_version=None, now=frame.now, instead_of=instead_of
    )
    if not done:
        raise FormRefusedError(
            frame,
            "Another reference has come into use meanwhile: look at the references again.",
            [("all references", "/references")],
        )
    shown.open_again()


def _promoted(frame: Frame, shown: Shown, form: Mapping[str, str]) -> None:
    """Use what was previewed, or nothing: rows may have come, or been rolled up, since."""
    start, end = _moment(form.get("start", "")), _moment(form.get("end", ""))
    again = [("what this stretch would change", f"/references/{in_path(shown.name)}/preview")]
    try:
        with HEAVY_WORK.inside():
            new = reference_of_stretch(shown, start=start, end=end)
    except StoreError:
        raise
    except DriftWatchError as error:
        raise FormRefusedError(frame, plain(str(error), SENTENCE_LENGTH), again) from error
    if new.id != form.get("id"):
        raise FormRefusedError(
            frame,
            "The rows of this stretch are not those of the preview any more: look at it again.",
            again,
        )
    body = new.profile.to_bytes()
    shown.store.add_reference(shown.name, new.id, body, now=frame.now)
    _used(frame, shown, new.id, form.get("instead_of", ""))


def _moment(text: str) -> float:
    """Seconds since 1970, as a form has them."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not abs(found) < _FARTHEST:
        raise HTTPException(422, "the stretch has no beginning or no end")
    return found


def _used_answer(shown: Shown, before: str, *, undone: bool = False) -> Response:
    said = {"said": "undone" if undone else "used"}
    undo = {"undo": before, "of": shown.name} if before and not undone else {}
    return RedirectResponse(f"/references?{urlencode(said | undo)}", 303)

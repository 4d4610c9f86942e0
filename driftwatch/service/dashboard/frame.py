"""What all pages have in common: who looks, at which stretch of time, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, ClassVar

from fastapi import Request
from starlette.responses import Response

from driftwatch.errors import StoreError
from driftwatch.render.plain import plain
from driftwatch.service.dashboard.asked import Asked, asked_of
from driftwatch.service.dashboard.pages import page
from driftwatch.service.dashboard.shelf import Shelf, Shown
from driftwatch.service.security.visitors import Visitor
from driftwatch.transport.paths import in_path, name_in_path

__all__ = ["FormRefusedError", "Frame", "NotFoundError", "nearest"]

_SAID = {
    "ack": "The incident is acknowledged.",
    "unack": "The incident is not acknowledged any more.",
    "silence": "The incident is silent: nobody is told until the silence ends.",
    "unsilence": "The silence has ended.",
    "owner": "The owner is noted.",
    "note": "The note is kept.",
    "used": "The reference is in use from now on; detectors begin afresh.",
    "undone": "The reference of before is in use again.",
}
"""What a form did, by the word that its answer puts into the address."""


@dataclass
class NotFoundError(Exception):
    """There is no such thing; says which are nearest.

    Attributes:
        frame: Of the page that was asked for.
        what: What there is none of, in a sentence.
        near: Words and addresses of what might have been meant.
    """

    frame: Frame
    what: str
    near: Sequence[tuple[str, str]] = ()
    status: ClassVar[int] = 404
    title: ClassVar[str] = "Not found"

    def answer(self) -> Response:
        """The page that says so."""
        return self.frame.show(
            "not_found.html",
            status=self.status,
            title=self.title,
            what=self.what,
            near=self.near,
            trail=[("/", "Fleet")],
        )


class FormRefusedError(NotFoundError):
    """A form is not done; says why, and where to look again."""

    status = 409
    title = "Not done"


@dataclass(frozen=True, slots=True)
class Frame:
    """One visit of one page.

    Attributes:
        shelf: All monitors.
        visitor: Who looks.
        asked: What the address asks for.
        now: Seconds since 1970.
        path: Of the page.
    """

    shelf: Shelf
    visitor: Visitor
    asked: Asked
    now: float
    path: str = field(default="/")

    @classmethod
    def of(cls, request: Request, shelf: Shelf, /) -> Frame:
        """The visit that a request asks for, which the guard of pages has let through."""
        now = shelf.clock()
        asked = asked_of(request.query_params, now=now, until=shelf.until)
        return cls(shelf, request.state.visitor, asked, now, request.url.path)

    @property
    def monitors(self) -> list[Shown]:
        """Those that the visitor may see."""
        return [shown for shown in self.shelf if self.visitor.covers(shown.name)]

    def monitor(self, text: str, /) -> Shown:
        """The monitor that a path names.

        Raises:
            NotFoundError: If there is none, or it is not for the visitor, which sounds the same.
        """
        name = name_in_path(text)
        shown = self.shelf.get(name)
        if shown is not None and self.visitor.covers(name):
            return shown
        known = [each.name for each in self.monitors]
        raise NotFoundError(
            self,
            f"There is no monitor ‘{plain(name)}’ here.",
            [(near, f"/m/{in_path(near)}") for near in nearest(name, known)],
        )

    def show(self, template: str, /, *, status: int = 200, **facts: Any) -> Response:
        """Fill a template in, with what every page needs."""
        common: dict[str, Any] = {
            "asked": self.asked,
            "visitor": self.visitor,
            "now": self.now,
            "section": "",
            "trail": [("/", "Fleet")],
            "json": "",
            "said": _SAID.get(self.asked.query.get("said", ""), ""),
            "open_incidents": self._open_incidents(),
            "title_of_store": self.shelf.title,
        }
        return page(template, status=status, **common | facts)

    def _open_incidents(self) -> int:
        """Of all monitors whose stores can be read."""
        found = 0
        for shown in self.monitors:
            with suppress(StoreError):
                found += len(shown.store.incidents(shown.name, limit=100, open_only=True))
        return found


def nearest(name: str, known: Sequence[str], /, *, most: int = 5) -> list[str]:
    """Names that are like one that there is not."""
    return get_close_matches(name, known, n=most, cutoff=0.3) or list(known[:most])

"""Templates filled in, and the headers that every page has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.results import Levels, Status, to_iso
from driftwatch.core.reports.spelling import length_of_time
from driftwatch.logs.lines import markup_lines
from driftwatch.render.drawing.drawing import Drawing, panel
from driftwatch.render.drawing.marks import badge, effect_bar, letter, strip
from driftwatch.render.drawing.stylesheet import REPORT_CSS, STYLESHEET
from driftwatch.render.model import metric_name
from driftwatch.render.numbers import (
    count,
    moment,
    number,
    percent,
    statistic,
)
from driftwatch.render.page.markup import breakable
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.service.dashboard.asked import RANGES
from driftwatch.transport.paths import in_path

__all__ = ["Asset", "assets", "markup_of", "page"]

_POLICY = (
    "default-src 'none'; style-src 'self'{nonce}; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_A_MINUTE = 60
_NO_DATA = "NO DATA"


class Asset:
    """A file that pages need, under an address that changes with it.

    Args:
        name: Beginning of its name.
        suffix: End of its name.
        media_type: What it is.
        text: What is in it.
    """

    def __init__(self, name: str, suffix: str, media_type: str, text: str) -> None:
        self.body = text.encode()
        digest = hashlib.sha256(self.body).hexdigest()[:12]
        self.path = f"/static/{name}-{digest}.{suffix}"
        self._media_type = media_type

    def response(self) -> Response:
        """The answer, which may be kept for good."""
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self.body, headers=_HEADERS | kept, media_type=self._media_type)


def _static(name: str) -> str:
    return (files("driftwatch.service.dashboard") / "static" / name).read_text("utf-8")


@cache
def assets() -> dict[str, Asset]:
    """The style sheet and the script, by name."""
    style = f"{STYLESHEET}{REPORT_CSS}{_static('dashboard.css')}"
    return {
        "style": Asset("style", "css", "text/css", style),
        "script": Asset("script", "js", "text/javascript", _static("dashboard.js")),
    }


def page(
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    nonce: str = "",
    **facts: Any,
) -> HTMLResponse:
    """Fill a template in.

    Args:
        template: Its name.
        status: Of the answer.
        headers: More headers.
        nonce: Of the page's own style, where it has one.
        facts: What the template needs.
    """
    text = _environment().get_template(template).render(nonce=nonce, **facts)
    allowed = f" 'nonce-{nonce}'" if nonce else ""
    policy = {"Content-Security-Policy": _POLICY.replace("{nonce}", allowed)}
    return HTMLResponse(
        markup_lines(text), status, headers={**_HEADERS, **policy, **(headers or {})}
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("driftwatch.service.dashboard", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
    )
    environment.filters |= _FILTERS
    environment.globals |= {
        "style": assets()["style"].path,
        "script": assets()["script"].path,
        "ranges": tuple(RANGES),
        "in_path": in_path,
    }
    return environment


def markup_of(text: str, /) -> Markup:
    """Markup of our own, in which everything from data is escaped already."""
    return Markup(text)  # noqa: S704 - made by render, which escapes


def _badge(status: Status | str) -> Markup:
    if status == _NO_DATA:
        return Markup('<b class="st I">– NO DATA</b>')
    return markup_of(badge(Status(status)))


def _letter(status: Status | str) -> str:
    return "I" if status == _NO_DATA else letter(Status(status))


def _strip(statuses: Sequence[Status | None], label: str = "", columns: int = 240) -> Markup:
    return markup_of(strip(statuses, label=plain(label), columns=columns))


def _bar(
    value: float | None, levels: Levels | None, interval: tuple[float, float] | None = None
) -> Markup:
    return markup_of(effect_bar(value, levels, interval=interval))


def _name(text: str, limit: int | None = None) -> Markup:
    shown = plain(text) if limit is None else plain(text, limit)
    return markup_of(breakable(shown or "(no name)"))


def _moment(at: float | datetime | None, *, now: float | None = None) -> Markup:
    """A moment as people write it, the year only where it is another, and in full for machines."""
    if at is None:
        return Markup("–")
    when = at if isinstance(at, datetime) else to_utc(at)
    return Markup("<time datetime={}>{}</time>").format(
        to_iso(when), moment(when, year=now is None or when.year != to_utc(now).year)
    )


def _moment_text(at: float, now: float) -> str:
    """The same without markup, where none may stand."""
    return moment(to_utc(at), year=to_utc(at).year != to_utc(now).year)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{max(0, int(seconds))} s" if seconds < _A_MINUTE else length_of_time(seconds)


def _sentence(text: str) -> str:
    return plain(text, SENTENCE_LENGTH)


def _pair(value: float | None, limit: float | None) -> str:
    return statistic(value) if limit is None else f"{statistic(value)} / {number(limit)}"


def _panel(drawing: Drawing) -> Markup:
    return markup_of(panel(drawing))


_FILTERS: dict[str, Callable[..., Any]] = {
    "badge": _badge,
    "letter": _letter,
    "strip": _strip,
    "bar": _bar,
    "name": _name,
    "moment": _moment,
    "moment_text": _moment_text,
    "iso": lambda at: to_iso(to_utc(at)),
    "metric": metric_name,
    "age": _age,
    "sentence": _sentence,
    "pair": _pair,
    "statistic": statistic,
    "number": number,
    "percent": percent,
    "many": count,
    "count": lambda value: f"{value:,}",
    "panel": _panel,
}

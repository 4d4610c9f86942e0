"""The HTML part of a mail: tables and inline styles, as mail clients want them."""

from __future__ import annotations

from html import escape

from driftwatch.alerts.message import Line, Message
from driftwatch.core.reports.spelling import quoted
from driftwatch.render.numbers import percent

__all__ = ["mail_html"]

_EDGES = {
    "CRITICAL": ("#b3261e", "#a8201a"),
    "WARNING": ("#b87500", "#7f5200"),
    "NO DATA": ("#8b95a1", "#566170"),
    "RESOLVED": ("#579b74", "#1b6539"),
    "TEST": ("#5f90c9", "#2a5a9e"),
}
_KINDS = {
    "opened": "incident {n}",
    "worse": "incident {n} got worse",
    "no_data": "incident {n}, and no data",
    "still_on": "incident {n} is still on after a silence",
    "reminder": "incident {n} is still on",
    "resolved": "incident {n} is over",
    "several": "messages that waited",
    "test": "a test",
}
_TRACK = "#eef1f4"
_THINNEST = 0.5
"""Per cent of the track that a bar has which is not nothing, so that it is seen."""
_HEADLINE = 200
"""Characters of a text that is a headline as a whole."""


def mail_html(message: Message, pictures: dict[str, str], /) -> str:
    """A page of 600 pixels without remote parts, script or form.

    Args:
        message: The message.
        pictures: Content ids of the drawings, by feature.
    """
    edge, ink = _EDGES.get(message.status, _EDGES["NO DATA"])
    kind = _KINDS.get(message.kind, "incident {n}").format(n=message.incident)
    first, rest = message.text, ""
    if len(first) > _HEADLINE:
        first, _, rest = message.text.partition(". ")
    rows = [
        _edge(edge),
        _row(
            "18px 20px 6px",
            "13px Arial,sans-serif;color:#566170",
            f'<b style="color:{ink}">{message.sign} {escape(message.status)}</b> &nbsp;'
            f"{escape(message.monitor)} &nbsp;·&nbsp; {escape(kind)}",
        ),
        _row(
            "0 20px 10px",
            "bold 19px/26px Arial,sans-serif;color:#1b222b",
            _wrapped(first if not rest else f"{first}."),
        ),
    ]
    if rest:
        rows.append(_row("0 20px 14px", "14px/21px Arial,sans-serif;color:#1b222b", _wrapped(rest)))
    rows += [_buttons(message), _lines(message)]
    rows += [
        _row(
            "0 20px 10px",
            "12px Arial,sans-serif",
            f'<img src="cid:{cid}" width="520" alt="{escape(name, quote=True)}: reference and '
            'production" style="width:100%;max-width:520px;height:auto;border:0">',
        )
        for name, cid in pictures.items()
    ]
    rows.append(_foot(message))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(message.subject)}</title></head>"
        '<body style="margin:0;padding:0;background:#f4f6f8">'
        f'<div style="display:none;max-height:0;overflow:hidden">{escape(message.text)}</div>'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        'bgcolor="#f4f6f8"><tr><td align="center" style="padding:16px 8px">'
        '<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" '
        'style="width:100%;max-width:600px;background:#ffffff;border:1px solid #d5dbe2" '
        f'bgcolor="#ffffff">{"".join(rows)}</table></td></tr></table></body></html>\n'
    )


def _edge(color: str) -> str:
    return (
        f'<tr><td height="4" bgcolor="{color}" style="background:{color};font-size:1px;'
        'line-height:4px">&nbsp;</td></tr>'
    )


def _row(padding: str, font: str, inside: str) -> str:
    return f'<tr><td style="padding:{padding};font:{font};word-break:break-word">{inside}</td></tr>'


def _wrapped(text: str) -> str:
    return f'<span dir="auto">{escape(text)}</span>'


def _buttons(message: Message) -> str:
    if not message.url:
        return ""
    url = escape(message.url, quote=True)
    others = ""
    if message.status != "RESOLVED":
        others = "".join(
            f'<a href="{url}?do={do}" style="color:#0a55a5">{word}</a> &nbsp; '
            for do, word in (("ack", "Acknowledge"), ("silence", "Silence"))
        )
    return (
        '<tr><td style="padding:0 20px 16px"><table role="presentation" cellpadding="0" '
        'cellspacing="0" border="0"><tr><td bgcolor="#0a55a5" style="background:#0a55a5;padding:'
        f'9px 16px"><a href="{url}" style="font:bold 14px Arial,sans-serif;color:#ffffff;'
        f'text-decoration:none">Open incident {message.incident}</a></td>'
        f'<td style="padding-left:14px;font:14px Arial,sans-serif">{others}</td></tr>'
        "</table></td></tr>"
    )


def _lines(message: Message) -> str:
    if not message.lines:
        return ""
    rows = "".join(map(_line, message.lines))
    more = f'<tr><td colspan="2" style="{_CELL}">and {message.more} more</td></tr>'
    return (
        '<tr><td style="padding:0 20px 14px"><table cellpadding="0" cellspacing="0" border="0" '
        f'width="100%">{rows}{more if message.more else ""}</table></td></tr>'
    )


_CELL = "padding:8px 0;border-top:1px solid #d5dbe2;font:13px/18px Arial,sans-serif;color:#1b222b"


def _line(line: Line) -> str:
    ink = _EDGES.get(line.status, _EDGES["NO DATA"])[1]
    bars = ""
    if line.category is not None and line.before is not None and line.after is not None:
        bars = _bar("reference", line.before, "#6f92bd") + _bar("production", line.after, "#b84a08")
        bars = (
            f"<br>{escape(quoted(line.category))}"
            '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
            f'style="width:100%">{bars}</table>'
        )
    return (
        '<tr><td valign="top" width="34%" style="padding:8px 12px 8px 0;border-top:1px solid '
        '#d5dbe2;font:bold 14px Arial,sans-serif;color:#1b222b;word-break:break-word">'
        f'{_wrapped(line.name)}<br><span style="font:12px Arial,sans-serif;color:{ink}">'
        f"{line.sign} {escape(line.status)}</span></td>"
        f'<td valign="top" style="{_CELL};word-break:break-word">'
        f"{_wrapped(line.moved + line.when)}{bars}</td>"
        "</tr>"
    )


def _bar(side: str, share: float, color: str) -> str:
    """A bar whose widths are shares of one track, however narrow the screen makes it."""
    wide = 0.0 if share <= 0 else min(100.0, max(_THINNEST, 100 * share))
    cells = _part(wide, color) + _part(100 - wide, _TRACK)
    return (
        f'<tr><td width="76" style="width:76px;font:12px Arial,sans-serif;color:#566170">{side}'
        '</td><td><table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        f'border="0" style="width:100%;table-layout:fixed"><tr>{cells}</tr></table></td>'
        '<td align="right" width="56" style="width:56px;font:12px Arial,sans-serif;color:#566170;'
        f'white-space:nowrap">{percent(share)}</td></tr>'
    )


def _part(wide: float, color: str) -> str:
    """A piece of a track, of a width in per cent; nothing where it has none."""
    if wide <= 0:
        return ""
    return (
        f'<td width="{wide:.1f}%" height="9" bgcolor="{color}" style="width:{wide:.1f}%;'
        f'background:{color};padding:0;font-size:1px;line-height:9px">&nbsp;</td>'
    )


def _foot(message: Message) -> str:
    parts = []
    for label, text in message.details():
        if label == "Incident":
            continue
        shown = escape(text)
        if label == "Runbook":
            shown = f'<a href="{escape(text, quote=True)}" style="color:#0a55a5">{shown}</a>'
        parts.append(f"{escape(label)}: {shown}")
    if not parts:
        return ""
    return _row(
        "12px 20px 16px;border-top:1px solid #d5dbe2",
        "12px/18px Arial,sans-serif;color:#566170",
        "<br>".join(parts),
    )

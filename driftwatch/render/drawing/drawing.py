"""What a chart consists of, before it is known where it will stand: shapes, ticks and notes.

A chart is computed once, as a `Drawing`, and set by one of two functions. `panel` is for pages with
the style sheet of `stylesheet.py`: shapes are stretched to whatever width there is, texts keep
their size, and nothing needs a `style` attribute, so that a strict content security policy may
stand. `inline` is for places that may lose style sheets, such as notebooks: one SVG of a fixed size
with a fill on every shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

__all__ = [
    "NOTEBOOK",
    "PAGE",
    "WIDTH",
    "Drawing",
    "Note",
    "Palette",
    "Shape",
    "inline",
    "panel",
    "short",
    "svg_texts",
]

WIDTH = 1000
"""Units that the shapes of a drawing are wide."""

Palette = Mapping[str, str]
"""What makes a shape of each role visible: attributes of its element."""

PAGE: Palette = {
    "grid": "class=grid",
    "zone": "class=outz",
    "waiting": "class=wait",
    "reference": "class=reff",
    "reference_line": "class=refl",
    "hatched_reference": "class=refl",
    "current": "class=cur",
    "hatched_current": "class=curh",
    "current_fill": "class=curf",
    "band": "class=band",
    "estimate": "class=est",
    "estimate_band": "class=eband",
    "warning": "class=warnl",
    "critical": "class=critl",
    "gap": "class=incl",
    "incident": "class=inc",
    "incident_line": "class=incl",
    "mark": "class=mark",
    "dot": "class=curdot",
}

_BLUE, _ORANGE, _VIOLET = "#6f92bd", "#d0651a", "#8d66c4"
NOTEBOOK: Palette = {
    "grid": 'fill="none" stroke="#8884"',
    "zone": f'fill="{_ORANGE}" fill-opacity=".1"',
    "waiting": 'fill="#8884"',
    "reference": f'fill="{_BLUE}"',
    "reference_line": f'fill="none" stroke="{_BLUE}" stroke-width="1.8"',
    "hatched_reference": f'fill="none" stroke="{_BLUE}"',
    "current": f'fill="none" stroke="{_ORANGE}" stroke-width="1.6"',
    "hatched_current": f'fill="none" stroke="{_ORANGE}"',
    "current_fill": f'fill="{_ORANGE}"',
    "band": f'fill="{_ORANGE}" fill-opacity=".2"',
    "estimate": f'fill="none" stroke="{_VIOLET}" stroke-dasharray="5 3"',
    "estimate_band": f'fill="{_VIOLET}" fill-opacity=".15"',
    "warning": 'fill="none" stroke="#a87400" stroke-dasharray="6 4"',
    "critical": 'fill="none" stroke="#d6453c" stroke-dasharray="2 3"',
    "gap": 'fill="none" stroke="#d6453c" stroke-width="1.5"',
    "incident": 'fill="#d6453c" fill-opacity=".1"',
    "incident_line": 'fill="none" stroke="#d6453c" stroke-width="1.5"',
    "mark": 'fill="none" stroke="#7d8793" stroke-dasharray="3 3"',
    "dot": f'fill="{_ORANGE}"',
}
"""Mid tones, which are seen on white and on black: themes of notebooks do not follow the system."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A path, `WIDTH` units wide, and what it stands for (a role of a palette)."""

    role: str
    path: str


@dataclass(frozen=True, slots=True)
class Note:
    """Words on a plot.

    Attributes:
        place: How far from the left they begin, as a share of the width.
        y: Their base line, from the top.
        text: The words, not escaped.
        strong: Whether they are for reading and no mere label.
        ends: Whether they end at their place instead.
    """

    place: float
    y: float
    text: str
    strong: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with its axes.

    Attributes:
        height: Of the plot, in pixels and units.
        shapes: What is drawn, the first at the bottom.
        label: The chart in a sentence, for who cannot see it.
        y_ticks: Height from the top and text of every label at the left.
        x_ticks: Place, as a share of the width, and text of every label below.
        notes: Words on the plot.
    """

    height: int
    shapes: Sequence[Shape]
    label: str
    y_ticks: Sequence[tuple[float, str]] = ()
    x_ticks: Sequence[tuple[float, str]] = ()
    notes: Sequence[Note] = ()


def panel(drawing: Drawing, /) -> str:
    """The drawing for a page with our style sheet, as wide as there is room."""
    height = drawing.height
    shapes = "".join(f'<path {PAGE[s.role]} d="{s.path}"/>' for s in drawing.shapes)
    ys = "".join(f'<text x="100%" y={short(y + 4)}>{escape(t)}</text>' for y, t in drawing.y_ticks)
    notes = "".join(map(_note, drawing.notes))
    label = escape(drawing.label, quote=True)
    return (
        f"<div class=g><svg class=yax height={height} aria-hidden=true>{ys}</svg>"
        f'<svg class=plot height={height} role=img aria-label="{label}">'
        f'<svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio=none>{shapes}</svg>'
        f"{notes}</svg>{_below(drawing.x_ticks)}</div>"
    )


def _below(ticks: Sequence[tuple[float, str]]) -> str:
    """The labels of an x axis; on a phone every second one."""
    if not ticks:
        return ""
    texts = []
    for number, (place, text) in enumerate(ticks):
        # The first and the last end where the plot ends.
        anchor = "" if place < 0.03 else "e" if place > 0.97 else "m"
        classes = " ".join(filter(None, [anchor, "t2" if number % 2 and len(ticks) > 3 else ""]))
        named = f' class="{classes}"' if " " in classes else f" class={classes}" if classes else ""
        texts.append(f"<text{named} x={_percent(place)} y=12>{escape(text)}</text>")
    return f"<span></span><svg class=xax height=16 aria-hidden=true>{''.join(texts)}</svg>"


def _note(note: Note) -> str:
    classes = "halo ink" if note.strong else "halo"
    dx = -6 if note.ends else 6
    end = " e" if note.ends else ""
    return (
        f'<text class="{classes}{end}" x={_percent(note.place)} dx={dx} y={short(note.y)}>'
        f"{escape(note.text)}</text>"
    )


def inline(drawing: Drawing, /, *, width: int = 480) -> str:
    """The drawing as one SVG that needs nothing around it.

    Args:
        drawing: What to draw.
        width: In pixels; a narrower place shrinks it.
    """
    left = 44 if drawing.y_ticks else 0
    plot, height = width - left - 8, drawing.height
    total = height + 4 + (16 if drawing.x_ticks else 0)
    shapes = "".join(
        f'<path {NOTEBOOK[s.role]} vector-effect="non-scaling-stroke" d="{s.path}"/>'
        for s in drawing.shapes
    )
    texts: dict[str, list[tuple[float, float, str]]] = {"start": [], "middle": [], "end": []}
    texts["end"] += [(left - 6, y + 7, text) for y, text in drawing.y_ticks]
    for place, text in drawing.x_ticks:
        anchor = "start" if place < 0.03 else "end" if place > 0.97 else "middle"
        texts[anchor].append((left + place * plot, height + 16, text))
    for note in drawing.notes:
        x = left + note.place * plot + (-6 if note.ends else 6)
        texts["end" if note.ends else "start"].append((x, note.y + 3, note.text))
    written = "".join(svg_texts(lines, anchor=anchor) for anchor, lines in texts.items())
    return (
        f'<svg width="{width}" height="{total}" viewBox="0 0 {width} {total}" role="img" '
        f'aria-label="{escape(drawing.label, quote=True)}">'
        f'<svg x="{left}" y="3" width="{plot}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'preserveAspectRatio="none">{shapes}</svg>{written}</svg>'
    )


def svg_texts(
    texts: Sequence[tuple[float, float, str]], /, *, anchor: str = "start", size: int = 10
) -> str:
    """Words at places in the colour of the text around, for an SVG without a style sheet."""
    if not texts:
        return ""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    body = "".join(
        f'<text x="{short(x)}" y="{short(y)}">{escape(text)}</text>' for x, y, text in texts
    )
    return f'<g font-size="{size}" fill="currentColor"{anchored}>{body}</g>'


def short(value: float, /) -> str:
    """A number for a drawing, to a tenth of a pixel."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _percent(share: float) -> str:
    return f'"{short(100 * share)}%"'

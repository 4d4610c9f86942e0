"""A timeline for people: lines of text, or one self-contained HTML page."""

from __future__ import annotations

from html import escape

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.timeline import ChangePoint, Episode, Moment, Timeline
from driftwatch.logs.lines import markup_lines, shown_lines
from driftwatch.render.drawing.feature_strips import (
    SIGNS,
    STRIP_CSS,
    feature_table,
    strip_lines,
)
from driftwatch.render.drawing.metric_lines import METRIC_CSS, metric_drawings, metric_texts
from driftwatch.render.drawing.stylesheet import STYLESHEET
from driftwatch.render.plain import plain

__all__ = ["timeline_html", "timeline_text"]

_KEY = "· OK   ▒ WARNING   █ CRITICAL   ? undecided   ^ known change"
_WIDTH, _HEIGHT, _TOP = 960, 166, 12
_LANE = 8  # of the statuses, below the bars
_HIGHEST = 4.0  # thresholds; higher statistics are drawn there

_CSS = """\
svg.t{display:block;width:100%;height:auto;font:11px system-ui,sans-serif;fill:var(--soft)}
svg.t .O{fill:var(--ok)}svg.t .W{fill:var(--warning)}svg.t .C{fill:var(--critical)}
svg.t .U{fill:var(--undecided)}svg.t .I{fill:var(--none);opacity:.3}
svg.t .a{fill:var(--critical);opacity:.1}svg.t .h{stroke:var(--soft);stroke-dasharray:4 4}
svg.t .b{paint-order:stroke;stroke:var(--card);stroke-width:3px}
svg.t .k{stroke:var(--ink);stroke-width:1.5}svg.t .e{text-anchor:end}svg.t .m{text-anchor:middle}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def timeline_text(timeline: Timeline, /, *, width: int = 100) -> str:
    """Return the timeline as lines of text: a strip of statuses, alarms, and delays."""
    lines = [_headline(timeline), ""]
    if timeline.moments:
        strip, marks = _strip(timeline, min(width - 2, 120))
        lines += [f"  {strip}", *([f"  {marks}"] if marks.strip() else []), f"  {_KEY}", ""]
    if timeline.history.lines:
        lines += [*(f"  {line}" for line in strip_lines(timeline.history, width=width)), ""]
    for number, episode in enumerate(timeline.episodes, start=1):
        lines.append(f"  alarm {number}: {_episode(episode)}")
    if timeline.alerts:
        lines.append(f"  alerts would have sent {timeline.told}: {timeline.alerts}")
    lines += [f"  {line}" for line in metric_texts(timeline)]
    lines += [f"  change {_change(change)}" for change in timeline.changes]
    lines += [f"  {count:,} rows {_reason(name)}" for name, count in timeline.counters.items()]
    return shown_lines("\n".join(lines).rstrip()) + "\n"


def timeline_html(timeline: Timeline, /) -> str:
    """Return the timeline as one HTML file without scripts or anything from outside."""
    name = escape(plain(timeline.monitor))
    episodes = "".join(
        f"<tr><td>{number}</td><td>{escape(_episode(episode))}</td></tr>"
        for number, episode in enumerate(timeline.episodes, start=1)
    )
    changes = "".join(
        f"<tr><td>{escape(plain(c.label))}</td><td>{escape(_noticed(c))}</td></tr>"
        for c in timeline.changes
    )
    unused = "".join(
        f"<tr><td>{count:,}</td><td>rows {escape(_reason(reason))}</td></tr>"
        for reason, count in timeline.counters.items()
    )
    worst = max((e.level for e in timeline.episodes), default=Status.OK)
    return markup_lines(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">\n'
        '<meta name=viewport content="width=device-width,initial-scale=1">\n'
        f"<title>Replay · {name} · DriftWatch</title>\n"
        f"<style>\n{STYLESHEET}{_CSS}{METRIC_CSS}{STRIP_CSS}</style>\n"
        f"</head>\n<body>\n<main>\n<header class={worst.value[0]}>\n<h1>Replay: {name}</h1>\n"
        f"<p class=verdict>{escape(_headline(timeline))}</p>\n{_told(timeline)}</header>\n"
        f"<h2>Windows</h2>\n<div class=card>{_drawing(timeline)}</div>\n"
        f"{_performance(timeline)}{_features(timeline)}"
        f"{_card('Alarms', episodes)}{_card('Known changes', changes)}{_card('Not used', unused)}"
        "</main>\n</body>\n</html>\n"
    )


def _told(timeline: Timeline) -> str:
    if not timeline.alerts:
        return ""
    text = f"Alerts would have sent {timeline.told}: {timeline.alerts}"
    return f"<p class=why>{escape(plain(text, 400))}</p>\n"


def _features(timeline: Timeline) -> str:
    if not timeline.history.lines:
        return ""
    return f"<h2>Features</h2>\n<div class=card>{feature_table(timeline.history)}</div>\n"


def _performance(timeline: Timeline) -> str:
    drawn = metric_drawings(timeline)
    return f"<h2>Performance</h2>\n<div class=card>{drawn}</div>\n" if drawn else ""


def _headline(timeline: Timeline) -> str:
    alarms = len(timeline.episodes)
    alarmed = "no alarm" if not alarms else f"{alarms} alarm{'s' if alarms > 1 else ''}"
    detected = sum(change.delay is not None for change in timeline.changes)
    known = len(timeline.changes)
    changes = f", {detected} of {known} known changes noticed" if known else ""
    return (
        f"{alarmed} in {len(timeline.moments):,} windows "
        f"({timeline.window}, {timeline.rows:,} rows)"
        f"{changes}"
    )


def _strip(timeline: Timeline, width: int) -> tuple[str, str]:
    moments = timeline.moments
    columns = min(width, len(moments))
    signs, marks = [], [" "] * columns
    for column in range(columns):
        start = column * len(moments) // columns
        end = max(start + 1, (column + 1) * len(moments) // columns)
        signs.append(SIGNS[max(m.status for m in moments[start:end])])
        for change in timeline.changes:
            last = moments[end].pane if end < len(moments) else moments[-1].pane + 1
            if moments[start].pane <= change.pane < last:
                marks[column] = "^"
    return "".join(signs), "".join(marks).rstrip()


def _episode(episode: Episode) -> str:
    since, until = _when(episode.first), _when(episode.last)
    end = f"until {until}" if episode.over else "and still on at the end"
    what = ", ".join(map(plain, episode.features[:6])) or "; ".join(map(plain, episode.first.early))
    more = f" and {len(episode.features) - 6} more" if len(episode.features) > 6 else ""
    return f"{episode.level.value} from {since} {end}: {what}{more}"


def _change(change: ChangePoint) -> str:
    return f"{plain(change.label)}: {_noticed(change)}"


def _noticed(change: ChangePoint) -> str:
    if change.ongoing:
        new = change.spread
        also = "" if new is None else f"; another feature followed {_panes(new)}"
        return f"the alarm was on already{also}"
    if change.delay is None:
        return "not noticed"
    return f"alarm {_panes(change.delay)}"


def _panes(count: int) -> str:
    if count == 0:
        return "in the same pane"
    return f"{count:,} pane{'s' if count > 1 else ''} later"


def _reason(name: str) -> str:
    return {
        "untimed": "without a time",
        "too_late": "too late for their pane",
        "from_the_future": "from the future",
    }.get(name, name.replace("_", " "))


def _when(moment: Moment) -> str:
    end = moment.period.end
    return f"pane {moment.pane}" if end is None else f"{end:%Y-%m-%d %H:%M}"


def _drawing(timeline: Timeline) -> str:
    moments = timeline.moments
    if not moments:
        return ""
    first, last = moments[0].pane, moments[-1].pane
    step = _WIDTH / max(1, last - first + 1)
    base = _HEIGHT - 18 - 2 * _LANE

    def left(pane: int) -> float:
        return (pane - first) * step

    def height(distance: float) -> float:
        return min(distance, _HIGHEST) / _HIGHEST * (base - _TOP)

    parts = [
        f'<rect class=a x="{left(e.first.pane):.1f}" y="{_TOP}" '
        f'width="{left(e.last.pane + 1) - left(e.first.pane):.1f}" height="{base - _TOP}"/>'
        for e in timeline.episodes
    ]
    shown = moments if len(moments) <= _WIDTH else _thinned(moments, _WIDTH)
    wide = max(step, _WIDTH / len(shown))
    bar = wide * 0.9 if wide > 6 else wide + 0.2  # gaps between thin bars would only flicker
    for moment in shown:
        tall = max(height(moment.distance), 2.0)
        parts.append(
            f'<rect class={moment.status.value[0]} x="{left(moment.pane):.1f}" '
            f'y="{base - tall:.1f}" width="{bar:.2f}" height="{tall:.1f}"/>'
            f'<rect class={moment.status.value[0]} x="{left(moment.pane):.1f}" '
            f'y="{base + _LANE // 2}" width="{bar:.2f}" height="{_LANE}"/>'
        )
    line = base - height(1.0)
    parts.append(f'<line class=h x1=0 x2={_WIDTH} y1="{line:.1f}" y2="{line:.1f}"/>')
    parts.append(f'<text x=4 y="{line - 4:.1f}" class=b>warning threshold</text>')
    for times in (2.0, _HIGHEST):
        y, more = base - height(times), " or more" if times == _HIGHEST else ""
        label = f"{times:g} × threshold{more}"
        parts.append(f'<text x={_WIDTH - 4} y="{y + 4:.1f}" class="b e">{label}</text>')
    parts.append(f'<line class=h x1=0 x2={_WIDTH} y1="{base}" y2="{base}"/>')
    for change in timeline.changes:
        x = left(change.pane)
        parts.append(f'<line class=k x1="{x:.1f}" x2="{x:.1f}" y1=0 y2="{base}"/>')
    parts.append(f'<text x=0 y="{_HEIGHT - 4}">{escape(_when(moments[0]))}</text>')
    parts.append(f'<text x={_WIDTH} y="{_HEIGHT - 4}" class=e>{escape(_when(moments[-1]))}</text>')
    return (
        f'<svg class=t viewBox="0 0 {_WIDTH} {_HEIGHT}" role=img '
        f'aria-label="Status of every window">{"".join(parts)}</svg>'
    )


def _thinned(moments: tuple[Moment, ...], most: int) -> list[Moment]:
    """The worst moment of every stretch, so that no alarm is lost for want of pixels."""
    kept = []
    for column in range(most):
        start = column * len(moments) // most
        end = max(start + 1, (column + 1) * len(moments) // most)
        kept.append(max(moments[start:end], key=lambda m: (m.status.severity, m.distance)))
    return kept


def _card(title: str, rows: str) -> str:
    if not rows:
        return ""
    return f'<h2>{title}</h2>\n<div class="card wide two"><table>{rows}</table></div>\n'

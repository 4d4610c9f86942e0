"""A timeline for people: lines of text, or one self-contained HTML page."""

from __future__ import annotations

from html import escape

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.timeline import ChangePoint, Episode, Moment, Timeline
from driftwatch.logs.lines import markup_lines, shown_lines
from driftwatch.render.drawing.drawing import panel
from driftwatch.render.drawing.feature_strips import SIGNS, feature_table, strip_lines
from driftwatch.render.drawing.marks import badge, letter, strip
from driftwatch.render.drawing.metric_lines import clock_of, metric_drawings, metric_texts
from driftwatch.render.drawing.over_time import Mark, Point, statistic_over_time
from driftwatch.render.drawing.stylesheet import STYLESHEET
from driftwatch.render.page.markup import STRIP_KEY, document
from driftwatch.render.plain import plain

__all__ = ["timeline_html", "timeline_text"]

_KEY = "· OK   ▒ WARNING   █ CRITICAL   ? undecided   ^ known change"
_HIGHEST = 4.0  # thresholds; higher statistics are drawn there


def timeline_text(timeline: Timeline, /, *, width: int = 100) -> str:
    """Return the timeline as lines of text: a strip of statuses, alarms, and delays."""
    lines = [_headline(timeline), ""]
    if timeline.moments:
        strip, marks = _strip(timeline, min(width - 2, 120))
        lines += [f"  {strip}", *([f"  {marks}"] if marks.strip() else []), f"  {_KEY}", ""]
    if timeline.history.lines or timeline.history.metrics:
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
    body = (
        f'<section class="card say {letter(worst)}"><p class=name>{badge(worst)} '
        f"<b><bdi>{name}</bdi></b> replay</p>\n<h1>{escape(_headline(timeline))}</h1>\n"
        f"{_told(timeline)}</section>\n{_windows(timeline)}{_performance(timeline)}"
        f"{_features(timeline)}"
        f"{_card('Alarms', episodes)}{_card('Known changes', changes)}{_card('Not used', unused)}"
    )
    title = f"Replay · {plain(timeline.monitor)}"
    return markup_lines(document(title, STYLESHEET, body))


def _told(timeline: Timeline) -> str:
    if not timeline.alerts:
        return ""
    text = f"Alerts would have sent {timeline.told}: {timeline.alerts}"
    return f"<p class=soft>{escape(plain(text, 400))}</p>\n"


def _features(timeline: Timeline) -> str:
    if not timeline.history.lines and not timeline.history.metrics:
        return ""
    table = feature_table(timeline.history)
    return f"<section class=card><h2>Features</h2>{table}{STRIP_KEY}</section>\n"


def _performance(timeline: Timeline) -> str:
    drawn = metric_drawings(timeline)
    return f"<section class=card><h2>Performance</h2>{drawn}</section>\n" if drawn else ""


def _headline(timeline: Timeline) -> str:
    alarms = len(timeline.episodes)
    alarmed = "no alarm" if not alarms else f"{alarms} alarm{'s' if alarms > 1 else ''}"
    detected = sum(change.delay is not None for change in timeline.changes)
    known = len(timeline.changes)
    changes = f", {detected} of {known} known changes noticed" if known else ""
    return (
        f"{alarmed} in {len(timeline.moments):,} windows "
        f"({timeline.window}, {timeline.rows:,} rows)"
        f"{changes}{_since(timeline)}"
    )


def _since(timeline: Timeline) -> str:
    """Since when the windows drift with which the history ends; empty where they do not."""
    if timeline.since is None:
        return ""
    return f"; drift at the end, {timeline.since.in_words(timeline.moments[-1].period.end)}"


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


def _windows(timeline: Timeline) -> str:
    """The status of every window, and the largest statistic by its own threshold."""
    moments = timeline.moments
    if not moments:
        return ""
    at, dates = clock_of(timeline)
    points = [Point(at(m.pane), min(m.distance, _HIGHEST)) for m in moments]
    marks = [
        Mark(at(e.first.pane), f"alarm {number}", until=at(e.last.pane))
        for number, e in enumerate(timeline.episodes, start=1)
    ]
    marks += [Mark(at(change.pane), plain(change.label)) for change in timeline.changes]
    drawn = statistic_over_time(
        points,
        label="Largest statistic in units of its warning threshold",
        warning=1.0,
        dates=dates,
        marks=marks,
    )
    ends = f"{escape(_when(moments[0]))} to {escape(_when(moments[-1]))}"
    return (
        f"<section class=card><h2>Windows</h2><p class=soft>{ends}; the largest statistic in units "
        f"of its warning threshold, at most {_HIGHEST:g}</p>{panel(drawn)}"
        f"<div class=g><span class=soft>status</span>{strip([m.status for m in moments])}</div>"
        "</section>\n"
    )


def _card(title: str, rows: str) -> str:
    if not rows:
        return ""
    return f"<section class=card><h2>{title}</h2><table>{rows}</table></section>\n"

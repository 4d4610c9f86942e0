"""Pages as a browser shows them: nothing runs, nothing is asked for elsewhere, all is reachable."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.core.reports.over_time import OverTime, Stretch
from driftwatch.core.reports.results import Distribution, Period, Status
from driftwatch.core.reports.timeline import ChangePoint, MetricValues, Moment, Timeline
from driftwatch.render.drawing.timeline import timeline_html
from driftwatch.render.html import to_html
from driftwatch.render.notebook import feature_html, notebook_html
from driftwatch.render.over_time import over_time_html, over_time_notebook
from tests.chromium import CHROMIUM, Chromium, chromium
from tests.hostile_names import HOSTILE
from tests.render.conftest import categorical, feature, numeric, report_of
from tests.render.test_advice import performance
from tests.render.test_hostile_names import report_with

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

WIDTHS = (390, 1280)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SCREENS = [(width, dark) for width in WIDTHS for dark in (False, True)]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ATTACKS = (
    "<script>document.title='run'</script>",
    '"><img src=x onerror="document.title=\'run\'">',
    "'><svg onload=\"document.title='run'\">",
    "</style></title></textarea><script>document.title='run'</script>",
    "<iframe src=https://evil.example></iframe><link rel=stylesheet href=//evil.example/x.css>",
    "javascript:document.title='run'",
    "}body{display:none}@import url(//evil.example);",
    "a_very_long_name_" * 40,
    "unbroken" * 200,
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from the registry of npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here to fetch axe-core with")
    folder = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run(
            [npm, "pack", "axe-core@4", "--silent"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm cannot fetch axe-core: {error}")
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as files:
        script = files.extractfile("package/axe.min.js")
        assert script is not None
        return io.TextIOWrapper(script, "utf-8").read()


def ordinary() -> str:
    """A page with every part: statuses, kinds, tails, a model, notes."""
    tails = Distribution(
        numeric().reference,
        numeric().current,
        edges=numeric().edges,
        beyond=((0.01, 0.0), (0.2, 0.1)),
        quantiles=((-2.0, -1.6, -0.7, 0.0, 0.7, 1.6, 2.0), (-1.0, -0.6, 0.3, 1.0, 1.7, 2.6, 3.0)),
    )
    names = [f"feature_{i:02d}_of_the_customer" for i in range(14)]
    return to_html(
        report_of(
            feature("income", Status.CRITICAL, distribution=tails),
            feature(
                "countryIsoCode", Status.WARNING, kind="categorical", distribution=categorical()
            ),
            feature("tenure", Status.UNDECIDED),
            *(feature(name, Status.OK) for name in names),
            performance=performance(0.92, 0.88, Status.CRITICAL),
            skipped={"id": "looks like an id"},
        )
    )


def notebook(report_html: str) -> str:
    """Output of a notebook on a page, light and dark."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>notebook</title><body><main>"
        f"<h1>Notebook</h1><div style='padding:8px'>{report_html}</div></main></body></html>"
    )


def replay(names: Sequence[str]) -> str:
    """The page of a replay with alarms, known changes and metrics."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = tuple(
        Moment(
            number,
            Period(start, start + timedelta(days=number)),
            100,
            Status.CRITICAL if 10 < number < 20 else Status.OK,
            {11: "raised", 20: "cleared"}.get(number),
            tuple(names),
            distance=3.0 if 10 < number < 20 else 0.5,
            metrics={n: MetricValues(0.9, 0.5, (0.4, 0.6), Status.CRITICAL) for n in names[:3]},
        )
        for number in range(1, 31)
    )
    changes = tuple(ChangePoint(name, 10, 1, ongoing=False, spread=1) for name in names)
    counters = dict.fromkeys(names, 3)
    return timeline_html(
        Timeline(names[0], names[0], 6, moments, changes, alerts=names[0], counters=counters)
    )


def stretched(names: Sequence[str]) -> OverTime:
    """Drift over time, features x stretches."""
    stretches = tuple(Stretch(name, report_with(names)) for name in names[:5])
    return OverTime(names[0], names[0], stretches, {names[0]: 3})


def hostile() -> dict[str, str]:
    names = [*HOSTILE, *ATTACKS]
    together = report_with(names)
    outputs = "".join(feature_html(together, name) for name in names)
    return {
        "report": to_html(together),
        "notebook": notebook(notebook_html(together)),
        "features": notebook(outputs),
        "replay": replay(names),
        "over time": over_time_html(stretched(names)),
        "time in a notebook": notebook(over_time_notebook(stretched(names))),
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    made = {f"hostile {name}": page for name, page in hostile().items()}
    made["ordinary"] = ordinary()
    made["replay"] = replay(["age", "city"])
    columns = ["age", "plan", "city", "open_now"]
    made["over time"] = over_time_html(stretched(columns))
    made["time in a notebook"] = notebook(over_time_notebook(stretched(columns)))
    made["outputs"] = notebook(notebook_html(report_with(["age", "plan", "city", "open_now"])))
    addresses = {}
    for name, page in made.items():
        path = folder / f"{name.replace(' ', '-')}.html"
        path.write_text(page, "utf-8")
        addresses[name] = path.as_uri()
    return addresses


HARMLESS = ("ordinary", "outputs", "replay", "over time", "time in a notebook")
ATTACKED = ("report", "notebook", "features", "replay", "over time", "time in a notebook")
PAGES = (*HARMLESS, *(f"hostile {name}" for name in ATTACKED))


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_is_asked_for_complains_or_overflows(
    browser: Chromium, pages: dict[str, str], name: str, scripts: bool
) -> None:
    for width, dark in SCREENS:
        visit = browser.open(pages[name], width=width, dark=dark, scripts=scripts)

        assert visit.requests == []
        assert visit.complaints == []
        assert visit.dialogs == []
        assert browser.evaluate("document.title") != "run"
        assert browser.evaluate("document.scripts.length") == 0
        assert browser.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("name", [*HARMLESS, "hostile report"])
def test_axe_finds_no_fault(browser: Chromium, pages: dict[str, str], axe: str, name: str) -> None:
    for width, dark in SCREENS:
        browser.open(pages[name], width=width, dark=dark)
        browser.evaluate(f"{axe}; 0")
        found = browser.evaluate(
            f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(r => [r.passes.length, "
            "r.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 200))])])"
        )

        assert found[0] > 5
        assert found[1] == []


def shown(browser: Chromium, selector: str) -> list[str]:
    """Texts of the elements that have a place on the screen."""
    texts: list[str] = browser.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        ".filter(e => e.getClientRects().length).map(e => e.textContent)"
    )
    return texts


def press(browser: Chromium, selector: str) -> None:
    browser.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def test_filters_work_without_scripts(browser: Chromium, pages: dict[str, str]) -> None:
    browser.open(pages["ordinary"], scripts=False)
    assert len(shown(browser, "tr.row")) == len(shown(browser, "details.row")) == 17

    press(browser, ".sW")
    assert [row[:7] for row in shown(browser, "tr.row")] == ["country"]
    assert len(shown(browser, "details.row")) == 1
    assert shown(browser, ".none") == []

    press(browser, ".tn")
    assert shown(browser, "tr.row") == []
    assert len(shown(browser, ".none")) == 1

    press(browser, ".a[name=fs]")
    assert len(shown(browser, "tr.row")) == 16


def test_cumulative_shares_and_quantiles_are_shown_on_demand(
    browser: Chromium, pages: dict[str, str]
) -> None:
    browser.open(pages["ordinary"], scripts=False)
    views = [".v1", ".v2", ".v3"]

    def visible() -> list[bool]:
        return [bool(shown(browser, f"details.C {view}")) for view in views]

    assert visible() == [True, False, False]
    press(browser, "details.C .r2")
    assert visible() == [False, True, False]
    press(browser, "details.C .r3")
    assert visible() == [False, False, True]
    assert "median" in shown(browser, "details.C .v3")[0]


def test_a_link_opens_the_card_that_is_folded(browser: Chromium, pages: dict[str, str]) -> None:
    browser.open(f"{pages['ordinary']}#f2")
    opened = "document.querySelector('#f2').closest('details').open"

    assert browser.evaluate(opened)
    browser.open(pages["ordinary"])
    assert not browser.evaluate(opened)
    press(browser, "a[href='#f2']")
    assert browser.evaluate(f"new Promise(done => setTimeout(() => done({opened})))")


def test_a_phone_keeps_statistic_and_what_moved(browser: Chromium, pages: dict[str, str]) -> None:
    browser.open(pages["ordinary"], width=390)
    inside = (
        "[...document.querySelectorAll('tr.row.C td')].every(e => "
        "e.getBoundingClientRect().right <= innerWidth && e.getClientRects().length)"
    )

    assert browser.evaluate(inside)
    assert "ks 0.312" in shown(browser, "tr.row.C .vl")[0]
    assert "rose from" in shown(browser, "tr.row.C .clamp")[0]


@pytest.mark.parametrize("name", ["ordinary", "over time"])
def test_cells_of_a_phone_do_not_stand_on_each_other(
    browser: Chromium, pages: dict[str, str], name: str
) -> None:
    browser.open(pages[name], width=390)
    overlaps = """[...document.querySelectorAll('table.stack tbody tr')].flatMap(row => {
        const texts = [...row.children].map(cell => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return range.getBoundingClientRect();
        }).filter(box => box.width && box.height);
        return texts.flatMap((a, i) => texts.slice(i + 1).filter(b =>
            a.left < b.right - 1 && b.left < a.right - 1 &&
            a.top < b.bottom - 1 && b.top < a.bottom - 1)).map(() => row.textContent);
    })"""

    assert browser.evaluate(overlaps) == []


def test_a_name_has_the_room_of_its_cell_on_a_phone(
    browser: Chromium, pages: dict[str, str]
) -> None:
    browser.open(pages["ordinary"], width=390)
    lines = (
        "[...document.querySelectorAll('tr.row th a')]"
        ".map(a => new Set([...a.getClientRects()].map(box => Math.round(box.top))).size)"
    )

    assert browser.evaluate(lines)[:3] == [1, 1, 1]  # income, countryIsoCode, tenure


def test_metrics_of_the_model_are_whole_on_a_phone(
    browser: Chromium, pages: dict[str, str]
) -> None:
    browser.open(pages["ordinary"], width=390)
    outside = (
        "[...document.querySelectorAll('.perf tbody :is(th,td)')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth).length"
    )

    assert browser.evaluate(outside) == 0
    assert "0.92" in shown(browser, ".perf td:nth-child(3)")[0]
    before = "getComputedStyle(document.querySelector('.perf td:nth-child(3)'), '::before').content"
    assert browser.evaluate(before) == '"reference"'


def test_paper_has_no_controls_and_no_folded_cards(
    browser: Chromium, pages: dict[str, str]
) -> None:
    browser.open(pages["ordinary"])
    browser.print_to("print")
    try:
        assert shown(browser, ".filter, .tabs, details.row:not([open])") == []
        assert "How it was decided" not in shown(browser, "h2")
        assert len(shown(browser, "details.row[open]")) == 2
        assert len(shown(browser, "tr.row")) == 17
    finally:
        browser.print_to("screen")

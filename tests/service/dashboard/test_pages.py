"""What each page says against what is stored, and against the JSON behind it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from driftwatch.core.reports.report import DriftReport
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.protocols import Store
from driftwatch.render.sentences import verdict_sentence
from driftwatch.service.dashboard.asked import PAGE_ROWS
from driftwatch.service.dashboard.pages import assets
from driftwatch.stores import open_store
from tests.service.dashboard.listed import PAGES, Page
from tests.service.dashboard.seeding import DAY, HOUR, NOW
from tests.service.dashboard.served import LATER

PAST = "2026-11-22T00:00:00Z"


@pytest.fixture(scope="module")
def store(seeded: Path) -> Store:
    return open_store(seeded / "credit.db")


@pytest.fixture(scope="module")
def report(store: Store) -> DriftReport:
    """The newest, read from the store itself."""
    (stored,) = store.reports("credit", limit=1)
    return report_of(stored)


def text_of(pages: TestClient, address: str) -> str:
    """The words of a page."""
    answer = pages.get(address)
    assert answer.status_code == 200, answer.text
    body = answer.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def rows_of(pages: TestClient, address: str) -> list[str]:
    """Names of the features in the table of a monitor."""
    found = re.findall(r"<th scope=row class=c1><a [^>]*>(.*?)</a>", pages.get(address).text)
    return [re.sub(r"<[^>]*>|\u200b", "", name) for name in found]


def json_of(pages: TestClient, address: str) -> Any:
    answer = pages.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_locked_and_never_kept(pages: TestClient, name: str) -> None:
    answer = pages.get(PAGES[name])
    policy = answer.headers["content-security-policy"]
    page = Page(answer.text)

    assert answer.status_code == (404 if name.startswith("no such") else 200)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script-src 'self'; " in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(page.heads) == 1
    assert page.title.endswith(" · DriftWatch")
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    nonces = re.findall(r'<style nonce="([^"]+)"', answer.text)
    assert answer.text.count("<style") == len(nonces) == policy.count("'nonce-")
    assert answer.text.count("<script") == 1


def test_assets_may_be_kept_and_have_their_own_addresses(pages: TestClient) -> None:
    for asset in assets().values():
        answer = pages.get(asset.path)
        assert answer.content == asset.body
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_are_small(pages: TestClient) -> None:
    def bytes_of(address: str) -> int:
        return len(pages.get(address).content)

    fleet = pages.get("/").text
    rows = re.findall(r"<tr><th scope=row>.*?</tr>", fleet, re.DOTALL)
    assert len(assets()["style"].body) <= 24_000
    assert len(assets()["script"].body) <= 4_000
    assert bytes_of("/m/credit") <= 120_000
    assert bytes_of("/m/credit/f/debt_ratio") <= 60_000
    assert len(rows) == 4
    assert max(len(row.encode()) for row in rows) <= 1_400
    assert sum(len(row.encode()) for row in rows) / len(rows) <= 1_200


def test_the_fleet_says_who_needs_somebody(pages: TestClient, report: DriftReport) -> None:
    text, json = text_of(pages, "/"), json_of(pages, "/v1/fleet")
    lines = {line["name"]: line for line in json["rows"]}

    assert "3 monitors need somebody: 1 critical, 2 without data." in text
    assert "Nobody has taken credit, empty and silent yet." in text
    assert [line["status"] for line in json["rows"]] == ["CRITICAL", "NO DATA", "NO DATA", "OK"]
    assert json["counts"] == {"CRITICAL": 1, "NO DATA": 2, "OK": 1}
    drifted = [f for f in report.feature_drift().values() if f.status.is_drift and not f.is_error]
    assert lines["credit"]["drifted"] == len(drifted)
    assert f"{lines['credit']['drifted']} of {lines['credit']['tested']}" in text
    assert lines["silent"]["last_data"] == pytest.approx(NOW - 30 * HOUR)
    assert lines["empty"]["last_data"] is None
    assert "no data for 1 d 6 h" in text


@pytest.mark.parametrize("query", ["q=zzz", "status=ok", "owner=nobody", "q=quiet&range=24h"])
def test_the_sentence_of_the_fleet_is_of_all_whatever_is_filtered(
    pages: TestClient, query: str
) -> None:
    assert "3 monitors need somebody: 1 critical, 2 without data." in text_of(pages, f"/?{query}")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["credit", "empty", "silent", "quiet"]),
        ("status=critical", ["credit"]),
        ("status=no_data", ["empty", "silent"]),
        ("q=QUI", ["quiet"]),
        ("owner=risk", ["credit"]),
        ("sort=name", ["credit", "empty", "quiet", "silent"]),
        ("sort=-name", ["silent", "quiet", "empty", "credit"]),
        ("unknown=1&said=nothing", ["credit", "empty", "silent", "quiet"]),
    ],
)
def test_the_fleet_is_filtered_and_sorted(pages: TestClient, query: str, names: list[str]) -> None:
    found = re.findall(r"<tr><th scope=row><a [^>]*><bdi>(\w+)</bdi>", pages.get(f"/?{query}").text)

    assert found == names


def test_a_monitor_says_the_verdict_of_its_newest_report(
    pages: TestClient, report: DriftReport
) -> None:
    answer = pages.get("/m/credit")
    (head,) = Page(answer.text).heads
    windows = json_of(pages, "/v1/monitors/credit/windows")["rows"]
    text = text_of(pages, "/m/credit")

    assert head == verdict_sentence(report)
    newest = max(windows, key=lambda window: window["ended"])
    assert newest["status"] == report.global_status.value == "CRITICAL"
    assert newest["rows"] == report.rows_current
    assert f"{newest['rows']:,}" in text
    assert f"{newest['drifted']} of {newest['tested']}" in text
    for name, metric in newest["metrics"].items():
        assert report.performance is not None
        assert metric["production"] == pytest.approx(report.performance.metrics[name].production)
    assert f"{newest['metrics']['accuracy']['production']:.3f}" in text


def test_a_monitor_at_a_past_window_says_what_was_known_then(
    pages: TestClient, store: Store
) -> None:
    answer = pages.get(f"/m/credit?at={PAST}")
    pane = int(re.findall(r"/m/credit/w/(\d+)", answer.text)[0])
    stored = store.report_on("credit", pane)
    assert stored is not None

    assert Page(answer.text).heads == [verdict_sentence(report_of(stored))]
    assert "go to the newest" in answer.text
    assert len(re.findall(r"<a href=\"[^\"]*\" aria-current=true><title>", answer.text)) == 1


def test_a_silent_monitor_says_so_first(pages: TestClient) -> None:
    (head,) = Page(pages.get("/m/silent").text).heads

    assert head == "No data for 1 d 6 h (usual gap 6 h)."
    assert "The last window was ✓ OK" in text_of(pages, "/m/silent")


def test_features_of_a_monitor_are_those_of_its_report(
    pages: TestClient, report: DriftReport
) -> None:
    json = json_of(pages, "/v1/monitors/credit/features")["rows"]
    drifts = report.feature_drift()

    assert {row["name"] for row in json} == set(drifts)
    assert sorted(rows_of(pages, "/m/credit")) == sorted(drifts)
    for row in json:
        drift = drifts[row["name"]]
        assert row["status"] == drift.status.value
        assert drift.primary is not None
        assert row["statistic"] == pytest.approx(drift.primary.statistic, rel=1e-5)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=AGE", ["age"]),
        ("kind=boolean", ["returning"]),
        ("status=ok&sort=name", ["age", "channel", "income", "returning"]),
        ("status=ok&sort=-name", ["returning", "income", "channel", "age"]),
        ("status=critical&kind=categorical&sort=name", ["approved", "country"]),
        ("q=zzz", []),
        ("q=age&page=7", ["age"]),
        ("q=age&kind=", ["age"]),
    ],
)
def test_features_are_filtered_and_sorted(pages: TestClient, query: str, names: list[str]) -> None:
    assert rows_of(pages, f"/m/credit?{query}") == names


def test_a_filter_that_leaves_nothing_says_so(pages: TestClient) -> None:
    text = text_of(pages, "/m/credit?q=zzz&status=warning")

    assert "None of 9 features fits ‘zzz’; without the filter by status 0." in text
    assert "None of 4 monitors fits ‘zzz’." in text_of(pages, "/?q=zzz")
    assert "No incident is open that fits ‘zzz’." in text_of(pages, "/incidents?q=zzz")
    assert "1 incident is open; nobody has taken it." in text_of(pages, "/incidents?q=zzz")


def test_a_feature_says_what_its_report_says(pages: TestClient, report: DriftReport) -> None:
    for name, drift in report.feature_drift().items():
        address = f"/m/credit/f/{name.replace(' ', '%20')}"
        text = text_of(pages, address)
        json = json_of(pages, address.replace("/m/", "/v1/monitors/").replace("/f/", "/features/"))
        newest = max(json["rows"], key=lambda row: row["ended"])

        assert newest["status"] == drift.status.value
        assert drift.status.value in Page(pages.get(address).text).title
        for test in drift.tests:
            assert test.replace("_", " ") in text


@pytest.mark.parametrize("address", ["/m/credit", "/m/credit/f/age"])
def test_links_carry_the_range_and_the_window(pages: TestClient, address: str) -> None:
    query = "?range=7d&at=2026-11-25T00:00:00Z"
    links = Page(pages.get(address + query).text).links
    for link in links:
        found = urlsplit(link)
        if not found.path.startswith("/") and not found.query:
            continue
        asked = parse_qs(found.query)
        assert "range" in asked, link
        if "/f/" in found.path:
            assert asked["at"] == ["2026-11-25T00:00:00Z"], link
    assert {parse_qs(urlsplit(link).query)["range"][0] for link in links if "range=" in link} == {
        *("24h", "7d", "30d", "90d")
    }


def test_what_is_not_understood_is_told_on_the_page(pages: TestClient) -> None:
    text = text_of(pages, "/m/credit?range=1y&status=x&page=0&at=then&unknown=1")

    assert "There is no range ‘1y’" in text
    assert "There is no status ‘x’: all are shown." in text
    assert "There is no page ‘0’: the first is shown." in text
    assert "‘then’ is no time like" in text
    assert "unknown" not in text
    assert rows_of(pages, "/m/credit?status=x") == rows_of(pages, "/m/credit")


def test_a_stretch_without_windows_says_where_there_are_some(pages: TestClient) -> None:
    for address in ("/m/credit", "/m/credit/f/age"):
        text = text_of(pages, f"{address}?from=2026-01-01T00:00Z&to=2026-01-03T00:00Z")
        assert "No window ends in this stretch of time (1 Jan 2026 00:00 to" in text
        (link,) = [
            link
            for link in Page(
                pages.get(f"{address}?from=2026-01-01T00:00Z&to=2026-01-03T00:00Z").text
            ).links
            if link.startswith("?to=")
        ]
        assert "Over time" in text_of(pages, address + link)
    early = text_of(pages, "/m/credit?at=2026-11-01T00:00Z")
    assert "No window had ended by 1 Nov 00:00" in early


def test_incidents_say_what_is_stored(pages: TestClient, store: Store) -> None:
    (stored,) = store.incidents("credit", limit=10)
    (facts,) = json_of(pages, "/v1/incidents")["rows"]
    json = json_of(pages, f"/v1/monitors/credit/incidents/{stored.number}")
    text = text_of(pages, f"/m/credit/incidents/{stored.number}")

    assert (facts["number"], facts["status"]) == (stored.number, stored.status)
    assert facts["title"] == json["incident"]["title"]
    assert facts["title"] in text
    assert facts["title"] in text_of(pages, "/incidents")
    assert "note by ana : a partner of DE has left" in text
    assert "ana" in [said["by"] for said in json["happened"]]
    assert "Owner risk" in text


@pytest.mark.parametrize("name", ["credit", "silent", "empty"])
def test_why_says_its_first_failure(pages: TestClient, name: str) -> None:
    json = json_of(pages, f"/v1/monitors/{name}/why")
    (head,) = Page(pages.get(f"/m/{name}/why").text).heads
    failed = [check for check in json["checks"] if check["ok"] is False]

    assert head == json["headline"]
    assert bool(failed) == (name != "credit")
    if failed:
        assert failed[0]["text"].casefold() in head.casefold()
    for check in json["checks"]:
        assert check["text"] in text_of(pages, f"/m/{name}/why")


def test_references_and_replicas_say_what_is_stored(pages: TestClient, store: Store) -> None:
    in_use = store.references_in_use("credit")[""]
    text = text_of(pages, "/references")
    json = json_of(pages, "/v1/references")["rows"]
    (source,) = store.sources("credit")
    (replica,) = json_of(pages, "/v1/replicas")["rows"][0]["replicas"]

    assert "3 of 4 monitors with a reference in use; without: empty." in text
    assert in_use[:16] in text
    assert [r["id"] for r in json[0]["references"]] == [in_use]
    assert (replica["source"], replica["rows"]) == (source.source, source.rows)
    assert f"{source.rows:,}" in text_of(pages, "/replicas")
    assert "2 of 3 sources were heard within a day." in text_of(pages, "/replicas")


def test_two_windows_are_compared_as_their_json_says(pages: TestClient, store: Store) -> None:
    windows = store.windows("credit", limit=100)
    # Of some days ago, whole days are what is kept by itself.
    whole = [stored.pane for stored in windows if stored.at % 86_400 == 0]
    last, first = windows[-1].pane, whole[1]
    asked = f"a_monitor=credit&a={first}&b_monitor=credit&b={last}"
    (head,) = Page(pages.get(f"/compare?{asked}").text).heads
    json = json_of(pages, f"/v1/compare?{asked}")
    tested = json["per_feature_metrics"]
    drifted = [name for name, f in tested.items() if f["status"] in ("WARNING", "CRITICAL")]

    assert len(drifted) > 3
    assert head.startswith(f"{len(drifted)} of {len(tested)} features differ: ")
    same = pages.get(f"/compare?a_monitor=credit&a={last}&b_monitor=credit&b={last}").text
    assert Page(same).heads[0].startswith("The second window differs from the first in none of")


def test_what_there_is_not_is_told_with_what_is_near(pages: TestClient) -> None:
    answer = pages.get("/m/credit/f/agee")
    assert answer.status_code == 404
    assert Page(answer.text).heads == [
        "No feature named ‘agee’ was tested in these windows of credit."
    ]
    assert "/m/credit/f/age" in Page(answer.text).links

    answer = pages.get("/m/kredit")
    assert answer.status_code == 404
    assert "/m/credit" in Page(answer.text).links
    assert pages.get("/m/credit/incidents/99").status_code == 404
    for pane in (1, -1, 2**63, -(10**30)):
        answer = pages.get(f"/m/credit/w/{pane}")
        assert answer.status_code == 404
        assert Page(answer.text).heads == [
            f"No report on a window that ends with pane {pane} is kept."
        ]
    assert pages.get(f"/v1/monitors/credit/windows/{2**63}").status_code == 422


@pytest.mark.parametrize("query", ["page=10001", "range=1y", "at=then", "status=bad&page=0"])
def test_json_refuses_what_is_not_understood_as_it_is_described(
    pages: TestClient, query: str
) -> None:
    for path in ("/v1/fleet", "/v1/monitors/credit/features", "/v1/monitors/credit/windows"):
        answer = pages.get(f"{path}?{query}")

        assert answer.status_code == 422
        assert answer.json()["code"] == "DW050"
        for wrong in answer.json()["detail"]:
            assert set(wrong) >= {"loc", "msg", "type"}


def test_the_clock_is_that_of_the_service(pages: TestClient) -> None:
    assert json_of(pages, "/v1/fleet")["now"] == LATER
    assert PAGE_ROWS == 50
    assert LATER - NOW < DAY

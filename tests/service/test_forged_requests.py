"""What others try at pages: sessions of their own, foreign forms, frames, links; all is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, Response

from driftwatch.service.security.own_addresses import path_here
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.tokens import Tokens
from tests.service.browsing import (
    COOKIE,
    SECRETS,
    Collector,
    ann,
    change,
    collector,
    csrf_of,
    facts_of,
    is_sign_in,
    log,
    made,
    openly,
    sign_in,
    tokens_now,
)
from tests.service.conftest import URL

__all__ = ["ann", "collector", "log", "openly"]  # fixtures


def test_fixation_a_session_is_never_one_that_the_browser_brought(collector: Collector) -> None:
    planted = collector.browser(name="others").cookies[COOKIE]
    browser = collector.browser()
    given = {"Cookie": f"{COOKIE}={planted}"}
    answer = browser.post("/login", data={"token": SECRETS["ann"]}, headers=given)
    new = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert new not in ("", planted)
    assert is_sign_in(collector.browser().get("/", headers=given))  # and the one of before is over
    for made_up in ("chosen", "", "a" * 5_000):
        answer = browser.post(
            "/login", data={"token": SECRETS["ann"]}, headers={"Cookie": f"{COOKIE}={made_up}"}
        )
        assert f"{COOKIE}={made_up};" not in answer.headers["set-cookie"]
        assert is_sign_in(collector.browser().get("/", headers={"Cookie": f"{COOKIE}={made_up}"}))


def test_csrf_a_form_brings_back_what_its_own_session_has(
    collector: Collector, ann: TestClient
) -> None:
    of_others = csrf_of(collector.browser(name="others"))
    of_ann_elsewhere = csrf_of(collector.browser(name="ann"))
    for wrong in ("", "guessed", "ü", csrf_of(ann)[:-1], of_others, of_ann_elsewhere):
        assert change(ann, csrf=wrong) == 403
    assert ann.post("/tried/empty/change", data={"note": "no field at all"}).status_code == 403
    assert collector.changed == []
    assert change(ann) == 200
    assert collector.changed == [("empty", {"note": "ü & 1"})]


FOREIGN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "https://localhost"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost.evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_csrf_what_another_site_sends_is_refused_even_with_the_right_field(
    collector: Collector, ann: TestClient, headers: dict[str, str]
) -> None:
    assert change(ann, **headers) == 403
    assert ann.post("/logout", data={"csrf": csrf_of(ann)}, headers=headers).status_code == 403
    assert collector.changed == []
    assert ann.get("/").status_code == 200
    signed_in = collector.browser().post(
        "/login", data={"token": SECRETS["others"]}, headers=headers
    )  # else a visitor would work, without knowing, in the attacker's name
    assert (signed_in.status_code, "set-cookie" in signed_in.headers) == (403, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "HTTP://LOCALHOST"},
        {"Origin": "http://localhost", "Host": "localhost:80"},
        {"Origin": "http://localhost:8765", "Host": "localhost:8765"},
    ],
)
def test_what_our_own_page_sends_is_taken(ann: TestClient, headers: dict[str, str]) -> None:
    assert change(ann, **headers) == 200


def test_csrf_holds_where_there_are_no_tokens(openly: Collector) -> None:
    browser = openly.browser()
    csrf = csrf_of(browser)
    for wrong in ("", "guessed", csrf.upper()):
        assert change(browser, csrf=wrong) == 403
    assert change(browser, csrf=csrf, Origin="http://evil.example") == 403
    assert openly.changed == []
    assert change(browser, csrf=csrf) == 200
    assert len(csrf) == 64
    assert browser.get("/login?next=/tried/empty").headers["location"] == "/tried/empty"
    assert "set-cookie" not in browser.post("/login", data={"token": "any"}).headers


def test_csrf_without_tokens_is_of_the_process(folder: Path) -> None:
    with made(folder, Tokens()) as first, made(folder, Tokens()) as second:
        assert csrf_of(first.browser()) == csrf_of(first.browser()) != csrf_of(second.browser())


def test_clickjacking_no_answer_lets_itself_be_framed(
    collector: Collector, ann: TestClient
) -> None:
    nobody = collector.browser()
    answers: dict[str, Any] = {
        "page": ann.get("/"),
        "sign-in": nobody.get("/"),
        "login": nobody.get("/login"),
        "refused sign-in": nobody.post("/login", data={"token": "no"}),
        "from elsewhere": nobody.get("/", headers={"Sec-Fetch-Site": "cross-site"}),
        "token in the address": ann.get("/?token=x"),
        "no such monitor": ann.get("/tried/none"),
        "no such page": ann.get("/none"),
        "not so": ann.put("/login"),
        "CSRF": ann.post("/tried/empty/change", data={}),
        "too long": ann.post("/tried/empty/change", data={"a": "b" * 100_000}),
        "our fault": ann.get("/broken"),
        "store away": ann.get("/away"),
        "redirection": sign_in(nobody, "bob"),
        "other host": ann.get("/", headers={"Host": "evil.example"}),
        "data": ann.get("/v1/monitors"),
        "no data": ann.get("/v1/monitors/none"),
        "style": ann.get(re.findall(r'rel=stylesheet href="([^"]+)"', ann.get("/").text)[0]),
    }
    assert [answers[each].status_code for each in ("our fault", "store away")] == [500, 503]
    for what, answer in answers.items():
        assert answer.headers["x-frame-options"] == "DENY", what
        assert answer.headers["x-content-type-options"] == "nosniff", what
        if what != "style":
            policy = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy, what
            assert answer.headers["cache-control"] == "no-store", what
    for what in ("our fault", "store away", "no such page", "not so", "CSRF", "too long"):
        assert answers[what].text.startswith("<!doctype html>"), what
        assert re.search(r"DW\d{3}", answers[what].text), what


@pytest.mark.parametrize(
    "query",
    [
        "token=abc",
        "TOKEN",
        "access_token=abc",
        "Authorization=Bearer+abc",
        "q=dw_{secret}",
        "q=%64w_{secret}",
        "q=%22dw_{secret}%22",
        "range=7d&anything=Bearer%20dw_{secret}",
        "%74oken=abc",
        "next=/&token={secret}",
    ],
)
def test_a_token_in_the_address_is_refused_and_not_repeated(
    collector: Collector, ann: TestClient, log: pytest.LogCaptureFixture, query: str
) -> None:
    secret = SECRETS["ann"].removeprefix("dw_")
    query = query.format(secret=secret)
    for browser in (ann, collector.browser()):
        for path in ("/", "/tried/empty", "/login"):
            answer = browser.get(f"{path}?{query}")
            assert answer.status_code == 400
            assert "revoke" in answer.text
            assert "DW131" in answer.text
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert secret not in answer.text + str(answer.headers)
        for path in ("/login", "/logout", "/tried/empty/change"):
            assert browser.post(f"{path}?{query}", data={"csrf": "x"}).status_code == 400
    assert secret not in log.text


def test_an_address_that_only_looks_so_is_asked(ann: TestClient) -> None:
    assert ann.get("/?q=dwell&tokens=3&sort=-token").status_code == 200


def test_a_token_of_other_monitors_sees_neither_pages_nor_names(collector: Collector) -> None:
    others = collector.browser(name="others")
    for path in ("/", "/tried/score", "/tried/scores", "/tried/nothing"):
        answer = others.get(path)
        assert "scores" not in answer.text.replace("‘scores’", "")  # as it was asked for
    assert others.get("/tried/empty").status_code == 200
    closed, none = others.get("/tried/scores"), others.get("/tried/nothing")
    assert closed.status_code == none.status_code == 404
    assert closed.text.replace("scores", "") == none.text.replace("nothing", "")
    assert (
        "/m/scores" in collector.browser(name="ann").get("/tried/score").text
    )  # where it is named
    csrf = csrf_of(others)
    assert change(others, monitor="scores", csrf=csrf) == 404
    assert change(others, monitor="nothing", csrf=csrf) == 404
    assert collector.changed == []
    assert change(others, csrf=csrf) == 200


def test_who_may_only_read_changes_nothing(
    collector: Collector, log: pytest.LogCaptureFixture
) -> None:
    assert change(collector.browser(name="bob")) == 403
    assert collector.changed == []
    assert "driftwatch: bob may not make the change that was tried on a page [DW053]" in log.text
    assert facts_of(log, "service.change") == []


def test_a_store_that_is_only_read_is_not_changed() -> None:
    app = FastAPI()
    guard = PageGuard(reads_only=True)
    reached: list[int] = []

    @app.get("/", dependencies=[Depends(guard.reader)])
    def shown(request: Request) -> Response:
        visitor = request.state.visitor
        return PlainTextResponse(f"{visitor.csrf} {visitor.may_change}")

    @app.post("/change", dependencies=[Depends(guard.changer)])
    def change_it() -> None:
        reached.append(1)

    browser = TestClient(app)
    csrf, _, may_change = browser.get("/").text.partition(" ")
    assert may_change == "False"
    assert browser.post("/change", data={"csrf": csrf}).status_code == 403
    assert reached == []
    assert "only read" in browser.post("/change", data={"csrf": csrf}).text


def test_a_form_is_only_what_browsers_make_of_one(collector: Collector, ann: TestClient) -> None:
    csrf = csrf_of(ann)
    here = "/tried/empty/change"
    assert ann.post(here, json={"csrf": csrf}).status_code == 415
    assert ann.post(here, files={"csrf": csrf.encode()}).status_code == 415
    plain = {"Content-Type": "text/plain"}
    assert ann.post(here, content=f"csrf={csrf}", headers=plain).status_code == 415
    assert ann.post(here, content=f"csrf={csrf}").status_code == 415
    assert ann.post(f"{here}?csrf={csrf}", data={}).status_code in (403, 415)
    assert ann.get(f"{here}?csrf={csrf}").status_code == 405
    assert ann.put(here, data={"csrf": csrf}).status_code == 405
    assert collector.changed == []
    said = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    assert ann.post(here, content=f"csrf={csrf}", headers=said).status_code == 200


def test_a_huge_form_is_refused(collector: Collector, ann: TestClient) -> None:
    csrf = csrf_of(ann)
    here = "/tried/empty/change"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ann.post(here, data={"csrf": csrf, "note": "a" * 70_000}).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield f"csrf={csrf}&note=".encode()
        for _ in range(70):
            yield b"a" * 1_000

    assert ann.post(here, content=pieces(), headers=form).status_code == 413
    many = "&".join([f"csrf={csrf}", *(f"f{number}=1" for number in range(100))])
    assert ann.post(here, content=many, headers=form).status_code == 400
    assert ann.post("/login", data={"token": "a" * 70_000}).status_code == 413
    assert collector.changed == []
    assert ann.post(here, data={"csrf": csrf, "note": "a" * 60_000}).status_code == 200


def test_bytes_that_are_no_text_are_no_fault(ann: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"csrf=%ff%fe", b"\xff\x00=%", b"&&==&", b"csrf=%ed%a0%80"):
        assert ann.post("/tried/empty/change", content=body, headers=form).status_code == 403
        assert ann.post("/login", content=b"token=a&" + body, headers=form).status_code == 401


def check_stays_here(location: str) -> None:
    """As browsers read it: without control characters, and with slashes for backslashes."""
    read = re.sub(r"[\x00-\x20]", "", location).replace("\\", "/")
    assert location.startswith("/")
    assert urlsplit(urljoin("https://here.example/a", read)).netloc == "here.example"
    assert not read.startswith("//")
    assert location.isascii()
    assert location.isprintable()


@given(
    st.text()
    | st.text("/\\.:@?#\t\r\n evil").map(lambda text: f"/{text}")
    | st.from_regex(r"[/\\ \t\n.]{0,4}(https?:)?[/\\]{0,3}evil\.example/?", fullmatch=True)
)
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https://evil.example")
@example("javascript:alert(1)")
@example("/%0d%0aSet-Cookie: a=b\r\nSet-Cookie: a=b")
@example("/\ud800")
@example("/" * 5_000)
def test_after_signing_in_one_stays_on_this_site(text: str) -> None:
    check_stays_here(path_here(text))


@pytest.mark.parametrize(
    "text", ["/a\\b", "/a b", "/a\x7f", "/ä", "/login?next=/", "/logout", "a", ""]
)
def test_what_is_no_plain_path_leads_to_the_first_page(text: str) -> None:
    assert path_here(text) == "/"


@pytest.fixture(scope="module")
def signing_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    folder = tmp_path_factory.mktemp("redirections")
    (folder / "driftwatch.toml").write_text(
        'store = "a.db"\n[service]\nrequests_per_minute = 1000000\n[monitors.empty]\n', "utf-8"
    )
    with made(folder, Tokens(tokens_now())) as found:
        yield found


@given(st.text(max_size=50) | st.text("/\\.:@?#\t\r\n evil", max_size=12).map("/{}".format))
@example("//evil.example")
@example("/\\evil.example")
@example("http:evil.example")
def test_no_form_leads_to_another_site(signing_in: Collector, text: str) -> None:
    browser = signing_in.browser()
    answer = browser.post("/login", data={"token": SECRETS["bob"], "next": text})
    assert answer.status_code == 303
    check_stays_here(answer.headers["location"])
    again = browser.get("/login", params={"next": text})
    assert again.status_code in (303, 400)  # 400 of what looks like a token
    check_stays_here(again.headers.get("location", "/"))


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%09/evil.example"])
def test_an_odd_address_is_not_gone_to_after_signing_in(collector: Collector, path: str) -> None:
    browser = collector.browser()
    for answer in (browser.get(URL + path), browser.get("/login", params={"next": path})):
        for following in re.findall(r'name=next value="([^"]*)"', answer.text):
            check_stays_here(following)


def test_a_browser_that_is_signed_in_reads_data_and_changes_none(
    collector: Collector, ann: TestClient
) -> None:
    assert [each["name"] for each in ann.get("/v1/monitors").json()] == ["scores", "empty"]
    others = collector.browser(name="others")
    assert [each["name"] for each in others.get("/v1/monitors").json()] == ["empty"]
    assert others.get("/v1/monitors/scores").status_code == 403
    assert collector.browser().get("/v1/monitors").status_code == 401
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert ann.get("/v1/monitors", headers=headers).status_code == 401
    wrong = {"Authorization": "Bearer dw_wrong"}
    assert ann.get("/v1/monitors", headers=wrong).status_code == 401
    tried = 0
    for path, methods in collector.app.openapi()["paths"].items():
        for method in {each.upper() for each in methods} - {"GET"}:
            if path.startswith("/v1/"):
                there = re.sub(r"\{\w+\}", "a" * 8, path.replace("{name}", "scores"))
                assert ann.request(method, there, content=b"x").status_code == 401
                tried += 1
    assert tried >= 3

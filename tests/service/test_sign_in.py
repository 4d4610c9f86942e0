"""Who may see pages, and who may change something on one: everything else is refused."""

from __future__ import annotations

import http.client
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, Response

from driftwatch.config.load import load_config
from driftwatch.errors import StoreError
from driftwatch.service.app import create_app
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.shelf import shelf_of_collector
from driftwatch.service.security.audit import audit
from driftwatch.service.security.own_addresses import path_here
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.sessions import Sessions
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token
from tests.service.conftest import NOW, URL
from tests.service.conftest import Collector as Serving

HOURS = 3600.0
SECRETS = {name: new_token() for name in ("ann", "bob", "pods", "others")}
"""Ann may do everything, Bob read; pods deliver; others may do everything with one monitor."""
COOKIE, COOKIE_OF_TLS = "driftwatch", "__Host-driftwatch"


def tokens_now() -> list[Token]:
    scopes = {"ann": Scope.ADMIN, "bob": Scope.READ, "pods": Scope.INGEST, "others": Scope.ADMIN}
    return [
        Token(
            name,
            frozenset({scopes[name]}),
            hash_of(secret),
            frozenset({"empty"}) if name == "others" else None,
        )
        for name, secret in SECRETS.items()
    ]


@dataclass
class Collector:
    """A collector, its clock, its tokens, and what forms have changed."""

    app: FastAPI
    tokens: Tokens
    now: float = NOW
    changed: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def browser(self, url: str = URL, *, name: str = "") -> TestClient:
        """A new browser, which has signed in with a token if one is named."""
        found = TestClient(self.app, url, raise_server_exceptions=False, follow_redirects=False)
        if name:
            assert sign_in(found, name).status_code == 303
        return found


def made(folder: Path, tokens: Tokens) -> Collector:
    """A collector with some more pages, as those of its dashboard are."""
    collector = Collector(FastAPI(), tokens)
    config = load_config(folder / "driftwatch.toml")
    collector.app = app = create_app(config, tokens=tokens, clock=lambda: collector.now)
    guard: PageGuard = app.state.page_guard
    shelf = shelf_of_collector(app.state.monitors, lambda: collector.now)

    @app.get("/m/{name}", dependencies=[Depends(guard.reader)])
    def shown(request: Request, name: str) -> Response:
        found = Frame.of(request, shelf).monitor(name)
        return PlainTextResponse(f"{found.name} {request.state.visitor.csrf}")

    @app.api_route(
        "/m/{name}/change",
        include_in_schema=False,
        methods=["GET", "POST", "PUT"],
        dependencies=[Depends(guard.changer)],
    )
    def change(request: Request, name: str) -> Response:
        audit(request, what="changed", monitor=name, incident=3)
        collector.changed.append((name, request.state.form))
        return PlainTextResponse("changed")

    @app.get("/broken", dependencies=[Depends(guard.reader)])
    def broken() -> Response:
        raise ZeroDivisionError

    @app.get("/away", dependencies=[Depends(guard.reader)])
    def away() -> Response:
        raise StoreError("the disk is gone")

    return collector


@pytest.fixture
def collector(folder: Path) -> Collector:
    return made(folder, Tokens(tokens_now()))


@pytest.fixture
def openly(folder: Path) -> Collector:
    """A collector without any token."""
    return made(folder, Tokens())


@pytest.fixture
def ann(collector: Collector) -> TestClient:
    return collector.browser(name="ann")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for client in ("httpx", "httpx2"):  # the browser's, so to speak
        caplog.set_level(logging.WARNING, client)
    caplog.set_level(logging.DEBUG)
    return caplog


def sign_in(browser: TestClient, name: str, /, **fields: str) -> Any:
    return browser.post("/login", data={"token": SECRETS[name], **fields})


def csrf_of(browser: TestClient, monitor: str = "empty") -> str:
    answer = browser.get(f"/m/{monitor}")
    assert answer.status_code == 200
    return answer.text.rpartition(" ")[2]


def change(
    browser: TestClient, /, *, monitor: str = "empty", csrf: str | None = None, **headers: str
) -> int:
    """Send a form as a page does; what came of it."""
    form = {"csrf": csrf_of(browser) if csrf is None else csrf, "note": "ü & 1"}
    return int(browser.post(f"/m/{monitor}/change", data=form, headers=headers).status_code)


def is_sign_in(answer: Any) -> bool:
    return answer.status_code == 401 and "type=password" in answer.text


# What signing in does


def test_a_token_opens_the_page_that_was_asked_for(collector: Collector) -> None:
    browser = collector.browser()
    asked = browser.get("/m/empty?range=7d&q=a%26b")
    assert is_sign_in(asked)
    (following,) = re.findall(r'name=next value="([^"]*)"', asked.text)
    answer = sign_in(browser, "bob", next=following.replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/m/empty?range=7d&q=a%26b")
    assert browser.get(answer.headers["location"]).status_code == 200
    assert browser.get("/login?next=/m/empty").headers["location"] == "/m/empty"


@pytest.mark.parametrize(("url", "name"), [(URL, COOKIE), ("https://localhost", COOKIE_OF_TLS)])
def test_the_cookie_is_for_this_site_and_no_script(
    collector: Collector, url: str, name: str
) -> None:
    browser = collector.browser(url)
    (cookie,) = sign_in(browser, "bob").headers.get_list("set-cookie")
    (pair, *attributes) = cookie.split("; ")
    assert pair.partition("=")[0] == name
    secure = ["Secure"] if name == COOKIE_OF_TLS else []
    assert sorted(attributes) == sorted(
        ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict", *secure]
    )
    assert len(pair.partition("=")[2]) >= 40
    assert browser.get("/").status_code == 200


def test_a_proxy_elsewhere_that_speaks_https_is_believed_if_it_is_configured(folder: Path) -> None:
    config = folder / "driftwatch.toml"
    text = config.read_text("utf-8").replace("[service]\n", "[service]\nbehind_https = true\n")
    config.write_text(text, "utf-8")
    browser = made(folder, Tokens(tokens_now())).browser()
    origin = {"Origin": "https://localhost"}
    answer = browser.post("/login", data={"token": SECRETS["bob"]}, headers=origin)
    assert answer.headers["set-cookie"].startswith(f"{COOKIE_OF_TLS}=")
    assert "; Secure" in answer.headers["set-cookie"]
    origin = {"Origin": "http://localhost"}
    assert browser.post("/login", data={"token": SECRETS["bob"]}, headers=origin).status_code == 403


def test_a_cookie_without_the_prefix_counts_for_nothing_under_tls(collector: Collector) -> None:
    secret = collector.browser(name="ann").cookies[COOKIE]
    browser = collector.browser("https://localhost")
    assert is_sign_in(browser.get("/", headers={"Cookie": f"{COOKIE}={secret}"}))
    assert browser.get("/", headers={"Cookie": f"{COOKIE_OF_TLS}={secret}"}).status_code == 200


def test_of_two_cookies_with_our_name_none_counts(collector: Collector) -> None:
    own, foreign = (collector.browser(name=name).cookies[COOKIE] for name in ("ann", "bob"))
    browser = collector.browser()
    cookies = {"Cookie": f"{COOKIE}={own}; {COOKIE}={foreign}"}
    assert is_sign_in(browser.get("/", headers=cookies))
    assert browser.get("/", headers={"Cookie": f"a={foreign}; {COOKIE}={own}"}).status_code == 200


@pytest.mark.parametrize(("name", "status"), [("pods", 403), ("nobody", 401)])
def test_who_may_not_read_is_not_let_in(
    collector: Collector, name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECRETS, "nobody", new_token())
    browser = collector.browser()
    answer = sign_in(browser, name, next="/m/empty")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert 'value="/m/empty"' in answer.text
    assert "role=alert" in answer.text
    assert SECRETS[name] not in answer.text
    assert is_sign_in(browser.get("/"))


def test_signing_out_ends_the_session_everywhere(collector: Collector) -> None:
    for name in ("ann", "bob"):
        browser = collector.browser(name=name)
        secret = browser.cookies[COOKIE]
        assert browser.post("/logout", data={"csrf": "guessed"}).status_code == 403
        assert browser.get("/logout").status_code == 405
        assert browser.get("/").status_code == 200
        answer = browser.post("/logout", data={"csrf": csrf_of(browser)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert COOKIE not in browser.cookies
        copied = collector.browser()
        assert is_sign_in(copied.get("/", headers={"Cookie": f"{COOKIE}={secret}"}))


# What an attacker tries


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
    assert ann.post("/m/empty/change", data={"note": "no field at all"}).status_code == 403
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
    assert browser.get("/login?next=/m/empty").headers["location"] == "/m/empty"
    assert "set-cookie" not in browser.post("/login", data={"token": "any"}).headers


def test_csrf_without_tokens_is_of_the_process(folder: Path) -> None:
    first, second = (csrf_of(made(folder, Tokens()).browser()) for _ in range(2))
    assert first != second


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
        "no such monitor": ann.get("/m/none"),
        "no such page": ann.get("/none"),
        "not so": ann.put("/login"),
        "CSRF": ann.post("/m/empty/change", data={}),
        "too long": ann.post("/m/empty/change", data={"a": "b" * 100_000}),
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
        for path in ("/", "/m/empty", "/login"):
            answer = browser.get(f"{path}?{query}")
            assert answer.status_code == 400
            assert "revoke" in answer.text
            assert "DW131" in answer.text
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert secret not in answer.text + str(answer.headers)
        for path in ("/login", "/logout", "/m/empty/change"):
            assert browser.post(f"{path}?{query}", data={"csrf": "x"}).status_code == 400
    assert secret not in log.text


def test_an_address_that_only_looks_so_is_asked(ann: TestClient) -> None:
    assert ann.get("/?q=dwell&tokens=3&sort=-token").status_code == 200


def test_a_session_is_over_twelve_hours_after_it_began_however_much_it_is_used(
    collector: Collector, ann: TestClient
) -> None:
    csrf = csrf_of(ann)
    for hour in range(12):
        collector.now = NOW + hour * HOURS
        assert ann.get("/").status_code == 200
    collector.now = NOW + 12 * HOURS - 1
    assert ann.get("/").status_code == 200
    collector.now = NOW + 12 * HOURS
    assert is_sign_in(ann.get("/"))
    assert ann.get("/v1/monitors").status_code == 401
    assert change(ann, csrf=csrf) == 401
    assert collector.changed == []


def test_a_session_is_over_with_its_token(collector: Collector, ann: TestClient) -> None:
    csrf = csrf_of(ann)
    rotated = Token("ann", frozenset({Scope.ADMIN}), hash_of(new_token()))
    Tokens.__init__(collector.tokens, [rotated, *tokens_now()[1:]])
    assert is_sign_in(ann.get("/"))
    assert change(ann, csrf=csrf) == 401
    assert ann.get("/v1/monitors").status_code == 401
    assert sign_in(collector.browser(), "ann").status_code == 401
    assert collector.browser(name="bob").get("/").status_code == 200


def test_a_session_allows_what_its_token_allows_by_now(
    collector: Collector, ann: TestClient
) -> None:
    csrf = csrf_of(ann)
    narrowed = Token("ann", frozenset({Scope.READ}), hash_of(SECRETS["ann"]), frozenset({"scores"}))
    Tokens.__init__(collector.tokens, [narrowed])
    assert change(ann, csrf=csrf) == 403
    assert [ann.get(f"/m/{name}").status_code for name in ("scores", "empty")] == [200, 404]
    Tokens.__init__(
        collector.tokens, [Token("ann", frozenset({Scope.INGEST}), hash_of(SECRETS["ann"]))]
    )
    assert is_sign_in(ann.get("/"))


def test_a_session_of_before_a_restart_is_over(folder: Path, ann: TestClient) -> None:
    anew = made(folder, Tokens(tokens_now())).browser()
    assert is_sign_in(anew.get("/", headers={"Cookie": f"{COOKIE}={ann.cookies[COOKIE]}"}))


def test_a_token_of_other_monitors_sees_neither_pages_nor_names(collector: Collector) -> None:
    others = collector.browser(name="others")
    for path in ("/", "/m/score", "/m/scores", "/m/nothing"):
        answer = others.get(path)
        assert "scores" not in answer.text.replace("‘scores’", "")  # as it was asked for
    assert others.get("/m/empty").status_code == 200
    closed, none = others.get("/m/scores"), others.get("/m/nothing")
    assert closed.status_code == none.status_code == 404
    assert closed.text.replace("scores", "") == none.text.replace("nothing", "")
    assert "/m/scores" in collector.browser(name="ann").get("/m/score").text  # where it is named
    csrf = csrf_of(others)
    assert change(others, monitor="scores", csrf=csrf) == 404
    assert change(others, monitor="nothing", csrf=csrf) == 404
    assert collector.changed == []
    assert change(others, csrf=csrf) == 200


def test_who_may_only_read_changes_nothing(collector: Collector) -> None:
    assert change(collector.browser(name="bob")) == 403
    assert collector.changed == []


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


# Forms


def test_a_form_is_only_what_browsers_make_of_one(collector: Collector, ann: TestClient) -> None:
    csrf = csrf_of(ann)
    here = "/m/empty/change"
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
    here = "/m/empty/change"
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
        assert ann.post("/m/empty/change", content=body, headers=form).status_code == 403
        assert ann.post("/login", content=b"token=a&" + body, headers=form).status_code == 401


# Where one goes after signing in


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
def signing_in(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    folder = tmp_path_factory.mktemp("redirections")
    (folder / "driftwatch.toml").write_text(
        'store = "a.db"\n[service]\nrequests_per_minute = 1000000\n[monitors.empty]\n', "utf-8"
    )
    return made(folder, Tokens(tokens_now()))


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


# From elsewhere


def test_a_link_from_elsewhere_asks_again_once_and_then_has_the_session(
    collector: Collector, ann: TestClient
) -> None:
    """Browsers send no session with it; they do with what our own page asks for."""
    foreign = {"Sec-Fetch-Site": "cross-site"}
    browser = collector.browser()
    first = browser.get("/m/empty?range=7d", headers=foreign)
    assert first.status_code == 200
    assert "http-equiv=refresh content=0>" in first.text
    assert "password" not in first.text
    assert is_sign_in(browser.get("/m/empty?range=7d", headers=foreign))  # and not for ever
    assert is_sign_in(collector.browser().get("/", headers={"Sec-Fetch-Site": "same-origin"}))
    assert is_sign_in(collector.browser().get("/", headers={"Sec-Fetch-Site": "same-site"}))
    assert ann.get("/m/empty", headers=foreign).text.startswith("empty ")


# The API


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


# How often


def test_guessing_is_slowed_down_and_then_hears_nothing_more(
    collector: Collector, log: pytest.LogCaptureFixture
) -> None:
    browser = collector.browser()
    said = [browser.post("/login", data={"token": f"guess {n}"}).status_code for n in range(12)]
    assert said == [401] * 10 + [429] * 2
    refused = sign_in(browser, "ann")  # also what is right, or guesses would be worth going on
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "DW058" in refused.text
    assert "set-cookie" not in refused.headers
    assert len([each for each in log.records if "refused" in each.getMessage()]) == 10


def test_an_address_may_try_again_later_and_others_are_not_kept_out() -> None:
    now = [0.0]
    tokens = Tokens(tokens_now())
    guard = PageGuard(tokens, Sessions(tokens), clock=lambda: now[0])
    attempts = attempts_at(guard)
    assert [attempts("no", "2001:db8::1") for _ in range(11)] == [401] * 10 + [429]
    assert attempts("no", "2001:db8::2") == 429  # of the same network, which one client has
    assert attempts("no", "2001:db8:0:1::1") == 401
    assert attempts("no", "192.0.2.1") == 401
    now[0] += 6.1
    assert attempts(SECRETS["ann"], "2001:db8::1") == 303
    assert [attempts(SECRETS["ann"], "192.0.2.2") for _ in range(30)] == [303] * 30


def attempts_at(guard: PageGuard) -> Callable[[str, str], int]:
    from driftwatch.service.security.sign_ins import SignInRefusedError

    def attempt(secret: str, address: str) -> int:
        request = Request(
            {
                "type": "http",
                "method": "POST",
                "scheme": "http",
                "path": "/login",
                "server": ("localhost", 80),
                "query_string": b"",
                "headers": [],
                "client": (address, 1),
            }
        )
        try:
            guard.sign_ins.open(request, Response(), secret)
        except SignInRefusedError as error:
            return error.status
        return 303

    return attempt


def test_pages_are_counted_by_token(folder: Path) -> None:
    config = folder / "driftwatch.toml"
    config.write_text(config.read_text("utf-8").replace("1000000", "3"), "utf-8")
    collector = made(folder, Tokens(tokens_now()))
    first, second = collector.browser(name="ann"), collector.browser(name="ann")
    assert [first.get("/").status_code for _ in range(2)] == [200, 200]
    assert [second.get("/").status_code for _ in range(2)] == [200, 429]
    assert collector.browser(name="bob").get("/").status_code == 200
    nobody = collector.browser()
    assert [nobody.get("/").status_code for _ in range(4)] == [401] * 3 + [429]


def test_so_many_sessions_are_kept_and_of_others_none_is_lost() -> None:
    now = [0.0]
    ann, bob = tokens_now()[:2]
    sessions = Sessions(Tokens([ann, bob]), clock=lambda: now[0], seconds=10, most_of_a_token=3)
    of_bob = sessions.open(bob)
    of_ann = [sessions.open(ann) for _ in range(5)]
    assert [sessions.find(each) is not None for each in of_ann] == [False, False, True, True, True]
    assert sessions.find(of_bob) is not None
    assert len(sessions) == 4
    now[0] = 10.0
    sessions.open(bob)
    assert len(sessions) == 1
    assert not any(secret in repr(vars(sessions)) for secret in [of_bob, *of_ann])


# The log


def test_every_change_is_in_the_log_with_the_name_of_the_token(
    ann: TestClient, log: pytest.LogCaptureFixture
) -> None:
    assert change(ann) == 200
    (facts,) = facts_of(log, "service.change")
    assert facts == {
        "event": "service.change",
        "token": "ann",
        "what": "changed",
        "monitor": "empty",
        "incident": 3,
    }


def test_signing_in_and_out_and_refusals_are_in_the_log_and_no_secret_is(
    collector: Collector, log: pytest.LogCaptureFixture
) -> None:
    typed = "dw_typed\n::error::wrong"
    browser = collector.browser()
    browser.post("/login", data={"token": typed})
    sign_in(browser, "pods")
    sign_in(browser, "ann")
    secret, csrf = browser.cookies[COOKIE], csrf_of(browser)
    change(browser)
    change(browser, csrf="wrong")
    browser.get("/v1/monitors")
    browser.get("/broken")
    browser.post("/logout", data={"csrf": csrf})
    facts = facts_of(log, "service.sign_in")
    assert [(each["what"], each["token"], each.get("code")) for each in facts] == [
        ("refused", None, "DW052"),
        ("refused", "pods", "DW052"),
        ("signed in", "ann", None),
        ("signed out", "ann", None),
    ]
    assert {each["address"] for each in facts} == {"testclient"}
    written = log.text + "".join(repr(vars(record)) for record in log.records)
    for never in (typed, "dw_typed", secret, csrf, hash_of(secret), *SECRETS.values()):
        assert never not in written


def facts_of(log: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    found = (getattr(record, "driftwatch", {}) for record in log.records)
    return [facts for facts in found if facts.get("event") == name]


def test_a_log_that_is_text_tells_it_too_though_it_has_nothing_but_warnings_otherwise(
    folder: Path,
    running: Callable[[], AbstractContextManager[Serving]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"read:{SECRETS['bob']}")
    with running() as serving:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for token in ("dw_wrong", SECRETS["bob"]):
            connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=60)
            connection.request("POST", "/login", f"token={token}", form)
            connection.getresponse().read()
            connection.close()
        assert serving.process is not None
        assert serving.process.stderr is not None
        serving.process.terminate()
        told = serving.process.stderr.read().decode()
    assert "driftwatch: somebody was refused a session from 127.0.0.1 [DW052]\n" in told
    assert told.count("refused a session") == 1
    assert "driftwatch: environment-1 signed in from 127.0.0.1\n" in told
    assert "dw_wrong" not in told

"""Signing in: what a session is, when it is over, how often one may try, and what the log tells."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.responses import Response

from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.sessions import Sessions
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token
from tests.service.browsing import (
    COOKIE,
    COOKIE_OF_TLS,
    HOURS,
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
from tests.service.conftest import NOW, URL
from tests.service.conftest import Collector as Serving

__all__ = ["ann", "collector", "log", "openly"]  # fixtures


def test_a_token_opens_the_page_that_was_asked_for(collector: Collector) -> None:
    browser = collector.browser()
    asked = browser.get("/tried/empty?range=7d&q=a%26b")
    assert is_sign_in(asked)
    (following,) = re.findall(r'name=next value="([^"]*)"', asked.text)
    answer = sign_in(browser, "bob", next=following.replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/tried/empty?range=7d&q=a%26b",
    )
    assert browser.get(answer.headers["location"]).status_code == 200
    assert browser.get("/login?next=/tried/empty").headers["location"] == "/tried/empty"


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
    with made(folder, Tokens(tokens_now())) as found:
        browser = found.browser()
        origin = {"Origin": "https://localhost"}
        answer = browser.post("/login", data={"token": SECRETS["bob"]}, headers=origin)
        assert answer.headers["set-cookie"].startswith(f"{COOKIE_OF_TLS}=")
        assert "; Secure" in answer.headers["set-cookie"]
        origin = {"Origin": "http://localhost"}
        assert (
            browser.post("/login", data={"token": SECRETS["bob"]}, headers=origin).status_code
            == 403
        )


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
    answer = sign_in(browser, name, next="/tried/empty")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert 'value="/tried/empty"' in answer.text
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
    assert [ann.get(f"/tried/{name}").status_code for name in ("scores", "empty")] == [200, 404]
    Tokens.__init__(
        collector.tokens, [Token("ann", frozenset({Scope.INGEST}), hash_of(SECRETS["ann"]))]
    )
    assert is_sign_in(ann.get("/"))


def test_a_session_of_before_a_restart_is_over(folder: Path, ann: TestClient) -> None:
    with made(folder, Tokens(tokens_now())) as found:
        anew = found.browser()
        assert is_sign_in(anew.get("/", headers={"Cookie": f"{COOKIE}={ann.cookies[COOKIE]}"}))


def test_a_link_from_elsewhere_asks_again_once_and_then_has_the_session(
    collector: Collector, ann: TestClient
) -> None:
    """Browsers send no session with it; they do with what our own page asks for."""
    foreign = {"Sec-Fetch-Site": "cross-site"}
    browser = collector.browser()
    first = browser.get("/tried/empty?range=7d", headers=foreign)
    assert first.status_code == 200
    assert "http-equiv=refresh content=0>" in first.text
    assert "password" not in first.text
    assert is_sign_in(browser.get("/tried/empty?range=7d", headers=foreign))  # and not for ever
    assert is_sign_in(collector.browser().get("/", headers={"Sec-Fetch-Site": "same-origin"}))
    assert is_sign_in(collector.browser().get("/", headers={"Sec-Fetch-Site": "same-site"}))
    assert ann.get("/tried/empty", headers=foreign).text.startswith("empty ")


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
    with made(folder, Tokens(tokens_now())) as collector:
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

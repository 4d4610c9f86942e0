"""What forms change, and what they refuse to change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from driftwatch.protocols import Store
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.visitors import Visitor
from driftwatch.stores import open_store
from tests.service.dashboard.listed import Page
from tests.service.dashboard.served import LATER, app_of

HERE = "/m/credit/incidents/1"
Form = dict[str, str]


class _Forms(HTMLParser):
    """Forms of a page that change something: where they go, and their fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Form]] = []
        self._inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = known.get("method") == "post"
            if self._inside:
                self.found.append((known["action"], {}))
        elif self._inside and tag in ("input", "select") and "name" in known:
            self.found[-1][1][known["name"]] = known.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


async def _anybody(_: PageGuard, request: Request) -> None:
    """Stands in for the guard, whose own tests say whom it lets through: reads the fields."""
    body = (await request.body()).decode()
    request.state.visitor = Visitor(None, "")
    request.state.form = dict(parse_qsl(body, keep_blank_values=True))


@pytest.fixture
def folder(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(seeded, tmp_path / "copy"))


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(PageGuard, "changer", _anybody)
    app = app_of(folder)
    yield TestClient(app, "http://localhost", follow_redirects=False)
    app.state.monitors.close()


@pytest.fixture
def store(folder: Path) -> Store:
    return open_store(folder / "credit.db")


def form_of(client: TestClient, page: str, action: str) -> Form:
    """The fields that the form of a page sends."""
    return next(fields for to, fields in _Forms(client.get(page).text).found if to == action)


def send(client: TestClient, page: str, action: str, **filled: str) -> Any:
    """Fill in the form of a page, as a reader does, and send it."""
    return client.post(action, data=form_of(client, page, action) | filled)


def follow(client: TestClient, answer: Any) -> str:
    """The page that an answer leads to."""
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def actions(client: TestClient) -> set[str]:
    return {to.rpartition("/")[2] for to, _ in _Forms(client.get(HERE).text).found}


def test_an_incident_is_acknowledged_and_given_back(client: TestClient, store: Store) -> None:
    page = follow(client, send(client, HERE, f"{HERE}/ack"))

    assert "The incident is acknowledged." in page
    assert "· acknowledged by" in page
    assert actions(client) == {"unack", "silence", "owner", "note"}
    assert "Nobody has taken empty and silent yet." in client.get("/").text
    assert Page(client.get("/incidents").text).heads == [
        "1 incident is open; somebody has taken it."
    ]
    assert [action.kind for action in store.actions("credit", incident=1)][-1] == "ack"

    page = follow(client, send(client, HERE, f"{HERE}/unack"))
    assert "· not acknowledged" in page


@pytest.mark.parametrize(
    ("length", "seconds", "said"),
    [("1h", 3_600, "until <time"), ("7d", 604_800, "until <time"), ("", None, "until it is over")],
)
def test_an_incident_is_silenced_for_a_while(
    client: TestClient, store: Store, length: str, seconds: int | None, said: str
) -> None:
    page = follow(client, send(client, HERE, f"{HERE}/silence", **{"for": length}))

    assert "· silenced" in page
    assert said in page
    (action,) = [a for a in store.actions("credit", incident=1) if a.kind == "silence"]
    assert action.until == (None if seconds is None else LATER + seconds)
    assert "not acknowledged" not in follow(client, send(client, HERE, f"{HERE}/ack"))

    page = follow(client, send(client, HERE, f"{HERE}/unsilence"))
    assert "· silenced" not in page


def test_a_silence_lasts_as_long_as_can_be_chosen(client: TestClient, store: Store) -> None:
    before = len(store.actions("credit", incident=1))

    assert client.post(f"{HERE}/silence", data={"for": "1000d"}).status_code == 422
    assert len(store.actions("credit", incident=1)) == before


def test_an_owner_and_a_note_are_kept_in_one_line(client: TestClient, store: Store) -> None:
    page = follow(client, send(client, HERE, f"{HERE}/owner", text="<b>data\nteam"))
    assert "&lt;b&gt;data team" in page
    page = follow(client, send(client, HERE, f"{HERE}/note", text="seen: <script>x</script>"))
    assert "seen: &lt;script&gt;x&lt;/script&gt;" in page
    assert "<script>x" not in page

    said = {action.kind: action.text for action in store.actions("credit", incident=1)}
    assert said["owner"] == "<b>data team"
    assert said["note"] == "seen: <script>x</script>"
    assert client.post(f"{HERE}/note", data={"text": " \n"}).status_code == 422


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/m/credit/incidents/99/ack", 404),
        ("/m/nobody/incidents/1/ack", 404),
        (f"{HERE}/delete", 404),
        ("/references/credit/use", 404),
        ("/references/credit/promote", 422),
    ],
)
def test_what_is_no_form_changes_nothing(
    client: TestClient, store: Store, path: str, status: int
) -> None:
    before = store.actions("credit", incident=1), store.references_in_use("credit")

    assert client.post(path, data={}).status_code == status
    assert (store.actions("credit", incident=1), store.references_in_use("credit")) == before


def test_reading_changes_nothing(client: TestClient) -> None:
    for kind in ("ack", "silence", "owner", "note"):
        assert client.get(f"{HERE}/{kind}").status_code in (404, 405)
    assert client.get("/references/credit/promote").status_code in (404, 405)


PREVIEW = "/references/credit/preview?days=7"


def test_a_stretch_comes_into_use_as_it_was_previewed_and_goes_again(
    client: TestClient, store: Store
) -> None:
    before = store.references_in_use("credit")[""]
    promote, use = "/references/credit/promote", "/references/credit/use"
    previewed = form_of(client, PREVIEW, promote)
    assert previewed["id"][:12] in client.get(PREVIEW).text
    assert previewed["instead_of"] == before

    answer = send(client, PREVIEW, promote)
    page = follow(client, answer)
    assert store.references_in_use("credit")[""] == previewed["id"] != before
    assert "The reference is in use from now on; detectors begin afresh." in page

    listed = answer.headers["location"]
    undo = next(fields for to, fields in _Forms(page).found if to == use and "undo" in fields)
    assert (undo["id"], undo["instead_of"]) == (before, previewed["id"])
    page = follow(client, client.post(use, data=undo))
    assert store.references_in_use("credit")[""] == before
    assert "The reference of before is in use again." in page
    assert listed.startswith("/references?")
    assert len(store.references("credit")) == 2


def test_a_stretch_that_is_not_what_was_previewed_is_refused(
    client: TestClient, store: Store
) -> None:
    before = store.references_in_use("credit")
    promote = "/references/credit/promote"
    fields = form_of(client, PREVIEW, promote)
    hour = str(float(fields["start"]) + 12 * 3600)

    for changed in ({"start": hour}, {"id": "0" * 64}, {"start": fields["end"]}):
        answer = client.post(promote, data=fields | changed)
        assert answer.status_code == 409, answer.text
        assert len(Page(answer.text).heads) == 1
    for broken in ({"start": "x"}, {"end": ""}, {"start": "nan"}, {"end": "inf"}, {"end": "1e99"}):
        assert client.post(promote, data=fields | broken).status_code == 422, broken
    assert store.references_in_use("credit") == before
    assert len(store.references("credit")) == 1


def test_a_reference_is_refused_if_another_came_into_use_meanwhile(
    client: TestClient, store: Store
) -> None:
    promote, use = "/references/credit/promote", "/references/credit/use"
    first = form_of(client, PREVIEW, promote)
    second = form_of(client, PREVIEW.replace("7", "28"), promote)
    follow(client, client.post(promote, data=first))

    answer = client.post(promote, data=second)
    assert answer.status_code == 409
    (head,) = Page(answer.text).heads
    assert head == "Another reference has come into use meanwhile: look at the references again."
    assert "/references" in Page(answer.text).links
    assert store.references_in_use("credit")[""] == first["id"]

    stale = {"id": first["instead_of"], "instead_of": second["id"]}
    assert client.post(use, data=stale).status_code == 409
    assert store.references_in_use("credit")[""] == first["id"]


def test_one_of_the_list_comes_into_use(client: TestClient, store: Store) -> None:
    use = "/references/credit/use"
    before = store.references_in_use("credit")[""]
    follow(client, send(client, PREVIEW, "/references/credit/promote"))

    page = follow(client, send(client, "/references", use))
    assert store.references_in_use("credit")[""] == before
    assert "Undo: use" in page
    assert urlsplit(use).path in [to for to, _ in _Forms(page).found]
    assert client.post(use, data={"id": "nothing", "instead_of": before}).status_code == 404

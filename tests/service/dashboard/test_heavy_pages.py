"""Comparisons and previews cost seconds: one at a time, and no page of another site starts one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient

from driftwatch.service.api import views
from driftwatch.service.dashboard import routes
from driftwatch.service.dashboard.one_at_a_time import HEAVY_WORK, OneAtATime
from driftwatch.stores import open_store
from tests.service.dashboard.served import app_of
from tests.service.dashboard.test_forms import form_of

PREVIEW = "/references/credit/preview"
LIGHT = ("/", "/m/credit", "/incidents", "/references", "/v1/fleet", "/healthz")


def heavy_of(pages: TestClient) -> tuple[str, ...]:
    rows = pages.get("/v1/monitors/credit/windows").json()["rows"]
    of = "a_monitor=credit&b_monitor=credit"
    compared = f"/v1/compare?{of}&a={rows[4]['pane']}&b={rows[0]['pane']}"
    return PREVIEW, f"{PREVIEW}?days=7", "/compare", "/compare?m=credit", compared


def test_while_one_is_made_others_are_sent_away_and_light_pages_answer(pages: TestClient) -> None:
    heavy = heavy_of(pages)
    with HEAVY_WORK.inside():
        for path in heavy:
            answer = pages.get(path)
            assert answer.status_code == 429, path
            assert answer.headers["retry-after"] == "2"
            kind = "application/json" if path.startswith("/v1/") else "text/html; charset=utf-8"
            assert answer.headers["content-type"] == kind
            assert "nother comparison or preview is being made just now" in answer.text
        for path in LIGHT:
            assert pages.get(path).status_code == 200, path
    for path in heavy:
        assert pages.get(path).status_code == 200, path


def test_a_stretch_is_not_promoted_meanwhile(seeded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(seeded, tmp_path / "copy"))
    app = app_of(folder)
    client = TestClient(app, "http://localhost", follow_redirects=False)
    promote = "/references/credit/promote"
    form = form_of(client, PREVIEW, promote)
    with HEAVY_WORK.inside():
        assert client.post(promote, data=form).status_code == 429
    assert len(open_store(folder / "credit.db").references("credit")) == 1
    assert client.post(promote, data=form).status_code == 303
    app.state.monitors.close()


def _broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError


def test_the_place_is_free_again_after_errors(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = TestClient(pages.app, "http://localhost", raise_server_exceptions=False)
    compared = heavy_of(pages)[-1]
    with monkeypatch.context() as patched:
        patched.setattr(routes, "compare_page", _broken)
        patched.setattr(routes, "preview_page", _broken)
        patched.setattr(views, "compared", _broken)
        for path in ("/compare", PREVIEW, compared) * 2:
            assert patient.get(path).status_code == 500, path
    assert pages.get(compared.replace("&b=", "&b=x")).status_code == 404
    for path in ("/compare", PREVIEW, compared):
        assert pages.get(path).status_code == 200


def test_who_is_sent_away_does_not_free_the_place_of_another() -> None:
    place = OneAtATime()
    with place.inside():
        for _ in range(2):
            with pytest.raises(HTTPException) as refused, place.inside():
                pass
            assert refused.value.status_code == 429
    with place.inside():
        pass


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_starts_none(pages: TestClient, site: str) -> None:
    for path in heavy_of(pages):
        answer = pages.get(path, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403, path
        assert "nother site has asked for this" in answer.text
        for ours in ("same-origin", "none"):
            assert pages.get(path, headers={"Sec-Fetch-Site": ours}).status_code == 200

"""Rows of a request and what was answered about them: one to one, or counted."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import ConfigError
from driftwatch.ingest.answers import ScoreClass, one_value, row_values
from driftwatch.ingest.json_paths import UNREADABLE, Each, JsonPath
from driftwatch.ingest.payloads import Payload
from driftwatch.ingest.record_paths import RecordPaths
from driftwatch.integrations import fastapi, flask
from driftwatch.integrations.bodies import Form, document_of
from driftwatch.integrations.capture import Capture, CaptureLimits

NDJSON = Form("application/x-ndjson")
JSON = Form("application/json")
LABELS = ["no", "yes"] * 150


@pytest.fixture(scope="module")
def profiles() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    data = {"x": rng.normal(size=300), "plan": rng.choice(["free", "pro"], 300)}
    scored = data | {"risk": rng.uniform(size=300)}
    return {
        "scored": Monitor(scored, score="risk").reference.profile,
        "labelled": Monitor(
            scored | {"left": LABELS}, score="risk", label="left"
        ).reference.profile,
        "negative": Monitor(
            scored | {"left": LABELS}, score="risk", label="left", positive="no"
        ).reference.profile,
    }


@pytest.fixture
def scored(profiles: dict[str, Any]) -> Iterator[Monitor]:
    with Monitor(profiles["scored"], score="risk") as fresh:
        yield fresh


def encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def lines(*values: Any) -> bytes:
    """JSON lines; texts are lines as they are."""
    return b"\n".join(map(encoded, values))


def taken(
    request: Any,
    response: Any,
    paths: dict[str, str],
    limits: CaptureLimits | None = None,
    *,
    score_class: ScoreClass | None = None,
) -> tuple[list[tuple[Any, Any]], dict[str, int]]:
    """Records and scores that are observed of two bodies, and what is counted."""
    seen: list[tuple[Any, Any]] = []
    limits = limits or CaptureLimits()
    capture = Capture(
        lambda record, **said: seen.append((record, said["score"])),
        lambda within: None,
        RecordPaths(
            **{word: JsonPath.of(path) for word, path in paths.items()},
            payload=Payload(("x", "plan"), most=limits.rows),
            score_class=score_class,
        ),
        limits,
    )
    asked, answered = (NDJSON if isinstance(body, bytes) else JSON for body in (request, response))
    capture.offer(encoded(request), encoded(response), asked, answered)
    assert capture.flush(20)
    capture.close()
    return seen, dict(capture.dropped)


def test_a_line_that_is_no_json_takes_no_other_line_with_it() -> None:
    request = lines({"x": 1}, b'{"x": 2', b"", [3, "pro"], b"  ", b"\xff", {"x": 4}, b"")
    by_line = lines(*[{"risk": place / 10} for place in range(5)])
    for response, score in (
        ({"risk": [0.0, 0.1, 0.2, 0.3, 0.4]}, "$.risk"),
        (by_line, "$"),
        (by_line, "[*].risk"),
    ):
        seen, dropped = taken(request, response, {"features": "$", "score": score})
        assert seen == [({"x": 1}, 0.0), ({"x": 3, "plan": "pro"}, 0.2), ({"x": 4}, 0.4)]
        assert dropped == {"not_json": 2}


def test_what_stands_deeper_in_a_line_is_found_by_a_wildcard() -> None:
    request = lines({"f": {"x": 1}}, b"?", {"g": 5}, {"f": {"x": 2}})
    seen, dropped = taken(request, {"risk": [1, 2, 3, 4]}, {"features": "[*].f", "score": "$.risk"})
    assert seen == [({"x": 1}, 1), ({"x": 2}, 4)]
    assert dropped == {"not_json": 1, "not_a_record": 1}


def test_an_answer_about_the_good_lines_only_is_matched_with_none() -> None:
    request = lines({"x": 1}, b"?", {"x": 2})
    seen, dropped = taken(request, {"risk": [0.1, 0.2]}, {"features": "$", "score": "$.risk"})
    assert seen == [({"x": 1}, None), ({"x": 2}, None)]
    assert dropped == {"not_json": 1, "predictions_do_not_match": 3}


def test_a_bad_line_of_the_answer_is_of_its_row_alone() -> None:
    request = lines({"x": 1}, {"x": 2}, {"x": 3})
    seen, dropped = taken(
        request, lines({"risk": 0.1}, b"oops", {"risk": 0.3}), {"features": "$", "score": "$"}
    )
    assert seen == [({"x": 1}, 0.1), ({"x": 2}, None), ({"x": 3}, 0.3)]
    assert dropped == {"not_json": 1}


def test_lines_beyond_the_limit_are_counted_and_not_read() -> None:
    body = lines(*[{"x": place} for place in range(5)], b"no json, and nobody looks")
    document = document_of(body, NDJSON, 10_000, 3)
    assert document == Each([{"x": 0}, {"x": 1}, {"x": 2}, None, None, None])
    seen, dropped = taken(
        body,
        {"risk": [0, 1, 2, 3, 4, 5]},
        {"features": "$", "score": "$.risk"},
        CaptureLimits(rows=3),
    )
    assert seen == [({"x": place}, place) for place in range(3)]
    assert dropped == {"too_many_rows": 3}


@pytest.mark.parametrize(
    "request_",
    [
        [{"x": 1, "plan": "pro"}] * 9,
        {"x": [1] * 9, "plan": ["pro"] * 9},
        [[1, "pro"]] * 9,
        {"inputs": [{"name": "x", "shape": [9, 2], "data": [1, "pro"] * 9}]},
        lines(*[{"x": 1, "plan": "pro"}] * 9),
    ],
)
def test_a_body_is_bounded_by_rows_whatever_its_shape(request_: Any) -> None:
    seen, dropped = taken(
        request_,
        {"risk": list(range(9))},
        {"features": "$", "score": "$.risk"},
        CaptureLimits(rows=4),
    )
    assert seen == [({"x": 1, "plan": "pro"}, place) for place in range(4)]
    assert dropped == {"too_many_rows": 5}


@pytest.mark.parametrize(
    ("answer", "score", "found"),
    [
        ({"predictions": [{"score": 1}, {"score": 2}]}, "predictions[*].score", [1, 2]),
        ({"predictions": [{"score": 1}, {"else": 2}]}, "predictions[*].score", [1, None]),
        ({"outputs": [{"data": [1, 2]}]}, "outputs[0].data[*]", [1, 2]),
        ({"p": [[0.2, 0.8], [0.7, 0.3]]}, "p[*][1]", [0.8, 0.3]),
        ({"p": [{"no": 0.2, "yes": 0.8}, {"no": 0.7, "yes": 0.3}]}, "p[*].yes", [0.8, 0.3]),
        ({"p": [[0.2, 0.8]]}, "p[*][1]", None),
        ({"p": [[0.2, 0.8], [0.7, 0.3]]}, "p[*][*]", None),
        ({"outputs": [{"name": "p", "shape": [2], "data": [1, 2]}]}, "$", [1, 2]),
        ({"outputs": [{"name": "p", "shape": [1, 2], "data": [[1, 2]]}]}, "$", [1, 2]),
        ({"outputs": [{"name": "p", "shape": [1], "data": [1]}] * 2}, "$.outputs", None),
        ({"outputs": [{"name": "p", "shape": [4], "data": [1, 2, 3, 4]}]}, "$", None),
        (
            {"outputs": [{"name": "p", "shape": [2, 2], "data": [1, 2, 3, 4]}]},
            "$.outputs[0]",
            [[1, 2], [3, 4]],
        ),
        ({"data": {"names": ["p"], "ndarray": [[1], [2]]}}, "$", [1, 2]),
        (
            {"data": {"names": ["no", "yes"], "ndarray": [[1, 2], [3, 4]]}},
            "$.data",
            [{"no": 1, "yes": 2}, {"no": 3, "yes": 4}],
        ),
    ],
)
def test_scores_of_two_rows(answer: Any, score: str, found: list[Any] | None) -> None:
    seen, dropped = taken([{"x": 1}, {"x": 2}], answer, {"features": "$", "score": score})
    assert [value for _, value in seen] == (found or [None, None])
    assert dropped == ({} if found else {"predictions_do_not_match": 2})


def test_one_record_has_one_answer() -> None:
    paths = {"features": "$", "score": "p[*].s"}
    assert taken({"x": 1}, {"p": [{"s": 5}]}, paths) == ([({"x": 1}, 5)], {})
    assert taken({"x": 1}, {"p": [{"s": 5}] * 2}, paths) == (
        [({"x": 1}, None)],
        {"predictions_do_not_match": 1},
    )
    tensor = {"outputs": [{"name": "p", "shape": [1, 1], "data": [0.3]}]}
    assert taken({"x": 1}, tensor, {"features": "$", "score": "$"})[0] == [({"x": 1}, 0.3)]
    assert one_value(UNREADABLE) is None
    assert row_values([], 0) == []


def test_identifiers_that_are_not_as_many_are_nobodys() -> None:
    paths = RecordPaths(
        JsonPath.of("rows[*].f"), id=JsonPath.of("rows[*].ids[*]"), at=JsonPath.of("rows[*].at")
    )
    rows = [{"f": {"x": 1}, "ids": [1, 2], "at": 5.0}, {"f": {"x": 2}, "ids": [3], "at": 6.0}]
    found = paths.extract({"rows": rows})
    assert [each.by_role["id"] for each in found.records] == [None, None]
    assert [each.by_role["at"] for each in found.records] == [5.0, 6.0]
    assert found.unmatched == ("values_do_not_match",)


PROBABILITIES = [[0.9, 0.1], [0.6, 0.4]]


ROWS = [{"x": 0.5, "plan": "pro"}, {"x": 0.1, "plan": "free"}]


def is_observed_with(profile: Any, answer: Any, scores: list[Any], **more: Any) -> dict[str, int]:
    """See that two rows are observed with some scores; gives what is counted."""
    with Monitor(profile, score="risk") as monitor, Monitor(profile, score="risk") as expected:
        paths: dict[str, Any] = {"score": "$.risk"}
        middleware = fastapi.DriftMiddleware(_no_application, monitor, **paths | more)
        middleware.capture.offer(encoded(ROWS), encoded({"risk": answer}))
        assert middleware.capture.flush(20)
        for row, score in zip(ROWS, scores, strict=True):
            expected.observe(row, score=score)
        report, truth = monitor.check(), expected.check()
        assert report.rows_current == 2
        assert report.schema_changes == ()
        assert report.production_data_hash == truth.production_data_hash
        return dict(monitor.counters)


@pytest.mark.parametrize(
    "answer", [PROBABILITIES, [{"no": 0.9, "yes": 0.1}, {"yes": 0.4, "no": 0.6}]]
)
def test_of_two_scores_that_of_the_positive_class_is_meant(
    profiles: dict[str, Any], answer: Any
) -> None:
    assert is_observed_with(profiles["labelled"], answer, [0.1, 0.4]) == {}
    assert is_observed_with(profiles["negative"], answer, [0.9, 0.6]) == {}


@pytest.mark.parametrize(
    "answer", [PROBABILITIES, [{"no": 0.9, "yes": 0.1}, {"yes": 0.4, "no": 0.6}]]
)
def test_of_two_scores_none_is_meant_where_no_class_is_declared(
    profiles: dict[str, Any], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "driftwatch"):
        counted = is_observed_with(profiles["scored"], answer, [None, None])
    assert counted == {"values_of_several_classes": 2}
    (said,) = [line for line in caplog.messages if "one for each class" in line]
    assert "$.probabilities[*][1], or score_class, or tell the monitor label and positive" in said


def test_which_of_two_scores_is_meant_can_be_said(profiles: dict[str, Any]) -> None:
    of = profiles["scored"]
    assert is_observed_with(of, PROBABILITIES, [0.1, 0.4], score_class=1) == {}
    assert is_observed_with(of, PROBABILITIES, [0.1, 0.4], score="risk[*][1]") == {}
    tensor = [{"name": "p", "shape": [2, 2], "data": [0.9, 0.1, 0.6, 0.4]}]
    assert is_observed_with(of, tensor, [0.9, 0.6], score_class=0) == {}
    named = [{"no": 0.9, "yes": 0.1}, {"yes": 0.4, "no": 0.6}]
    assert is_observed_with(of, named, [0.1, 0.4], score_class="yes") == {}
    assert is_observed_with(profiles["labelled"], PROBABILITIES, [0.9, 0.6], score_class="no") == {}
    counted = is_observed_with(of, PROBABILITIES, [None, None], score_class=2)
    assert counted == {"values_of_several_classes": 2}


async def _no_application(*_: Any) -> None:
    raise AssertionError("nobody calls it")


@pytest.mark.parametrize("word", [5, None, "column"])
def test_another_word_for_a_payload_is_an_error(scored: Monitor, word: Any) -> None:
    for made in (fastapi.DriftMiddleware, flask.DriftMiddleware):
        with pytest.raises(ConfigError, match="payload must be one of auto, record, records"):
            made(_no_application, scored, payload=word)  # type: ignore[arg-type]


def test_a_body_of_another_shape_is_counted_and_not_guessed_at(scored: Monitor) -> None:
    middleware = fastapi.DriftMiddleware(_no_application, scored, payload="columns")
    for body in ([{"x": 1.0, "plan": "pro"}], {"x": 1.0, "plan": "pro"}, {"x": [1.0, 2.0]}):
        middleware.capture.offer(json.dumps(body).encode(), None)
    assert middleware.capture.flush(20)
    assert dict(scored.counters) == {"other_payload": 2}
    assert scored.check().rows_current == 2


@pytest.mark.parametrize(
    "body",
    [
        {"user": "a", "password": "b"},
        [{"user": "a"}, {"user": "b"}],
        {"inputs": [{"name": "p", "shape": [1, 2], "parameters": {"binary_data_size": 16}}]},
        {"inputs": [{"name": "p", "shape": [-1, 2], "data": [0.5, 0.1]}]},
        {"data": {"names": ["f0", "f1"], "ndarray": [[0.5, "pro"]]}},
        {"features": [0.5, "pro"]},
        {},
    ],
)
def test_a_body_without_any_known_column_is_counted_and_is_no_row_of_nothing(
    scored: Monitor, body: Any
) -> None:
    middleware = fastapi.DriftMiddleware(_no_application, scored)
    for each in (ROWS, body, ROWS[0]):
        middleware.capture.offer(encoded(each), None)
    assert middleware.capture.flush(20)
    assert dict(scored.counters) == {"other_payload": 1}
    report = scored.check()
    assert report.rows_current == 3
    assert {f.missing_current for f in report.features if f.name in ROWS[0]} == {0.0}


@pytest.mark.parametrize("word", ["input_data", "jsonData"])
def test_rows_below_words_of_other_frameworks(scored: Monitor, word: str) -> None:
    middleware = fastapi.DriftMiddleware(_no_application, scored)
    split = {"columns": ["plan", "x"], "index": [0], "data": [["pro", 0.5]]}
    for inner in (ROWS, ROWS[0], split):
        middleware.capture.offer(encoded({word: inner}), None)
    assert middleware.capture.flush(20)
    assert dict(scored.counters) == {}
    assert scored.check().rows_current == 4


def test_a_class_is_named_by_its_place_or_its_name() -> None:
    classes = ("yes", "no")  # however they are ordered: scores have scikit-learn's order
    assert [ScoreClass.of(said, classes).score([0.2, 0.8]) for said in (0, 1, -1, "yes", "no")] == [
        *(0.2, 0.8, 0.8, 0.8, 0.2)
    ]
    assert ScoreClass.of(1, classes).score({"no": 0.2, "yes": 0.8}) == 0.8
    assert ScoreClass.of("yes").score({"no": 0.2, "yes": 0.8}) == 0.8
    assert ScoreClass.of(1).score([0.2, 0.3, 0.5]) == 0.3
    assert ScoreClass.of("1", ("0", "1")).score([0.2, 0.8]) == 0.8
    # What cannot be told is left as it is, and counted where it is put into its column.
    assert ScoreClass.of("yes").score([0.2, 0.8]) == [0.2, 0.8]
    assert ScoreClass.of(5).score([0.2, 0.8]) == [0.2, 0.8]
    assert ScoreClass.of(1).score({"no": 0.2, "yes": 0.8}) == {"no": 0.2, "yes": 0.8}


@pytest.mark.parametrize("said", [True, 1.0, None, 2, -3, "maybe", ["yes"]])
def test_a_class_that_the_model_does_not_have_is_an_error(said: Any) -> None:
    with pytest.raises(ConfigError, match="score_class must be"):
        ScoreClass.of(said, ("no", "yes"))

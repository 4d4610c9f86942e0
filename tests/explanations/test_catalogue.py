"""The catalogue of codes is whole, is used, and never changes its meaning."""

from __future__ import annotations

import ast
import doctest
import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from driftwatch.errors import DriftWatchError
from driftwatch.explanations.catalogue import PAGES, codes, explained, groups, words
from driftwatch.explanations.explanation import Example, Explanation
from driftwatch.explanations.pages import parse
from driftwatch.logs.events import EVENTS
from tests.explanations.sources import CODE, codes_used, error_classes, trees, warnings_logged
from tests.guides.test_named_commands import problems

GOLDEN = Path(__file__).parents[1] / "golden" / "codes.txt"
ALL = list(codes().values())
EXAMPLES = [
    pytest.param(example, id=f"{each.code}-{number}")
    for each in ALL
    for number, example in enumerate(each.examples)
]


def test_every_code_that_is_used_is_explained() -> None:
    unknown = {code: sorted(where) for code, where in codes_used().items() if code not in codes()}
    assert not unknown


def test_every_explanation_is_of_a_code_that_is_used() -> None:
    assert codes().keys() == codes_used().keys()


def test_codes_never_change_their_meaning() -> None:
    """A new code comes into the golden file with the next line; a line of it never changes."""
    known = dict(line.split(" ", 1) for line in GOLDEN.read_text("utf-8").splitlines())
    assert {each.code: each.title for each in ALL} == known


def test_codes_stand_on_their_pages_in_order() -> None:
    assert [each.code for each in ALL] == sorted(each.code for each in ALL)
    tens = [{int(each.code[2:]) // 10 for each in group.explanations} for group in groups()]
    assert len(PAGES) == len(tens)
    for number, found in enumerate(tens):
        for other in tens[number + 1 :]:
            assert not found & other


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.code)
def test_an_explanation_says_what_is_needed(each: Explanation) -> None:
    assert CODE.fullmatch(each.code)
    assert not each.title.endswith(".")
    assert len(each.title) <= 80
    assert each.meaning.endswith(".")
    assert len(each.meaning) > 60
    assert each.causes
    assert each.remedies
    for text in (each.meaning, *each.causes, *each.remedies):
        assert "```" not in text
        assert text == " ".join(text.split())
        for code in CODE.findall(text):
            assert code in codes()
            assert code != each.code


def test_nothing_is_called_as_something_else_is() -> None:
    plain = [word.casefold().replace("_", " ") for word in words()]
    assert len(plain) == len(set(plain))
    known = {*codes(), *EVENTS}
    for word in words():
        found = explained(word)
        assert (found.code if isinstance(found, Explanation) else found.name) in known


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example: Example) -> None:
    match example.language:
        case "python":
            parsed = doctest.DocTestParser().get_doctest(f"{example.text}\n", {}, "", None, None)
            assert doctest.DocTestRunner(verbose=False).run(parsed).failed == 0
        case "console":
            for line in example.text.splitlines():
                assert line.startswith("$ ")
                if line.startswith("$ driftwatch "):
                    for part in line.removeprefix("$ ").split(" && "):
                        assert problems(part) == []
        case "toml":
            check_settings(example.text)
        case other:
            pytest.fail(f"an example of {other}")


def check_settings(text: str) -> None:
    from driftwatch.config.load import Config

    data: dict[str, Any] = tomllib.loads(text)
    for monitor in data.get("monitors", {}).values():
        if "kafka" in monitor:  # a part of a table
            monitor["kafka"] |= {"bootstrap": "127.0.0.1:9092", "topics": ["predictions"]}
    Config.model_validate(data)


def test_every_error_has_a_code_of_its_own_kind() -> None:
    found = error_classes()
    assert len(found) > 15
    for place in found:
        module, _, name = place.partition(":")
        kind = getattr(importlib.import_module(module), name)
        assert issubclass(kind, DriftWatchError)
        assert "code" in vars(kind), place
        assert kind.code in codes(), place


def test_every_warning_of_the_log_has_a_code() -> None:
    """By its event, or given with it; `QuietLog` logs nothing but warnings."""
    found = list(warnings_logged())
    assert len(found) > 40
    for module, call in found:
        said = ast.unparse(call)
        events = [name for name in EVENTS if repr(name) in said]
        if "f'incident." in said:
            events += [name for name in EVENTS if name.startswith("incident.")]
        if "f'alarm." in said:
            events += [name for name in EVENTS if name.startswith("alarm.")]
        if module in ("logs/json_lines.py", "process/quiet_log.py"):
            continue  # of the error, and of whoever calls
        is_quiet = ast.unparse(call.func).endswith(("_log.log", "quiet.log")) and not events
        assert events or is_quiet, f"{module}: {said}"  # the event of a QuietLog is store.trouble
        for name in events:
            assert EVENTS[name].code is not None, f"{module}: {name}"


def test_every_problem_that_doctor_finds_has_a_code() -> None:
    found = 0
    for module, tree in trees().items():
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            if call.func.id != "Finding":
                continue
            given = {keyword.arg for keyword in call.keywords}
            if given & {"ok", "drift"}:
                found += 1
                assert "code" in given, f"{module}: {ast.unparse(call)}"
    assert found > 20


def test_events_have_codes_that_are_explained() -> None:
    assert {kind.code for kind in EVENTS.values()} - {None} <= codes().keys()


def test_a_page_is_read_as_it_is_written() -> None:
    page = parse(
        "# Things\n\n## DW001: One\n\nIt is\nso.\n\nUsual causes:\n\n* a\n  b\n* c\n\n"
        "What to do:\n\n1. d\n2. e\n   f\n\n```console\n$ ls\n\n$ df\n```\n\n"
        "```toml\na = 1\n```\n\nAlso called: `X`, `Y`.\n\n## DW002: Two\n\nNo.\n"
    )
    first, second = page.explanations
    assert page.title == "Things"
    assert first == Explanation(
        "DW001",
        "One",
        "It is so.",
        ("a b", "c"),
        ("d", "e f"),
        (Example("console", "$ ls\n\n$ df"), Example("toml", "a = 1")),
        ("X", "Y"),
    )
    assert second == Explanation("DW002", "Two", "No.", (), ())

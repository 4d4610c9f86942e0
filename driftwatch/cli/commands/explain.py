"""``driftwatch explain``: what a code, a log event or a word of a report means, and what to do."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from driftwatch.cli.output.writing import put, put_json
from driftwatch.explanations.catalogue import codes, events_of, explained, group_of, groups, words
from driftwatch.explanations.explanation import Explanation
from driftwatch.logs.events import EventKind

__all__ = ["explain"]

_WIDEST = 88


def _completed(incomplete: str) -> list[str]:
    """Codes, events and words of reports, however their letters are written."""
    begun = incomplete.casefold()
    return [word for word in words() if word.casefold().startswith(begun)]


def explain(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CODE|EVENT|WORD]...",
            help="Such as DW031, 31, store.trouble or UNDECIDED. Without: a list of the codes.",
            autocompletion=_completed,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what a code, an event of the log or a status means, and what to do about it.

    Codes stand at the end of errors and warnings, in logs, reports and answers of the collector.

    Examples: driftwatch explain DW031; driftwatch explain store.trouble UNDECIDED
    """
    found = [explained(word) for word in what or ()]
    if as_json:
        put_json([_plain_data(each) for each in found or codes().values()])
    elif not found:
        put("\n".join(_contents()))
    else:
        put("\n".join("\n".join(_page(each)) + "\n" for each in found))


def _contents() -> Iterator[str]:
    for group in groups():
        yield group.title
        for each in group.explanations:
            yield f"  {each.code}  {each.title}"
        yield ""


def _page(found: Explanation | EventKind) -> Iterator[str]:
    if isinstance(found, EventKind):
        yield f"{found.name}: {found.meaning}"
        yield ""
        facts = ", ".join([*found.facts, *(f"{name} (may be missing)" for name in found.maybe)])
        yield from _paragraph(f"An event of the log. Its facts: {facts or 'none of its own'}.")
        if found.code is None:
            return
        yield ""
        found = codes()[found.code]
    yield f"{found.code}  {found.title}"
    yield ""
    yield from _paragraph(found.meaning)
    yield ""
    yield "Usual causes"
    for cause in found.causes:
        yield from _item("-", cause)
    yield ""
    yield "What to do"
    for number, remedy in enumerate(found.remedies, 1):
        yield from _item(f"{number}.", remedy)
    for example in found.examples:
        yield ""
        yield from (f"    {line}" if line else "" for line in example.text.splitlines())
    if events := ", ".join(kind.name for kind in events_of(found.code)):
        yield ""
        yield from _paragraph(f"Events of the log that have it: {events}.")


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, _width(), break_long_words=False, break_on_hyphens=False)


def _item(mark: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _width(),
        initial_indent=f"  {mark} ",
        subsequent_indent=" " * (len(mark) + 3),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width() -> int:
    if not sys.stdout.isatty():
        return _WIDEST
    return max(40, min(_WIDEST, shutil.get_terminal_size().columns))


def _plain_data(found: Explanation | EventKind) -> dict[str, Any]:
    if isinstance(found, EventKind):
        facts = {**found.facts, **found.maybe}
        code = None if found.code is None else _plain_data(codes()[found.code])
        return {"event": found.name, "meaning": found.meaning, "facts": facts, "code": code}
    return {
        "code": found.code,
        "title": found.title,
        "group": group_of(found.code).title,
        "meaning": found.meaning,
        "causes": list(found.causes),
        "remedies": list(found.remedies),
        "examples": [asdict(example) for example in found.examples],
        "words": list(found.names),
        "events": [kind.name for kind in events_of(found.code)],
    }

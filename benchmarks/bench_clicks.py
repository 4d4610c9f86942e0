"""How many clicks it takes to learn what is wrong, on the dashboard and on evidently's UI.

    python -m benchmarks.bench_clicks                  # some minutes; needs Chromium
    python -m benchmarks.bench_clicks --skip-install   # evidently's environment as it is
    python -m benchmarks.bench_clicks --pictures DIR   # and what was on the screen at each answer

Both have the same history: a reference and twenty days of loans, of which the last eight drifted
and the model got worse. A collector serves its pages on the loopback, its clock at the end; so does
``evidently ui``, over a workspace of one project with a report a day and a dashboard of drift and
quality (`clicks/evidently_workspace.py`). Headless Chromium at 1280 x 900 goes the shortest path
that was found to each answer, from the first page, by real clicks; each step and each answer has
to be on the screen. What is pointed at for its tooltip counts beside clicks, not as one.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cache import default_cache
from benchmarks.clicks import collector, evidently_ui, history
from benchmarks.clicks import paths as asked
from benchmarks.clicks.browser import HEIGHT, WIDTH, Browser, browser
from benchmarks.clicks.walking import Click, search, walk
from benchmarks.clicks.walking import Path as Way
from benchmarks.environments import Environment, InstallError, ensure
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "clicks.json"
COUNTED = ("clicks", "scrolls", "points", "typed")

Answer = dict[str, Any]


def answers(
    page: Browser, address: str, ways: list[Way | asked.Absent], picture: Callable[[int], None]
) -> list[Answer]:
    """Go all paths of a product."""
    found: list[Answer] = []
    for number, way in enumerate(ways, 1):
        if isinstance(way, asked.Absent):
            words = search(page, address, way.steps, way.words)
            looked = [f"click {step.on.name}" for step in way.steps]
            found.append(
                {"answer": None, "pages": ["first page", *looked], "looked_for": list(way.words)}
                | {"words_found": words, "note": way.note}
            )
        else:
            found.append(asdict(walk(page, address, way)) | {"note": way.note})
        picture(number)
    return found


def evidently_answers(
    page: Browser, folder: Path, cache: Path, picture: Callable[[int], None], *, install: bool
) -> tuple[list[Answer], dict[str, str]]:
    """Those of evidently, then where it says them in words, and the versions in its environment.

    If it does not run, each says why.
    """
    ways = [question.evidently for question in asked.QUESTIONS]
    ways += [question.in_words for question in asked.QUESTIONS if question.in_words]
    try:
        environment: Environment = ensure("evidently", cache, install=install)
        evidently_ui.fill(environment, folder)
        with evidently_ui.serving(environment, folder) as address:
            return answers(page, address, ways, picture), environment.versions
    except (InstallError, evidently_ui.UiError) as error:
        return [not_measured(way, str(error)) for way in ways], {}


def not_measured(way: Way | asked.Absent, why: str) -> Answer:
    named = [step.on.name for step in way.steps if isinstance(step, Click)]
    return {"not_measured": why, "clicks_of_the_path": named, "note": way.note}


def cost(answer: Answer) -> str:
    """In a few words."""
    if "not_measured" in answer:
        return "not measured"
    if "clicks" not in answer:
        return "no answer"
    words = {"clicks": "click", "scrolls": "scroll", "points": "point", "typed": "character"}
    parts = [
        f"{answer[key]} {word}{'s' * (answer[key] != 1)}"
        for key, word in words.items()
        if key == "clicks" or answer[key]
    ]
    return ", ".join(parts)


def says(answer: Answer) -> str:
    if "not_measured" in answer:
        return f"not measured: {answer['not_measured']}"
    if "clicks" not in answer:
        found = answer["words_found"]
        return f"{answer['note']} (words found: {', '.join(found) if found else 'none'})"
    return " · ".join(answer["texts"])


def fewer(ours: Answer, theirs: Answer) -> str:
    """Whether there are fewer clicks on the dashboard."""
    if "not_measured" in theirs:
        return "not measured"
    if "clicks" not in theirs:
        return "only DriftWatch answers"
    difference = theirs["clicks"] - ours["clicks"]
    return "fewer" if difference > 0 else "as many" if not difference else "more"


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| question | DriftWatch | evidently | clicks | text in DriftWatch | text in evidently |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        ours, theirs = row["driftwatch"], row["evidently"]
        taken, said = cost(theirs), says(theirs)
        if in_words := row["evidently_in_words"]:
            taken += f"; in words {cost(in_words)}"
            said += f"; in words: {says(in_words)}"
        cells = [row["question"], cost(ours), taken, row["clicks_in_driftwatch"], says(ours), said]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measured(cache: Path, pictures: Path | None, *, install: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="driftwatch-clicks-") as name:
        folder = Path(name)
        history.write(folder)
        collector.fill(folder)
        with browser(folder / "profile") as page:

            def photograph(product: str) -> Callable[[int], None]:
                def take(number: int) -> None:
                    if pictures is not None:
                        pictures.mkdir(parents=True, exist_ok=True)
                        data = base64.b64decode(page.screenshot())
                        (pictures / f"{product}-{number}.png").write_bytes(data)

                return take

            ways: list[Way | asked.Absent] = [question.driftwatch for question in asked.QUESTIONS]
            with collector.serving(folder) as address:
                ours = answers(page, address, ways, photograph("driftwatch"))
            theirs, versions = evidently_answers(
                page, folder, cache, photograph("evidently"), install=install
            )
    in_words = iter(theirs[len(ours) :])
    rows = [
        {
            "question": question.asked,
            "answered_by": question.answered_by,
            "driftwatch": our,
            "evidently": their,
            "evidently_in_words": next(in_words) if question.in_words else None,
            "clicks_in_driftwatch": fewer(our, their),
        }
        for question, our, their in zip(asked.QUESTIONS, ours, theirs[: len(ours)], strict=True)
    ]
    return {
        "machine": describe(datetime.now(UTC)),
        "screen": [WIDTH, HEIGHT],
        "evidently": versions.get("evidently", "not installed"),
        "questions": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), help="of environments")
    parser.add_argument("--skip-install", action="store_true", help="install nothing")
    parser.add_argument("--pictures", type=Path, help="where to write what was on the screen")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where to write the results")
    options = parser.parse_args()
    found = measured(options.cache, options.pictures, install=not options.skip_install)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(table(found["questions"]))


if __name__ == "__main__":
    main()

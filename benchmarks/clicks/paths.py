"""The five questions, and the shortest path that was found to each answer in both products.

Evidently's were looked for in all of its pages: the project list, the dashboard, the list of
reports, a report with its metrics and its tests. Nothing has to be typed on any.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.clicks.walking import Click, Path, Point, Scroll, Target

__all__ = ["QUESTIONS", "Absent", "Question"]


@dataclass(frozen=True, slots=True)
class Absent:
    """No answer: what was looked for instead.

    Attributes:
        steps: Through the pages that could have one.
        words: Which would stand in one.
        note: What there is instead.
    """

    steps: tuple[Click, ...]
    words: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, what counts as an answer, and how it is reached.

    Attributes:
        asked: The question.
        answered_by: What counts as an answer.
        driftwatch: The path there.
        evidently: The shortest path to something from which a reader concludes it.
        in_words: The shortest path to where evidently says it, where that is another.
    """

    asked: str
    answered_by: str
    driftwatch: Path
    evidently: Path | Absent
    in_words: Path | None = None


MONITOR = Click(Target("credit in the sentence", ".todo a", "^credit$"))
INCIDENT = Click(Target("Incident 1", ".todo a", "^Incident 1$"))

PROJECT = Click(Target("project credit", "a", "^credit$"))
REPORTS = Click(Target("Reports", "button", "^Reports$"))
NEWEST = Click(Target("View of the newest report", "a", "^View$"))
TESTS = Click(Target("Tests", "button", "^Tests$"))

COLUMNS = Target("the table of columns", "tr", r"^score\s")
MARKS = ".MuiMarkElement-root"
DAYS = 20
"""Points of the first line, of which the last is today."""

QUESTIONS = (
    Question(
        "Is it bad?",
        "how the model does, or how much of the data drifted, now",
        Path((), (r"accuracy got worse: 0\.74\d* → 0\.[56]\d*",)),
        Path(
            (PROJECT,),
            (r"^Share of drifted columns$", r"^0\.56$", r"^Accuracy$", r"^0\.6$"),
            "numbers, and nothing that says whether they are bad",
        ),
        Path((PROJECT, REPORTS, NEWEST), (r"^Dataset Drift is detected",)),
    ),
    Question(
        "What moved?",
        "the names of the features that drifted",
        Path((), (r"(?=.*debt_ratio)(?=.*country).* moved",)),
        Path(
            (PROJECT, Point(Target("the last day of the drift lines", MARKS, place=DAYS - 1))),
            (r"^debt_ratio$", r"^1\.6\d*$", r"^country$", r"^0\.24\d*$"),
            "scores of all columns; which of them are drift is for the reader to know",
        ),
        Path(
            (PROJECT, REPORTS, NEWEST, Scroll(COLUMNS)),
            (r"^debt_ratio$", r"^country$", r"^Detected$"),
        ),
    ),
    Question(
        "Since when?",
        "the day on which it began",
        Path((), (r"since 20 Nov 18:00",)),
        Path(
            (PROJECT,),
            (r"^Drift of each column$", r"^2026-11-21 "),
            "read from the axis below the rise of the lines, which the reader finds; it names "
            "every third day, this one among them, and others have to be pointed at",
        ),
    ),
    Question(
        "Who is affected?",
        "which group of rows grew",
        Path((INCIDENT,), (r"^country$", r"‘FR’ \d+ % → \d+ %")),
        Path(
            (
                PROJECT,
                REPORTS,
                NEWEST,
                Scroll(COLUMNS),
                Click(Target("the row of country", "button", row=r"^country\s")),
            ),
            (r"^FR$", r"^current$", r"^reference$"),
            "bars of counts, FR the tallest now and DE before, as shares after one click more",
        ),
    ),
    Question(
        "What do I do?",
        "a sentence that says what to look at first",
        Path((MONITOR,), (r"^Check units and sources of debt_ratio",)),
        Absent(
            (PROJECT, REPORTS, NEWEST, TESTS),
            (
                *("check", "look", "should", "recommend", "recommended", "investigate", "fix"),
                *("retrain", "todo", "next step", "what to do", "acknowledge", "assign"),
            ),
            "tests are green or red; nothing says what to do, and nobody can take it",
        ),
    ),
)

"""What `driftwatch doctor` finds, how it is written, and times in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwatch.cli.output.choices import check_choice
from driftwatch.cli.output.writing import coloured, put_document, put_json
from driftwatch.core.data.times import to_utc
from driftwatch.logs.lines import shown_lines

__all__ = ["FORMS", "Finding", "ago", "check_form", "put_findings", "stamp"]

FORMS = ("text", "json")
_COLOURS = {"PROBLEM": "bold red", "DRIFT": "yellow", "ok": "green"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what came of it.

    Attributes:
        what: A word or two.
        text: A sentence.
        ok: Whether it is no problem.
        drift: Whether it is drift, which is none, and not ok.
        code: Of what is not as it should be, for `driftwatch explain`.
    """

    what: str
    text: str
    ok: bool = True
    drift: bool = False
    code: str | None = None

    @property
    def mark(self) -> str:
        """The word before the line; a colour only comes beside it."""
        if not self.ok:
            return "PROBLEM"
        return "DRIFT" if self.drift else "ok"


def check_form(form: str, /) -> None:
    """Do nothing if findings can be written so.

    Raises:
        ConfigError: If they cannot.
    """
    check_choice("--format", form, FORMS)


def put_findings(findings: Sequence[Finding], form: str, /) -> None:
    """Write findings to stdout."""
    if form == "json":
        put_json(
            [
                {
                    "what": f.what,
                    "ok": f.ok and not f.drift,
                    "problem": not f.ok,
                    "drift": f.drift,
                    "text": f.text,
                    "code": f.code,
                }
                for f in findings
            ]
        )
        return
    for finding in findings:
        mark = finding.mark
        shown = coloured(mark, _COLOURS[mark]) + " " * (7 - len(mark))
        end = "" if finding.code is None else f" [{finding.code}]"
        put_document(f"{shown}{shown_lines(f'  {finding.what:<16} {finding.text}{end}')}\n")


def ago(seconds: float, /) -> str:
    """A length of time until now, in words.

    Example:
        >>> ago(7_300), ago(30)
        ('2 hours ago', '30 seconds ago')
    """
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} seconds ago"


def stamp(seconds: float, /) -> str:
    """A time, to the minute.

    Example:
        >>> stamp(60)
        '1970-01-01 00:01 UTC'
    """
    return f"{to_utc(seconds):%Y-%m-%d %H:%M} UTC"

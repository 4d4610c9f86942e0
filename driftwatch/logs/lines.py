"""What may stand in a line that leaves the process: no control, no direction, no command.

Names and categories come from foreign data, and lines are read by more than people: terminals obey
control sequences, and the runners of continuous integration take lines for commands, GitHub's
those that begin with ``::``, and it, Azure and TeamCity those with ``##[``, ``##vso[`` or
``##teamcity[`` anywhere. Each medium has one rule, here or where its markup is escaped, and all of
them are tested with one table of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = [
    "NAME_LENGTH",
    "json_lines",
    "markup_lines",
    "plain",
    "shown_line",
    "shown_lines",
    "shown_repr",
    "without_commands",
]

NAME_LENGTH = 80
_REPR = 300

# Whole escape sequences, so that "\x1b[31m" leaves nothing behind: CSI, OSC and its kin, the rest.
# What could begin another one ends the search for the end of a sequence, which else would be made
# anew from each of them.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9b-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_COLOURS = r"\x1b\[[0-9;]*m"


def _characters(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


_UNSEEN_RANGES = (
    (0x00, 0x1F),  # C0
    (0x7F, 0x9F),  # delete, C1
    (0xAD, 0xAD),  # soft hyphen
    (0x61C, 0x61C),  # Arabic letter mark
    (0x180E, 0x180E),  # Mongolian vowel separator
    (0x200B, 0x200B),  # zero-width space
    (0x200E, 0x200F),  # bidi marks
    (0x2028, 0x2029),  # separators of lines and paragraphs
    (0x202A, 0x202E),  # bidi embeddings and overrides
    (0x2060, 0x206F),  # invisible operators, bidi isolates
    (0xD800, 0xDFFF),  # lone surrogates, which no file can hold
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFEFF, 0xFEFF),  # byte-order mark
    (0xFFF9, 0xFFFB),  # interlinear annotation
    (0xFFFE, 0xFFFF),  # noncharacters
    (0xE0000, 0xE007F),  # tags: invisible text
)
# Joiners (U+200C, U+200D) stay: Persian words and family emoji are spelled with them.
_UNSEEN = re.compile("[" + _characters(_UNSEEN_RANGES) + "]")
_SPACES = re.compile(r"[\s\x85\u2028\u2029]+")
_UNSEEN_IN_JSON = re.compile(
    "[" + _characters(r for r in _UNSEEN_RANGES if r != (0x00, 0x1F)) + "]|#(?=#)"
)
_COMMAND = re.compile(rf"^((?:{_COLOURS}|\s)*):(?=:)|#(?=#)", re.MULTILINE)


def plain(text: str, limit: int = NAME_LENGTH) -> str:
    r"""Return `text` on one line, without control, escape or direction characters.

    At most `limit` characters, the last of them an ellipsis if any were left out.

    Example:
        >>> plain("in\x1b[31mcome\n\u202etax")
        'income tax'
    """
    # Cutting first keeps a column name of megabytes from costing megabytes of matching.
    shown = _bare(text[: 8 * limit])
    if len(shown) > limit:
        return shown[: limit - 1].rstrip() + "…"
    return shown if len(text) <= 8 * limit else shown + "…"


def _bare(text: str) -> str:
    return _UNSEEN.sub("", _SPACES.sub(" ", _ESCAPES.sub("", text))).strip()


def without_commands(text: str, /) -> str:
    r"""Lines, none of which is a command to the runner that reads them.

    A blank comes between the two signs that would make it one, and nothing else is changed.

    Example:
        >>> without_commands("one\n  ::stop-commands::x\na ##[group]b std::vector")
        'one\n  : :stop-commands::x\na # #[group]b std::vector'
    """
    return _COMMAND.sub(lambda found: f"{found[0]} ", text)


def shown_line(text: str, /) -> str:
    r"""One line for a terminal or a log: everything that breaks lines is a blank.

    Example:
        >>> shown_line("no file 'a\x1b[2J\n::error::b'")
        "no file 'a ::error::b'"
    """
    return without_commands(_bare(text))


def shown_repr(text: str, /) -> str:
    """An object of ours in one line: less than 400 characters, of which none is a command.

    Args:
        text: What it is, with the opening bracket and without the closing one.

    Example:
        >>> shown_repr("<Report of ##[group]a")
        '<Report of # #[group]a>'
    """
    return f"{without_commands(plain(text, _REPR))}>"


def shown_lines(text: str, /) -> str:
    r"""Lines for a terminal or a log: nothing but ``\n`` breaks them, and blanks stay.

    Example:
        >>> shown_lines("a  b\r\n\x1b]0;title\x07::error::c\n")
        'a  b\n: :error::c\n'
    """
    lines = (_UNSEEN.sub("", _ESCAPES.sub("", line)) for line in text.split("\n"))
    return without_commands("\n".join(lines))


def markup_lines(text: str, /) -> str:
    r"""HTML or XML without controls, no line of which is a command; to readers of markup the same.

    Example:
        >>> markup_lines("<p>\n ::error::a ##[group]b</p>")
        '<p>\n &#58;:error::a &#35;#[group]b</p>'
    """
    text = "\n".join(_UNSEEN.sub("", line) for line in text.split("\n"))
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", text)


def json_lines(text: str, /) -> str:
    r"""JSON as text, with escapes for what a terminal or a runner would obey: the same values.

    Args:
        text: Valid JSON, on one line or indented.

    Example:
        >>> print(json_lines('{"##[group]": "\u202e\x9b"}'))
        {"\u0023#[group]": "\u202e\u009b"}
    """
    return _UNSEEN_IN_JSON.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"

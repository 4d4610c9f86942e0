"""Names and categories that somebody chose to hurt who reads them, and what finds the hurt."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["HOSTILE", "commands_in", "controls_in", "tags_in"]

HOSTILE = (
    "::stop-commands::endtoken",
    "::set-output name=x::y",
    "  ::error file=a.py,line=1::blank before",
    "\u00a0\u3000::warning::other blanks",
    "a\n::add-mask::secret",
    "b\r\n::error::line",
    "c\u2028::error::separator\u2029::error::two\x85::error::three\x0b::error::four",
    "::::",
    "x::y std::vector",
    "long enough that a narrow terminal must break the line here or there ::error::broken",
    "##[group]folded",
    "in the middle ##[error]of a line",
    "###[command]three",
    "#[one",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStatus status='FAILURE']",
    "section_start:1:x\r\x1b[0Kgitlab",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07bell",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1bP1$r\x1b\\device",
    "\x9b2Jclear",
    "\x9d0;title\x9c",
    "\x90" * 50 + "q",
    "back\b\b\b\bspace",
    "over\rwritten",
    "nul\x00del\x7f",
    "user\u202egnp.exe",
    "\u2066isolate\u2069\u202aembed\u202c",
    "\u200e\u200fmarks\u061c",
    "zero\u200bwidth\ufeff",
    "tag\U000e0041\U000e007f",
    "half \ud800 of one",
    "\udfff",
    "not \ufffe characters \ufdd0",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</style></title><svg onload=alert(1)>",
    "]]><!--",
    "&lt;b&gt;&#60;",
    "a|b `c` **d** [x](javascript:y)",
    "@team #12 https://evil.example www.evil.example",
    "<!channel> <@U123> <https://evil.example|click>",
    "[bold red]markup[/] [link=https://evil.example]x[/link] :smile:",
    "%0A::error::percent",
    "=cmd|' /C calc'!A0",
    "$(touch /tmp/x) `touch /tmp/x`",
    "{0} %s {name}",
    "n" * 5_000,
    "",
    " ",
)

_AZURE = re.compile(r"##[A-Za-z.]*\[")
_CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def commands_in(text: str) -> list[str]:
    """Lines that a runner takes for a command, as those of GitHub, Azure and TeamCity read them.

    GitHub's looks for ``::`` behind any blanks, and for ``##[`` wherever it stands.
    """
    lines = re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text)
    return [line for line in lines if line.lstrip().startswith("::") or _AZURE.search(line)]


def controls_in(text: str) -> list[str]:
    """Characters that steer a terminal, turn the direction of a text, or cannot be written."""
    return _CONTROLS.findall(text)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs if name.startswith("on"))}


def tags_in(document: str) -> set[str]:
    """Elements of an HTML document, and its attributes that run something."""
    parser = _Tags()
    parser.feed(document)
    parser.close()
    return parser.found

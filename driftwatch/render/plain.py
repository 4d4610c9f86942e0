"""Text from data, made safe to show: control characters replaced, length limited."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["NAME_LENGTH", "SENTENCE_LENGTH", "plain"]

NAME_LENGTH = 80
SENTENCE_LENGTH = 400

# Whole escape sequences, so that "\x1b[31m" leaves nothing behind: CSI, OSC and its kin, the rest.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)


def _characters(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


# Joiners (U+200C, U+200D) stay: Persian words and family emoji are spelled with them.
_UNSEEN = re.compile(
    "["
    + _characters(
        (
            (0x00, 0x1F),  # C0
            (0x7F, 0x9F),  # delete, C1
            (0xAD, 0xAD),  # soft hyphen
            (0x61C, 0x61C),  # Arabic letter mark
            (0x180E, 0x180E),  # Mongolian vowel separator
            (0x200B, 0x200B),  # zero-width space
            (0x200E, 0x200F),  # bidi marks
            (0x202A, 0x202E),  # bidi embeddings and overrides
            (0x2060, 0x206F),  # invisible operators, bidi isolates
            (0xD800, 0xDFFF),  # lone surrogates, which no file can hold
            (0xFDD0, 0xFDEF),  # noncharacters
            (0xFEFF, 0xFEFF),  # byte-order mark
            (0xFFF9, 0xFFFB),  # interlinear annotation
            (0xFFFE, 0xFFFF),  # noncharacters
            (0xE0000, 0xE007F),  # tags: invisible text
        )
    )
    + "]"
)
_SPACES = re.compile(r"[\s\x85\u2028\u2029]+")


def plain(text: str, limit: int = NAME_LENGTH) -> str:
    r"""Return `text` on one line, without control, escape or direction characters.

    At most `limit` characters, the last of them an ellipsis if any were left out.

    Example:
        >>> plain("in\x1b[31mcome\n\u202etax")
        'income tax'
    """
    # Cutting first keeps a column name of megabytes from costing megabytes of matching.
    shown = text[: 8 * limit]
    shown = _SPACES.sub(" ", _ESCAPES.sub("", shown))
    shown = _UNSEEN.sub("", shown).strip()
    if len(shown) > limit:
        return shown[: limit - 1].rstrip() + "…"
    return shown if len(text) <= 8 * limit else shown + "…"

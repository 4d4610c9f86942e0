"""What a collector says of a request that failed, so that it can be shown."""

from __future__ import annotations

import base64
import html
from urllib.parse import unquote

from driftwatch.transport.client import Answer

__all__ = ["words_of"]

_MOST = 300


def words_of(answer: Answer, secret: str | None, /) -> str:
    r"""The reason that a collector gives for an error; empty if it gives none that can be shown.

    Only what has the form of a collector's own errors, ``{"detail": "..."}``, is one: login pages,
    proxies and debug servers repeat what they were sent. What has the secret in it in any form is
    left out, too.

    Args:
        answer: What came.
        secret: What must not be shown, such as the token that was sent; None if there is none.

    Example:
        >>> words_of(Answer(404, b'{"detail":"no such\\n monitor"}'), "token")
        'no such monitor'
        >>> words_of(Answer(404, b'{"detail":"sent: dG9rZW4="}'), "token")
        ''
        >>> words_of(Answer(502, b"<html>Bad gateway</html>"), "token")
        ''
    """
    import orjson

    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return ""
    detail = said.get("detail") if isinstance(said, dict) else None
    if answer.succeeded or not isinstance(detail, str) or (secret and _holds(detail, secret)):
        return ""
    shown = " ".join("".join(c if c.isprintable() else " " for c in detail).split())
    return shown if len(shown) <= _MOST else shown[: _MOST - 1] + "…"


def _holds(text: str, secret: str) -> bool:
    """Whether a text has a secret in it: as it is, escaped, backwards, in hex or in base64.

    Characters between its own that would not be seen, and whether letters are large, do not
    matter.
    """
    forms = {text}
    for _ in range(3):  # escaped, and escaped again
        forms |= {made for form in forms for made in (unquote(form), html.unescape(form))}
    seen = "\n".join(_bare(form) for form in forms)
    return any(_bare(form) in seen for form in _forms(secret))


def _forms(secret: str) -> list[str]:
    raw = secret.encode()
    found = [secret, secret[::-1], raw.hex()]
    for before in range(3):  # base64 depends on the number of bytes before, modulo three
        coded = base64.b64encode(b"." * before + raw).decode()
        first, end = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        found.append(coded[first:end])
    return found


def _bare(text: str) -> str:
    """Text without what can stand between the characters of a secret, in one kind of base64."""
    whole = text.translate({ord("-"): "+", ord("_"): "/"})
    return "".join(c for c in whole if "!" <= c <= "~" and c != "\\").lower()

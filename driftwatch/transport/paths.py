"""Names from data as parts of an address, whatever is in them."""

from __future__ import annotations

from urllib.parse import quote, unquote

__all__ = ["in_path", "name_in_path"]


def in_path(name: str, /) -> str:
    """A name as a part of an address, whatever is in it.

    What servers and browsers give a meaning of their own in a path (slashes, dots, nothing at
    all, and percent signs themselves) is encoded twice.

    Example:
        >>> in_path("age"), in_path("a b"), in_path("a/b"), in_path(".."), in_path("")
        ('age', 'a%20b', 'a%252Fb', '%252E%252E', '%25')
    """
    if not name:
        return "%25"
    once = quote(name, safe="", errors="surrogatepass")
    if set(name) <= {"."}:
        once = name.replace(".", "%2E")
    special = "/" in name or "%" in name or "\\" in name or "%2E" in once
    return quote(once, safe="") if special or _is_broken(name) else once


def _is_broken(name: str) -> bool:
    """Whether it has halves of characters, which servers do not decode."""
    return any("\ud800" <= character <= "\udfff" for character in name)


def name_in_path(text: str, /) -> str:
    """The name that `in_path` encoded, from a path that the server has decoded once.

    Example:
        >>> from urllib.parse import unquote
        >>> [name_in_path(unquote(in_path(name))) for name in ("a/b", "100%", "..", "", "é")]
        ['a/b', '100%', '..', '', 'é']
    """
    if text == "%":
        return ""
    return unquote(text, errors="surrogatepass") if "%" in text else text

"""Names of model versions: which texts they may be, and how many of them a pane has."""

from __future__ import annotations

__all__ = ["COUNTED_TOGETHER", "LONGEST_VERSION", "MOST_VERSIONS", "OTHER_VERSIONS", "version_name"]

MOST_VERSIONS = 32
"""Versions of a model that a pane has, at most. Clients may send the names, and each version has
sketches of its own: without a limit a request a version would be a profile a request."""

OTHER_VERSIONS = "other versions"
"""The version that rows of all further ones are counted for."""

COUNTED_TOGETHER = "of_other_versions"
"""Counter of those rows."""

LONGEST_VERSION = 200
"""Characters of a version's name; the rest is cut off."""


def version_name(given: str, /) -> str | None:
    """The name of a version that every store and every collector takes; None if it is empty.

    Example:
        >>> version_name("v7"), version_name(""), version_name("v7" + chr(10))
        ('v7', None, 'v7?')
    """
    if not given:
        return None
    text = given[:LONGEST_VERSION].encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in text)

"""Addresses of HTTP that a user gives: checked without showing them, which may be secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from driftwatch.errors import ConfigError

__all__ = ["checked_url"]


def checked_url(
    url: object, what: str, /, *, https_only: bool = False, instead_of_login: str = ""
) -> str:
    """Check an address of HTTP; what is wrong with it is said without showing it.

    Args:
        url: The address, which may be a secret.
        what: What it is the address of, for errors.
        https_only: Whether ``http://`` is refused.
        instead_of_login: What to do where somebody gave a name or a password in it.

    Raises:
        ConfigError: If it is none, or holds a user's name or password.
    """
    allowed = ("https",) if https_only else ("http", "https")
    text = url.strip() if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, 0
    if not host or port == 0 or not re.fullmatch("[!-~]+", text):
        raise ConfigError(
            f"{what} is no address like https://example.com/path (it is not shown)", code="DW059"
        )
    if parts.scheme not in allowed:
        raise ConfigError(
            f"{what} must begin with {' or '.join(f'{scheme}://' for scheme in allowed)}"
            + ("; say allow_private=True if http is meant" if https_only else ""),
            code="DW059",
        )
    if parts.username is not None or parts.password is not None:
        advice = f": {instead_of_login}" if instead_of_login else ""
        raise ConfigError(
            f"{what} holds a user's name or password, which does not belong there{advice}",
            code="DW059",
        )
    return text

"""Arguments that all back ends have, and how they are checked."""

from __future__ import annotations

from driftwatch.errors import ConfigError, shown

__all__ = ["checked_flag", "checked_name"]


def checked_name(name: object, /) -> str:
    """What a back end is called.

    Raises:
        ConfigError: If it is no text, or empty.
    """
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigError(
            f"name is a text of one line, such as 'slack-ml'; got {shown(name)}", code="DW081"
        )
    return name


def checked_flag(value: object, what: str, /) -> bool:
    """Whether something is so.

    Raises:
        ConfigError: If it is neither True nor False.
    """
    if not isinstance(value, bool):
        raise ConfigError(f"{what} is True or False; got {shown(value)}", code="DW081")
    return value

"""Whether a reader can make anything of a profile, found out without building its sketches."""

from __future__ import annotations

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.codec import decode
from driftwatch.core.profiles.hidden_columns import check_key
from driftwatch.core.profiles.schema_table import columns_in, read_table
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import MISREAD, ProfileFormatError

__all__ = ["Readability", "check_readable"]


def check_readable(data: bytes, guard: ValueGuard, /) -> None:
    """Do nothing, or say why a profile cannot be read: checksum, format, sizes, columns, hash key.

    Args:
        data: The bytes of a profile.
        guard: The hash key in use.

    Raises:
        NotReadableError: If they are sound, and of another hash key or a newer version.
        ProfileFormatError: If they are damaged.

    Cost: a hash of the bytes and their table of columns, about 0.1 ms; sketches are not looked at.
    """
    Readability(guard).check(data)


class Readability:
    """Checks profiles one after another, as `check_readable` checks one.

    A table of columns that equals that of the profile before, as in the panes of a stream, is
    not parsed again.

    Args:
        guard: The hash key in use.
    """

    def __init__(self, guard: ValueGuard, /) -> None:
        self._guard = guard
        self._right: tuple[object, ...] = ()
        """Sizes, hash key and table of columns of the last profile that could be read."""

    def check(self, data: bytes, /) -> None:
        """As `check_readable`."""
        header, sections = decode(data)
        try:
            config, table = header["config"], sections["schema"]
            key_id = header.get("key_id", ValueGuard().key_id)
            facts = (repr(config), key_id, table)
            if facts == self._right:
                return
            SketchConfig.from_dict(config)
            check_key(columns_in(read_table(table)), key_id, self._guard)
        except MISREAD as error:
            if isinstance(error, ProfileFormatError):
                raise
            raise ProfileFormatError(f"profile refused: {error}") from error
        self._right = facts

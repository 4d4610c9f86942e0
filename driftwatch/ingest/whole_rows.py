"""Where the whole rows of a CSV file that grows end, in the bytes that it has so far."""

from __future__ import annotations

__all__ = ["end_of_rows"]

_MOST_LINES = 100
"""Lines of a value in quotes; a quote that is open for more was never meant to be closed."""
_MOST_BYTES = 65_536
"""The same in bytes: no longer value is a category."""


def end_of_rows(block: bytes, /) -> tuple[int, bool]:
    r"""Where the last row of CSV ends whose values in quotes are closed.

    Args:
        block: It begins with a row.

    Returns:
        The end, 0 if there is none, and whether the rows before it can be read. They cannot be if
        a quote in the first line is open for more lines than a value has: then it ends that line.

    Example:
        >>> end_of_rows(b'1,a\n2,"b\n')
        (4, True)
        >>> end_of_rows(b'2,"b\n' + b"3,c\n" * 200)
        (5, False)
    """
    end = last = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while quotes % 2 and end:
        at = block.rfind(b'"', 0, end)
        begin = block.rfind(b"\n", 0, at) + 1
        quotes -= block.count(b'"', begin, end)
        end = begin
    is_stray = last - end > _MOST_BYTES or block.count(b"\n", end, last) > _MOST_LINES
    if end or not is_stray:
        return end, True
    return block.find(b"\n") + 1, False

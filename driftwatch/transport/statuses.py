"""What an HTTP status of a collector is about, said with the same codes on both sides."""

from __future__ import annotations

__all__ = ["code_of_status"]

_CODES = {
    0: "DW051",
    401: "DW052",
    403: "DW053",
    408: "DW058",
    413: "DW058",
    415: "DW058",
    429: "DW058",
    431: "DW058",
}
_OF_DELIVERIES = {**_CODES, 400: "DW056", 404: "DW055", 409: "DW055"}


def code_of_status(status: int, /, *, of_delivery: bool = False) -> str:
    """The code of an answer of a collector that is no success.

    Args:
        status: HTTP status; 0 if there was no answer.
        of_delivery: Whether it is the answer to a delivery, which waits where a monitor is unknown.

    Example:
        >>> code_of_status(401), code_of_status(404), code_of_status(503)
        ('DW052', 'DW050', 'DW051')
    """
    if status >= 500:
        return "DW051"
    return (_OF_DELIVERIES if of_delivery else _CODES).get(status, "DW050")

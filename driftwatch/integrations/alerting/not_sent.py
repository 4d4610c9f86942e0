"""That a message could not be sent now, in words without secrets."""

from __future__ import annotations

from driftwatch.errors import DriftWatchError
from driftwatch.transport.client import Answer

__all__ = ["NotSentError", "refuse"]


class NotSentError(DriftWatchError, OSError):
    """A back end did not take a message; it is tried again later.

    Attributes:
        retry_after: Seconds that the back end asked to wait; None if it did not.
    """

    code = "DW083"

    def __init__(self, message: str, /, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def refuse(what: str, answer: Answer, /) -> None:
    """Raise unless an answer says that a message was taken.

    What the server sent is not shown: it may repeat what it was sent.

    Raises:
        NotSentError: With the status.
    """
    if answer.succeeded:
        return
    if answer.status == 0:
        raise NotSentError(f"{what} cannot be reached: {answer.reason}")
    raise NotSentError(f"{what} answers {answer.status}", retry_after=answer.retry_after)

"""What a sender says in the log of a collector that does not take deliveries."""

from __future__ import annotations

import logging
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.logs.events import event
from driftwatch.process.quiet_log import QuietLog
from driftwatch.transport.statuses import code_of_status

__all__ = ["SendingLog"]

_LOG = logging.getLogger("driftwatch")


class SendingLog:
    """The words for each trouble; those of one kind come once a minute at most.

    Args:
        url: The collector.
        folder: Where deliveries wait.
    """

    def __init__(self, url: str, folder: Path, /) -> None:
        self._url = url
        self._folder = folder
        self._quiet = QuietLog()

    def away(self, status: int, why: str | None, /) -> None:
        """The collector takes nothing now."""
        self._say(
            status,
            "driftwatch: %s does not take deliveries (%s); they wait in %s",
            self._url,
            why,
            self._folder,
            code=code_of_status(status),
        )

    def back(self) -> None:
        """It takes deliveries again."""
        _LOG.info("driftwatch: %s answers again", self._url, extra=event("delivery.recovered"))

    def unanswered(self, name: str, why: str | None, /, *, attempts: int) -> None:
        """One delivery gets no answer."""
        self._say(
            "unanswered",
            "driftwatch: %s can be reached, but a delivery gets no answer (%s, %d times); it waits "
            "behind the others as %s in %s",
            self._url,
            why,
            attempts,
            name,
            self._folder,
        )

    def held(self, name: str, status: int, why: str | None, /) -> None:
        """One delivery is not taken now."""
        self._say(
            status,
            "driftwatch: %s does not take a delivery for now (%s); it waits with the "
            "others of its monitor as %s in %s",
            self._url,
            why,
            name,
            self._folder,
            code=code_of_status(status, of_delivery=True),
        )

    def refused(self, name: str, size: int, why: str, /) -> None:
        """One delivery will never be taken; said each time."""
        _LOG.warning(
            "driftwatch: %s refuses a delivery of %d bytes for good (%s); it is kept as "
            "%s.refused in %s (`driftwatch quarantine` lists it and sends it again)",
            self._url,
            size,
            why,
            name,
            self._folder,
            extra=event("delivery.trouble", code="DW056"),
        )

    def unreadable(self, error: StoreError, /) -> None:
        """The file of one delivery cannot be read or written."""
        self._say("file", "driftwatch: a delivery waits in %s: %s", self._folder, error)

    def broken(self, error: Exception, /) -> None:
        """Sending itself fails; said each time."""
        _LOG.warning(
            "driftwatch: deliveries wait in %s: %s",
            self._folder,
            error,
            extra=event("delivery.trouble"),
        )

    def _say(self, kind: object, message: str, /, *facts: object, code: str | None = None) -> None:
        self._quiet.log(kind, message, *facts, name="delivery.trouble", code=code)

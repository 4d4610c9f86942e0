"""Work of seconds that a page asks for: one at a time, and not because another site says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException, Request

from driftwatch.service.security.cookies import FROM_HERE

__all__ = ["HEAVY_WORK", "OneAtATime", "asked_from_here"]


class OneAtATime:
    """Lets one in; who comes meanwhile is sent away at once, and waits on no thread."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(1)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Hold the only place for a while.

        Raises:
            HTTPException: 429, if somebody else holds it.
        """
        if not self._free.acquire(blocking=False):
            raise HTTPException(
                429,
                "another comparison or preview is being made just now: ask again in some seconds",
                {"Retry-After": "2"},
            )
        try:
            yield
        finally:
            self._free.release()


HEAVY_WORK = OneAtATime()
"""Comparisons of windows, and previews of references, of the whole process."""


async def asked_from_here(request: Request) -> None:
    """A dependency of routes whose answers cost seconds: a page of another site gets none.

    Browsers say from where they ask; programs say nothing, and are let through.

    Raises:
        HTTPException: 403.
    """
    if request.headers.get("sec-fetch-site", "none") not in FROM_HERE:
        raise HTTPException(
            403, "another site has asked for this: open the address from a page of this collector"
        )

"""Connections of the collector's server: one that asks nothing is closed before long."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["PromptConnection"]


class PromptConnection(H11Protocol):
    """A connection of uvicorn that is closed unless the head of a request comes in time.

    uvicorn waits without limit for the first head, and for the rest of any head that has begun, so
    that whoever says nothing, or a byte a minute, keeps a file descriptor without a token.
    The time is from the opening of the connection, or the first byte after an answer; bytes
    do not begin it anew. A body has a limit of its own. An answer that nobody takes is given up,
    too.

    So many connections may wait for a request; beyond that the one that has waited longest is
    closed, so that those who ask at once are always let in.
    """

    seconds: ClassVar[float] = 10.0
    answer_seconds: ClassVar[float] = 30.0
    most_waiting: ClassVar[int] = 256
    _waiting: ClassVar[dict[PromptConnection, None]] = {}  # those that wait longest are first
    _deadline: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._untaken is None:
            self._untaken = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _watch(self) -> None:
        if self._is_answering() or self.transport.is_closing():
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self._give_up)
            self._waiting[self] = None
            if len(self._waiting) > self.most_waiting:
                next(iter(self._waiting)).let_go()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None until the first request
        return cycle is not None and not cycle.response_complete

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._waiting.pop(self, None)

    def let_go(self) -> None:
        """Close it, since another has come."""
        self._forget()
        self.transport.close()

    def _give_up(self) -> None:
        self._forget()
        if not self._is_answering():
            self.transport.close()

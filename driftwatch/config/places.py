"""Where things are that a configuration names: what is wrong with an address is said at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from driftwatch.stores import is_collector
from driftwatch.transport.urls import checked_url

__all__ = ["StorePlace"]


def _store(text: str) -> str:
    if is_collector(text):
        login = "set DRIFTWATCH_TOKEN to a token"
        checked_url(text, "the collector's address", instead_of_login=login)
    return text


StorePlace = Annotated[str, AfterValidator(_store)]
"""Path of a SQLite file, or the address of a collector, in which no secret may be."""

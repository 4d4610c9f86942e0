"""What aiokafka tells of partitions that come and go."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

__all__ = ["Reader", "listener_of"]


class Reader(Protocol):
    """Who reads partitions while it has them."""

    async def assigned(self, consumer: Any, partitions: Collection[Any], /) -> None:
        """Go on with these partitions."""

    async def revoked(self, consumer: Any, partitions: Collection[Any], /) -> None:
        """Let these partitions go."""


def listener_of(reader: Reader, consumer: Any, /) -> Any:
    """The rebalance listener that aiokafka takes, for a reader."""
    from aiokafka import ConsumerRebalanceListener

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
            await reader.revoked(consumer, revoked)

        async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
            await reader.assigned(consumer, assigned)

    return Listener()

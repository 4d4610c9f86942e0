"""Deliveries that came and could not be taken yet: whoever sent them keeps them."""

from __future__ import annotations

from driftwatch.core.windows.halves import epochs_of_wholes
from driftwatch.core.windows.segments import Delivery
from driftwatch.core.windows.stored import TurnedAway
from driftwatch.stores.sqlite.database import Database

__all__ = ["TurnedAwayTable"]

_MOST = 1_000
_LONGEST = 300
_FORGOTTEN_AFTER = 86_400.0
"""Seconds: senders try again at least every hour, so what does not come any more is not theirs."""


class TurnedAwayTable:
    """Notes what is waiting at its senders, and why, until it is taken or comes no more.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def turn_away(self, delivery: Delivery, why: str, /, *, now: float) -> None:
        """Note that a delivery was not taken; of one that comes again, when it first did."""
        monitor = delivery.monitor
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO turned_away VALUES (?,?,?,?,?,?,?,?) ON CONFLICT "
                "(monitor, source, epoch, sequence) DO UPDATE SET why=excluded.why, last=max(last, "
                "excluded.last)",
                (
                    monitor,
                    delivery.source,
                    delivery.epoch,
                    delivery.sequence,
                    delivery.rows,
                    why[:_LONGEST],
                    now,
                    now,
                ),
            )
            db.execute(
                "DELETE FROM turned_away WHERE monitor=? AND last<=coalesce((SELECT last FROM "
                "turned_away WHERE monitor=? ORDER BY last DESC LIMIT 1 OFFSET ?), ?)",
                (monitor, monitor, _MOST, now - _FORGOTTEN_AFTER),
            )

    def turned_away(self, monitor: str, /, *, now: float) -> list[TurnedAway]:
        """What was turned away within a day and has not been taken since, the first one first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT source, epoch, sequence, rows, why, first, last FROM turned_away "
                "WHERE monitor=? AND last>? ORDER BY first, source, epoch, sequence",
                (monitor, now - _FORGOTTEN_AFTER),
            ).fetchall()
        found = [TurnedAway(*row) for row in rows]
        cut = {  # of one that was cut, its halves are waited for
            (each.source, each.sequence, epoch)
            for each in found
            for epoch in epochs_of_wholes(each.epoch)[1:]
        }
        return [each for each in found if (each.source, each.sequence, each.epoch) not in cut]

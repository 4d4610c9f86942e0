"""References, and which one is in use for which version of the model."""

from __future__ import annotations

import sqlite3

from driftwatch.core.windows.stored import StoredReference
from driftwatch.stores.sqlite.database import Database

__all__ = ["ReferenceTables"]


class ReferenceTables:
    """Keeps references, and the history of their use; neither is ever deleted.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def add_reference(self, monitor: str, id_: str, body: bytes, /, *, now: float) -> None:
        """Keep a reference; one that is there already stays as it is."""
        with self._database.transaction() as db:
            _add(db, monitor, id_, body, now)

    def use_reference(
        self,
        monitor: str,
        id_: str,
        /,
        *,
        model_version: str | None,
        now: float,
        instead_of: str | None = None,
    ) -> bool:
        """Point a model version at a reference, from now on, unless another is in use meanwhile."""
        version = model_version or ""
        with self._database.transaction() as db:
            used = _latest(db, monitor, (version,)) or ""
            if instead_of is not None and used != instead_of:
                return False
            _use(db, monitor, id_, version, now)
        return True

    def adopt_reference(
        self, monitor: str, id_: str, body: bytes, /, *, model_version: str | None, now: float
    ) -> str:
        """Take the reference that a process was started with; returns the id that is in use."""
        version = model_version or ""
        with self._database.transaction() as db:
            used = _latest(db, monitor, (version, ""))
            if used == id_:
                _add(db, monitor, id_, body, now)
                return id_
            known = db.execute("SELECT 1 FROM refs WHERE monitor=? AND id=?", (monitor, id_))
            is_new = known.fetchone() is None
            replaced = db.execute(
                "SELECT 1 FROM uses WHERE monitor=? AND reference=? AND model_version IN (?, '')",
                (monitor, id_, version),
            ).fetchone()
            has_its_own = _latest(db, monitor, (version,)) is not None
            if used is not None and (replaced or (has_its_own and not is_new)):
                return used
            _add(db, monitor, id_, body, now)
            _use(db, monitor, id_, version, now)
            return id_

    def references(self, monitor: str, /) -> list[StoredReference]:
        """Every reference, the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, added, length(body) FROM refs WHERE monitor=? ORDER BY added, id",
                (monitor,),
            ).fetchall()
            versions = [
                str(version)
                for (version,) in db.execute(
                    "SELECT DISTINCT model_version FROM uses WHERE monitor=?", (monitor,)
                )
            ]
            current = {version: _latest(db, monitor, (version,)) for version in versions}
        return [
            StoredReference(
                id_, added, size, tuple(sorted(v for v, used in current.items() if used == id_))
            )
            for id_, added, size in rows
        ]

    def reference(self, monitor: str, id_: str, /) -> bytes | None:
        """A reference's profile."""
        with self._database.reading() as db:
            rows = db.execute("SELECT body FROM refs WHERE monitor=? AND id=?", (monitor, id_))
            row = rows.fetchone()
        return None if row is None else bytes(row[0])

    def references_in_use(self, monitor: str, /) -> dict[str, str]:
        """Ids in use by model version; that of an empty text is for all versions without one."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT model_version, reference FROM uses WHERE monitor=? ORDER BY rowid",
                (monitor,),
            )
            return {str(version): str(id_) for version, id_ in rows}


def _add(db: sqlite3.Connection, monitor: str, id_: str, body: bytes, now: float) -> None:
    db.execute(
        "INSERT INTO refs VALUES (?,?,?,?) ON CONFLICT DO NOTHING", (monitor, id_, now, body)
    )


def _use(db: sqlite3.Connection, monitor: str, id_: str, version: str, now: float) -> None:
    db.execute("INSERT INTO uses VALUES (?,?,?,?)", (monitor, version, now, id_))


def _latest(db: sqlite3.Connection, monitor: str, versions: tuple[str, ...]) -> str | None:
    """The reference in use for the first of some model versions that has one."""
    for version in versions:
        rows = db.execute(
            "SELECT reference FROM uses WHERE monitor=? AND model_version=? "
            "ORDER BY rowid DESC LIMIT 1",
            (monitor, version),
        ).fetchone()
        if rows is not None:
            return str(rows[0])
    return None

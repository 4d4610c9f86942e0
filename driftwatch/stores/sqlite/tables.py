"""Tables of the SQLite store, by version; a store of an older version is brought up on opening."""

from __future__ import annotations

__all__ = ["MIGRATIONS"]

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        width INTEGER NOT NULL,
        pane INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        late INTEGER NOT NULL,
        earliest REAL,
        latest REAL,
        reference TEXT NOT NULL,
        model_version TEXT,
        covers INTEGER NOT NULL,
        digest BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX segments_by_pane ON segments (monitor, width, pane);
    CREATE TABLE accepted (
        monitor TEXT NOT NULL,
        source TEXT NOT NULL,
        epoch TEXT NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL,
        PRIMARY KEY (monitor, source, epoch, low)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sources (
        monitor TEXT NOT NULL,
        source TEXT NOT NULL,
        epoch TEXT NOT NULL,
        heard REAL NOT NULL,
        sent REAL NOT NULL,
        latest REAL,
        rows INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        PRIMARY KEY (monitor, source)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE cursors (
        monitor TEXT NOT NULL,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (monitor, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE counters (
        monitor TEXT NOT NULL,
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (monitor, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE refs (
        monitor TEXT NOT NULL,
        id TEXT NOT NULL,
        added REAL NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (monitor, id)
    ) STRICT;
    CREATE TABLE uses (
        monitor TEXT NOT NULL,
        model_version TEXT NOT NULL,
        valid_from REAL NOT NULL,
        reference TEXT NOT NULL
    ) STRICT;
    CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        pane INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        created REAL NOT NULL,
        status TEXT NOT NULL,
        event TEXT,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX reports_by_pane ON reports (monitor, pane, revision);
    CREATE TABLE states (
        monitor TEXT PRIMARY KEY,
        pane INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE leases (
        monitor TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        token INTEGER NOT NULL,
        expires REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        what TEXT NOT NULL,
        rows INTEGER NOT NULL,
        reason TEXT NOT NULL,
        body BLOB
    ) STRICT;
    """,
    """
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        sink TEXT NOT NULL,
        event_id TEXT NOT NULL,
        pane INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        event TEXT,
        created REAL NOT NULL,
        attempts INTEGER NOT NULL,
        due REAL NOT NULL,
        error TEXT
    ) STRICT;
    CREATE UNIQUE INDEX outbox_by_event ON outbox (monitor, sink, event_id);
    """,
    """
    ALTER TABLE outbox ADD COLUMN message TEXT;
    CREATE TABLE incidents (
        monitor TEXT NOT NULL,
        number INTEGER NOT NULL,
        opened REAL NOT NULL,
        resolved REAL,
        status TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (monitor, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE actions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        incident INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at REAL NOT NULL,
        by TEXT NOT NULL,
        until REAL,
        text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX actions_by_incident ON actions (monitor, incident);
    CREATE TABLE sent (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        incident INTEGER NOT NULL,
        key TEXT NOT NULL,
        sink TEXT NOT NULL,
        kind TEXT NOT NULL,
        created REAL NOT NULL,
        delivered REAL NOT NULL,
        attempts INTEGER NOT NULL
    ) STRICT;
    """,
    """
    CREATE TABLE counted (
        monitor TEXT NOT NULL,
        width INTEGER NOT NULL,
        pane INTEGER NOT NULL,
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (monitor, width, pane, name)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE quarantine ADD COLUMN facts TEXT;
    """,
    """
    CREATE TABLE copies (
        monitor TEXT NOT NULL,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (monitor, name)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO copies SELECT monitor, name, position FROM cursors;
    CREATE TABLE doubts (
        monitor TEXT PRIMARY KEY,
        upto INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    "",  # the same tables; reports in them may be compressed, which earlier versions cannot read
    """
    CREATE TABLE turned_away (
        monitor TEXT NOT NULL,
        source TEXT NOT NULL,
        epoch TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        why TEXT NOT NULL,
        first REAL NOT NULL,
        last REAL NOT NULL,
        PRIMARY KEY (monitor, source, epoch, sequence)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE windows (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        monitor TEXT NOT NULL,
        pane INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        created REAL NOT NULL,
        at REAL NOT NULL,
        severity INTEGER NOT NULL,
        shown REAL NOT NULL,
        event TEXT,
        facts TEXT NOT NULL,
        columns BLOB NOT NULL,
        cells BLOB NOT NULL,
        numbers BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX windows_by_pane ON windows (monitor, pane);
    CREATE INDEX windows_by_time ON windows (monitor, at, severity, shown);
    """,
)
"""One script a version: script i takes a store of version i to version i + 1.

`copies` has the progress of every source a second time, on pages of its own: losing it would count
rows twice. `doubts` has the monitors whose deliveries are known in part only, since the file was
damaged: what repeats a segment of theirs up to an id is taken for a repetition. `turned_away` has
deliveries that came and could not be taken yet. `windows` has the summary of each window's newest
report; reports of before it came have none until somebody asks for their windows, and one of them
that cannot be read leaves a row of severity -1 then, so that it is not tried again and again.
"""

"""A collector instead of a store of one's own: a spool on disk, and a thread that sends it."""

from driftwatch.stores.remote.store import RemoteStore

__all__ = ["RemoteStore"]

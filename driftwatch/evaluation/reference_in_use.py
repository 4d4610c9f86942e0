"""Which reference is in use for a version of the model: the one place that knows."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.subject import Subject
from driftwatch.errors import DriftWatchError
from driftwatch.protocols import References

__all__ = ["ReferenceInUse"]

_LOG = logging.getLogger("driftwatch")


class ReferenceInUse:
    """Gives the reference in use; monitor, accumulator, evaluator and collector ask it.

    Answers come from memory. `refresh` asks the store what is in use now, so that whatever was
    promoted since, by this process or another, takes effect from then on.

    Args:
        subject: The model, with the reference that the process was started with; it is in use
            where the store names none.
        store: Where references are kept; None of a monitor without one.

    Example:
        >>> import numpy as np
        >>> from driftwatch.profiling.references import ReferenceOptions, build_reference
        >>> mine = build_reference({"x": np.arange(500.0)}, ReferenceOptions())
        >>> ReferenceInUse(Subject(mine), None).current() is mine
        True
    """

    def __init__(self, subject: Subject, store: References | None, /) -> None:
        self._subject = subject
        self._store = store
        # Replaced as a whole, never changed: so nobody needs a lock, which a fork might cut.
        self._ids: Mapping[str, str] = {}
        self._known: Mapping[str, Reference] = {subject.reference.id: subject.reference}
        self._unreadable: frozenset[str] = frozenset()

    def adopt(self, *, replace: bool, now: float) -> None:
        """Bring the process's own reference to the store, where it may come into use.

        Args:
            replace: Put it to use in any case.
            now: Seconds since 1970.

        Raises:
            StoreError: If the store cannot be used.
        """
        store, subject = self._store, self._subject
        if store is None:
            return
        own, version = subject.reference, subject.model_version
        body = own.profile.to_bytes()
        before = self._named(store.references_in_use(subject.monitor), version)
        if replace and before != own.id:
            store.add_reference(subject.monitor, own.id, body, now=now)
            store.use_reference(subject.monitor, own.id, model_version=version, now=now)
            used = own.id
        else:
            used = store.adopt_reference(
                subject.monitor, own.id, body, model_version=version, now=now
            )
        self.refresh()
        if used != own.id:
            _LOG.warning(
                "driftwatch: %s: reference %s, which this process was started with, has been "
                "replaced by %s and stays so; reference='replace' puts it back",
                subject.monitor,
                own.id,
                used,
            )
        elif before not in (None, own.id):
            _LOG.warning(
                "driftwatch: %s: reference %s is in use from now on, in place of %s",
                subject.monitor,
                own.id,
                before,
            )

    def refresh(self) -> bool:
        """Ask the store what is in use; whether it differs from before.

        Raises:
            StoreError: If the store cannot be read; nothing has changed then.
        """
        if self._store is None:
            return False
        ids = dict(self._store.references_in_use(self._subject.monitor))
        if ids == self._ids:
            return False
        own = self._subject.reference
        known = {id_: ref for id_, ref in self._known.items() if id_ in ids.values()}
        known[own.id] = own
        for id_ in set(ids.values()) - known.keys() - self._unreadable:
            loaded = self._loaded(self._store, id_)
            if loaded is not None:
                known[id_] = loaded
        self._known = known
        self._ids = ids
        return True

    def id_for(self, version: str | None, /) -> str:
        """Content id of the reference in use for a version of the model."""
        named = self._named(self._ids, version)
        if named is None or named not in self._known:
            return self._subject.reference.id
        return named

    def current(self, version: str | None = None, /) -> Reference:
        """The reference in use for a version of the model; of the monitor's own if None."""
        known = self._known
        id_ = self.id_for(version or self._subject.model_version)
        return known.get(id_, self._subject.reference)

    def known(self, id_: str, version: str | None, /) -> Reference:
        """The reference of an id that is in use; that of a version where it is no longer known."""
        return self._known.get(id_) or self.current(version)

    def _named(self, ids: Mapping[str, str], version: str | None) -> str | None:
        return ids.get(version or "") or ids.get("")

    def _loaded(self, store: References, id_: str) -> Reference | None:
        """Read a reference; one that cannot be read is logged once, and never in use."""
        body = store.reference(self._subject.monitor, id_)
        if body is None:
            return None
        try:
            guard = self._subject.reference.profile.guard
            return Reference(Profile.from_bytes(body, guard=guard))
        except DriftWatchError as error:
            self._unreadable |= {id_}
            _LOG.warning(
                "driftwatch: %s: reference %s cannot be read, and %s stays in use: %s",
                self._subject.monitor,
                id_,
                self._subject.reference.id,
                error,
            )
            return None

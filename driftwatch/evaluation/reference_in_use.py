"""Which reference is in use for a version of the model: the one place that knows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.subject import Subject
from driftwatch.errors import DriftWatchError
from driftwatch.logs.events import event
from driftwatch.protocols import References

__all__ = ["InUse", "ReferenceInUse"]

_LOG = logging.getLogger("driftwatch")


@dataclass(frozen=True, slots=True, eq=False)
class InUse:
    """Which reference is in use for which version of the model, at one moment.

    Attributes:
        own: The reference that the process was started with.
        ids: Ids by version; that of an empty text is for all versions without one.
        known: References by id.
    """

    own: Reference
    ids: Mapping[str, str]
    known: Mapping[str, Reference]

    def id_for(self, version: str | None, /) -> str:
        """Content id of the reference in use for a version of the model."""
        named = named_for(self.ids, version)
        return self.own.id if named is None or named not in self.known else named

    def reference(self, id_: str, /) -> Reference:
        """The reference of an id that `id_for` gave."""
        return self.known.get(id_, self.own)

    def for_version(self, version: str | None, /) -> Reference:
        """The reference in use for a version of the model."""
        return self.reference(self.id_for(version))


def named_for(ids: Mapping[str, str], version: str | None, /) -> str | None:
    """Id in use for a version, or for all versions without one of their own."""
    return ids.get(version or "") or ids.get("")


class ReferenceInUse:
    """Gives the reference in use; monitor, accumulator, evaluator and collector ask it.

    Answers come from memory. `refresh` asks the store what is in use now; a promotion by
    this process or another takes effect with the next refresh.

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
        self._unreadable: frozenset[str] = frozenset()
        self.now = InUse(subject.reference, {}, {subject.reference.id: subject.reference})
        """What is in use now; replaced as a whole by `refresh`, never changed. It needs no lock,
        and a caller that keeps the value is not affected by later refreshes."""

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
        before = named_for(store.references_in_use(subject.monitor), version)
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
                "driftwatch: %s: reference %s, which this process was started with, is not put "
                "to use: the store has %s in its place; `driftwatch reference use`, or "
                "reference='replace', changes that",
                subject.monitor,
                own.id,
                used,
                extra=event("reference.trouble"),
            )
        elif before not in (None, own.id):
            _LOG.warning(
                "driftwatch: %s: reference %s is in use from now on, in place of %s",
                subject.monitor,
                own.id,
                before,
                extra=event("reference.trouble"),
            )

    def refresh(self) -> bool:
        """Ask the store what is in use; whether it differs from before.

        Raises:
            StoreError: If the store cannot be read; nothing has changed then.
        """
        if self._store is None:
            return False
        ids = dict(self._store.references_in_use(self._subject.monitor))
        before = self.now
        if ids == before.ids:
            return False
        known = {id_: ref for id_, ref in before.known.items() if id_ in ids.values()}
        known[before.own.id] = before.own
        for id_ in set(ids.values()) - known.keys() - self._unreadable:
            loaded = self._loaded(self._store, id_)
            if loaded is not None:
                known[id_] = loaded
        self.now = InUse(before.own, ids, known)
        return True

    def current(self, version: str | None = None, /) -> Reference:
        """The reference in use for a version of the model; of the monitor's own if None."""
        return self.now.for_version(version or self._subject.model_version)

    def _loaded(self, store: References, id_: str) -> Reference | None:
        """Read a reference; one that cannot be read is logged once, and never in use."""
        body = store.reference(self._subject.monitor, id_)
        if body is None:
            return None
        try:
            guard = self._subject.reference.profile.guard
            profile = Profile.from_bytes(body, guard=guard)
            mine = self._subject.reference.profile.outcome_spec
            if mine is not None and profile.outcome_spec is not None:
                # Functions are not stored; those of the same names are the process's own.
                spec = profile.outcome_spec.with_own(mine.own)
                profile = profile.with_outcome_spec(spec)
            return Reference(profile)
        except DriftWatchError as error:
            self._unreadable |= {id_}
            _LOG.warning(
                "driftwatch: %s: reference %s cannot be read, and %s stays in use: %s",
                self._subject.monitor,
                id_,
                self._subject.reference.id,
                error,
                extra=event("reference.trouble"),
            )
            return None

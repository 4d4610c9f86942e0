"""A window cut by the references its rows are compared with, and judged part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from driftwatch.core.assess import assess
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport, WindowFacts, WindowPart
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.comparisons import ReferenceWindows
from driftwatch.evaluation.reference_in_use import InUse
from driftwatch.evaluation.stored_windows import StoredWindows
from driftwatch.protocols import Segments

__all__ = ["MixedWindows"]


class _Part:
    """The rows of the versions that one reference is in use for."""

    def __init__(
        self,
        store: Segments,
        spec: WindowSpec,
        references: InUse,
        reference: Reference,
        /,
        *,
        monitor: str,
        compare: str,
    ) -> None:
        def wanted(version: str | None) -> bool:
            return references.id_for(version) == reference.id

        self.reference = reference
        self.windows = StoredWindows(store, spec, reference, monitor=monitor, wanted=wanted)
        self.compare = ReferenceWindows(
            store, spec, reference, monitor=monitor, compare=compare, wanted=wanted
        )


class MixedWindows:
    """The window that ends with a pane, for one pane after the other, and its report.

    Rows are compared with the reference that is in use for their version of the model. Where
    that is one reference there is one part, and one report. Where traffic of several versions
    is compared with several, each part is judged by itself, at its share of the alarm budget:
    the report is that of the worst part, its status that of all, and it names every part.

    Args:
        store: The segments.
        spec: How the stream is cut.
        subject: The model.
        references: Which reference is in use, now and for as long as this lives.
        compare: What windows are compared with.
    """

    def __init__(
        self,
        store: Segments,
        spec: WindowSpec,
        subject: Subject,
        references: InUse,
        /,
        *,
        compare: str,
    ) -> None:
        self._store = store
        self._spec = spec
        self._subject = subject
        self._references = references
        self._compare = compare
        self._others: dict[str, _Part] = {}
        self._main = self._part(references.for_version(subject.model_version))

    def _part(self, reference: Reference) -> _Part:
        return _Part(
            self._store,
            self._spec,
            self._references,
            reference,
            monitor=self._subject.monitor,
            compare=self._compare,
        )

    @property
    def main(self) -> StoredWindows:
        """The windows of the rows that the monitor's own reference is in use for."""
        return self._main.windows

    @property
    def reach(self) -> int:
        """Panes back from the newest that windows and what they are compared with reach."""
        return self._main.compare.reach

    def refresh(self) -> bool:
        """Take in what is new in the store; whether it changed the last window."""
        # A list, so that every part is refreshed, not only those up to the first that changed.
        changed = [part.windows.refresh() for part in (self._main, *self._others.values())]
        return any(changed)

    def move_to(self, last: int, /, unstored: Mapping[str | None, Profile] | None = None) -> None:
        """Read what is not read yet of the window that ends with a pane.

        Damage is found, and counted in the store, by then.
        """
        self._stored(last, unstored or {})

    def report(
        self,
        last: int,
        /,
        *,
        policy: Policy,
        created_at: datetime,
        facts: WindowFacts,
        unstored: Mapping[str | None, Profile] | None = None,
    ) -> DriftReport:
        """Judge the window that ends with a pane.

        Args:
            last: The pane.
            policy: The rules of the verdict.
            created_at: When it was asked for.
            facts: What is known of the window beside its rows.
            unstored: Rows that are in no segment yet, by version of the model.
        """
        unstored = unstored or {}
        judged = [
            (part, self._with_unstored(part, stored, unstored))
            for part, stored in self._stored(last, unstored)
        ]
        filled = [(part, profile) for part, profile in judged if profile is not None]
        if not filled:
            filled = [(self._main, self._main.reference.new_profile())]
        policy = replace(policy, parts=len(filled))
        reports = [
            self._assessed(part, profile, last, policy, created_at, facts)
            for part, profile in filled
        ]
        if len(reports) == 1:
            return reports[0][1]
        reports.sort(key=lambda pair: -pair[1].global_status.severity)
        named = tuple(
            WindowPart(
                self._versions(part, unstored),
                part.reference.id,
                report.rows_current,
                report.global_status,
                tuple(report.drifted_features),
            )
            for part, report in reports
        )
        worst = reports[0][1]
        window = worst.window if worst.window is not None else facts
        return replace(worst, window=replace(window, parts=named))

    def _versions(
        self, part: _Part, unstored: Mapping[str | None, Profile]
    ) -> tuple[str | None, ...]:
        mine = {v for v in unstored if self._references.id_for(v) == part.reference.id}
        return tuple(sorted(mine | part.windows.facts().rows.keys(), key=lambda v: v or ""))

    def _stored(
        self, last: int, unstored: Mapping[str | None, Profile]
    ) -> list[tuple[_Part, Profile | None]]:
        """The parts that may have rows, each with its stored window; which others there are is
        known once the window of the main part has moved to the pane.
        """
        main = self._main.windows.window(last)
        wanted = {self._references.id_for(v) for v in self._main.windows.facts().others}
        wanted |= {self._references.id_for(v) for v in unstored}
        for id_ in wanted:
            if id_ != self._main.reference.id and id_ not in self._others:
                reference = self._references.reference(id_)
                self._others[id_] = self._part(reference)
        for id_ in self._others.keys() - wanted:
            del self._others[id_]
        others = [(part, part.windows.window(last)) for part in self._others.values()]
        return [(self._main, main), *others]

    def _with_unstored(
        self, part: _Part, stored: Profile | None, unstored: Mapping[str | None, Profile]
    ) -> Profile | None:
        more = [
            profile
            for version, profile in unstored.items()
            if self._references.id_for(version) == part.reference.id
        ]
        if not more:
            return stored
        return merged([profile.copy() for profile in ([stored] if stored else []) + more])

    def _assessed(
        self,
        part: _Part,
        profile: Profile,
        last: int,
        policy: Policy,
        created_at: datetime,
        facts: WindowFacts,
    ) -> tuple[_Part, DriftReport]:
        of_segments = part.windows.facts()
        window = replace(
            facts,
            not_used=dict(Counter(facts.not_used) + Counter(of_segments.not_read)),
            late_rows=of_segments.late,
            references=of_segments.references or (part.reference.id,),
            left_out=of_segments.left_out,
        )
        subject = self._subject.compared_with(
            part.compare.against(last), version=of_segments.model_version
        )
        report = assess(subject, profile, policy=policy, created_at=created_at, window=window)
        return part, report

"""One stretch of the data after the other beside a reference: drift over time, in a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from driftwatch.core.assess import assess
from driftwatch.core.data.schema import Role
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.over_time import OverTime, Stretch
from driftwatch.core.subject import Subject
from driftwatch.profiling.parted import profiles_by_stretch
from driftwatch.profiling.rows import Progress
from driftwatch.profiling.stretches import ByValue, Cut

__all__ = ["checked_over_time"]

_GROUPING = (Role.FEATURE, Role.GROUP)


def checked_over_time(
    subject: Subject,
    data: Any,
    cut: Cut,
    /,
    *,
    policy: Policy,
    created_at: datetime,
    progress: Progress | None = None,
) -> OverTime:
    """Check every stretch of the data by itself.

    Args:
        subject: The reference, and what is known of the model. A feature whose values the rows
            are cut by is left out, since it has one value in each.
        data: Rows, or paths.
        cut: How to cut them.
        policy: The rules of the verdict.
        created_at: When the question was asked.
        progress: Called after every batch.

    Raises:
        ConfigError: If there are too many stretches.
        DataError: If the data cannot be read.
    """
    schema = subject.reference.schema
    if isinstance(cut, ByValue) and cut.column in schema and schema[cut.column].role in _GROUPING:
        others = [column.name for column in schema if column.name != cut.column]
        rest = Reference(subject.reference.profile.select(others))
        subject = replace(subject, reference=rest, exclude=(*subject.exclude, cut.column))
    profiles = profiles_by_stretch(subject.reference, data, cut, progress=progress)
    stretches = []
    for key, profile in profiles.items():
        report = assess(subject, profile, policy=policy, created_at=created_at)
        named = cut.named(key)
        stretches.append(Stretch(named.label, report, named.start, named.end))
    is_ordered = not isinstance(cut, ByValue)
    return OverTime(subject.monitor, cut.words, tuple(stretches), dict(cut.untold), is_ordered)

"""``driftwatch check``: two sides of files in, a report out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from typing import Any, cast

from driftwatch.cli.exits import Exit
from driftwatch.cli.last_report import save_report
from driftwatch.cli.progress import progress_bar
from driftwatch.cli.showing import Showing
from driftwatch.core.drift.policy import PolicyName
from driftwatch.core.privacy import hash_key
from driftwatch.core.report import DriftReport
from driftwatch.errors import ConfigError, DataError
from driftwatch.files import find_files
from driftwatch.monitor import Monitor

__all__ = ["CheckRequest", "run_check"]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to compare, and by which rules."""

    reference: list[str]
    production: list[str]
    features: tuple[str, ...] | None
    thresholds: tuple[str, ...]
    policy: str
    roles: Mapping[str, str]
    false_alarms: str | None
    every: str
    pane: str | None
    multivariate: bool


def run_check(request: CheckRequest, showing: Showing, /, *, save: bool) -> Exit:
    """Run the check, show its report and return the exit code."""
    report = _report(request, quiet=showing.quiet)
    if save:
        try:
            save_report(report)
        except DataError as error:
            # The answer is there; that it could not be kept must not hide it.
            sys.stderr.write(f"driftwatch: the report was not kept: {error}\n")
    return showing.show(report)


def _report(request: CheckRequest, *, quiet: bool) -> DriftReport:
    # Reading leaves Python idle; what the tests will need is imported meanwhile.
    Thread(target=importlib.import_module, args=("scipy.special",), daemon=True).start()
    thresholds = parse_thresholds(request.thresholds)
    before, after = find_files(request.reference), find_files(request.production)
    with progress_bar(f"reference {before.label}", before.size_bytes, quiet=quiet) as progress:
        monitor = Monitor(
            request.reference,
            features=request.features,
            thresholds=thresholds or None,
            policy=cast("PolicyName", request.policy),
            roles=request.roles,
            false_alarms=request.false_alarms,
            every=request.every,
            pane=request.pane,
            multivariate=request.multivariate,
            hash_key=hash_key(),
            progress=progress,
        )
    with progress_bar(f"production {after.label}", after.size_bytes, quiet=quiet) as progress:
        return monitor.check(request.production, progress=progress)


def parse_thresholds(texts: tuple[str, ...], /) -> dict[str, Any]:
    """Read ``ks=0.1`` and ``psi=0.1:0.25``.

    Raises:
        ConfigError: If a text is neither.
    """
    thresholds: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            numbers = [float(part) for part in value.split(":")]
        except ValueError:
            numbers = []
        if not equals or len(numbers) not in (1, 2):
            raise ConfigError(
                f"--threshold {text!r} must look like ks=0.1 or psi=0.1:0.25 (warning:critical)"
            )
        thresholds[name.strip()] = numbers[0] if len(numbers) == 1 else numbers
    return thresholds

"""Who is told of what, and how often."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from driftwatch.alerts.conditions import Condition
from driftwatch.alerts.downtime import Downtime
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.reports.report import Status
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.render.plain import plain

if TYPE_CHECKING:
    from driftwatch.protocols import Notifier

__all__ = ["DRIFT", "NO_DATA", "Alerts", "Rule"]

DRIFT, NO_DATA = "drift", "no data"
"""Names of the rules that every monitor has."""

_LEVELS = {"warning": Status.WARNING, "critical": Status.CRITICAL}
_MOST_WINDOWS = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What opens an incident besides the status of the report.

    Attributes:
        when: A condition, such as ``"psi > 0.3"``, ``"roc_auc.loss > 0.05"`` or
            ``"feature_status >= critical"``; see `driftwatch.alerts.conditions.Condition`.
        name: In messages; the condition if empty.
        features: Only of these features; of any if not given.
        for_: In how many windows one after another it must hold: a number, or ``"3 windows"``.
        level: ``"warning"`` or ``"critical"``.

    Raises:
        ConfigError: If one of them cannot be read.

    Example:
        >>> Rule("psi > 0.3", features=["age"], for_="3 windows").title
        'psi > 0.3 in 3 windows'
    """

    when: str
    name: str = ""
    features: Sequence[str] | None = None
    for_: int | str = 1
    level: str = "warning"
    condition: Condition = field(init=False, repr=False)
    windows: int = field(init=False, repr=False)
    status: Status = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "condition", Condition.parse(self.when))
        put(self, "windows", windows_of(self.for_))
        put(self, "status", level_of(self.level))
        if isinstance(self.features, str):
            raise ConfigError(f"features is a list of names; got the text {self.features!r}")
        put(self, "features", None if self.features is None else tuple(self.features))
        if self.name in (DRIFT, NO_DATA):
            raise ConfigError(f"every monitor has a rule called {self.name!r}; choose another name")

    @property
    def title(self) -> str:
        """Name, or condition, and for how long it must hold."""
        return f"{plain(self.name) or self.condition}{_windows_in_words(self.windows)}"


@dataclass(frozen=True, slots=True)
class Alerts:
    """Who is told of a monitor's incidents, and how often. Give it to ``Monitor(alerts=...)``.

    An incident opens when the status of the windows is that of `open` or worse, or when a rule
    holds; there is one at a time, which gathers all that is found until it is over. A message is
    sent when it opens and when it is over; more only where asked for.

    Attributes:
        to: Back ends, such as `driftwatch.integrations.alerting.SlackAlert`.
        open: Status that opens an incident: ``"warning"`` or ``"critical"``.
        for_: In how many windows one after another it must have it.
        rules: More that opens incidents.
        escalate: Whether WARNING becoming CRITICAL is told.
        repeat: How often an incident that nobody has acknowledged is told again, such as ``"24h"``;
            never if None.
        cooldown: For so long after an incident the next one is told to nobody, and counts as the
            same; should it still be there then, it is told.
        no_data: Open an incident when nothing has been delivered for so long; ``"auto"``: for as
            long as a window, and three slides at least; None: never.
        delay: Judge a window so much later, when late rows and labels have come.
        downtime: When nobody is told, in UTC: ``"daily 02:00-03:00"``, ``"Sat 22:00-Sun 06:00"``,
            ``"2026-12-24/2026-12-27"``.
        owner: Who looks after the monitor.
        runbook: Address of what to do.
        labels: Anything else that messages carry.
        url: Address of the dashboard, for links.

    Raises:
        ConfigError: If one of them cannot be read.
    """

    to: Sequence[Notifier] = ()
    open: str = "warning"
    for_: int | str = 1
    rules: Sequence[Rule] = ()
    escalate: bool = False
    repeat: str | None = None
    cooldown: str | None = None
    no_data: str | None = "auto"
    delay: str | None = None
    downtime: Sequence[str] = ()
    owner: str = ""
    runbook: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    times: Sequence[Downtime] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        level_of(self.open)
        windows_of(self.for_)
        for name in ("repeat", "cooldown", "delay"):
            if (text := getattr(self, name)) is not None:
                parse_duration(text)
        if self.no_data not in (None, "auto"):
            parse_duration(str(self.no_data))
        for name in ("runbook", "url"):
            if (text := getattr(self, name)) and not re.fullmatch(r"https?://[!-~]+", text):
                raise ConfigError(f"{name} is an address like https://example.com; got {text!r}")
        names = [rule.title for rule in self.all_rules()]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ConfigError(f"two rules are called {min(twice)!r}; give one of them a name")
        object.__setattr__(self, "times", tuple(map(Downtime.parse, self.downtime)))

    @classmethod
    def of(cls, given: Any, /) -> Alerts:
        """The settings: as they are, or with defaults for a list of back ends; None is no back end.

        Raises:
            ConfigError: If it is neither.
        """
        if isinstance(given, Alerts):
            return given
        if given is None:
            return cls()
        if not isinstance(given, list | tuple):
            raise ConfigError(f"alerts is a list of back ends, or Alerts(...); got {given!r:.80}")
        return cls(to=tuple(given))

    def for_a_history(self) -> Alerts:
        """The same rules for a history that is replayed: all rows are there, and nobody is told."""
        return replace(self, to=(), delay=None, no_data=None)

    def all_rules(self) -> tuple[Rule, ...]:
        """The rule of `open`, and the others."""
        first = Rule(f"status >= {self.open}", for_=self.for_, level=self.open)
        return (first, *self.rules)

    def check_names(self, own: Collection[str], /) -> None:
        """Check what rules read.

        Raises:
            ConfigError: If one reads what no report has.
        """
        for rule in self.rules:
            rule.condition.check_name(own)

    def check_features(self, known: Collection[str], /) -> None:
        """Check the features that rules are about.

        Raises:
            ConfigError: If there is no such column.
        """
        for rule in self.rules:
            for name in rule.features or ():
                if name not in known:
                    near = did_you_mean(name, known)
                    raise ConfigError(f"rule {rule.title!r}: no column {name!r}{near}")

    def repeat_seconds(self) -> float | None:
        """Seconds from one reminder to the next; None without."""
        return _seconds(self.repeat)

    def cooldown_seconds(self) -> float:
        """Seconds after an incident in which the next one is told to nobody."""
        return _seconds(self.cooldown) or 0.0

    def delay_seconds(self) -> float:
        """Seconds by which a window is judged later."""
        return _seconds(self.delay) or 0.0

    def no_data_seconds(self, spec: WindowSpec, /) -> float | None:
        """Seconds without a delivery that open an incident; None: never."""
        if self.no_data == "auto":
            return None if spec.by_rows else float(max(spec.width * spec.panes, 3 * spec.width))
        return _seconds(self.no_data)

    def in_words(self) -> str:
        """What opens an incident, and when one is told again."""
        many = windows_of(self.for_)
        parts = [f"{self.open} in {many} window{'s' if many > 1 else ''}"]
        parts += [rule.title for rule in self.rules]
        again = [] if self.repeat is None else [f"every {self.repeat} until acknowledged"]
        again += ["when it gets worse"] if self.escalate else []
        return f"{' or '.join(parts)}; told again {', and '.join([*again, 'when it is over'])}"


def level_of(text: str) -> Status:
    """WARNING or CRITICAL.

    Raises:
        ConfigError: If it is neither.
    """
    if text not in _LEVELS:
        raise ConfigError(f"a level is warning or critical; got {text!r}")
    return _LEVELS[text]


def windows_of(many: int | str) -> int:
    """A number of windows, also as ``"3 windows"``.

    Raises:
        ConfigError: If it is none.
    """
    found = re.fullmatch(r"\s*(\d{1,4})\s*(windows?)?\s*", str(many))
    number = 0 if found is None or isinstance(many, bool) else int(found[1])
    if not 1 <= number <= _MOST_WINDOWS:
        raise ConfigError(f"for is a number of windows, such as '3 windows'; got {many!r}")
    return number


def _windows_in_words(windows: int) -> str:
    return "" if windows == 1 else f" in {windows} windows"


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_duration(text) / timedelta(seconds=1)

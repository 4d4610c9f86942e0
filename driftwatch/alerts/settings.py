"""Who is told of what, and how often."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, SupportsIndex

from driftwatch.alerts.conditions import Condition
from driftwatch.alerts.downtime import Downtime
from driftwatch.core.data.durations import format_duration, parse_duration
from driftwatch.core.reports.report import Status
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, did_you_mean, shown
from driftwatch.render.plain import plain
from driftwatch.transport.urls import checked_url

if TYPE_CHECKING:
    from driftwatch.protocols import Notifier

__all__ = ["DRIFT", "NO_DATA", "Alerts", "Rule"]

DRIFT, NO_DATA = "drift", "no data"
"""Names of the rules that every monitor has."""

_LEVELS = {"warning": Status.WARNING, "critical": Status.CRITICAL}
_MOST_WINDOWS = 1_000
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What opens an incident besides the status of the report.

    Attributes:
        when: A condition, such as ``"psi > 0.3"``, ``"roc_auc.loss > 0.05"`` or
            ``"feature_status >= critical"``; see `driftwatch.alerts.conditions.Condition`.
        name: In messages; the condition if empty.
        features: Only of these features; of any if not given. It goes with tests and
            ``feature_status``: everything else is read of the whole report.
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
        _check_text(self.name, "a rule's name")
        if self.features is not None:
            put(self, "features", _listed(self.features, "features", "names of columns"))
            for name in self.features:
                _check_text(name, "a name in features")
            self._check_is_of_features()
        if self.name in (DRIFT, NO_DATA):
            raise ConfigError(
                f"every monitor has a rule called {self.name!r}; choose another name", code="DW080"
            )

    def _check_is_of_features(self) -> None:
        if not self.features:
            raise ConfigError(
                f"rule {str(self.condition)!r}: features is empty, so that it could never hold; "
                "name some, or leave features out",
                code="DW080",
            )
        if not self.condition.is_of_features:
            advice = (
                f"for the statuses of features say 'feature_status {self.condition.compare} "
                f"{self.condition.text}'"
                if self.condition.is_of_status
                else "leave features out, or read a test such as psi, or feature_status"
            )
            raise ConfigError(
                f"rule {str(self.condition)!r}: {self.condition.name} is not read of single "
                f"features, so that it takes no features; {advice}",
                code="DW080",
            )

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
        repeat: How often an incident that nobody has acknowledged is told again, such as ``"24h"``
            or a `timedelta`, as the next three; never if None.
        cooldown: For so long after an incident the next one is told to nobody, and counts as the
            same; should it still be there then, it is told.
        no_data: Open an incident when nothing has been delivered for so long; ``"auto"``: for one
            and a half windows, and three slides at least; None: never.
        delay: Judge a window so much later, when late rows and labels have come.
        downtime: List of when nobody is told, but that an incident is over, in UTC:
            ``"daily 02:00-03:00"``, ``"Sat 22:00-Sun 06:00"``, ``"2026-12-24/2026-12-27"``.
        owner: Who looks after the monitor.
        runbook: Address of what to do, of at most 2,000 characters.
        labels: Anything else that messages carry.
        url: Address of the dashboard, for links to incidents: without a query or a fragment.

    Raises:
        ConfigError: If one of them cannot be read.
    """

    to: Sequence[Notifier] = ()
    open: str = "warning"
    for_: int | str = 1
    rules: Sequence[Rule] = ()
    escalate: bool = False
    repeat: str | timedelta | None = None
    cooldown: str | timedelta | None = None
    no_data: str | timedelta | None = "auto"
    delay: str | timedelta | None = None
    downtime: Sequence[str] = ()
    owner: str = ""
    runbook: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    times: Sequence[Downtime] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        level_of(self.open)
        windows_of(self.for_)
        put = object.__setattr__
        put(self, "to", _back_ends(self.to))
        put(self, "rules", _rules(self.rules))
        for name in ("repeat", "cooldown", "delay", "no_data"):
            given = getattr(self, name)
            automatic = name == "no_data" and isinstance(given, str) and given == "auto"
            if given is not None and not automatic:
                put(self, name, _duration(given, name))
        if not isinstance(self.escalate, bool):
            raise ConfigError(
                f"escalate is True or False; got {shown(self.escalate)}", code="DW080"
            )
        _check_text(self.owner, "owner")
        put(self, "runbook", _address(self.runbook, "runbook"))
        put(self, "url", _address(self.url, "url", is_of_a_place=True))
        put(self, "labels", _labels(self.labels))
        names = [rule.title for rule in self.all_rules()]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ConfigError(
                f"two rules are called {min(twice)!r}; give one of them a name", code="DW081"
            )
        put(self, "downtime", _listed(self.downtime, "downtime", "texts like 'daily 02:00-03:00'"))
        for text in self.downtime:
            _check_text(text, "a downtime")
        put(self, "times", tuple(map(Downtime.parse, self.downtime)))

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
            raise ConfigError(
                f"alerts is a list of back ends, or Alerts(...); got {shown(given)}", code="DW081"
            )
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
                    raise ConfigError(
                        f"rule {rule.title!r}: no column {name!r}{near}", code="DW080"
                    )

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
            return None if spec.by_rows else max(1.5 * spec.width * spec.panes, 3.0 * spec.width)
        return _seconds(self.no_data)

    def in_words(self) -> str:
        """What opens an incident, and when one is told again."""
        many = windows_of(self.for_)
        parts = [f"{self.open} in {many} window{'s' if many > 1 else ''}"]
        parts += [rule.title for rule in self.rules]
        again = [] if self.repeat is None else [f"every {self.repeat} until acknowledged"]
        again += ["when it gets worse"] if self.escalate else []
        return f"{' or '.join(parts)}; told again {', and '.join([*again, 'when it is over'])}"


def level_of(text: object) -> Status:
    """WARNING or CRITICAL.

    Raises:
        ConfigError: If it is neither.
    """
    if not isinstance(text, str) or text not in _LEVELS:
        raise ConfigError(f"a level is warning or critical; got {shown(text)}", code="DW080")
    return _LEVELS[text]


def windows_of(many: object) -> int:
    """A number of windows, also as ``"3 windows"``.

    Raises:
        ConfigError: If it is none.
    """
    number = 0
    if isinstance(many, str):
        found = re.fullmatch(r"\s*(\d{1,4})\s*(windows?)?\s*", many)
        number = 0 if found is None else int(found[1])
    elif isinstance(many, SupportsIndex) and not isinstance(many, bool):
        number = _whole(many)
    if not 1 <= number <= _MOST_WINDOWS:
        raise ConfigError(
            f"for is a number of windows, such as '3 windows'; got {shown(many)}", code="DW080"
        )
    return number


def _whole(many: SupportsIndex) -> int:
    """An integer of any library's; 0 for an array, which only looks like one."""
    try:
        return many.__index__()
    except TypeError:
        return 0


def _check_text(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise ConfigError(f"{what} is a text; got {shown(value)}", code="DW080")


def _address(given: object, what: str, *, is_of_a_place: bool = False) -> str:
    """An address that messages carry; it is not shown, as it may hold what is secret.

    Args:
        given: The address; empty if there is none.
        what: What it is the address of, for errors.
        is_of_a_place: Whether a path is written after it, so that it has no query or fragment.
    """
    if not isinstance(given, str):
        raise ConfigError(f"{what} is a text; got {type(given).__name__}", code="DW080")
    if not given:
        return ""
    if len(given) > _LONGEST_ADDRESS:
        raise ConfigError(
            f"{what} has at most {_LONGEST_ADDRESS} characters; got {len(given)}", code="DW080"
        )
    text = checked_url(given, what, instead_of_login="everybody who is told would read them")
    if is_of_a_place and ("?" in text or "#" in text):
        raise ConfigError(
            f"{what} has a query or a fragment, after which the path of an incident cannot be "
            "written: leave out what begins with ? or # (it is not shown)",
            code="DW081",
        )
    return text


def _listed(given: object, what: str, of: str) -> tuple[Any, ...]:
    """The items of a list; an iterator is none, as it could be read once only."""
    if not isinstance(given, Sequence) or isinstance(given, str | bytes | bytearray):
        raise ConfigError(f"{what} is a list of {of}; got {shown(given)}", code="DW080")
    return tuple(given)


def _back_ends(given: Any) -> tuple[Any, ...]:
    back_ends = _listed(given, "to", "back ends, such as SlackAlert(...)")
    for each in back_ends:
        if isinstance(each, type):
            raise ConfigError(
                f"to has the class {each.__name__}; give an object of it", code="DW081"
            )
        if not isinstance(getattr(each, "name", None), str) or not callable(
            getattr(each, "send", None)
        ):
            raise ConfigError(
                f"a back end has a name and a method send(message); {type(each).__name__} has "
                "not: see driftwatch.protocols.Notifier",
                code="DW081",
            )
    return back_ends


def _rules(given: Any) -> tuple[Rule, ...]:
    rules = _listed(given, "rules", "Rule(...)")
    for each in rules:
        if not isinstance(each, Rule):
            raise ConfigError(
                f"rules has Rule('psi > 0.3') and the like; got {shown(each)}", code="DW080"
            )
    return rules


def _labels(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"labels is a dict of texts, such as {{'team': 'ml'}}; got {shown(given)}", code="DW080"
        )
    labels = dict(given)
    for name, text in labels.items():
        _check_text(name, "a name in labels")
        _check_text(text, f"label {shown(name)}")
    return labels


def _duration(given: Any, what: str) -> str:
    """A duration as text: what it was, or that of a `timedelta`."""
    if isinstance(given, timedelta) and given >= timedelta(seconds=1):
        if given % timedelta(seconds=1):
            raise ConfigError(f"{what} is in whole seconds; got {shown(given)}", code="DW080")
        given = format_duration(given)
    if not isinstance(given, str):
        raise ConfigError(
            f"{what} is a duration like '24h', or a timedelta; got {shown(given)}", code="DW080"
        )
    try:
        parse_duration(given)
    except ConfigError as error:
        problem = str(error)
    else:
        return given
    raise ConfigError(f"{what}: {problem}", code="DW080")


def _windows_in_words(windows: int) -> str:
    return "" if windows == 1 else f" in {windows} windows"


def _seconds(text: str | timedelta | None) -> float | None:
    return None if text is None else parse_duration(str(text)) / timedelta(seconds=1)

"""One incident a monitor: when it opens, what is told, what is kept back, when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from driftwatch import Monitor
from driftwatch.alerts.desk import AlertDesk
from driftwatch.alerts.message import Message, merged
from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.alerts.state import DeskState
from driftwatch.alerts.wording import lines_of, what_moved
from driftwatch.core.reports.report import (
    DatasetDrift,
    DriftReport,
    DriftResult,
    EarlySign,
    FeatureDrift,
    SchemaChange,
    Status,
    WindowFacts,
)
from driftwatch.core.reports.results import Period
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredAction
from driftwatch.errors import ConfigError

HOUR = 3600.0
START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()  # a Monday


def report(
    status: Status = Status.OK,
    psi: float = 0.01,
    changes: Sequence[SchemaChange] = (),
    features: Sequence[tuple[str, Status]] = (),
    rows: int = 1000,
) -> DriftReport:
    test = DriftResult("psi", psi, status=status, gates=True)
    feature = FeatureDrift(
        "age", "numeric", "feature", status, "psi", 0.0, 0.0, "median 39 → 36", None, {"psi": test}
    )
    each = [replace(feature, name=name, status=of) for name, of in features or [("age", status)]]
    return DriftReport(
        "m",
        status,
        tuple(each),
        datetime(2026, 3, 2, tzinfo=UTC),
        1000,
        rows,
        "a",
        "b",
        dataset=DatasetDrift(float(status.is_drift), None, None),
        schema_changes=tuple(changes),
    )


class Desk:
    """A desk, its clock, and everything that it says."""

    def __init__(self, alerts: Alerts, clear_after: int = 2) -> None:
        self.alerts = alerts
        self.clear_after = clear_after
        self.spec = WindowSpec.of("1h")
        self.desk = AlertDesk(alerts, "m", self.spec, clear_after=clear_after)
        self.state = DeskState()
        self.actions: list[StoredAction] = []
        self.pane = int(START / HOUR)
        self.told: list[Message] = []
        self.heard: float | None = None
        self.last: DriftReport | None = None
        self.account = (0, 0)

    @property
    def now(self) -> float:
        return self.pane * HOUR

    def window(self, status: Status = Status.OK, **facts: object) -> list[str]:
        """One more window, an hour later, and what is told; the state goes through its bytes."""
        self.pane += 1
        said = report(status, **facts)  # type: ignore[arg-type]
        self.state = DeskState.restored(self.state.to_dict(), clear_after=self.clear_after)
        self.desk.read(self.state, self.pane, said, status)
        self.desk.consume(self.state, self.pane)
        self.last = said
        return self.settle()

    def settle(self) -> list[str]:
        _, messages = self.desk.settle(
            self.state,
            self.now,
            self.last,
            lambda: self.actions,
            heard=self.heard,
            account=lambda: self.account,
        )
        self.told += messages
        return [message.kind for message in messages]

    def change(self, alerts: Alerts) -> None:
        """Go on with other settings."""
        self.alerts = alerts
        self.desk = AlertDesk(alerts, "m", self.spec, clear_after=self.clear_after)

    def another_reference(self) -> None:
        """Go on against another reference."""
        self.state = DeskState.restored(
            self.state.to_dict(), clear_after=self.clear_after, afresh=True
        )

    def say(self, kind: str, until: float | None = None, incident: int = 1, text: str = "") -> None:
        self.actions.append(StoredAction(incident, kind, self.now, "me", until, text))


OK, WARNING, CRITICAL = Status.OK, Status.WARNING, Status.CRITICAL
INSUFFICIENT = Status.INSUFFICIENT_DATA


def run(desk: Desk, *statuses: Status) -> list[list[str]]:
    return [desk.window(status) for status in statuses]


def test_one_message_when_it_opens_and_one_when_it_is_over() -> None:
    desk = Desk(Alerts(to=[NoBackEnd()]))
    told = run(desk, OK, WARNING, CRITICAL, WARNING, OK, WARNING, OK, OK, OK)
    assert told == [[], ["opened"], [], [], [], [], [], ["resolved"], []]
    opened, resolved = desk.told
    assert (opened.status, resolved.status) == ("WARNING", "RESOLVED")
    assert "age (median 39 → 36) drifted. Since 2 Mar 02:00 UTC." in opened.text
    assert "over after 6 h; 1 message was sent before this one" in resolved.text
    assert opened.key != resolved.key


def test_getting_worse_is_told_only_where_asked() -> None:
    assert run(Desk(Alerts(escalate=True)), WARNING, CRITICAL) == [["opened"], ["worse"]]
    assert run(Desk(Alerts()), WARNING, CRITICAL) == [["opened"], []]


def test_only_critical_opens_where_asked_and_a_warning_is_no_quiet_window() -> None:
    desk = Desk(Alerts(open="critical"))
    told = run(desk, WARNING, CRITICAL, WARNING, WARNING, WARNING, OK, OK)
    assert told == [[], ["opened"], [], [], [], [], ["resolved"]]


def test_it_must_hold_in_so_many_windows_and_no_data_breaks_no_run() -> None:
    desk = Desk(Alerts(for_="3 windows"))
    nothing = Status.INSUFFICIENT_DATA
    assert run(desk, WARNING, WARNING, OK) == [[], [], []]
    assert run(desk, WARNING, nothing, WARNING, WARNING)[-1] == ["opened"]


def test_want_of_data_never_ends_an_incident() -> None:
    desk = Desk(Alerts())
    run(desk, CRITICAL)
    assert run(desk, *[Status.INSUFFICIENT_DATA] * 50, *[Status.UNDECIDED] * 50) == [[]] * 100
    assert run(desk, OK, OK)[-1] == ["resolved"]


def test_a_rule_of_its_own_reads_a_score_and_has_its_own_count_of_windows() -> None:
    desk = Desk(Alerts(rules=[Rule("psi > 0.3", for_=2, level="critical")]))
    assert desk.window(OK, psi=0.4) == []
    assert desk.window(OK, psi=0.5) == ["opened"]
    assert desk.told[0].status == "CRITICAL"
    assert "psi > 0.3 in 2 windows" in desk.told[0].title
    assert desk.window(OK, psi=0.1) == []
    assert desk.window(OK, psi=0.1) == ["resolved"]


def test_a_rule_for_other_features_does_not_hold() -> None:
    desk = Desk(Alerts(rules=[Rule("psi > 0.3", features=["income"])]))
    assert desk.window(OK, psi=0.9) == []


def test_reminders_stop_when_somebody_acknowledges() -> None:
    desk = Desk(Alerts(repeat="2h", escalate=True))
    assert run(desk, *[WARNING] * 5) == [["opened"], [], ["reminder"], [], ["reminder"]]
    desk.say("ack")
    assert run(desk, *[WARNING] * 6) == [[]] * 6
    assert desk.window(CRITICAL) == ["worse"]
    assert run(desk, OK, OK)[-1] == ["resolved"]


def test_the_end_is_told_through_a_silence_if_the_begin_was() -> None:
    desk = Desk(Alerts(escalate=True, repeat="1h"))
    run(desk, WARNING)
    desk.say("silence")  # until it is over
    assert run(desk, CRITICAL, CRITICAL, OK) == [[], [], []]
    assert desk.window(OK) == ["resolved"]


def test_nothing_is_told_of_the_end_if_nothing_was_told_of_the_begin() -> None:
    desk = Desk(Alerts())
    desk.say("silence", until=START + 100 * HOUR, incident=0)
    assert run(desk, WARNING, OK, OK, OK) == [[], [], [], []]
    desk.say("unsilence", incident=0)
    assert desk.window(WARNING) == ["opened"]


def test_when_a_silence_ends_and_the_drift_is_still_there_it_is_told_again() -> None:
    desk = Desk(Alerts())
    run(desk, WARNING)
    desk.say("silence", until=desk.now + 3.5 * HOUR)
    assert run(desk, *[WARNING] * 5) == [[], [], [], ["still_on"], []]


def test_a_silence_that_covered_the_begin_tells_it_late() -> None:
    desk = Desk(Alerts())
    desk.say("silence", until=START + 2.5 * HOUR, incident=0)
    assert run(desk, WARNING, WARNING, WARNING) == [[], [], ["opened"]]


def test_downtime_keeps_back_what_is_new_and_repeats_nothing_that_was_told() -> None:
    desk = Desk(Alerts(downtime=["daily 03:00-05:00"]))
    assert run(desk, OK, OK, WARNING, WARNING, WARNING)[-1] == ["opened"]  # at five
    assert run(desk, *[WARNING] * 30) == [[]] * 30  # a night later: known
    assert run(desk, OK, OK)[-1] == ["resolved"]


def test_what_comes_back_within_the_cool_down_is_the_same_incident_and_told_after_it() -> None:
    desk = Desk(Alerts(cooldown="4h"))
    run(desk, WARNING, OK, OK)  # told and over at 3 h
    assert run(desk, WARNING, WARNING, WARNING) == [[], [], []]
    assert desk.window(WARNING) == ["opened"]
    assert desk.told[-1].incident == 1
    assert run(desk, OK, OK)[-1] == ["resolved"]
    assert len({message.key for message in desk.told}) == len(desk.told)


def test_what_comes_and_goes_within_the_cool_down_is_told_to_nobody() -> None:
    desk = Desk(Alerts(cooldown="12h"))
    run(desk, WARNING, OK, OK)
    assert run(desk, WARNING, OK, OK, WARNING, OK, OK) == [[]] * 6


def test_no_data_opens_an_incident_and_its_return_ends_it() -> None:
    desk = Desk(Alerts(no_data="2h"))
    desk.heard = START
    desk.pane += 1
    assert desk.settle() == []
    desk.pane += 2
    assert desk.settle() == ["opened"]
    assert desk.told[0].status == "NO DATA"
    assert "no data since 2 Mar 00:00 UTC (3 h)" in desk.told[0].text
    desk.pane += 1
    assert desk.settle() == []
    desk.heard = desk.now
    assert desk.settle() == ["resolved"]


def test_no_data_is_told_once_in_an_incident_and_keeps_reminders_back() -> None:
    desk = Desk(Alerts(no_data="2h", repeat="1h"))
    desk.heard = desk.now
    run(desk, WARNING)
    desk.pane += 3
    assert desk.settle() == ["no_data"]
    desk.pane += 10
    assert desk.settle() == []
    desk.heard = desk.now
    assert desk.settle() == ["reminder"]  # the drift is still there: want of data ends nothing


def test_a_schema_change_that_breaks_many_columns_is_one_line() -> None:
    gone = [SchemaChange(f"c{i}", "missing_column", "text", None, WARNING) for i in range(20)]
    desk = Desk(Alerts())
    desk.window(WARNING, changes=gone)
    schema = [line for line in desk.told[0].lines if line.name == "schema"]
    assert [line.moved for line in schema] == ["20 columns are gone: c0, c1, c2 and 17 more"]


def test_another_reference_ends_nothing_before_windows_were_quiet_against_it() -> None:
    desk = Desk(Alerts())
    run(desk, CRITICAL, OK)
    desk.another_reference()
    assert desk.settle() == []
    assert run(desk, OK, OK) == [[], ["resolved"]]


@pytest.mark.parametrize(
    "changed",
    [Rule("psi > 0.3", for_=3), Rule("psi > 0.35"), Rule("psi > 0.3", name="moved far"), None],
)
def test_a_rule_that_is_changed_while_it_fires_ends_nothing_before_windows_are_quiet(
    changed: Rule | None,
) -> None:
    desk = Desk(Alerts(rules=[Rule("psi > 0.3")]))
    assert desk.window(OK, psi=0.4) == ["opened"]
    desk.change(Alerts(rules=[] if changed is None else [changed]))
    assert desk.settle() == []
    assert desk.window(INSUFFICIENT) == []
    assert desk.window(OK) == []
    assert desk.window(OK) == ["resolved"]


def test_a_rule_that_no_longer_has_its_feature_judged_is_not_over() -> None:
    desk = Desk(Alerts(rules=[Rule("feature_status >= critical")]))
    both = [("age", CRITICAL), ("plan", OK)]
    assert desk.window(OK, features=both) == ["opened"]
    for _ in range(5):
        assert desk.window(OK, features=[("age", INSUFFICIENT), ("plan", OK)]) == []
    assert desk.window(OK, features=[("age", OK), ("plan", OK)]) == []
    assert desk.window(OK, features=[("age", OK), ("plan", OK)]) == ["resolved"]


def test_drift_of_a_feature_that_has_no_data_now_is_not_over() -> None:
    desk = Desk(Alerts())
    assert desk.window(WARNING, features=[("age", WARNING), ("plan", OK)]) == ["opened"]
    for _ in range(5):
        assert desk.window(OK, features=[("age", INSUFFICIENT), ("plan", OK)]) == []
    assert run(desk, OK, OK) == [[], ["resolved"]]


@pytest.mark.parametrize(
    "rule", ["share_drifted > 0.5", "feature >= critical", "schema_changes > 0"]
)
def test_a_window_that_decides_nothing_is_no_quiet_window_of_any_rule(rule: str) -> None:
    desk = Desk(Alerts(open="critical", rules=[Rule(rule, level="critical")]))
    gone = [SchemaChange("c", "missing_column", "text", None, CRITICAL)]
    assert desk.window(CRITICAL, changes=gone) == ["opened"]
    for _ in range(5):
        assert desk.window(INSUFFICIENT, rows=0) == []
    assert run(desk, OK, OK) == [[], ["resolved"]]


def test_what_a_rule_found_is_told_with_feature_value_and_since() -> None:
    desk = Desk(Alerts(rules=[Rule("psi > 0.3", for_=2)]))
    desk.window(OK, psi=0.4)
    assert desk.window(OK, psi=0.45) == ["opened"]
    (message,) = desk.told
    assert message.title == "age psi 0.45 (psi > 0.3 in 2 windows)"
    assert message.text.endswith("Since 2 Mar 01:00 UTC.")
    assert [line.name for line in message.lines] == ["age"]


def test_what_moves_no_more_says_so_and_early_signs_go() -> None:
    desk = Desk(Alerts(repeat="1h"))
    desk.window(WARNING, features=[("age", WARNING), ("plan", WARNING)])
    desk.window(WARNING, features=[("age", OK), ("plan", WARNING)])
    message = desk.told[-1]
    assert [line.name for line in message.lines] == ["plan", "age"]
    assert message.lines[1].text == "age  median 39 → 36 (before, not now)"
    assert "age" not in message.title


def test_an_incident_of_no_data_is_written_once() -> None:
    desk = Desk(Alerts(no_data="2h"))
    desk.heard = START
    desk.pane += 3
    desk.settle()
    changed = []
    for _ in range(3):
        desk.pane += 1
        changed += [desk.desk.settle(desk.state, desk.now, None, list, heard=START)[0]]
    assert changed == [None] * 3


class NoBackEnd:
    """A back end that takes everything."""

    name = "taken"

    def send(self, message: Message) -> None:
        """Take a message."""


def test_an_incident_that_nobody_could_be_told_of_is_told_when_there_is_somebody() -> None:
    desk = Desk(Alerts())
    assert desk.window(WARNING) == ["opened"]  # into the log
    desk.change(Alerts(to=[NoBackEnd()]))
    assert desk.settle() == ["still_on"]
    assert desk.settle() == []
    assert run(desk, OK, OK) == [[], ["resolved"]]
    assert "over after 2 h; 1 message was sent before this one" in desk.told[-1].text


def test_without_back_ends_no_message_is_said_to_have_been_sent() -> None:
    desk = Desk(Alerts())
    run(desk, WARNING, OK, OK)
    assert "sent" not in desk.told[-1].text


def test_a_drift_that_flaps_is_not_muted_for_good() -> None:
    desk = Desk(Alerts(cooldown="4h"))
    for _ in range(12):
        run(desk, WARNING, OK, OK)
    begun = [message.at for message in desk.told if message.kind == "opened"]
    assert len(begun) >= 6
    assert max((b - a).total_seconds() for a, b in pairwise(begun)) <= 7 * HOUR


NOT_USED = Alerts(rules=[Rule("not_used_share > 0.1", for_=2)])


def test_rows_that_cannot_be_used_are_seen_where_no_row_can() -> None:
    desk = Desk(NOT_USED)
    desk.account = (5_000, 4_000)  # of before there was such a rule
    told = []
    for _ in range(3):
        told += desk.settle()
        desk.pane += 1
        desk.account = (desk.account[0], desk.account[1] + 100)
    told += desk.settle()
    assert told == ["opened"]
    assert desk.told[0].text.startswith("rows 100 % could not be used (not_used_share > 0.1 in")
    for _ in range(2):
        desk.pane += 1
        desk.account = (desk.account[0] + 1_000, desk.account[1] + 1)
        told += desk.settle()
    assert told == ["opened", "resolved"]


def test_the_share_of_rows_not_used_is_asked_once_a_slide_and_not_of_a_few_rows() -> None:
    desk = Desk(Alerts(rules=[Rule("not_used_share > 0.1")]))
    desk.settle()
    desk.pane += 1
    desk.account = (3, 3)
    assert desk.settle() == []
    desk.account = (100, 3)  # a revised window, some minutes later
    assert desk.settle() == []
    desk.pane += 1
    desk.account = (200, 20)
    assert desk.settle() == ["opened"]


def test_messages_that_waited_become_one_that_counts_them() -> None:
    desk = Desk(Alerts(escalate=True))
    run(desk, WARNING, CRITICAL, OK, OK, WARNING, OK, OK)
    assert [message.kind for message in desk.told] == [
        "opened", "worse", "resolved", "opened", "resolved",
    ]  # fmt: skip
    one = merged(desk.told[:3])
    assert (one.kind, len(one.lines), one.more) == ("several", 3, 0)
    again = merged([one, *desk.told[3:]])
    assert [line.moved for line in again.lines] == [message.title for message in desk.told]
    assert again.title.startswith("5 messages")
    assert Message.from_dict(again.to_dict()) == again


@pytest.mark.parametrize(
    "wrong",
    [
        {"open": "bad"},
        {"for_": 0},
        {"repeat": "often"},
        {"downtime": ["tomorrow"]},
        {"downtime": ["2026-01-02/2026-01-01"]},
        {"runbook": "javascript:alert(1)"},
        {"no_data": "never"},
    ],
)
def test_settings_that_cannot_be_read_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Alerts(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["psi", "psi > much", "status >= bad", "psi = 3", "", "> 3"])
def test_rules_that_cannot_be_read_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError):
        Rule(wrong)


def test_a_rule_that_reads_what_no_report_has_is_refused_with_a_suggestion() -> None:
    alerts = Alerts(rules=[Rule("pssi > 0.3")])
    with pytest.raises(ConfigError, match="psi"):
        alerts.check_names([])
    Alerts(rules=[Rule("my_loss.loss > 1")]).check_names(["my_loss"])


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("daily 22:00-06:00", "2026-03-03T03:00", "2026-03-03T07:00"),
        ("Sat 22:00-Sun 06:00", "2026-03-08T05:59", "2026-03-07T21:59"),
        ("sunday 22:00-monday 06:00", "2026-03-09T05:00", "2026-03-10T05:00"),
        ("Sat 22:00-06:00", "2026-03-08T05:00", "2026-03-08T22:00"),
        ("2026-12-24/2026-12-27", "2026-12-26T23:59", "2026-12-27T00:00"),
        ("00:00-24:00", "2026-03-03T13:00", ""),
    ],
)
def test_downtime_is_read_as_people_write_it(text: str, inside: str, outside: str) -> None:
    (time,) = Alerts(downtime=[text]).times
    assert time.covers(datetime.fromisoformat(inside).replace(tzinfo=UTC).timestamp())
    if outside:
        assert not time.covers(datetime.fromisoformat(outside).replace(tzinfo=UTC).timestamp())


def test_the_status_told_is_no_better_than_that_of_the_newest_window() -> None:
    desk = Desk(Alerts())
    desk.desk.read(desk.state, desk.pane, report(WARNING), WARNING)
    desk.desk.consume(desk.state, desk.pane)
    desk.last = report(CRITICAL)  # the next window, whose last pane is not final yet
    desk.settle()
    assert desk.told[0].status == "CRITICAL"


def test_since_is_the_first_of_the_windows_that_a_rule_needs() -> None:
    desk = Desk(Alerts(for_=3))
    run(desk, OK, WARNING, WARNING, WARNING)
    assert "Since 2 Mar 02:00 UTC" in desk.told[0].text


def test_no_data_that_is_switched_off_while_it_is_on_is_over() -> None:
    desk = Desk(Alerts(no_data="2h"))
    desk.heard = desk.now
    desk.pane += 5
    assert desk.settle() == ["opened"]
    desk.desk = AlertDesk(Alerts(no_data=None), "m", desk.spec, clear_after=2)
    assert desk.settle() == ["resolved"]


def test_a_monitor_that_is_evaluated_elsewhere_takes_no_back_ends() -> None:
    class BackEnd:
        name = "x"

        def send(self, message: Message, /) -> None:
            """Nowhere."""

    with pytest.raises(ConfigError, match="where `driftwatch serve` runs"):
        Monitor({"age": [1, 2, 3]}, store="http://127.0.0.1:9", alerts=[BackEnd()])


@pytest.mark.parametrize(
    "wrong",
    ["slack", [object()], Alerts(rules=[Rule("psi > 0.3", features=["agee"])])],
)
def test_alerts_that_cannot_be_used_are_refused_at_once(wrong: object) -> None:
    with pytest.raises(ConfigError):
        Monitor({"age": [1, 2, 3]}, alerts=wrong)  # type: ignore[arg-type]


def test_drift_that_was_never_told_is_told_after_a_time_without_data() -> None:
    desk = Desk(Alerts(no_data="2h"))
    desk.heard = desk.now
    desk.pane += 5
    assert desk.settle() == ["opened"]
    desk.heard = desk.now + HOUR
    assert desk.window(CRITICAL) == ["worse"]
    assert "age (median 39 → 36) drifted" in desk.told[-1].text


def test_what_was_said_of_an_incident_does_not_hold_when_it_comes_back() -> None:
    desk = Desk(Alerts(cooldown="4h"))
    run(desk, WARNING)
    desk.say("silence")
    desk.say("ack")
    run(desk, OK, OK)
    assert [kind for told in run(desk, *[WARNING] * 6) for kind in told] == ["opened"]


@pytest.mark.parametrize("name", ["drift", "no data"])
def test_names_of_the_rules_that_every_monitor_has_are_taken(name: str) -> None:
    with pytest.raises(ConfigError, match="choose another"):
        Rule("psi > 0.3", name=name)
    with pytest.raises(ConfigError, match="list of names"):
        Rule("psi > 0.3", features="age")


def test_where_only_critical_opens_a_warning_breaks_a_run() -> None:
    desk = Desk(Alerts(open="critical", for_=3))
    assert run(desk, CRITICAL, WARNING, WARNING, CRITICAL, WARNING, CRITICAL) == [[]] * 6
    assert run(desk, CRITICAL, CRITICAL) == [[], ["opened"]]


def test_a_second_outage_in_one_incident_is_told_too() -> None:
    desk = Desk(Alerts(no_data="2h"))
    desk.heard = desk.now
    run(desk, WARNING)
    told = []
    for _ in range(2):
        desk.pane += 4
        told += desk.settle()
        desk.heard = desk.now
        told += desk.settle()
    assert told == ["no_data", "no_data"]


def test_no_data_alone_is_told_again_where_reminders_are_asked_for() -> None:
    desk = Desk(Alerts(no_data="2h", repeat="3h"))
    desk.heard = START
    told = []
    for _ in range(9):
        desk.pane += 1
        told += desk.settle()
    assert told == ["opened", "reminder", "reminder"]
    assert "(9 h)" in desk.told[-1].text
    desk.say("ack")
    desk.pane += 4
    assert desk.settle() == []


def test_a_nightly_batch_is_no_want_of_data() -> None:
    spec = WindowSpec.of("24h", "1h")
    seconds = Alerts().no_data_seconds(spec)
    assert seconds is not None
    assert seconds > 24.5 * HOUR


def test_the_end_names_the_owner_and_what_was_worst() -> None:
    desk = Desk(Alerts(owner="team"))
    run(desk, WARNING)
    desk.say("owner", text="ana")
    desk.window(CRITICAL, features=[("age", CRITICAL), ("plan", CRITICAL)])
    desk.window(WARNING, features=[("plan", WARNING)])
    run(desk, OK, OK)
    resolved = desk.told[-1]
    assert (resolved.kind, resolved.owner) == ("resolved", "ana")
    assert "At its worst: age (median 39 → 36) and 1 more feature drifted" in resolved.text


def test_the_headline_counts_early_signs_apart() -> None:
    signs = (EarlySign("plan", "category ‘pro’", 0.2), EarlySign("pay", "at or below 20", -0.2))
    with_signs = replace(report(WARNING), window=WindowFacts(Period(), 1, False, early=signs))
    lines = lines_of(with_signs)
    assert what_moved(with_signs, lines) == "age (median 39 → 36) drifted, and 2 early signs"
    assert [line.moved for line in lines if line.is_early] == [
        "early sign: at least 20 points more of the rows have category ‘pro’",
        "early sign: at least 20 points fewer of the values are at or below 20",
    ]


def test_links_tell_monitors_apart() -> None:
    desk = Desk(Alerts(url="https://dash.example.com/"))
    desk.desk.monitor = "churn / EU"
    desk.window(WARNING)
    assert desk.told[0].url == "https://dash.example.com/m/churn%2520%252F%2520EU/incidents/1"

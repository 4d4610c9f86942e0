"""Laws of incidents for every history of windows, silences, acknowledgements and restarts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.core.reports.report import Status
from tests.alerts.test_desk import HOUR, Desk

STEPS = st.one_of(
    st.tuples(st.just("window"), st.sampled_from(list(Status))),
    st.tuples(st.just("say"), st.sampled_from(["ack", "unack", "silence", "unsilence"])),
    st.tuples(st.just("silence for"), st.integers(1, 6)),
    st.tuples(st.just("silent monitor for"), st.integers(1, 6)),
    st.tuples(st.just("no rows for"), st.integers(1, 6)),
    st.tuples(st.just("rows"), st.none()),
)
ALERTS = st.builds(
    Alerts,
    for_=st.integers(1, 3),
    open=st.sampled_from(["warning", "critical"]),
    escalate=st.booleans(),
    repeat=st.sampled_from([None, "2h"]),
    cooldown=st.sampled_from([None, "3h"]),
    no_data=st.sampled_from([None, "2h"]),
    downtime=st.sampled_from([(), ("daily 02:00-05:00",)]),
    rules=st.sampled_from([(), (Rule("psi > 0.3", for_=2),)]),
)


@settings(max_examples=300, deadline=None)
@given(ALERTS, st.lists(STEPS, max_size=60), st.integers(1, 3))
def test_what_is_told_is_told_once_begins_before_it_ends_and_ends_if_it_began(
    alerts: Alerts, steps: list[tuple[str, object]], clear_after: int
) -> None:
    desk = Desk(alerts, clear_after)
    desk.heard = desk.now
    for what, how in steps:
        number = desk.state.number
        match what, how:
            case "window", Status() as status:
                desk.heard = desk.now + HOUR
                desk.window(status)
            case "say", str(kind):
                desk.say(kind, incident=number)
            case "silence for", int(hours):
                desk.say("silence", until=desk.now + hours * HOUR, incident=number)
            case "silent monitor for", int(hours):
                desk.say("silence", until=desk.now + hours * HOUR, incident=0)
            case "no rows for", int(hours):
                desk.pane += hours
                desk.settle()
            case _:
                desk.heard = desk.now
                desk.settle()
        incident = desk.state.incident
        firing = any(e.alarm.level.is_drift for e in desk.state.episodes.values())
        assert (incident is not None) == firing
    keys = [message.key for message in desk.told]
    assert len(set(keys)) == len(keys)
    is_on: dict[int, bool] = {}
    for message in desk.told:
        number = message.incident
        if message.kind == "opened":
            assert not is_on.get(number, False)
        else:
            assert is_on.get(number, False), (message.kind, keys)
        is_on[number] = message.kind != "resolved"
        assert number >= max(is_on)
    left = {number for number, on in is_on.items() if on}
    assert left <= ({desk.state.incident.number} if desk.state.incident else set())
    if not alerts.escalate and alerts.no_data is None:
        assert not any(message.kind == "worse" for message in desk.told)

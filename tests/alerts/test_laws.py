"""Laws of incidents for every history of windows, silences, acknowledgements and restarts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.alerts.incidents import standing_of
from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.core.reports.report import Status
from tests.alerts.test_desk import HOUR, Desk

STEPS = st.one_of(
    st.tuples(st.just("window"), st.tuples(st.sampled_from(list(Status)), st.booleans())),
    st.tuples(st.just("say"), st.sampled_from(["ack", "unack", "silence", "unsilence"])),
    st.tuples(st.just("silence for"), st.integers(1, 6)),
    st.tuples(st.just("silent monitor for"), st.integers(1, 6)),
    st.tuples(st.just("no rows for"), st.integers(1, 6)),
    st.tuples(st.just("rows"), st.none()),
    st.tuples(
        st.just("rule"), st.sampled_from([(), (Rule("psi > 0.3"),), (Rule("psi > 0.3", for_=3),)])
    ),
    st.tuples(st.just("reference"), st.none()),
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


def take(desk: Desk, what: str, how: object) -> None:
    """One step of a history."""
    number = desk.state.number
    match what, how:
        case "window", (Status() as status, bool(far)):
            desk.heard = desk.now + HOUR
            desk.window(status, psi=0.5 if far else 0.01)
        case "say", str(kind):
            desk.say(kind, incident=number)
        case "silence for", int(hours):
            desk.say("silence", until=desk.now + hours * HOUR, incident=number)
        case "silent monitor for", int(hours):
            desk.say("silence", until=desk.now + hours * HOUR, incident=0)
        case "no rows for", int(hours):
            desk.pane += hours
            desk.settle()
        case "rule" | "reference", _:
            change(desk, how)
        case _:
            desk.heard = desk.now
            desk.settle()


def change(desk: Desk, how: object) -> None:
    """Other settings, or another reference: neither opens or ends an incident by itself."""
    before = desk.state.incident
    if isinstance(how, tuple):
        desk.change(replace(desk.alerts, rules=how))
    else:
        desk.another_reference()
    desk.settle()
    assert (desk.state.incident is None) == (before is None)


@settings(max_examples=300, deadline=None)
@given(ALERTS, st.lists(STEPS, max_size=60), st.integers(1, 3))
def test_what_is_told_is_told_once_begins_before_it_ends_and_ends_if_it_began(
    alerts: Alerts, steps: list[tuple[str, object]], clear_after: int
) -> None:
    desk = Desk(alerts, clear_after)
    desk.heard = desk.now
    for what, how in steps:
        take(desk, what, how)
        firing = any(episode.is_firing for episode in desk.state.episodes.values())
        assert (desk.state.incident is not None) == firing
    desk.settle()
    keys = [message.key for message in desk.told]
    assert len(set(keys)) == len(keys)
    is_on: dict[int, bool] = {}
    for message in desk.told:
        number = message.incident
        assert is_on.get(number, False) == (message.kind != "opened"), (message.kind, keys)
        is_on[number] = message.kind != "resolved"
        assert number >= max(is_on)
    incident = desk.state.incident
    left = {number for number, on in is_on.items() if on}
    assert left <= ({incident.number} if incident else set())
    # Drift that is on, and that nobody asks to keep quiet now, has been told.
    if incident is not None:
        said = standing_of(desk.actions, incident.number, after=incident.reopened)
        quiet = desk.now < max(said.silenced_until, incident.quiet_until)
        quiet |= any(time.covers(desk.now) for time in desk.alerts.times)
        assert quiet or (incident.number in left and not incident.was_quiet)
    if not alerts.escalate and alerts.no_data is None:
        assert not any(message.kind == "worse" for message in desk.told)

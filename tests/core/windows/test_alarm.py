"""Alarms begin at once and end late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Status
from driftwatch.core.windows.alarm import Event, Hysteresis

statuses = st.lists(st.tuples(st.sampled_from(list(Status)), st.booleans()), max_size=60)


@given(seen=statuses, cut=st.integers(0, 60))
def test_events_alternate_and_state_survives_a_restart(
    seen: list[tuple[Status, bool]], cut: int
) -> None:
    whole, parted = Hysteresis(clear_after=3), Hysteresis(clear_after=3)
    on = False
    for pane, (status, early) in enumerate(seen):
        if pane == cut:
            parted = Hysteresis(clear_after=3).restored(parted.to_dict())
        event = whole.update(pane, status, early=early)
        assert parted.update(pane, status, early=early) is event
        assert event is not Event.RAISED or not on
        assert event is not Event.CLEARED or on
        on = whole.level.is_drift
        if status.is_drift or early:
            assert on


def test_one_quiet_pane_does_not_end_an_alarm() -> None:
    alarm = Hysteresis(clear_after=2)
    assert alarm.update(0, Status.WARNING) is Event.RAISED
    assert alarm.update(1, Status.OK) is None
    assert alarm.update(2, Status.WARNING) is None
    assert alarm.update(3, Status.INSUFFICIENT_DATA) is None  # says nothing
    assert alarm.update(4, Status.OK) is None
    assert alarm.update(5, Status.UNDECIDED) is None  # nor does this
    assert alarm.update(6, Status.OK) is Event.CLEARED
    assert alarm.since is None

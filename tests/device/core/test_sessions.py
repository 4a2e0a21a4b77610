"""Who is at the window: every event in every state, and no arrival without a leaving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import IllegalEvent
from device.core.session import (
    ALLOWED,
    LoggedIn,
    LoggedOut,
    Opened,
    Paused,
    Resumed,
    ServicePaused,
    Session,
    SessionEffect,
    SessionEvent,
    SessionState,
    StaffArrived,
    StaffLeft,
    step,
)

CLOSED = Session()
READY = Session(SessionState.READY, "1024")
PAUSED = Session(SessionState.PAUSED, "1024")
UNATTENDED = Session(SessionState.READY)
WANG, LI = LoggedIn("1024", "pin"), LoggedIn("1031", "badge")


@pytest.mark.parametrize(
    ("before", "event", "after", "effects"),
    [
        (CLOSED, WANG, READY, (StaffArrived("1024", "pin"),)),
        (
            READY,
            LI,
            Session(SessionState.READY, "1031"),
            (StaffLeft("1024", "taken over"), StaffArrived("1031", "badge")),
        ),
        (
            PAUSED,
            LI,
            Session(SessionState.READY, "1031"),
            (StaffLeft("1024", "taken over"), StaffArrived("1031", "badge")),
        ),
        (READY, LoggedOut("下班"), CLOSED, (StaffLeft("1024", "下班"),)),
        (PAUSED, LoggedOut(), CLOSED, (StaffLeft("1024", ""),)),
        (READY, Paused("午休"), PAUSED, (ServicePaused("1024", True, "午休"),)),
        (PAUSED, Resumed(), READY, (ServicePaused("1024", False),)),
        (CLOSED, Opened(), UNATTENDED, ()),
        (UNATTENDED, LoggedOut(), CLOSED, ()),
        (UNATTENDED, WANG, READY, (StaffArrived("1024", "pin"),)),
    ],
)
def test_a_window_is_taken_paused_resumed_and_left(
    before: Session, event: SessionEvent, after: Session, effects: tuple[SessionEffect, ...]
) -> None:
    assert step(before, event) == (after, effects)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (CLOSED, LoggedOut()),
        (CLOSED, Paused()),
        (CLOSED, Resumed()),
        (READY, Resumed()),
        (READY, Opened()),
        (PAUSED, Paused()),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    before: Session, event: SessionEvent
) -> None:
    was = Session(before.state, before.staff)
    with pytest.raises(IllegalEvent, match=f"while {before.state}"):
        step(before, event)
    assert before == was


def test_every_state_has_its_row() -> None:
    assert set(ALLOWED) == set(SessionState)


staff_numbers = st.sampled_from(["1024", "1031", "1047"])
events = st.one_of(
    st.builds(LoggedIn, staff_numbers, st.sampled_from(["pin", "badge", "card", "assigned"])),
    st.builds(LoggedOut, st.text(max_size=4)),
    st.builds(Paused, st.text(max_size=4)),
    st.just(Resumed()),
    st.just(Opened()),
)


@given(st.lists(events, max_size=25))
def test_whatever_happens_the_written_record_tells_who_is_there(day: list[SessionEvent]) -> None:
    session, present, paused = Session(), "", False
    for event in day:
        try:
            after, effects = step(session, event)
        except IllegalEvent:
            assert type(event) not in ALLOWED[session.state]
            continue
        assert after.state is ALLOWED[session.state][type(event)]
        session = after
        for effect in effects:
            match effect:
                case StaffArrived(staff):
                    assert not present, "somebody arrived before the last one left"
                    present, paused = staff, False
                case StaffLeft(staff):
                    assert staff == present, "somebody left who was not there"
                    present, paused = "", False
                case ServicePaused(staff, now_paused):
                    assert staff == present
                    assert now_paused != paused
                    paused = now_paused
        if isinstance(event, LoggedOut):
            paused = False
        assert session.staff == present
        assert not (present and session.state is SessionState.CLOSED)
        assert (session.state is SessionState.PAUSED) == paused

"""What a kiosk that starts anew learns from its own chain."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from device_rig import WANG
from hypothesis import given
from hypothesis import strategies as st

from device.core.session import Session, SessionState, StaffArrived, StaffLeft
from device.store.chronicle import Chronicle, Given, unwritten
from device.store.home import Home
from device.store.ledger import Ledger, lockout_detail
from protocol.records import Login

HERE, BEFORE = b"this boot", b"the one before"
READY = Session(SessionState.READY, WANG)


@pytest.fixture
def chronicle(home: Home) -> Iterator[Chronicle]:
    with closing(Chronicle(home)) as chronicle:
        yield chronicle


def test_a_new_chain_tells_of_nobody(chronicle: Chronicle) -> None:
    assert chronicle.login(0) is None
    assert chronicle.comings() == ()
    assert chronicle.lockouts("console") == []


def test_who_came_and_who_left_is_in_the_chain(chronicle: Chronicle, ledger: Ledger) -> None:
    ledger.note_session((StaffArrived(WANG, "pin"),), READY)
    seq = ledger.head
    ledger.note_session((StaffLeft(WANG, "by staff"),), Session())
    ledger.note_boot("1.0")
    ledger.note_session((StaffArrived(WANG, "pin"),), READY)
    ledger.note_session((StaffLeft(WANG, "closing time"),), Session())
    login = chronicle.login(seq)
    assert login is not None
    assert login.staff == WANG
    told = [one.means if isinstance(one, Login) else one.reason for one in chronicle.comings()]
    assert told == ["pin", "by staff", "pin", "closing time"]
    assert chronicle.login(seq + 1) is None, "that is a log-out"


def test_only_lock_outs_of_that_door_are_told_and_in_their_order(
    chronicle: Chronicle, ledger: Ledger
) -> None:
    ledger.note_lockout(WANG, "screen", 5, 60)
    ledger.note_lockout(WANG, "console", 5, 60)
    ledger.note_fault("another", "staff=* place=console failures=1 seconds=1")
    ledger.note_lockout("", "console", 20, 60)
    assert [found.detail for found in chronicle.lockouts("console")] == [
        lockout_detail(WANG, "console", 5, 60),
        lockout_detail("", "console", 20, 60),
    ]


givens = st.builds(
    Given, st.sampled_from(["a", "b"]), st.sampled_from([HERE, BEFORE]), st.integers(0, 20)
)


@given(st.lists(givens, max_size=8, unique=True), st.lists(givens, max_size=8))
def test_every_lock_out_is_written_once_however_often_the_kiosk_starts(
    found: list[Given], written: list[Given]
) -> None:
    missing = unwritten(found, written, HERE)
    now = [Given(one.detail, HERE, 100) for one in missing]
    assert unwritten(found, [*written, *now], HERE) == []
    assert len(missing) >= len(found) - len(written)


def test_one_that_was_written_before_it_happened_is_another() -> None:
    found = [Given("a", HERE, 10)]
    assert unwritten(found, [Given("a", HERE, 9)], HERE) == found
    assert unwritten(found, [Given("a", BEFORE, 30)], HERE) == found
    assert unwritten(found, [Given("a", HERE, 10)], HERE) == []


def test_one_of_the_boot_before_may_have_been_written_in_this_one() -> None:
    assert unwritten([Given("a", BEFORE, 10)], [Given("a", HERE, 3)], HERE) == []

"""The desk: what it tells of the window, what it asks of the kiosk, and what it waits for."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import uuid4

import pytest
from counter_staff import CounterStaff, counter_staff
from device_rig import DEED, LOAN, WANG, chain, configuration, signed_records, soon
from web_rig import LI, hall

from device.agent import desk as desks
from device.agent.changes import Changes
from device.agent.desk import WindowDesk
from device.agent.refusals import (
    AlreadyUsed,
    AnotherServes,
    DeviceRetired,
    KioskSilent,
    NobodyServes,
    NoReason,
    NothingToRate,
    UnknownVisit,
    VisitUnderWay,
    WindowPaused,
)
from device.agent.standing import VisitState
from device.core.session import SessionState
from device.store import salvage
from device.store.briefing import Briefing, InviteOrder
from device.store.home import Home
from protocol.configuration import Rules
from protocol.records import InvitedBy, Login, Logout, MatterHandled, VisitOpened


@contextmanager
def desk_of(home: Home, mode: str = "window", **document: object) -> Iterator[WindowDesk]:
    briefing = Briefing(home)
    briefing.apply(hall(**document), b"signed", "")  # type: ignore[arg-type]
    desk = WindowDesk(home, briefing, mode)
    desk.start()
    try:
        yield desk
    finally:
        desk.close()
        briefing.close()


@pytest.fixture
def counter(home: Home) -> Iterator[CounterStaff]:
    with counter_staff(home) as people:
        yield people


@pytest.fixture
def desk(home: Home, counter: CounterStaff) -> Iterator[WindowDesk]:
    with desk_of(home) as desk:
        yield desk


def order(*matters: MatterHandled) -> InviteOrder:
    return InviteOrder(uuid4(), InvitedBy.STAFF, matters)


# --- who serves ---------------------------------------------------------------------------


def test_two_staff_serve_one_after_the_other(home: Home, desk: WindowDesk, counter: CounterStaff):
    first = order()
    desk.invite(first)
    counter.finish()
    taken_over = desk.log_in(LI)
    assert (taken_over.duty.staff, taken_over.duty.means) == (LI, "console")
    assert (taken_over.duty.invited, taken_over.duty.rated) == (0, 0)
    desk.invite(order())
    counter.decline()
    duty = desk.standing().duty
    assert (duty.invited, duty.rated) == (1, 0)
    visits = [record for record in chain(home) if isinstance(record, VisitOpened)]
    assert [visit.staff for visit in visits] == [WANG, LI]
    assert isinstance(chain(home)[-3], Login)


def test_who_serves_already_comes_in_without_another_record(home: Home, desk: WindowDesk):
    before = signed_records(home)
    assert desk.log_in(WANG).duty.staff == WANG
    assert signed_records(home) == before


def test_nobody_takes_the_window_while_a_citizen_is_there(desk: WindowDesk, counter: CounterStaff):
    desk.invite(order())
    with pytest.raises(VisitUnderWay) as refused:
        desk.log_in(LI)
    assert refused.value.serving.state is VisitState.INVITED
    counter.finish()
    assert desk.log_in(LI).duty.staff == LI


def test_a_log_out_is_recorded_with_its_reason(home: Home, desk: WindowDesk):
    assert desk.log_out(WANG, "left").duty.state is SessionState.CLOSED
    (left,) = [record for record in chain(home) if isinstance(record, Logout)]
    assert (left.staff, left.reason) == (WANG, "left")
    assert desk.log_out(WANG, "left").duty.state is SessionState.CLOSED


def test_nobody_logs_another_out(desk: WindowDesk):
    with pytest.raises(AnotherServes):
        desk.log_out(LI, "left")


def test_a_log_out_comes_after_the_citizen(
    home: Home, desk: WindowDesk, counter: CounterStaff, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(desks, "TAKE_UP_S", 0.2)
    desk.invite(order())
    assert desk.log_out(WANG, "left").duty.staff == WANG
    counter.finish()
    assert soon(lambda: desk.standing().duty.staff == "")


def test_a_pause_is_taken_up_while_a_citizen_is_there(desk: WindowDesk, counter: CounterStaff):
    desk.invite(order())
    paused = desk.pause("午休")
    assert (paused.state, paused.duty.state, paused.duty.reason) == (
        "invited",
        SessionState.PAUSED,
        "午休",
    )
    counter.finish()
    assert desk.standing().state == "paused"
    with pytest.raises(WindowPaused, match="午休"):
        desk.invite(order())
    assert desk.resume().state == "ready"


@pytest.mark.parametrize("reason", ["", " \t"])
def test_a_pause_needs_a_reason(desk: WindowDesk, reason: str):
    with pytest.raises(NoReason):
        desk.pause(reason)


def test_a_kiosk_that_hangs_is_told_as_such_whatever_was_asked(
    desk: WindowDesk, counter: CounterStaff, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(desks, "TAKE_UP_S", 0.1)
    counter.looks_away = True
    for ask in (
        lambda: desk.invite(order()),
        lambda: desk.pause("x"),
        lambda: desk.log_in(LI),
        lambda: desk.log_out(WANG, "x"),
    ):
        with pytest.raises(KioskSilent):
            ask()


def test_without_a_kiosk_nothing_is_left_for_one_that_comes_later(home: Home):
    """Not even a reboot may bring up an invitation that was answered with no."""
    with desk_of(home) as desk:
        with counter_staff(home):
            desk.standing()
        with pytest.raises(KioskSilent):
            desk.invite(order())
        with counter_staff(home) as later:
            assert desk.invite(order()) is VisitState.INVITED
            assert later.obeyed == ["invite"]


# --- what can be invited to -----------------------------------------------------------------


def test_the_rule_pack_decides_whether_an_unfinished_matter_is_something_to_rate(home: Home):
    unfinished = MatterHandled(LOAN, ("DY-1",), finished=False)
    with counter_staff(home, staff=""):
        with desk_of(home, "self-service") as desk, pytest.raises(NothingToRate):
            desk.invite(order(unfinished))
        with desk_of(home, "self-service", version=2, rules=Rules(rate_unfinished=True)) as desk:
            desk._check(order(unfinished))


def test_at_a_device_of_the_hall_nobody_is_invited(home: Home):
    refused = pytest.raises(NothingToRate, match="nobody is invited here")
    with counter_staff(home, staff=""), desk_of(home, "hall") as desk, refused:
        desk.invite(order(MatterHandled(DEED)))


def test_at_a_window_somebody_has_to_be_logged_in(home: Home):
    with counter_staff(home, staff=""), desk_of(home) as desk:
        for ask in (lambda: desk.invite(order()), lambda: desk.pause("x"), desk.resume):
            with pytest.raises(NobodyServes):
                ask()


def test_at_a_retired_device_nobody_is_invited(home: Home, desk: WindowDesk, counter: CounterStaff):
    with closing(Briefing(home)) as courier:
        courier.set_online(False, retired=True)
    with pytest.raises(DeviceRetired):
        desk.invite(order())
    assert desk.standing().serving is None


def test_the_id_of_another_visit_is_refused(desk: WindowDesk, counter: CounterStaff):
    first = order(MatterHandled(DEED))
    desk.invite(first)
    counter.finish()
    assert desk.invite(first) is VisitState.ENDED
    with pytest.raises(AlreadyUsed):
        desk.invite(InviteOrder(first.visit, InvitedBy.STAFF, (MatterHandled(LOAN),)))


def test_of_two_at_the_same_moment_one_is_told_that_the_other_came_first(
    home: Home, desk: WindowDesk
):
    ready = threading.Barrier(8)

    def one(_: int) -> object:
        ready.wait(20)
        try:
            return desk.invite(order())
        except VisitUnderWay as error:
            return error.code

    with ThreadPoolExecutor(8) as crowd:
        told = sorted(map(str, crowd.map(one, range(8))))
    assert told == ["invited"] + ["visit-under-way"] * 7
    assert len(signed_records(home)) == 1


def test_a_visit_that_never_was_is_unknown(desk: WindowDesk):
    for ask in (desk.visit_state, lambda visit: desk.cancel(visit, "x")):
        with pytest.raises(UnknownVisit):
            ask(uuid4())


# --- files that change under it -------------------------------------------------------------


def test_it_goes_on_with_the_file_that_replaced_a_damaged_one(home: Home):
    with counter_staff(home) as before, desk_of(home) as desk:
        desk.invite(order())
        before.finish()
        before.close = lambda: None  # type: ignore[method-assign] - closed here
        CounterStaff.close(before)
        salvage.rescue_ledger(home, before.ledger._key.public, 0)
        with counter_staff(home, staff=LI):
            assert desk.standing().duty.staff == LI
            assert desk.invite(order()) is VisitState.INVITED


def test_a_matter_is_named_by_the_newest_configuration(home: Home):
    with desk_of(home) as desk:
        assert [one.code for one in desk.matters()] == [LOAN, DEED]
        document = hall(2, matters=configuration().matters[:1])
        desk._briefing.apply(document, b"signed 2", "")
        assert [one.code for one in desk.matters()] == [DEED]
        assert desk.matter_name(LOAN) == LOAN


# --- waiting ------------------------------------------------------------------------------


def test_whoever_waits_is_woken_by_either_file_and_by_the_kiosks_coming_and_going(home: Home):
    with desk_of(home) as desk, ThreadPoolExecutor(1) as waiter:

        def woken_by(work: object) -> bool:
            seen = desk.changes.count
            desk.changes.wait(seen, 0.3)  # whatever there is to see at first
            seen = desk.changes.count
            waiting = waiter.submit(desk.changes.wait, seen, 20)
            work()  # type: ignore[operator]
            return waiting.result(25)

        people: list[CounterStaff] = []
        assert woken_by(lambda: people.append(CounterStaff(home)))
        assert woken_by(lambda: people[0].log_in(LI))
        assert woken_by(lambda: desk._briefing.count("anything"))
        assert woken_by(people[0].close)


def test_in_an_event_loop_many_wait_without_a_thread_each(home: Home, desk: WindowDesk):
    async def wait_for_it() -> list[bool]:
        desk.changes.wait(desk.changes.count, 0.2)
        seen, threads = desk.changes.count, threading.active_count()
        waiting = [asyncio.ensure_future(desk.changes.come(seen, 20)) for _ in range(50)]
        await asyncio.sleep(0.05)
        assert threading.active_count() == threads
        await asyncio.to_thread(desk._briefing.count, "anything")
        return await asyncio.gather(*waiting)

    assert asyncio.run(wait_for_it()) == [True] * 50
    assert desk.changes._waiting == 0
    assert desk.changes._called == set()


def test_nobody_looks_while_nobody_waits():
    looked = []
    changes = Changes(lambda: bool(looked.append(1)))
    changes.start()
    assert changes.wait(0, 0.2) is False
    at_rest = len(looked)
    threading.Event().wait(0.3)
    assert len(looked) <= at_rest + 1
    changes.close()


def test_what_happened_before_the_wait_began_is_not_missed(home: Home, desk: WindowDesk):
    desk.changes.wait(desk.changes.count, 0.2)
    seen = desk.changes.count
    desk._briefing.count("anything")
    assert desk.changes.wait(seen, 20) is True


def test_closing_lets_everybody_go():
    changes = Changes(lambda: False)
    changes.start()

    async def in_a_loop() -> bool:
        return await changes.come(0, 60)

    with ThreadPoolExecutor(2) as waiters:
        waiting = [waiters.submit(changes.wait, 0, 60), waiters.submit(asyncio.run, in_a_loop())]
        while changes._waiting < 2:
            threading.Event().wait(0.01)
        changes.close()
        assert [one.result(10) for one in waiting] == [False, False]
    assert changes.wait(0, 60) is False

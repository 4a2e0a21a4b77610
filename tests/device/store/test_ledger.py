"""The chain of records: what is written, in which order, and what is never written twice."""

from uuid import UUID, uuid4

import pytest
from device_rig import (
    BAD,
    DEED,
    GOOD,
    RECORD_KEY,
    WANG,
    chain,
    closing_of,
    draft,
    fill,
    invitation,
    open_ledger,
    rate,
    ratings,
    rows,
    signed_records,
)
from hypothesis import given
from hypothesis import strategies as st

from device.core.session import (
    ServicePaused,
    Session,
    SessionState,
    StaffArrived,
    StaffLeft,
)
from device.core.visit import CloseVisit
from device.store.backlog import Backlog
from device.store.briefing import KEEP_AFTER_RECEIPT_MS, Briefing, BriefingReader
from device.store.home import Home
from device.store.ledger import Ledger
from protocol import receipts, records
from protocol.keys import SigningKey
from protocol.receipts import Receipt
from protocol.records import (
    Boot,
    Fault,
    Login,
    Logout,
    Outcome,
    Pause,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Subject

CENTRAL = SigningKey.from_seed(b"c" * 32)


def test_the_chain_begins_with_this_device_and_every_record_names_the_one_before(
    home: Home, ledger: Ledger
):
    ledger.note_boot("0.1.0")
    ready, paused = Session(SessionState.READY, WANG), Session(SessionState.PAUSED, WANG)
    ledger.note_session((StaffArrived(WANG, "pin"),), ready)
    ledger.note_session((ServicePaused(WANG, True, "午休"),), paused)
    ledger.note_session((ServicePaused(WANG, False),), ready)
    rate(ledger, draft(WANG, GOOD, (510, 517)), draft(DEED, BAD))
    ledger.note_session((StaffLeft(WANG, "下班"),), Session())
    ledger.note_fault("button-stuck", "pin 17")
    assert [type(record) for record in chain(home)] == [
        *(Boot, Login, Pause, Pause),
        *(VisitOpened, Rating, Rating, VisitClosed),
        *(Logout, Fault),
    ]
    assert ledger.head == 10


def test_the_last_tap_counts_and_the_close_says_how_it_went(home: Home, ledger: Ledger):
    invited = invitation(DEED)
    ledger.open_visit(invited, "ko", 0)
    ledger.keep_draft(invited.visit, draft(WANG, GOOD, (510,)))
    ledger.keep_draft(invited.visit, draft(WANG, BAD, (207, 214), changes=1))
    last = draft(WANG, BAD, (207,), changes=1)
    ledger.keep_draft(invited.visit, last)
    ledger.close_visit(closing_of(invited.visit, last, asked=2), "ko")
    (rating,) = ratings(home)
    assert (rating.level, rating.tags, rating.changes, rating.language) == (BAD, (207,), 1, "ko")
    assert not rating.recovered
    closed = chain(home)[-1]
    assert isinstance(closed, VisitClosed)
    assert (closed.asked, closed.rated, closed.first_tap_ms) == (2, 1, 800)


def test_before_the_close_there_is_a_draft_and_after_it_a_record_never_both(
    home: Home, ledger: Ledger
):
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft())
    reader = Backlog(home)
    assert reader.visit_under_way() == invited.visit.bytes
    assert reader.was_tapped(invited.visit.bytes)
    assert ratings(home) == []
    ledger.close_visit(closing_of(invited.visit, draft()), "zh-CN")
    assert reader.visit_under_way() is None
    assert rows(home.kiosk_db, "SELECT * FROM draft") == []
    assert len(ratings(home)) == 1
    reader.close()


def test_a_close_that_fails_half_way_leaves_the_draft_and_the_chain_as_they_were(
    home: Home, ledger: Ledger
):
    invited = invitation(DEED)
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft())
    nonsense = object()
    closing = closing_of(invited.visit, draft(), nonsense)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        ledger.close_visit(closing, "zh-CN")
    assert ratings(home) == []
    assert len(rows(home.kiosk_db, "SELECT * FROM draft")) == 1
    ledger.close_visit(closing_of(invited.visit, draft()), "zh-CN")
    assert len(ratings(home)) == 1


def test_a_visit_is_opened_once_for_ever(ledger: Ledger, home: Home):
    visit = rate(ledger)
    assert ledger.was_opened(visit)
    assert not ledger.was_opened(uuid4())
    ledger.close()
    again = open_ledger(home)
    assert again.was_opened(visit)
    again.close()


def test_opening_a_visit_closes_one_that_was_left_open(home: Home, ledger: Ledger):
    left, new = invitation(), invitation()
    ledger.open_visit(left, "zh-CN", 0)
    ledger.keep_draft(left.visit, draft(WANG, GOOD))
    ledger.keep_draft(left.visit, draft(WANG, BAD, changes=1))
    ledger.open_visit(new, "zh-CN", 0)
    written = chain(home)
    (rating,) = ratings(home)
    assert (rating.visit, rating.level, rating.changes) == (left.visit, BAD, 1)
    assert rating.recovered
    closed = written[-2]
    assert isinstance(closed, VisitClosed)
    assert closed.visit == left.visit
    assert closed.recovered
    assert isinstance(written[-1], VisitOpened)
    assert written[-1].visit == new.visit


@pytest.mark.parametrize(
    ("tapped", "by_phone", "outcome", "counted"),
    [
        ((), (), Outcome.DEVICE_FAULT, 0),
        ((), (WANG,), Outcome.PARTLY, 1),
        ((), (WANG, DEED), Outcome.RATED, 2),
        ((WANG,), (WANG,), Outcome.PARTLY, 0),
        ((WANG,), (DEED,), Outcome.RATED, 1),
        ((WANG, DEED), (DEED, "nobody was asked about this"), Outcome.RATED, 0),
    ],
)
def test_a_visit_left_open_ends_with_what_was_rated_here_and_by_phone(
    home: Home, tapped: tuple[str, ...], by_phone: tuple[str, ...], outcome: Outcome, counted: int
):
    asked: list[UUID] = []

    def heard(visit: UUID) -> list[tuple[Subject, str]]:
        asked.append(visit)
        return [(draft(code).subject, code) for code in by_phone]

    left = invitation(DEED)
    ledger = open_ledger(home, by_phone=heard)
    ledger.open_visit(left, "zh-CN", 0)
    for code in tapped:
        ledger.keep_draft(left.visit, draft(code, BAD))
    ledger.recover()
    ledger.close()
    closed = chain(home)[-1]
    assert isinstance(closed, VisitClosed)
    assert asked == [left.visit]
    assert (closed.outcome, closed.rated, closed.by_phone) == (outcome, len(tapped), counted)
    assert [rating.level for rating in ratings(home)] == [BAD] * len(tapped)


def test_a_visit_rated_by_phone_is_one_of_the_visits_rated(home: Home, ledger: Ledger):
    ledger.note_session((StaffArrived(WANG, "pin"),), Session(SessionState.READY, WANG))
    for by_phone in (0, 1):
        invited = invitation()
        ledger.open_visit(invited, "zh-CN", 0)
        end = CloseVisit(invited.visit, (), Outcome.RATED, "", 1, None, 0, by_phone=by_phone)
        ledger.close_visit(end, "zh-CN")
        assert rows(home.kiosk_db, "SELECT rated FROM duty") == [(by_phone,)]


def test_a_restart_goes_on_where_the_chain_ended(home: Home):
    for _ in range(3):
        ledger = open_ledger(home)
        fill(ledger, 2)
        rate(ledger)
        ledger.close()
    assert len(chain(home)) == 15


def test_pruning_forgets_the_old_and_keeps_the_last_and_numbering_goes_on(
    home: Home, ledger: Ledger
):
    fill(ledger, 10)
    whole = signed_records(home)
    assert ledger.prune(4) == 4
    assert list(signed_records(home)) == [5, 6, 7, 8, 9, 10]
    assert ledger.prune(10) == 5
    assert signed_records(home) == {10: whole[10]}
    ledger.close()
    again = open_ledger(home)
    assert again.head == 10
    again.note_boot("0.1.0")
    again.close()
    eleventh = records.verify(signed_records(home)[11], RECORD_KEY.public)
    assert (eleventh.seq, eleventh.prev) == (11, records.digest(whole[10]))


def test_only_what_central_has_held_for_thirty_days_may_be_forgotten(home: Home, ledger: Ledger):
    fill(ledger, 20)
    briefing, reader = Briefing(home), BriefingReader(home)
    received = [
        Receipt("d", 5, b"", 1_000),
        Receipt("d", 12, b"", 2_000),
    ]
    for receipt in received:
        assert briefing.keep_receipt(receipt, receipts.sign(receipt, CENTRAL))
    (now_ms,) = {row[0] // 10_000 * 10_000 for row in rows(home.agent_db, RECEIVED)}
    assert reader.safe_to_forget(now_ms) == 0
    later = now_ms + KEEP_AFTER_RECEIPT_MS + 20_000
    assert reader.safe_to_forget(later) == 12
    restored = Receipt("d", 3, b"", 3_000)
    assert briefing.keep_receipt(restored, receipts.sign(restored, CENTRAL))
    assert reader.safe_to_forget(later) == 3
    ledger.prune(reader.safe_to_forget(later))
    assert list(signed_records(home)) == list(range(4, 21))
    briefing.close()
    reader.close()


RECEIVED = "SELECT received_ms FROM receipt"


def test_counters_add_up_and_outlive_a_restart(home: Home, ledger: Ledger):
    ledger.count("press.surplus")
    ledger.count("press.surplus", 4)
    ledger.close()
    reader = Backlog(home)
    assert reader.counters() == {"press.surplus": 5}
    reader.close()


@given(detail=st.text(), reason=st.text())
def test_whatever_a_fault_says_the_record_is_one_that_central_takes(
    new_home, detail: str, reason: str
):
    home = new_home()
    ledger = open_ledger(home)
    ledger.note_fault("touch", detail)
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.close_visit(closing_of(invited.visit, reason=reason), "zh-CN")
    ledger.close()
    kinds = [type(record) for record in chain(home)]
    assert kinds == [Fault, VisitOpened, VisitClosed]


def test_a_visit_of_matters_alone_has_no_staff_number(home: Home, ledger: Ledger):
    invited = invitation(DEED, visit=UUID(int=9), staff="")
    ledger.open_visit(invited, "zh-CN", 0)
    (opened,) = chain(home)
    assert isinstance(opened, VisitOpened)
    assert opened.staff == ""

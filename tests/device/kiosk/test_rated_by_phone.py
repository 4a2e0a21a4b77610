"""The code that leads a phone to a visit, and what the screen does once a phone has rated it."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import msgspec
import pytest
from counter_rig import Counter
from device_rig import RECORD_KEY, rows, soon
from device_rig import identity as who
from panels import UPRIGHT, Size, show
from sample_views import CODE, matter_question, staff_question

from device.core.visit import State
from device.kiosk.views import IdleView, NoticeView, RatingView, ReasonsView, ThanksView
from device.store import moment
from device.store.backlog import Backlog
from device.store.briefing import INSTRUCTION_MS, CancelOrder, RatedOrder
from device.store.home import Home
from device.store.profile import APPEARANCES
from protocol.configuration import Configuration, Hall, StaffMember, Window
from protocol.levels import Level
from protocol.phone import TOKEN_PATH, PhoneToken, read_token, verify_token
from protocol.questions import Asks
from protocol.records import (
    ClockQuality,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Subject

WANG, DEED, LOAN = (Subject.STAFF, "0317"), (Subject.MATTER, "M1"), (Subject.MATTER, "M2")
DAY_S = 24 * 3600
Open = Callable[[], Counter]


class PhoneCounter(Counter):
    """A window beside which a citizen uses a phone."""

    def phone_rates(self, *subjects: tuple[Subject, str], visit: UUID | None = None) -> None:
        """Let the agent hear from central that these subjects have been rated."""
        self.unheard(*subjects, visit=visit)
        self.reception.refresh(self.now_ms)

    def unheard(self, *subjects: tuple[Subject, str], visit: UUID | None = None) -> None:
        """Let the agent leave that news where the kiosk has not looked yet."""
        invitation = self.reception.visit.invitation
        assert visit or invitation
        order = RatedOrder(visit or invitation.visit, subjects)
        self.briefing.instruct("rated", msgspec.json.encode(order))

    def at_address(self, phone_url: str, version: int = 2) -> None:
        """Let another configuration say where codes lead."""
        document = Configuration(
            device=who().device,
            version=version,
            hall=Hall("BH", "滨河区政务服务中心"),
            window=Window("BH-012", "12", "0317"),
            staff=(StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),),
            matters=(),
            phone_url=phone_url,
        )
        self.briefing.apply(document, b"signed", f"v{version}")
        self.reception.refresh(self.now_ms)

    def end_of(self, visit: UUID) -> tuple[VisitClosed, list[Rating]]:
        """Return how a visit ended, and its ratings."""
        written = self.records()
        ratings = [one for one in written if isinstance(one, Rating) and one.visit == visit]
        (end,) = (one for one in written if isinstance(one, VisitClosed) and one.visit == visit)
        return end, ratings

    def counted(self) -> dict[str, int]:
        """Return the kiosk's counters, once the scribe has written them down."""
        self.scribe.stop(5)
        return dict(rows(self.home.kiosk_db, "SELECT reason, count FROM counter"))


@pytest.fixture
def window(home: Home) -> Iterator[Open]:
    """Opens the window; opening it again is a restart of the kiosk."""
    opened: list[PhoneCounter] = []

    def open_window() -> PhoneCounter:
        if opened:
            opened.pop().close()
        opened.append(PhoneCounter(home))
        return opened[-1]

    yield open_window
    for counter in opened:
        counter.close()


@pytest.fixture
def counter(window: Open) -> PhoneCounter:
    return window()


def is_there(view: object) -> bool:
    return isinstance(view, RatingView) and bool(view.qr)


# --- the code -------------------------------------------------------------------------------


@pytest.fixture
def payloads(counter: PhoneCounter, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What codes say, as they are made; each only once its visit is on disk."""
    made: list[str] = []

    def matrix(payload: str) -> object:
        token, _ = read_token(payload.partition(TOKEN_PATH)[2])
        assert counter.was_opened(token.visit), "a code leads to a visit that may never have been"
        made.append(payload)
        return CODE

    monkeypatch.setattr("device.kiosk.scribe.matrix", matrix)
    return made


def token_in(payload: str) -> PhoneToken:
    address, _, text = payload.partition(TOKEN_PATH)
    assert address == "HTTPS://PJ.EXAMPLE.CN"
    token, signed = read_token(text)
    verify_token(signed, RECORD_KEY.public)
    return token


def test_a_place_is_kept_for_the_code_until_it_comes(counter: PhoneCounter):
    counter.do("rate")
    assert counter.view().qr == ()
    assert len(counter.wait_for(is_there).qr) >= 21


def test_the_thanks_show_the_code_of_the_question(counter: PhoneCounter):
    counter.do("rate")
    code = counter.wait_for(is_there).qr
    counter.choose(4)
    counter.do("skip")
    assert counter.wait_for(ThanksView).qr is code


def test_the_code_names_device_visit_and_how_many_questions(
    counter: PhoneCounter, payloads: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(moment, "clock_quality", lambda: ClockQuality.SYNCED)
    visit = counter.invite(MatterHandled("M1"), MatterHandled("M2", finished=False))
    counter.wait_for(is_there)
    (payload,) = payloads
    token = token_in(payload)
    assert (token.device, token.visit, token.asks) == (who().device, visit, Asks(1, 1, 0))
    late_s = moment.now().wall_ms // 1000 + 30 * DAY_S - token.expires_s
    assert 0 <= late_s < 3600


def test_a_device_that_does_not_know_the_date_states_none(
    counter: PhoneCounter, payloads: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(moment, "clock_quality", lambda: ClockQuality.UNSYNCED)
    counter.do("rate")
    counter.wait_for(is_there)
    assert token_in(payloads[0]).expires_s == 0


def test_a_code_is_made_once_a_visit(counter: PhoneCounter, payloads: list[str]):
    counter.do("rate")
    counter.wait_for(is_there)
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    assert len(payloads) == 1


def test_the_next_citizen_does_not_see_the_code_of_the_one_before(counter: PhoneCounter):
    counter.invite()
    first = counter.wait_for(is_there).qr
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.invite()
    assert counter.view().qr == ()
    assert counter.wait_for(is_there).qr != first


def test_without_an_address_there_is_neither_code_nor_place(counter: PhoneCounter):
    counter.at_address("")
    counter.do("rate")
    assert counter.view().qr is None
    counter.choose(4)
    counter.do("skip")
    assert counter.wait_for(ThanksView).qr == ()


def test_an_address_too_long_for_a_code_keeps_no_place_empty(counter: PhoneCounter):
    counter.at_address("https://" + "a" * 120 + ".example.cn")
    counter.do("rate")
    counter.wait_for(lambda view: isinstance(view, RatingView) and view.qr is None)
    counter.do("decline")
    counter.wait_for_the_end()
    counter.do("rate")
    assert counter.view().qr is None, "it is known by now that none comes"
    counter.do("decline")
    counter.wait_for_the_end()
    counter.at_address("https://pj.example.cn", version=3)
    counter.do("rate")
    counter.wait_for(is_there)


@pytest.mark.parametrize("size", UPRIGHT, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("appearance", APPEARANCES)
def test_nothing_moves_when_the_code_comes(size: Size, appearance: str):
    for view in (staff_question(), matter_question(), matter_question()._replace(can_go_back=True)):
        before = show("", view._replace(qr=()), size, "zh-CN", appearance)
        after = show("", view, size, "zh-CN", appearance)
        assert [target.rect for target in after.scene.targets] == [
            target.rect for target in before.scene.targets
        ]
        there = {laid.mark for laid in after.scene.laid_out()}
        assert there >= {laid.mark for laid in before.scene.laid_out()}, "something else changed"


def test_the_code_is_the_same_size_in_every_language():
    codes = {
        language: [mark.rect for mark in marks_of_the_code(language)]
        for language in ("zh-CN", "en", "ko")
    }
    assert codes["zh-CN"] == codes["en"] == codes["ko"] != []


def marks_of_the_code(language: str) -> list:
    shown = [
        {laid.mark for laid in show("", view, (800, 480), language, "standard").scene.laid_out()}
        for view in (staff_question(), staff_question()._replace(qr=()))
    ]
    return list(shown[0] - shown[1])


# --- rated by phone -------------------------------------------------------------------------


def test_a_visit_rated_by_phone_ends_with_the_thanks_that_everybody_gets(counter: PhoneCounter):
    visit = counter.invite()
    counter.wait_for(is_there)
    counter.phone_rates(WANG)
    by_phone = counter.wait_for(ThanksView)
    end, ratings = counter.end_of(visit)
    assert (end.outcome, end.rated, end.by_phone, end.asked) == (Outcome.RATED, 0, 1, 1)
    assert not ratings

    other = counter.invite()
    counter.wait_for(is_there)
    counter.choose(2)
    counter.do("skip")
    here = counter.wait_for(ThanksView)
    same = here._replace(code=by_phone.code, qr=by_phone.qr, chrome=by_phone.chrome)
    assert by_phone == same
    opened = {one.visit: one for one in counter.records() if isinstance(one, VisitOpened)}
    assert (by_phone.code, here.code) == (opened[visit].receipt, opened[other].receipt)


def test_what_a_phone_has_rated_makes_way_for_what_it_has_not(counter: PhoneCounter):
    visit = counter.invite(MatterHandled("M1"))
    assert counter.view().subject == "staff"
    counter.phone_rates(WANG)
    view = counter.view()
    assert (view.subject, view.step, view.steps, view.can_go_back) == ("matter", 2, 2, False)
    counter.choose(3)
    counter.do("skip")
    counter.wait_for(ThanksView)
    end, (rating,) = counter.end_of(visit)
    assert (end.outcome, end.rated, end.by_phone) == (Outcome.RATED, 1, 1)
    assert (rating.subject, rating.code, rating.level) == (*DEED, Level.FAIRLY_SATISFIED)


def test_two_subjects_rated_one_after_the_other_end_the_visit_at_the_second(counter: PhoneCounter):
    visit = counter.invite(MatterHandled("M1"))
    counter.phone_rates(DEED)
    assert counter.view().subject == "staff"
    counter.phone_rates(DEED, WANG)
    counter.wait_for(ThanksView)
    end, _ = counter.end_of(visit)
    assert (end.outcome, end.by_phone) == (Outcome.RATED, 2)


def test_who_picks_reasons_goes_on_whatever_a_phone_does(counter: PhoneCounter):
    visit = counter.invite(MatterHandled("M1"))
    counter.choose(2)
    counter.do("tag", 207)
    before = counter.view()
    counter.phone_rates(WANG, DEED)
    assert counter.view()._replace(chrome=before.chrome) == before
    counter.do("submit")
    counter.wait_for(ThanksView)
    end, (rating,) = counter.end_of(visit)
    assert (end.rated, end.by_phone, rating.tags) == (1, 1, (207,))


def test_a_key_that_was_just_pressed_stays_chosen_when_a_phone_rates(counter: PhoneCounter):
    counter.do("rate")
    counter.do("level", 5)
    before = counter.view()
    counter.phone_rates(WANG)
    assert counter.view()._replace(chrome=before.chrome) == before
    counter.pass_ms(1000)
    assert isinstance(counter.view(), ReasonsView)


def test_the_news_counts_however_old_it_is(counter: PhoneCounter, monkeypatch: pytest.MonkeyPatch):
    counter.do("rate")
    counter.unheard(WANG)
    real = moment.now()
    later = real._replace(monotonic_ms=real.monotonic_ms + INSTRUCTION_MS + 50_000)
    monkeypatch.setattr(moment, "now", lambda: later)
    counter.reception.refresh(counter.now_ms)
    counter.wait_for(ThanksView)


def test_news_of_another_visit_changes_nothing(counter: PhoneCounter):
    counter.do("rate")
    counter.phone_rates(WANG, visit=uuid4())
    assert isinstance(counter.view(), RatingView)
    counter.do("decline")
    counter.wait_for(IdleView)
    counter.phone_rates(WANG, visit=uuid4())
    assert isinstance(counter.view(), IdleView)


def test_news_that_comes_after_the_thanks_changes_nothing(counter: PhoneCounter):
    visit = counter.invite()
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.phone_rates(WANG)
    assert isinstance(counter.view(), ThanksView)
    counter.do("done")
    counter.phone_rates(WANG, visit=visit)
    assert isinstance(counter.view(), IdleView)
    end, _ = counter.end_of(visit)
    assert (end.rated, end.by_phone) == (1, 0)


def test_a_subject_that_was_not_asked_about_is_counted_and_passed_over(counter: PhoneCounter):
    counter.do("rate")
    counter.phone_rates(LOAN)
    assert isinstance(counter.view(), RatingView)
    counter.do("decline")
    counter.wait_for_the_end()
    assert counter.counted()["phone.unknown-subject"] == 1


@pytest.mark.parametrize("body", [b"", b"{}", b'{"visit": 1}', b'{"visit": "x", "subjects": []}'])
def test_news_that_nobody_can_read_is_counted(counter: PhoneCounter, body: bytes):
    counter.do("rate")
    counter.briefing.instruct("rated", body)
    counter.reception.refresh(counter.now_ms)
    assert isinstance(counter.view(), RatingView)
    counter.do("decline")
    counter.wait_for_the_end()
    assert counter.counted()["instruction.unreadable"] == 1


def test_staff_cannot_take_back_what_a_phone_has_rated_already(counter: PhoneCounter):
    visit = counter.invite(MatterHandled("M1"))
    counter.phone_rates(WANG)
    counter.briefing.instruct("cancel", msgspec.json.encode(CancelOrder(visit, "误操作")))
    counter.reception.refresh(counter.now_ms)
    assert isinstance(counter.view(), RatingView)
    counter.do("decline")
    counter.wait_for(ThanksView)
    assert counter.end_of(visit)[0].outcome is Outcome.PARTLY


def test_staff_see_one_more_visit_rated_and_no_level(counter: PhoneCounter):
    counter.invite()
    counter.phone_rates(WANG)
    counter.wait_for(ThanksView)
    backlog = Backlog(counter.home)
    try:
        assert backlog.duty().rated == 1
    finally:
        backlog.close()


def test_a_disk_that_fails_takes_nothing_from_who_rated_by_phone(
    counter: PhoneCounter, monkeypatch: pytest.MonkeyPatch
):
    counter.do("rate")
    counter.wait_for(is_there)
    monkeypatch.setattr(
        "device.store.ledger.Ledger.close_visit", lambda *_: (_ for _ in ()).throw(OSError("full"))
    )
    counter.phone_rates(WANG)
    view = counter.wait_for(lambda _: counter.reception.visit.state is not State.CLOSING)
    assert not isinstance(view, NoticeView)
    assert isinstance(view, ThanksView)


# --- restarts -------------------------------------------------------------------------------


def test_a_kiosk_that_was_interrupted_writes_down_what_a_phone_had_rated(window: Open):
    counter = window()
    visit = counter.invite(MatterHandled("M1"))
    counter.choose(2)
    counter.do("skip")
    assert soon(lambda: rows(counter.home.kiosk_db, "SELECT 1 FROM draft"))
    counter.unheard(DEED)
    again = window()
    end, (rating,) = again.end_of(visit)
    assert (end.outcome, end.rated, end.by_phone, end.recovered) == (Outcome.RATED, 1, 1, True)
    assert (rating.subject, rating.code) == WANG


def test_a_visit_rated_by_phone_alone_is_no_fault_of_the_device(window: Open):
    counter = window()
    visit = counter.invite(MatterHandled("M1"))
    counter.wait_for(is_there)
    counter.unheard(WANG, LOAN)
    again = window()
    end, ratings = again.end_of(visit)
    assert (end.outcome, end.rated, end.by_phone) == (Outcome.PARTLY, 0, 1)
    assert not ratings
    assert isinstance(again.view(), IdleView)


def test_what_was_tapped_and_rated_by_phone_too_counts_once_after_a_restart(window: Open):
    counter = window()
    visit = counter.invite()
    counter.choose(5)
    assert soon(lambda: rows(counter.home.kiosk_db, "SELECT 1 FROM draft"))
    counter.unheard(WANG)
    end, _ = window().end_of(visit)
    assert (end.outcome, end.rated, end.by_phone) == (Outcome.RATED, 1, 0)

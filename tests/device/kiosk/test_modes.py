"""What citizens rate where no staff member serves: a matter, or the hall as a whole."""

from collections.abc import Callable, Iterator

import pytest
from counter_rig import Counter
from device_rig import rows

from device.kiosk.views import IdleView, NoticeView, RatingView, ThanksView
from device.store.home import Home
from device.store.profile import Service
from protocol.records import Login, MatterHandled, Outcome, Rating, VisitClosed, VisitOpened
from protocol.subjects import Subject

Open = Callable[..., Counter]


@pytest.fixture
def window_of(home: Home) -> Iterator[Open]:
    """Opens a window in the given mode."""
    opened: list[Counter] = []

    def open_window(mode: str, matter: str = "") -> Counter:
        opened.append(Counter(home, Service(mode, matter)))
        return opened[-1]

    yield open_window
    for counter in opened:
        counter.close()


def idle(counter: Counter) -> IdleView:
    view = counter.wait_for(IdleView)
    assert isinstance(view, IdleView)
    return view


def test_a_window_shows_who_serves_and_can_be_rated_at_once(window_of: Open):
    counter = window_of("window")
    view = idle(counter)
    assert (view.mode, view.can_begin) == ("window", True)
    assert view.chrome.staff is not None


@pytest.mark.parametrize("mode", ["self-service", "hall"])
def test_without_staff_the_device_is_open_and_names_nobody(window_of: Open, mode: str):
    counter = window_of(mode)
    view = idle(counter)
    assert view.mode == mode
    assert view.chrome.staff is None
    counter.scribe.stop(5)
    assert not [record for record in counter.records() if isinstance(record, Login)]


@pytest.mark.parametrize("mode", ["self-service", "hall"])
def test_nobody_assigned_is_no_reason_to_close(window_of: Open, mode: str):
    counter = window_of(mode)
    counter.configure("", version=2)
    counter.reception.refresh(counter.now_ms)
    idle(counter)


@pytest.mark.parametrize("mode", ["window", "self-service", "hall"])
def test_before_central_has_told_where_it_stands_the_device_is_closed(home: Home, mode: str):
    counter = Counter(home, Service(mode), configured=False)
    try:
        view = counter.wait_for(NoticeView)
        assert isinstance(view, NoticeView)
        assert view.topic == "closed"
        counter.do("rate")
        assert isinstance(counter.view(), NoticeView)
        counter.configure("0317")
        counter.reception.refresh(counter.now_ms)
        idle(counter)
    finally:
        counter.close()


def test_self_service_asks_about_the_profiles_matter_alone(window_of: Open):
    counter = window_of("self-service", "M1")
    assert idle(counter).can_begin
    counter.do("rate")
    view = counter.view()
    assert isinstance(view, RatingView)
    assert (view.subject, view.steps, view.matter.name) == ("matter", 1, "不动产转移登记")
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    opened, rating, end = counter.records()[-3:]
    assert isinstance(opened, VisitOpened) and isinstance(rating, Rating)
    assert (opened.staff, opened.matters) == ("", (MatterHandled("M1"),))
    assert (rating.subject, rating.code) == (Subject.MATTER, "M1")
    assert (end.outcome, end.asked) == (Outcome.RATED, 1)


def test_self_service_without_a_matter_waits_for_an_invitation(window_of: Open):
    counter = window_of("self-service")
    assert not idle(counter).can_begin
    counter.do("rate")
    counter.reception.press_level(5, counter.now_ms)
    assert isinstance(counter.view(), IdleView)
    counter.invite(MatterHandled("M2"))
    view = counter.view()
    assert isinstance(view, RatingView)
    assert (view.subject, view.steps) == ("matter", 1)


def test_self_service_takes_no_invitation_without_a_matter(window_of: Open):
    counter = window_of("self-service", "M1")
    idle(counter)
    counter.invite()
    assert isinstance(counter.view(), IdleView)
    assert refused(counter) == 1


def test_a_hall_is_asked_about_as_a_whole(window_of: Open):
    counter = window_of("hall")
    assert idle(counter).can_begin
    counter.do("rate")
    view = counter.view()
    assert isinstance(view, RatingView)
    assert (view.subject, view.steps, view.matter) == ("hall", 1, None)
    counter.choose(1)
    counter.do("skip")
    counter.wait_for(ThanksView)
    opened, rating, end = counter.records()[-3:]
    assert isinstance(opened, VisitOpened) and isinstance(rating, Rating)
    assert (opened.staff, opened.matters) == ("", ())
    assert (rating.subject, rating.code, rating.level) == (Subject.HALL, "BH", 1)
    assert isinstance(end, VisitClosed)
    assert end.outcome is Outcome.RATED


def test_a_hall_takes_no_invitations(window_of: Open):
    counter = window_of("hall")
    idle(counter)
    counter.invite(MatterHandled("M1"))
    assert isinstance(counter.view(), IdleView)
    assert refused(counter) == 1


def test_a_hall_that_has_no_code_cannot_be_rated(window_of: Open):
    counter = window_of("hall")
    idle(counter)
    counter.briefing._write(
        lambda: counter.briefing._db.execute("UPDATE configuration SET hall_code = ''")
    )
    counter.reception.refresh(counter.now_ms)
    assert not idle(counter).can_begin
    counter.do("rate")
    assert isinstance(counter.view(), IdleView)


def refused(counter: Counter) -> int:
    """Invitations that were refused, as the device will report them."""
    counter.scribe.stop(5)
    query = "SELECT count FROM counter WHERE reason = 'invitation.refused'"
    return sum(count for (count,) in rows(counter.home.kiosk_db, query))

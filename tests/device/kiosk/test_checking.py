"""Who comes to the check screen, what is tested there, and that nothing of it is ever a rating."""

import time
from collections.abc import Callable, Iterator

import pytest
from counter_rig import WALL, Counter
from hands_rig import SIZE, Kiosk
from panels import look_of

from device.core.buttons import STUCK_MS, Extra
from device.core.hold import HOLD_MS
from device.core.visit import State
from device.kiosk.checking import PATIENCE_MS, USUAL_MINUTES, Checking
from device.kiosk.contacts import CommandKey, DigitKey, LetterKey
from device.kiosk.feedback import lit
from device.kiosk.support import REFUSED
from device.kiosk.technician_views import CheckKey, CheckView
from device.kiosk.views import IdleView, RatingView, ThanksView, View
from device.store.home import Home
from device.store.profile import Buttons, Central, Profile, Screen, Staff
from protocol.levels import Level
from protocol.records import VisitOpened

FIVE, THREE = Level.VERY_SATISFIED, Level.FAIRLY_SATISFIED
PINS = (5, 6, 13, 19, 26)
MINUTE_MS = 60_000


class CheckedKiosk(Kiosk):
    """A kiosk with the switch in its case and the doctor's door."""

    def __init__(self, counter: Counter, badge_reader: bool = False) -> None:
        self.heard: list[str] = []
        self.audible = True
        self.checking: Checking | None = None
        super().__init__(counter, badge_reader)
        profile = Profile(
            counter.home.root,
            True,
            Screen(SIZE, 0, "zh-CN"),
            Buttons(PINS, "auto", skip=20, check=21),
            Central("https://central.example", "", ""),
            staff=Staff(badge_reader=badge_reader),
        )
        self.checking = Checking(
            profile,
            counter.home,
            look_of(SIZE, "standard"),
            self.hands,
            mock=False,
            nobody=self.nobody,
            receiver=lambda: counter.reception,
            count=lambda reason: self.counts.update([reason]),
            ring=lambda: None,
            play=self.play,
        )

    def nobody(self) -> bool:
        reception = self.counter.reception
        return reception.visit.state is State.IDLE and not reception.staffed

    def play(self, language: str) -> bool:
        self.heard.append(language)
        return self.audible

    def seen(self) -> View:
        if self.checking is not None:
            self.checking.pass_time(self.view.chrome, self.now_ms)
            if self.checking.current is not None:
                return self.checking.current.view(self.now_ms)
        return self.counter.reception.view(self.now_ms, WALL, "6月18日")

    def ask(self, on: bool = True, minutes: int = USUAL_MINUTES) -> str:
        assert self.checking is not None
        problem = self.checking.ask(on, minutes, self.now_ms)
        self.turn()
        self.pass_ms(1_000)
        return problem

    def hold_the_switch(self) -> View:
        return self.press(Extra.CHECK, HOLD_MS + 50)

    def key(self, name: str) -> CheckKey:
        assert isinstance(self.view, CheckView)
        return next(key for key in self.view.keys if key.name == name)

    def found(self, seen: Callable[[CheckView], object]) -> CheckView:
        """Let the thread beside the loop look at the device."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            view = self.turn()
            assert isinstance(view, CheckView)
            if seen(view):
                return view
            time.sleep(0.01)
        pytest.fail("nothing was found")

    @property
    def checks(self) -> bool:
        return isinstance(self.view, CheckView)

    def visits(self) -> int:
        return sum(isinstance(record, VisitOpened) for record in self.counter.records())


@pytest.fixture
def kiosk(home: Home) -> Iterator[CheckedKiosk]:
    counter = Counter(home)
    yield CheckedKiosk(counter)
    counter.scribe.stop(2)


# --- coming and going ---------------------------------------------------------------------------


def test_the_switch_in_the_case_leads_to_it_and_back(kiosk: CheckedKiosk):
    kiosk.hold_the_switch()
    assert kiosk.checks
    kiosk.hold_the_switch()
    assert isinstance(kiosk.view, IdleView)


def test_a_switch_that_is_only_touched_does_nothing(kiosk: CheckedKiosk):
    kiosk.press(Extra.CHECK, HOLD_MS - 100)
    kiosk.pass_ms(2 * HOLD_MS)
    assert isinstance(kiosk.view, IdleView)


def test_a_switch_that_was_closed_when_the_kiosk_started_leads_nowhere(kiosk: CheckedKiosk):
    kiosk.hands.have_buttons([Extra.CHECK, FIVE], kiosk.now_ms)
    kiosk.pass_ms(STUCK_MS + 1_000)
    assert isinstance(kiosk.view, IdleView)
    assert kiosk.faults == [("button-stuck", "level 5")]


def test_nothing_on_the_screen_and_no_key_of_a_keyboard_leads_to_it(kiosk: CheckedKiosk):
    for target in kiosk.scene.targets:
        assert not target.action.name.startswith("check")
    for key in ("submit", "press", "change", "leave", "language", "appearance", 0, 7, 9):
        kiosk.type(key)
        kiosk.pass_ms(1_000)
        assert not kiosk.checks
    for button in (*Level, Extra.SKIP, Extra.NEXT):
        kiosk.press(button, STUCK_MS - 1_000)
        assert not kiosk.checks


def test_it_ends_by_itself(kiosk: CheckedKiosk):
    assert kiosk.ask(minutes=2) == ""
    assert kiosk.view.minutes == 2
    kiosk.counter.now_ms += 2 * MINUTE_MS - 5_000
    assert kiosk.turn().minutes == 1
    kiosk.counter.now_ms += 5_000
    assert isinstance(kiosk.turn(), IdleView)


def test_it_ends_by_its_own_key(kiosk: CheckedKiosk):
    kiosk.ask()
    assert isinstance(kiosk.touch("end-check"), IdleView)


def test_escape_on_a_keyboard_ends_it(kiosk: CheckedKiosk):
    kiosk.ask()
    assert isinstance(kiosk.type("leave"), IdleView)


def test_whoever_asked_for_it_can_end_it(kiosk: CheckedKiosk):
    kiosk.ask()
    assert kiosk.ask(on=False) == ""
    assert isinstance(kiosk.view, IdleView)
    assert kiosk.ask(on=False) == ""


def test_asked_for_again_it_lasts_longer(kiosk: CheckedKiosk):
    kiosk.ask(minutes=1)
    kiosk.ask(minutes=9)
    assert kiosk.view.minutes == 9


@pytest.mark.parametrize("minutes", [0, -1, 61, 10**9])
def test_it_is_never_shown_for_ever(kiosk: CheckedKiosk, minutes: int):
    assert kiosk.ask(minutes=minutes) == "minutes are from 1 to 60"
    assert not kiosk.checks


@pytest.mark.parametrize(
    "order", [{}, {"on": "yes", "minutes": 3}, {"on": True}, {"on": True, "minutes": "3"}]
)
def test_whoever_speaks_nonsense_at_the_door_is_told_so(
    kiosk: CheckedKiosk, order: dict[str, object]
):
    assert kiosk.checking.asked_at_the_door(order, kiosk.now_ms).startswith("that is no request")


# --- citizens first -----------------------------------------------------------------------------


def test_during_a_visit_it_is_refused_in_words(kiosk: CheckedKiosk):
    kiosk.touch("rate")
    assert kiosk.ask() == REFUSED
    assert isinstance(kiosk.view, RatingView)


def test_while_staff_log_in_it_is_refused_too(home: Home):
    kiosk = CheckedKiosk(Counter(home))
    kiosk.touch("staff")
    assert kiosk.ask() == REFUSED
    kiosk.counter.scribe.stop(2)


def test_a_switch_held_during_a_visit_is_granted_when_the_citizen_has_left(kiosk: CheckedKiosk):
    kiosk.touch("rate")
    kiosk.hold_the_switch()
    assert isinstance(kiosk.view, RatingView)
    assert kiosk.counts["check.waits"] == 1
    kiosk.pass_ms(1_000)
    kiosk.touch("decline")
    until = time.monotonic() + 10
    while not kiosk.checks and time.monotonic() < until:  # the visit is being closed on disk
        kiosk.turn()
    assert kiosk.checks


def test_a_wish_that_waited_for_too_long_is_forgotten(kiosk: CheckedKiosk):
    kiosk.touch("rate")
    kiosk.hold_the_switch()
    kiosk.counter.now_ms += PATIENCE_MS
    kiosk.turn()  # the question has run out of time as well
    kiosk.wait_for(IdleView)
    assert not kiosk.checks


def test_an_invitation_ends_it(kiosk: CheckedKiosk):
    kiosk.ask()
    kiosk.counter.invite()
    assert isinstance(kiosk.turn(), RatingView)
    assert kiosk.hands.reception is kiosk.counter.reception


def test_after_it_a_citizen_rates_as_ever(kiosk: CheckedKiosk):
    kiosk.ask()
    kiosk.touch("end-check")
    kiosk.pass_ms(1_000)
    kiosk.touch("rate")
    kiosk.pass_ms(1_000)
    kiosk.press(FIVE)
    kiosk.pass_ms(2_000)
    kiosk.touch("skip")
    kiosk.wait_for(ThanksView)


# --- never a rating -----------------------------------------------------------------------------


def test_whatever_is_pressed_on_it_no_visit_is_opened(kiosk: CheckedKiosk):
    kiosk.ask()
    for page in ("findings", "keys", "touch"):
        kiosk.touch("check-page", page)
        kiosk.pass_ms(1_000)
        for button in (*Level, Extra.SKIP, Extra.NEXT):
            kiosk.press(button)
            kiosk.pass_ms(1_000)
        for key in (1, 2, 3, 4, 5, "submit", "press", "change"):
            kiosk.type(key)
            kiosk.pass_ms(1_000)
            if not kiosk.checks:  # Enter and Space press what is in the focus
                kiosk.ask()
    assert kiosk.visits() == 0
    assert kiosk.counter.reception.visit.state is State.IDLE


def test_a_badge_that_is_read_logs_nobody_in(home: Home):
    kiosk = CheckedKiosk(Counter(home), badge_reader=True)
    kiosk.ask()
    kiosk.swipe("0317123456")
    kiosk.pass_ms(500)
    assert kiosk.counts["card.during-check"] == 1
    assert not kiosk.counter.reception.staffed
    kiosk.counter.scribe.stop(2)


# --- what is tested -----------------------------------------------------------------------------


def test_a_button_shows_its_pin_and_how_often_it_was_pressed(kiosk: CheckedKiosk):
    kiosk.ask()
    assert kiosk.key("3") == CheckKey("3", 13)
    kiosk.press(THREE)
    kiosk.press(THREE)
    assert kiosk.key("3") == CheckKey("3", 13, presses=2)
    kiosk.press(Extra.SKIP)
    assert kiosk.key("skip") == CheckKey("skip", 20, presses=1)


def test_the_lamp_of_a_button_is_lit_as_long_as_it_is_held(kiosk: CheckedKiosk):
    kiosk.ask()
    kiosk.edge(FIVE, True)
    kiosk.edge(THREE, True)
    assert lit(kiosk.view) == {FIVE, THREE}
    kiosk.edge(FIVE, False)
    kiosk.edge(THREE, False)
    assert lit(kiosk.view) == frozenset()


def test_two_buttons_at_once_are_both_shown(kiosk: CheckedKiosk):
    """A rating takes the first alone; a test has to show a short circuit."""
    kiosk.ask()
    kiosk.edge(FIVE, True)
    kiosk.pass_ms(100)
    kiosk.edge(THREE, True)
    assert kiosk.key("5").held
    assert kiosk.key("3").held
    assert kiosk.key("3").presses == 1


def test_bouncing_contacts_are_counted(kiosk: CheckedKiosk):
    kiosk.ask()
    for pressed in (True, False, True, False, True):
        kiosk.edge(FIVE, pressed)
    assert kiosk.key("5").bounces == 4
    assert kiosk.key("5").presses == 1


def test_a_button_that_never_opens_is_shown_as_stuck(kiosk: CheckedKiosk):
    kiosk.ask()
    kiosk.edge(FIVE, True)
    kiosk.pass_ms(STUCK_MS)
    assert kiosk.key("5").stuck_s == 0
    kiosk.pass_ms(2_000)
    assert kiosk.key("5").stuck_s == 12


def test_the_sound_is_tried_and_told(kiosk: CheckedKiosk):
    kiosk.ask()
    assert kiosk.touch("check-sound").sound == "check.sound.played"
    assert kiosk.heard == ["zh-CN"]
    kiosk.checking.note_fault("sound-unavailable")
    assert kiosk.turn().sound == "check.sound.failed"


def test_a_volume_of_nought_is_told(kiosk: CheckedKiosk):
    kiosk.audible = False
    kiosk.ask()
    assert kiosk.touch("check-sound").sound == "check.sound.off"


@pytest.mark.parametrize(
    ("key", "name"), [(DigitKey(7), "7"), (LetterKey("q"), "q"), (CommandKey("leave"), "Escape")]
)
def test_a_key_of_a_keyboard_is_shown(kiosk: CheckedKiosk, key, name: str):
    kiosk.ask()
    kiosk.checking.witness(key, kiosk.now_ms)
    assert kiosk.turn().typed == name


def test_what_a_badge_reader_types_is_not_shown(home: Home):
    kiosk = CheckedKiosk(Counter(home), badge_reader=True)
    kiosk.ask()
    for key in (DigitKey(3), LetterKey("K")):
        kiosk.checking.witness(key, kiosk.now_ms)
        assert kiosk.turn().typed == "*"
    kiosk.counter.scribe.stop(2)


def test_what_is_found_about_the_device_comes_when_it_is_found(kiosk: CheckedKiosk):
    kiosk.ask()
    view = kiosk.found(lambda view: view.lines)
    assert {line.level for line in view.lines} <= {"fault", "warning", "unknown", "ok"}
    levels = [("fault", "warning", "unknown", "ok").index(line.level) for line in view.lines]
    assert levels == sorted(levels)
    assert "hcp-0011223344556677" in view.device
    assert not view.looking
    assert kiosk.touch("check-again").looking


def test_nothing_on_it_is_personal(kiosk: CheckedKiosk):
    """Who serves here, and the photograph, are the citizens' to see and not a test's."""
    assert kiosk.view.chrome.staff is not None
    kiosk.ask()
    view = kiosk.found(lambda view: view.lines)
    assert view.chrome.staff is None
    assert view.chrome.photo == ""
    assert "王晓燕" not in repr(view)
    assert "0317" not in repr(view)

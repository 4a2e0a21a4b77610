"""Which page says what, and what a press sounds and looks like.

Sound and lamps only write down what they are asked for; what becomes of it is shown in
test_sound.py, test_lamps.py and test_secrecy_of_sound_and_light.py.
"""

import itertools
from collections.abc import Collection
from typing import Any

import pytest

from device.kiosk.actions import Action
from device.kiosk.feedback import ALL, Feedback, lit, prompt_of
from device.kiosk.lamps import LampsUnavailable
from device.kiosk.sound import Prompt
from device.kiosk.views import (
    CallbackView,
    Chrome,
    DarkView,
    IdleView,
    NoticeView,
    RatingView,
    ReasonsView,
    ThanksView,
    View,
)
from protocol.levels import Level
from protocol.tags import TAGS

CHROME = Chrome("滨河区政务服务中心", "12", None, "zh-CN", True, False)
IDLE = IdleView(CHROME, "6月18日 星期三", "10:24", ())
STAFF = RatingView(CHROME, "staff", 1, 2)
MATTER = RatingView(CHROME, "matter", 2, 2)
PAD = CallbackView(CHROME, "138 0471 2", complete=False)
THANKS = ThanksView(CHROME, "7K4M2Q9D", ())


def reasons(level: int = 5, picked: Collection[int] = (), callback: bool | None = None) -> View:
    return ReasonsView(
        CHROME, level, tuple(TAGS[Level(level)]), frozenset(picked), callback=callback
    )


def notice(topic: str) -> NoticeView:
    return NoticeView(CHROME, topic)


def told_in(view: View, language: str) -> Any:
    return view._replace(chrome=view.chrome._replace(language=language))


class Witness:
    """Stands where sound and lamps stand, and writes down what they are asked for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.lit: list[set[Level]] = []
        self.beeps = 0
        self.awake = False
        self.broken: list[str] = []
        self.lamps_fail = False
        self.closed = 0

    def click(self) -> None:
        self.heard.append("click")

    def say(self, prompt: Prompt, language: str) -> None:
        self.heard.append(f"{prompt} {language}")

    def hush(self) -> None:
        self.heard.append("hush")

    def stay_awake(self, awake: bool) -> None:
        self.awake = awake

    def troubles(self) -> list[str]:
        found, self.broken = self.broken, []
        return found

    def show(self, lit: Collection[Level]) -> None:
        if self.lamps_fail:
            raise LampsUnavailable("a lamp cannot be switched")
        if not self.lit or self.lit[-1] != set(lit):
            self.lit.append(set(lit))

    def beep(self) -> None:
        self.beeps += 1

    def close(self) -> None:
        self.closed += 1


class Counter:
    """A feedback, and what comes of it."""

    def __init__(self) -> None:
        self.witness: Any = Witness()
        self.faults: list[tuple[str, str]] = []
        self.feedback = Feedback(self.witness, lambda *fault: self.faults.append(fault))
        self.feedback.light(self.witness)
        self.press = self.feedback.pressed

    def shows(self, *views: View) -> "Counter":
        for view in views:
            self.feedback.page(view)
        return self

    def takes_heard(self) -> list[str]:
        heard, self.witness.heard = self.witness.heard, []
        return heard


@pytest.fixture
def counter() -> Counter:
    return Counter()


# --- what pages say ---------------------------------------------------------------------------


def test_a_visit_is_spoken_through_from_question_to_thanks(counter: Counter):
    counter.shows(IDLE, STAFF, reasons(), MATTER, reasons(), PAD, THANKS, IDLE)
    said = "question-staff", "reasons", "question-matter", "reasons", "callback", "thanks"
    assert counter.takes_heard() == [*(f"{prompt} zh-CN" for prompt in said), "hush"]


def test_a_page_says_its_prompt_once(counter: Counter):
    later = STAFF._replace(chrome=CHROME._replace(remaining=0.4))
    counter.shows(STAFF, later, STAFF._replace(chosen=3), later)
    assert counter.takes_heard() == ["question-staff zh-CN"]


def test_picking_reasons_says_nothing_anew(counter: Counter):
    counter.shows(reasons(5), reasons(5, {510}), reasons(5, {510, 511}))
    assert counter.takes_heard() == ["reasons zh-CN"]


def test_another_language_says_it_again(counter: Counter):
    counter.shows(STAFF, told_in(STAFF, "ko"), told_in(STAFF, "en"))
    assert counter.takes_heard() == [f"question-staff {name}" for name in ("zh-CN", "ko", "en")]


def test_who_goes_back_to_the_question_hears_it_again(counter: Counter):
    counter.shows(STAFF, reasons(), STAFF)
    assert counter.takes_heard()[-1] == "question-staff zh-CN"


def test_each_subject_has_its_own_question(counter: Counter):
    for subject in ("staff", "matter", "hall"):
        counter.shows(RatingView(CHROME, subject, 1, 1), IDLE)
    asked = [heard.split()[0] for heard in counter.takes_heard() if heard != "hush"]
    assert asked == ["question-staff", "question-matter", "question-hall"]


def test_the_number_that_was_saved_is_confirmed_without_a_digit(counter: Counter):
    counter.shows(reasons(), PAD, PAD._replace(complete=True), reasons(callback=True))
    assert counter.takes_heard()[1:] == ["callback zh-CN", "number-saved zh-CN"]


def test_who_leaves_the_pad_without_a_number_hears_the_reasons_again(counter: Counter):
    counter.shows(reasons(callback=False), PAD, reasons(callback=False))
    assert counter.takes_heard()[-1] == "reasons zh-CN"


def test_nobody_is_spoken_to_while_nobody_is_there(counter: Counter):
    counter.shows(IDLE, DarkView(CHROME), IDLE, *map(notice, ("starting", "paused", "closed")))
    counter.shows(notice("broken"), told_in(IDLE, "en"), IDLE)
    assert counter.takes_heard() == []


def test_a_commit_that_takes_long_interrupts_nothing(counter: Counter):
    counter.shows(reasons(), notice("saving"), THANKS)
    assert counter.takes_heard() == ["reasons zh-CN", "thanks zh-CN"]


def test_a_rating_that_was_not_saved_is_admitted_aloud(counter: Counter):
    counter.shows(reasons(), notice("saving"), notice("unsaved"))
    assert counter.takes_heard()[-1] == "unsaved zh-CN"


def test_who_declines_hears_goodbye_in_their_own_language(counter: Counter):
    counter.shows(IDLE, told_in(STAFF, "ko"))
    counter.press(Action("decline"))
    counter.shows(notice("saving"), IDLE)
    assert counter.takes_heard()[-1] == "declined ko"


def test_a_question_that_timed_out_just_falls_silent(counter: Counter):
    counter.press(Action("rate"))
    counter.shows(IDLE, STAFF, IDLE)
    assert counter.takes_heard()[-1] == "hush"


def test_whoever_wakes_the_screen_is_welcomed(counter: Counter):
    counter.shows(DarkView(CHROME))
    counter.feedback.woken()
    assert counter.takes_heard() == ["welcome zh-CN"]


def test_a_touch_panel_that_fails_in_a_visit_is_told_once(counter: Counter):
    out = STAFF._replace(chrome=CHROME._replace(touch_out=True))
    counter.shows(STAFF, out, out._replace(chosen=4))
    assert counter.takes_heard()[1:] == ["touch-out zh-CN"]


def test_a_touch_panel_that_fails_while_nobody_is_there_is_not_told(counter: Counter):
    counter.shows(IDLE, IDLE._replace(chrome=CHROME._replace(touch_out=True)))
    assert counter.takes_heard() == []


@pytest.mark.parametrize("topic", ["paused", "closed", "broken"])
def test_a_level_pressed_where_nothing_is_asked_tells_why(counter: Counter, topic: str):
    counter.shows(notice(topic))
    counter.press(Action("level", 3))
    assert counter.takes_heard() == [f"{topic} zh-CN"]
    assert counter.witness.beeps == 0


# --- what a press sounds like -----------------------------------------------------------------


def test_every_press_is_one_click_and_one_beep(counter: Counter):
    pages: list[tuple[View, Action]] = [
        (IDLE, Action("rate")),
        *((STAFF, Action("level", level)) for level in (5, 4, 3, 2, 1)),
        (reasons(), Action("tag", 510)),
        (reasons(), Action("submit")),
        (THANKS, Action("done")),
        (notice("paused"), Action("language", "en")),
    ]
    for view, action in pages:
        counter.shows(view)
        counter.takes_heard()
        counter.press(action)
        assert counter.takes_heard() == ["click"]
    assert counter.witness.beeps == len(pages)


def test_a_level_key_that_means_nothing_here_is_silent(counter: Counter):
    counter.shows(THANKS)
    counter.takes_heard()
    counter.press(Action("level", 2))
    assert counter.takes_heard() == []


def test_the_device_is_kept_open_only_while_somebody_is_there(counter: Counter):
    for view, awake in [
        *((IDLE, False), (STAFF, True), (reasons(), True), (notice("saving"), True)),
        *((THANKS, True), (IDLE, False), (notice("paused"), False), (DarkView(CHROME), False)),
    ]:
        counter.shows(view)
        assert counter.witness.awake is awake, view


# --- lamps ------------------------------------------------------------------------------------


def test_all_lamps_invite_and_the_tapped_one_answers_and_then_all_are_dark(counter: Counter):
    for level in Level:
        counter.shows(IDLE, STAFF, STAFF._replace(chosen=int(level)), reasons(level), THANKS, IDLE)
    assert counter.witness.lit == [
        set(),
        *itertools.chain.from_iterable((ALL, {level}, set()) for level in Level),
    ]


@pytest.mark.parametrize("level", list(Level))
def test_no_page_after_the_tap_has_a_prompt_or_a_lamp_of_its_level(level: Level):
    after = [reasons(level), reasons(level, TAGS[level]), PAD, notice("saving"), THANKS, IDLE]
    same = [reasons(), reasons(5, TAGS[Level(5)]), PAD, notice("saving"), THANKS, IDLE]
    assert [(prompt_of(view), lit(view)) for view in after] == [
        (prompt_of(view), frozenset()) for view in same
    ]


# --- what goes wrong --------------------------------------------------------------------------


def test_lamps_that_fail_are_reported_once_and_everything_else_goes_on(counter: Counter):
    counter.witness.lamps_fail = True
    counter.shows(IDLE, STAFF, reasons())
    assert counter.faults == [("lamps-unavailable", "a lamp cannot be switched")]
    assert counter.witness.closed == 1
    assert counter.takes_heard() == ["question-staff zh-CN", "reasons zh-CN"]


def test_lamps_that_could_not_be_opened_are_reported(counter: Counter):
    counter.feedback.light(counter.witness, "pin 5 cannot be used: busy")
    assert counter.faults == [("lamps-unavailable", "pin 5 cannot be used: busy")]


def test_sound_that_fails_is_reported(counter: Counter):
    counter.witness.broken = ["the sound device cannot be opened"]
    counter.shows(STAFF)
    assert counter.faults == [("sound-unavailable", "the sound device cannot be opened")]


def test_closing_falls_silent(counter: Counter):
    counter.feedback.close()
    assert counter.witness.closed == 1

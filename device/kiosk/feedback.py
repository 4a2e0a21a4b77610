"""What a citizen hears and feels: which page says what, and which lamps are lit.

The loop tells which page it shows and what was pressed; here that becomes a prompt, a click,
a beep or a lamp. All of it follows from what the screen shows, and the screen shows a level
nowhere but on its own key for a moment: so neither sound nor lamps can tell it later. A click
is one and the same for everything, and no prompt knows a level or a reason.
"""

from collections.abc import Callable

from device.kiosk.actions import Action
from device.kiosk.lamps import Lamps, LampsUnavailable
from device.kiosk.sound import Prompt, Sound
from device.kiosk.technician_views import CheckView
from device.kiosk.views import (
    CallbackView,
    IdleView,
    NoticeView,
    RatingView,
    ReasonsView,
    ThanksView,
    View,
)
from protocol.levels import Level

QUESTIONS = {
    "staff": Prompt.QUESTION_STAFF,
    "matter": Prompt.QUESTION_MATTER,
    "hall": Prompt.QUESTION_HALL,
}
STANDING_NOTICES = {
    "paused": Prompt.PAUSED,
    "closed": Prompt.CLOSED,
    "broken": Prompt.BROKEN,
}
"""Said to whoever presses a key before them, and not into an empty hall."""
PASSING_NOTICES = ("starting", "saving")
ALL, NONE = frozenset(Level), frozenset[Level]()


class Feedback:
    """Sound, lamps and buzzer of one kiosk; ``report`` takes a fault's code and detail."""

    def __init__(self, sound: Sound, report: Callable[[str, str], None]) -> None:
        self._sound = sound
        self._report = report
        self._lamps = Lamps()
        self._view: View | None = None
        """The page shown last; passing notices do not count as one."""
        self._declining = False

    def light(self, lamps: Lamps, trouble: str = "") -> None:
        """Use these lamps from now on; ``trouble`` says why they are none although configured."""
        self._lamps = lamps
        if trouble:
            self._report("lamps-unavailable", trouble)

    def pressed(self, action: Action) -> None:
        """Something was pressed; ``action`` is what it does on the page that is shown.

        A level where none is asked for is silent, or told why it does nothing.
        """
        self._declining = action.name == "decline"
        if action.name != "level" or isinstance(self._view, RatingView | CheckView):
            self._sound.click()
            self._try(self._lamps.beep)
        elif isinstance(self._view, NoticeView) and self._view.topic in STANDING_NOTICES:
            self._say(STANDING_NOTICES[self._view.topic], self._view)
        self._tell_troubles()

    def woken(self) -> None:
        """Somebody woke the dark screen: say what can be done here."""
        if self._view is not None:
            self._say(Prompt.WELCOME, self._view)

    def page(self, view: View) -> None:
        """The screen shows this now; called whenever anything on it changed."""
        self._try(lambda: self._lamps.show(lit(view)))
        self._sound.stay_awake(somebody_is_there(view))
        if isinstance(view, NoticeView) and view.topic in PASSING_NOTICES:
            return
        before, self._view = self._view, view
        if before is None or _page(view) != _page(before):
            self._turn(before, view)
        elif view.chrome.touch_out and not before.chrome.touch_out and somebody_is_there(view):
            self._say(Prompt.TOUCH_OUT, view)
        self._tell_troubles()

    def try_sound(self, language: str) -> bool:
        """Let a technician hear something; False if the volume is 0."""
        if self._sound.silent:
            return False
        self._sound.say(Prompt.WELCOME if self._sound.speaks else Prompt.THANKS, language)
        return True

    def close(self) -> None:
        """Fall silent; the lamps belong to the pins and go out with them."""
        self._sound.close()

    def _turn(self, before: View | None, view: View) -> None:
        """Another page, or the same in another language."""
        prompt = prompt_of(view)
        if prompt is not None and isinstance(before, CallbackView) and _has_number(view):
            prompt = Prompt.NUMBER_SAVED
        if prompt is not None:
            self._say(prompt, view)
        elif isinstance(before, RatingView) and isinstance(view, IdleView) and self._declining:
            # The idle page is in the window's language again; the citizen's was another.
            self._say(Prompt.DECLINED, before)
        elif before is not None and prompt_of(before) is not None:
            self._sound.hush()

    def _say(self, prompt: Prompt, view: View) -> None:
        self._sound.say(prompt, view.chrome.language)

    def _try(self, switching: Callable[[], None]) -> None:
        try:
            switching()
        except LampsUnavailable as error:
            self._lamps.close()
            self._lamps = Lamps()
            self._report("lamps-unavailable", str(error))

    def _tell_troubles(self) -> None:
        for trouble in self._sound.troubles():
            self._report("sound-unavailable", trouble)


def prompt_of(view: View) -> Prompt | None:
    """Return what a page says when it appears; None for those that wait for nobody."""
    match view:
        case RatingView():
            return QUESTIONS.get(view.subject)
        case ReasonsView():
            return Prompt.REASONS
        case CallbackView():
            return Prompt.CALLBACK
        case ThanksView():
            return Prompt.THANKS
        case NoticeView(topic="unsaved"):
            return Prompt.UNSAVED
    return None


def lit(view: View) -> frozenset[Level]:
    """Return the levels whose lamps are lit on this page."""
    if isinstance(view, CheckView):
        return frozenset(Level(int(k.name)) for k in view.keys if k.held and k.name.isdigit())
    if not isinstance(view, RatingView):
        return NONE
    return ALL if view.chosen is None else frozenset({Level(view.chosen)})


def somebody_is_there(view: View) -> bool:
    """Return whether a visit is under way, or has just ended, on this page."""
    return prompt_of(view) is not None or (isinstance(view, NoticeView) and view.topic == "saving")


def _page(view: View) -> tuple[object, ...]:
    step = view.step if isinstance(view, RatingView) else 0
    return type(view), prompt_of(view), step, view.chrome.language


def _has_number(view: View) -> bool:
    return isinstance(view, ReasonsView) and view.callback is True

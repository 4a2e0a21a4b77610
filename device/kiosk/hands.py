"""What fingers, keys and buttons do: one place between the inputs and the reception.

Fingers and buttons come with their own accidents, which `device.core.gestures` and
`device.core.buttons` sort out; here their verdicts become what the citizen sees and what the
reception is told. Every way to press is answered on the screen alike, and when one way fails
the others go on.

What a key means is read off the scene: it presses a target that is on the screen, or nothing.
"""

import logging
import queue
from collections.abc import Callable, Collection

from device.core import buttons, focus, gestures
from device.core.buttons import Extra, Key, Length
from device.core.focus import Focus
from device.core.gestures import Fault, Touch, Verdict
from device.core.phantoms import Place
from device.kiosk.actions import Action
from device.kiosk.canvas import Canvas
from device.kiosk.contacts import (
    CommandKey,
    ContactDown,
    ContactMove,
    ContactUp,
    DigitKey,
    LetterKey,
    Touching,
    Typing,
)
from device.kiosk.key_meanings import LAST, STEPPED, STEPS
from device.kiosk.keyboard import Card, Keyboard
from device.kiosk.page import Page
from device.kiosk.receiver import Receiver
from device.kiosk.screens import Scene
from device.store.moment import monotonic_ms
from protocol.levels import Level

log = logging.getLogger("haochaping.kiosk")

SWITCHES = frozenset({Extra.CHECK})
"""No buttons for citizens: what they mean is decided elsewhere, and they may stay closed."""
_BEFORE_RECEPTION = frozenset({"language", "appearance", "next", "previous", "press"})
"""What keys of a keyboard can do before there is anybody to tell."""
SPOT_MM = 3
"""How far around a haunted point a panel is not to be trusted."""


class Hands:
    """Everything that can be pressed at one kiosk.

    ``report`` takes a fault's code and detail, ``count`` the name of a counter. ``ring`` wakes
    the loop from any thread. ``mm`` is how many of the canvas's pixels make a millimetre.
    ``badge_reader``: one is plugged in that types.
    """

    def __init__(
        self,
        canvas: Canvas,
        scene: Scene,
        language: str,
        report: Callable[[str, str], None],
        count: Callable[[str], None],
        ring: Callable[[], None],
        mm: float = 5.9,
        badge_reader: bool = False,
    ) -> None:
        self._page = Page(canvas, scene)
        self._report = report
        self._count = count
        self._ring = ring
        self._touch: Touch[Action] = Touch(spot=SPOT_MM * mm)
        self._buttons = buttons.Buttons()
        self._keyboard = Keyboard(badge_reader, count)
        self._calm = buttons.Calm()
        self._edges: queue.SimpleQueue[tuple[Key, bool, int]] = queue.SimpleQueue()
        self._focus: Focus[Action] = Focus()
        self._last_key: Key | str | None = None
        """What was pressed last that counted; None if it was a touch."""
        self._sunk: dict[Key, Action] = {}
        """What each held button shows as pressed."""
        self.reception: Receiver | None = None
        """Whoever is told; None while it is not open yet."""
        self.language = language
        """Chosen on the screen as long as there is no reception, which then keeps its own."""
        self.appearance = ""
        """Likewise; empty as long as nobody has chosen one."""
        self.on_press: Callable[[Action], None] = lambda action: None
        """Called once with each press that is answered on the screen, before it is decided; with
        ``focus`` for a key that moves the focus."""
        self.on_wake: Callable[[], None] = lambda: None
        """Called when a touch or a key lights the dark screen."""
        self.on_edge: Callable[[Key, bool, int, buttons.Verdict], None] = lambda *told: None
        """Called with each edge of a button and what became of it."""
        self.by_keys = False
        """Somebody uses the buttons: the screen should say what each of them does."""
        self._unseen = False
        """What was pressed leads to a page that has not been painted yet."""

    @property
    def touch_out(self) -> bool:
        """The touch panel is out of service: the screen should say that buttons go on."""
        return self._touch.out

    @property
    def focused(self) -> Action | None:
        """What a key would press now."""
        return self._focus.at

    # --- what the loop tells ------------------------------------------------------------------

    def shows(self, scene: Scene) -> None:
        """Another scene is on the screen."""
        self._page.scene = scene
        if self.reception is not None and self.reception.asleep:
            self._touch = gestures.fall_asleep(self._touch)
        else:  # an invitation or the morning may have lit it: then the next tap is a tap
            self._touch = gestures.wake(self._touch, monotonic_ms())
        actions = [target.action for target in scene.targets]
        actions.sort(key=lambda action: LAST.get(action.name, 0))
        self._focus = focus.composed(self._focus, tuple(dict.fromkeys(actions)))
        self._page.ring(self._focus.at)
        for held in (self._touch.sunk, *self._sunk.values()):
            self._page.sink(held)  # the timeout line moved on, and the key is still held
        if self._page.offers({"rate"}):
            self.by_keys = False  # the next citizen may touch

    def painted(self) -> None:
        """The screen shows what the last press has led to; the next one can count."""
        self._unseen = False

    def page_changed(self, now_ms: int) -> None:
        """It is another page, which can be seen from now on: nothing counts for a moment."""
        self._touch = gestures.page_changed(self._touch, now_ms)
        self._buttons = buttons.page_changed(self._buttons)
        self._calm = buttons.led_to_page(self._last_key, now_ms)
        self._focus = focus.page_changed(())
        self._last_key = None
        self._sunk.clear()

    def settled(self, now_ms: int) -> bool:
        """Return whether the page has stood long enough for any input to count."""
        calm = self._calm.key is None or now_ms >= self._calm.until_ms
        return calm and now_ms >= self._touch.settles_ms

    def pass_time(self, now_ms: int) -> None:
        """Take up what the buttons did, and what has been found about buttons and panel."""
        for typed in self._keyboard.pass_time(now_ms):
            self._type(typed, now_ms)
        self._take_edges(now_ms)
        self._take_lengths(now_ms)
        self._buttons, stuck = buttons.newly_stuck(self._buttons, now_ms)
        for key in stuck:
            name = f"level {int(key)}" if isinstance(key, Level) else str(key)
            log.error("the button of %s is stuck", name)
            self._report("button-stuck", name)
        touch, findings = gestures.look(self._touch, now_ms)
        self._take_touch(touch)
        for finding in findings:
            log.warning("%s %s", finding.fault, finding.detail)
            if finding.fault is Fault.FLOOD:
                self._count("touch.floods")
            else:
                self._report(str(finding.fault), finding.detail)

    def due_ms(self) -> int | None:
        """Return when `pass_time` must be called although nothing happens."""
        moments = (
            buttons.due_ms(self._buttons),
            gestures.due_ms(self._touch),
            self._keyboard.due_ms(),
        )
        return min((moment for moment in moments if moment is not None), default=None)

    # --- fingers ------------------------------------------------------------------------------

    def take(self, happened: Touching, now_ms: int, earliest_ms: int | None = None) -> None:
        """A contact or a key; ``now_ms`` is when it happened.

        A key may have come earlier, but not before ``earliest_ms``.
        """
        match happened:
            case ContactDown():
                self._contact_down(happened, now_ms)
            case ContactMove(contact, x, y):
                place, action = Place(x, y), self._page.action_at(x, y)
                self._take_touch(gestures.move(self._touch, contact, place, action, now_ms))
            case ContactUp():
                self._contact_up(happened, now_ms)
            case _:
                earliest_ms = now_ms if earliest_ms is None else earliest_ms
                for typed in self._keyboard.take(happened, earliest_ms, now_ms):
                    self._type(typed, now_ms)

    def _contact_down(self, touch: ContactDown, now_ms: int) -> None:
        action = self._page.action_at(touch.x, touch.y)
        place, usable = Place(touch.x, touch.y), None if self._busy else action
        after, verdict = gestures.down(self._touch, touch.contact, place, usable, now_ms)
        self._take_touch(after)
        if verdict is Verdict.PRESSED and action is not None:
            self._last_key, self.by_keys = None, False
            self._focus = focus.cleared(self._focus)
            self._page.ring(self._focus.at)
            self.on_press(action)
        elif verdict is Verdict.NOTHING and action is not None:
            self._ignore(now_ms)
        else:
            self._weigh(verdict, now_ms)

    def _contact_up(self, touch: ContactUp, now_ms: int) -> None:
        action, place = self._page.action_at(touch.x, touch.y), Place(touch.x, touch.y)
        after, verdict = gestures.up(self._touch, touch.contact, place, action, now_ms)
        self._take_touch(after)
        if verdict is Verdict.ACCEPTED and action is not None:
            self._act(action, now_ms)
        else:
            self._weigh(verdict, now_ms)

    def _weigh(self, verdict: Verdict, now_ms: int) -> None:
        """Count what scores nothing, by its reason."""
        if verdict in (Verdict.SURPLUS, Verdict.RELEASED):
            self._ignore(now_ms)
        elif verdict in (Verdict.OUT, Verdict.FLOOD):
            self._count(f"touch.{verdict.value}")
        elif verdict is Verdict.WOKE:
            self._wake(now_ms)

    def _take_touch(self, touch: Touch[Action]) -> None:
        """Take up the panel's new state, and show what it holds as pressed."""
        before, self._touch = self._touch.sunk, touch
        if touch.sunk != before:
            self._page.lift(before)
            self._page.sink(touch.sunk)

    # --- buttons ------------------------------------------------------------------------------

    def edge(self, key: Key, pressed: bool, at_ms: int | None = None) -> None:
        """A button's contact closed or opened, now or at ``at_ms``; may be called from any
        thread."""
        self._edges.put((key, pressed, monotonic_ms() if at_ms is None else at_ms))
        self._ring()

    def have_buttons(self, held: Collection[Key], now_ms: int) -> None:
        """There are buttons, of which these were down already when they were opened."""
        self._touch = gestures.with_spare(self._touch)
        self._buttons = buttons.found_held((key for key in held if key not in SWITCHES), now_ms)

    def _take_edges(self, now_ms: int) -> None:
        while not self._edges.empty():
            key, pressed, at_ms = self._edges.get()
            if key in SWITCHES:
                verdict = buttons.Verdict.PRESSED if pressed else buttons.Verdict.RELEASED
                self.on_edge(key, pressed, at_ms, verdict)
                continue
            self._buttons, verdict = buttons.edge(self._buttons, key, pressed, at_ms)
            self.on_edge(key, pressed, at_ms, verdict)
            if verdict is buttons.Verdict.PRESSED:
                if not self._press_button(key, now_ms):
                    self._buttons = buttons.disregard(self._buttons, key)
            elif verdict is buttons.Verdict.SURPLUS:
                self._ignore(now_ms)

    def _press_button(self, key: Key, now_ms: int) -> bool:
        """A button went down; return whether it counts."""
        if not self._key_counts(key, now_ms):
            return False
        if isinstance(key, Extra):
            self.by_keys = True
            leave = "staff" if self._staff_by_keys else "skip"
            self._mean(leave if key is Extra.SKIP else "submit", now_ms)
        elif self._stepped:
            self.by_keys = True
            self._step_down(key)
        else:
            self._press_level(key, now_ms)
        return True

    def _step_down(self, key: Level) -> None:
        """A level button went down on a page without levels: what decides waits for its
        length, what only moves the focus is done at once."""
        step = STEPS[key]
        if step in ("previous", "next") or (step == "press" and self._focus.at is None):
            self._move_focus(-1 if step == "previous" else 1)
            if step == "press":
                self._buttons = buttons.disregard(self._buttons, key)
            return
        meant = self._focus.at if step == "press" else self._page.meant(step)
        if meant is not None:
            self._sunk[key] = meant
            self._page.sink(meant)
            self.on_press(meant)

    def _take_lengths(self, now_ms: int) -> None:
        self._buttons, known = buttons.lengths(self._buttons, now_ms)
        for key, length in known:
            sunk = self._sunk.pop(key, None)
            self._page.lift(sunk)
            if not isinstance(key, Level) or not self._stepped or self._busy:
                continue
            if length is Length.LONG:
                self._mean("submit", now_ms, told=sunk is not None)
            elif sunk is not None and self._page.target(sunk) is None:
                continue  # a finger has turned the page meanwhile
            elif sunk is not None:
                self._act(sunk, now_ms)  # it was told as a press when the button went down
            elif STEPS[key] in ("skip", "submit"):
                self._mean(STEPS[key], now_ms)

    # --- keys ---------------------------------------------------------------------------------

    def _type(self, typed: Typing | Card, now_ms: int) -> None:
        """A key of the keyboard counts now, or a whole card."""
        match typed:
            case DigitKey(digit):
                self._press_digit(digit, now_ms)
            case CommandKey(name):
                self._press_command(name, now_ms)
            case LetterKey(character):
                self._press_letter(character, now_ms)
            case Card(content) if self.reception is not None:
                if self._touch.asleep:
                    self._touch = gestures.wake(self._touch, now_ms)
                    self._wake(now_ms)
                before = self.reception.place
                self.reception.take_card(content, now_ms)
                self._unseen = self.reception.place != before
            case Card():
                self._count("card.too-early")

    def _press_letter(self, character: str, now_ms: int) -> None:
        """Letters mean something to staff alone, where they look for a matter."""
        if self.reception is None or not self.reception.takes_letters:
            return
        if self._key_counts(character, now_ms, counted=False):
            typed = Action("letter", character)
            self.on_press(typed)
            self._act(typed, now_ms)

    def _press_digit(self, digit: int, now_ms: int) -> None:
        typed = Action("digit", digit)
        key = Level(digit) if 1 <= digit <= 5 else str(digit)
        if not self._key_counts(key, now_ms):
            return
        if self._page.offers({"digit"}):
            self.on_press(typed)
            self._act(typed, now_ms)
        elif isinstance(key, Level) and not self._stepped:
            self._press_level(key, now_ms)
        else:
            self._ignore(now_ms)

    def _press_command(self, name: str, now_ms: int) -> None:
        if self.reception is None and name not in _BEFORE_RECEPTION:
            return
        if not self._key_counts(name, now_ms, counted=False):
            return
        if name in ("next", "previous"):
            self._move_focus(1 if name == "next" else -1)
        elif name == "language":
            self._next_language(now_ms)
        elif self._focus.at is not None and name in ("press", "submit"):
            self.on_press(self._focus.at)
            self._act(self._focus.at, now_ms)
        elif name == "press":
            self._move_focus(1)
        else:
            self._mean(name, now_ms)

    def _next_language(self, now_ms: int) -> None:
        offered = [t.action for t in self._page.scene.targets if t.action.name == "language"]
        spoken = self.reception.language if self.reception is not None else self.language
        now = Action("language", spoken)
        if offered:
            after = offered.index(now) + 1 if now in offered else 0
            self.on_press(now)
            self._act(offered[after % len(offered)], now_ms)

    # --- what a press does ----------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        """True while a chosen key is being shown, or the page that a press led to is not yet:
        after a stall several presses come at once, and only the first was aimed."""
        return self._unseen or (self.reception is not None and self.reception.busy)

    def _key_counts(self, key: Key | str, now_ms: int, counted: bool = True) -> bool:
        """Return whether a key counts now; one that wakes the screen does nothing else."""
        if self._touch.asleep:
            self._touch = gestures.wake(self._touch, now_ms)
            self._wake(now_ms)
            return False
        counts = not self._busy and now_ms >= self._touch.settles_ms
        if counts:
            self._calm, counts = buttons.press_counts(self._calm, key, now_ms)
        if counts:
            # A finger that is down at the same time came second.
            self._take_touch(gestures.let_go(self._touch))
            self._last_key = key
        elif counted:
            self._ignore(now_ms)
        return counts

    def _press_level(self, level: Level, now_ms: int) -> None:
        """A key or a button of a level: it sinks on the screen like a touched one."""
        if self.reception is None:
            return
        pressed = Action("level", int(level))
        self._page.sink(pressed)
        self.on_press(Action("rate") if self._page.offers({"rate"}) else pressed)
        before = self.reception.place
        self.reception.press_level(level, now_ms)
        self._unseen = self.reception.place != before

    def _wake(self, now_ms: int) -> None:
        if self.reception is not None:
            self.reception.wake(now_ms)
        self.on_wake()

    def _mean(self, meaning: str, now_ms: int, *, told: bool = False) -> None:
        """Do what a key asks for: by a target on the screen, else as the reception sees it.

        ``told`` where the press has been answered already.
        """
        meant = self._page.meant(meaning)
        if meant is not None:
            if not told:
                self.on_press(meant)
            self._act(meant, now_ms)
        elif self.reception is not None and meaning != "appearance":
            self.reception.command("leave" if meaning == "skip" else meaning, now_ms)

    def _act(self, action: Action, now_ms: int) -> None:
        if self.reception is not None:
            before = self.reception.place
            self.reception.act(action, now_ms)
            self._unseen = self.reception.place != before
        elif action.name == "language":
            self.language = str(action.value)
        elif action.name == "appearance":
            self.appearance = str(action.value)

    def _ignore(self, now_ms: int) -> None:
        if self.reception is not None:
            self.reception.ignore_press(now_ms)

    # --- what is seen of it -----------------------------------------------------------------------

    @property
    def _stepped(self) -> bool:
        """True where the level buttons walk through the page."""
        staffed = self.reception is not None and self.reception.staffed
        closed = self._staff_by_keys and not self._page.offers({"rate"})
        return staffed or closed or self._page.offers(STEPPED)

    @property
    def _staff_by_keys(self) -> bool:
        """True where staff can come to their pages by buttons alone: touch is out."""
        return self._touch.out and self._page.offers({"staff"})

    def _move_focus(self, steps: int) -> None:
        self._focus = focus.moved(self._focus, steps)
        self._page.ring(self._focus.at)
        if self._focus.at is not None:
            self.on_press(Action("focus"))

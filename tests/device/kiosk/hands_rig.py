"""A whole kiosk but for the window: real hands, reception, scribe and files, on plain screens.

The screens offer what the designed ones offer, as boxes in a row; how things look is tested
elsewhere. `turn` does what the loop does at each of its turns, at a clock that the test moves.
"""

from collections import Counter as Tally

import pygame
from counter_rig import WALL, Counter

from device.core.buttons import Key
from device.core.gestures import MOUSE
from device.kiosk.actions import Action
from device.kiosk.canvas import Canvas
from device.kiosk.contacts import (
    CommandKey,
    ContactDown,
    ContactMove,
    ContactUp,
    DigitKey,
    LetterKey,
)
from device.kiosk.hands import Hands
from device.kiosk.screen import page_of
from device.kiosk.screens.marks import Block
from device.kiosk.screens.scene import Ring, Scene, Target
from device.kiosk.technician_views import CheckView
from device.kiosk.views import (
    CallbackView,
    IdleView,
    LoginView,
    MenuView,
    NoticeView,
    PauseView,
    RatingView,
    ReasonsView,
    SearchView,
    ThanksView,
    View,
)

SIZE = (1280, 800)
PAPER, REST, PRESSED, RING = (250, 250, 250), (200, 200, 200), (90, 90, 90), (0, 80, 200)
FINGER = 3


def offered(view: View) -> list[Action]:
    """Return what can be pressed, in the order in which the designed screens place it."""
    controls = [Action("language", code) for code in ("zh-CN", "en", "ko")]
    controls.append(Action("appearance", "large"))
    staff = [Action("staff")] if view.chrome.staff_key else []
    digits = [Action("digit", digit) for digit in range(10)]
    match view:
        case IdleView():
            return [*controls, *staff, Action("rate")]
        case NoticeView():
            return [*controls, *staff]
        case RatingView():
            back = [Action("back")] if view.can_go_back else []
            return [
                *controls,
                Action("decline"),
                *back,
                *(Action("level", n) for n in range(5, 0, -1)),
            ]
        case ReasonsView():
            tags = [Action("tag", tag) for tag in view.tags]
            callback = [] if view.callback is None else [Action("callback")]
            return [*controls, *tags, Action("change"), *callback, Action("skip"), Action("submit")]
        case CallbackView():
            return [*controls, *digits, Action("erase"), Action("nocall"), Action("confirm")]
        case ThanksView():
            return [*controls, Action("done")]
        case LoginView():
            if view.checking or view.locked_until:
                return [Action("back")]
            fields = [Action("field", "staff"), Action("field", "pin")]
            pad = [*digits, Action("clear"), Action("erase")]
            return [*fields, *pad, Action("login"), Action("back")]
        case MenuView():
            matters = [Action("matter", matter.code) for matter in view.matters]
            cases = [Action(name) for name in ("fewer", "more", "finished") if view.chosen]
            invite = [] if view.paused else [Action("invite")]
            ways = [Action("resume" if view.paused else "pause"), Action("logout")]
            return [*matters, Action("other"), *cases, *invite, *ways, Action("leave-menu")]
        case SearchView():
            found = [Action("pick", matter.code) for matter in view.found[:4]]
            return [*digits, Action("clear"), Action("erase"), *found, Action("back")]
        case CheckView():
            pages = [Action("check-page", page) for page in ("findings", "keys", "touch")]
            return [*pages, Action("check-again"), Action("check-sound"), Action("end-check")]
        case PauseView():
            return [*(Action("reason", key) for key in view.reasons), Action("back")]
    return []


def plain(view: View) -> Scene:
    """Return ``view`` as boxes, 60 pixels apart from each other's left ends."""
    targets = []
    for number, action in enumerate(offered(view)):
        box = (20 + number % 20 * 62, 100 + number // 20 * 100, 50, 60)
        rect = pygame.Rect(box)
        targets.append(
            Target(rect, rect, action, Block(box, REST), lambda box=box: Block(box, PRESSED))
        )
    kind = f"{type(view).__name__} {view.chrome.language}"
    ring = Ring(RING, 4, 8)
    return Scene(kind, (SIZE, PAPER), [target.rest for target in targets], targets, ring)


class Kiosk:
    """One kiosk, and hands for it: fingers, a keyboard, buttons."""

    def __init__(self, counter: Counter, badge_reader: bool = False) -> None:
        self.counter = counter
        self.canvas = Canvas(pygame.display.set_mode(SIZE))
        self.view: View = counter.view()
        self.scene = plain(self.view)
        self.scene.paint(self.canvas.surface)
        self.faults: list[tuple[str, str]] = []
        self.counts: Tally[str] = Tally()
        self.answered: list[str] = []
        self.hands = Hands(
            self.canvas,
            self.scene,
            "zh-CN",
            report=lambda code, detail: self.faults.append((code, detail)),
            count=lambda reason: self.counts.update([reason]),
            ring=lambda: None,
            badge_reader=badge_reader,
        )
        self.hands.on_press = lambda action: self.answered.append(action.name)
        self.hands.reception = counter.reception
        self.hands.shows(self.scene)
        self.pass_ms(2_000)

    @property
    def now_ms(self) -> int:
        return self.counter.now_ms

    # --- the loop -------------------------------------------------------------------------

    def seen(self) -> View:
        """Return what is to be seen now."""
        return self.counter.reception.view(self.now_ms, WALL, "6月18日")

    def turn(self) -> View:
        """Decide, hear the scribe, and show what is to be seen now."""
        self.hands.pass_time(self.now_ms)
        self.counter.hear()
        view = self.seen()
        if view != self.view:
            scene = plain(view)
            scene.paint_changes(self.canvas.surface, self.scene)
            if page_of(view) != page_of(self.view):
                self.hands.page_changed(self.now_ms)
            self.hands.shows(scene)
            self.scene, self.view = scene, view
        self.hands.painted()
        return self.view

    def pass_ms(self, milliseconds: int) -> View:
        """Let time pass as the loop does: never past a moment at which something is due."""
        until_ms = self.now_ms + milliseconds
        while self.now_ms < until_ms:
            due_ms = self.hands.due_ms()
            step_ms = min(50, until_ms - self.now_ms)
            if due_ms is not None and self.now_ms < due_ms < self.now_ms + step_ms:
                step_ms = due_ms - self.now_ms
            self.counter.now_ms += step_ms
            self.turn()
        return self.view

    def wait_for(self, screen: type) -> View:
        """Let the scribe work until this screen is shown and has settled."""
        self.counter.wait_for(screen)
        self.turn()
        assert isinstance(self.view, screen)
        return self.pass_ms(1_000)

    # --- hands ----------------------------------------------------------------------------

    def place(self, name: str, value: int | str | None = None) -> tuple[int, int]:
        (target,) = [t for t in self.scene.targets if t.action == Action(name, value)]
        return target.rect.center

    def down(self, *action: int | str, contact: int = FINGER) -> None:
        self.hands.take(ContactDown(contact, *self.place(*action)), self.now_ms)

    def move(self, *action: int | str, contact: int = FINGER) -> None:
        self.hands.take(ContactMove(contact, *self.place(*action)), self.now_ms)

    def up(self, *action: int | str, contact: int = FINGER) -> View:
        self.hands.take(ContactUp(contact, *self.place(*action)), self.now_ms)
        return self.turn()

    def touch(self, *action: int | str, contact: int = FINGER) -> View:
        self.down(*action, contact=contact)
        self.pass_ms(80)
        return self.up(*action, contact=contact)

    def click(self, *action: int | str) -> View:
        return self.touch(*action, contact=MOUSE)

    def spike(self, place: tuple[int, int]) -> None:
        """The panel taps by itself."""
        self.hands.take(ContactDown(0, *place), self.now_ms)
        self.hands.take(ContactUp(0, *place), self.now_ms)
        self.turn()

    def type(self, key: int | str) -> View:
        self.hands.take(DigitKey(key) if isinstance(key, int) else CommandKey(key), self.now_ms)
        return self.turn()

    def swipe(self, card: str, gap_ms: int = 5) -> View:
        """Let a reader type what stands on a card, and Enter."""
        for character in card:
            key = DigitKey(int(character)) if character.isdigit() else LetterKey(character)
            self.hands.take(key, self.now_ms)
            self.pass_ms(gap_ms)
        self.hands.take(CommandKey("submit"), self.now_ms)
        return self.turn()

    def edge(self, button: Key, pressed: bool) -> View:
        self.hands.edge(button, pressed, self.now_ms)
        return self.turn()

    def press(self, button: Key, held_ms: int = 200) -> View:
        """Press a button for so long, and let its contact come to rest."""
        self.edge(button, True)
        self.pass_ms(held_ms)
        self.edge(button, False)
        return self.pass_ms(60)

    # --- what is seen ---------------------------------------------------------------------

    def colour(self, *action: int | str) -> tuple[int, int, int]:
        """Return what is painted in the middle of a target."""
        red, green, blue, _ = self.canvas.surface.get_at(self.place(*action))
        return red, green, blue

    def sinks(self, *action: int | str) -> bool:
        return self.colour(*action) == PRESSED

    def in_focus(self) -> Action | None:
        """Return what the ring is painted around, as the picture has it."""
        found = [
            target.action
            for target in self.scene.targets
            if self.canvas.surface.get_at((target.rect.centerx, target.rect.top - 2))[:3] == RING
        ]
        assert len(found) <= 1
        return found[0] if found else None

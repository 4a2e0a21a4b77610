"""The loop: sleeps until something happens, tells the reception, paints what changed.

Nothing in here waits for a disk or a network. Between two wake-ups it uses no time at
all; it wakes once a second to see whether the agent has written something and, while a
citizen is there, for the timeout line.
"""

import logging
import queue
import time
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pygame

from device.core import buttons, gestures
from device.core.errors import DeviceError
from device.core.gestures import Gesture, Verdict
from device.kiosk import contacts
from device.kiosk.actions import Action
from device.kiosk.canvas import Canvas
from device.kiosk.contacts import CommandKey, ContactDown, ContactUp, Exposed, Input, LevelKey, Quit
from device.kiosk.pins import Pins, open_pins
from device.kiosk.reception import Reception
from device.kiosk.rehearsal import RehearsalDoor, Shown, perform
from device.kiosk.screens import Look, Scene, compose, warm
from device.kiosk.scribe import Scribe
from device.kiosk.views import NoticeView, RatingView, View
from device.kiosk.wakeups import Wakeups
from device.store import lock
from device.store.backlog import Backlog
from device.store.briefing import BriefingReader
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.moment import monotonic_ms
from device.store.profile import Profile
from protocol.levels import Level

log = logging.getLogger("haochaping.kiosk")

LOOK_S = 1.0
"""How often the agent's file is asked whether it changed."""
RETRY_MS = 3000
"""Wait before a start that failed (no identity, wrong schema) is tried again."""
FLUSH_S = 0.8
"""How long the scribe may take to finish when the process is asked to end."""


class Loop:
    """One kiosk process, from the first frame on."""

    def __init__(
        self,
        profile: Profile,
        home: Home,
        canvas: Canvas,
        look: Look,
        wakeups: Wakeups,
        first: Scene,
        first_view: View,
        *,
        mock: bool,
    ) -> None:
        self._profile = profile
        self._home = home
        self._canvas = canvas
        self._look = look
        self._wakeups = wakeups
        self._scene = first
        self._view = first_view
        self._mock = mock
        self._ended = False
        self._exit_code = 0
        self._language = profile.screen.language
        """Of the screen until there is a reception, which then keeps its own."""
        self._lock: int | None = None
        self._hotplug = pygame.display.get_driver() == "kmsdrm"
        self._gesture = Gesture()
        self._quiet_ms = monotonic_ms()
        """When the input queue was last known to be empty."""
        self._buttons = buttons.Buttons()
        self._edges: queue.SimpleQueue[tuple[Level, bool, int]] = queue.SimpleQueue()
        self._pins: Pins | None = None
        self._rehearsal: RehearsalDoor | None = None
        self._scribe: Scribe | None = None
        self._briefing: BriefingReader | None = None
        self._reception: Reception | None = None
        self._trouble = ""
        self._retry_at_ms = 0
        self._faults: list[tuple[str, str]] = []

    # --- setting up ---------------------------------------------------------------------------

    def open_pins(self, mock: bool) -> None:
        """Listen to the physical buttons; without them the screen goes on by itself."""

        def edge(level: Level, pressed: bool) -> None:
            self._edges.put((level, pressed, monotonic_ms()))
            self._wakeups.ring()

        try:
            self._pins = open_pins(
                self._profile.buttons, mock, edge, work_dir=self._home.kiosk_db.parent
            )
        except DeviceError as error:
            log.error("%s", error)
            self._faults.append(("buttons-unavailable", str(error)))
            return
        log.info("buttons: %s %s", self._pins.factory_name, self._pins.passed_over)
        self._buttons = buttons.found_held(self._pins.held, monotonic_ms())

    def open_rehearsal(self, path: Path) -> None:
        """Let a rehearsal in."""
        self._rehearsal = RehearsalDoor(path, self._wakeups.ring)

    def _get_ready(self, now_ms: int) -> None:
        """Open identity, files and ledger; what is wrong is shown, and tried again."""
        try:
            identity = load_identity(self._home)
            key = load_key(self._home.record_key)
            if self._lock is None:
                self._lock = lock.hold(self._home.kiosk_lock)
            briefing = BriefingReader(self._home)
        except DeviceError as error:
            if str(error) != self._trouble:
                log.error("%s", error)
            self._trouble = str(error)
            self._retry_at_ms = now_ms + RETRY_MS
            return
        self._trouble = ""
        self._briefing = briefing
        self._scribe = Scribe(self._home, identity, key, briefing, self._wakeups.ring)
        reception = Reception(
            self._scribe,
            self._home.agent_db,
            briefing,
            self._was_opened,
            self._profile.screen.language,
            self._mock,
            now_ms,
        )
        try:
            reception.refresh(now_ms)
        except DeviceError as error:
            log.warning("%s", error)  # tried again when the agent next writes
        self._reception = reception
        self._scribe.start()
        for code, detail in self._faults:
            self._scribe.note_fault(code, detail)

    def _was_opened(self, visit: UUID) -> bool:
        """Look an invited visit up; asked so rarely that no connection is kept for it."""
        try:
            with closing(Backlog(self._home)) as backlog:
                return backlog.was_opened(visit.bytes)
        except DeviceError as error:
            # Rather ask a citizen to begin on their own than rate one visit twice.
            log.warning("%s", error)
            return True

    # --- running ------------------------------------------------------------------------------

    def run(self) -> int:
        """Serve citizens until asked to end; returns the exit code.

        What nobody foresaw is logged and shown, and ends the process with code 1, so that
        it is started anew; the visit that was under way is recovered then.
        """
        try:
            self._serve()
        except Exception as error:
            log.exception("the kiosk cannot go on")
            self._show(NoticeView(self._view.chrome, "broken", str(error)))
            return 1
        return self._exit_code

    def _serve(self) -> None:
        self._get_ready(monotonic_ms())
        warm(self._look, self._profile.screen.language)
        while not self._ended:
            self._take_input()
            now_ms = monotonic_ms()
            self._take_edges(now_ms)
            self._take_news(now_ms)
            self._take_requests()
            self._paint(now_ms)
            # Painting talks to the display, and SDL may have queued input meanwhile.
            if not pygame.event.peek() and not self._ended:
                self._wait(now_ms)

    def end(self) -> None:
        """Leave the loop at its next turn; safe in a signal handler."""
        self._ended = True

    def close(self) -> None:
        """Finish what is being written and give everything back."""
        if self._scribe is not None and not self._scribe.stop(FLUSH_S):
            log.error("the ledger is still being written; the rest is done at the next start")
        if self._pins is not None:
            self._pins.close()
        if self._rehearsal is not None:
            self._rehearsal.close()

    def _wait(self, now_ms: int) -> None:
        dues = [buttons.stuck_due_ms(self._buttons)]
        if self._reception is not None:
            dues.append(self._reception.next_due_ms(now_ms))
        seconds = min([LOOK_S, *((due - now_ms) / 1000 for due in dues if due is not None)])
        if not self._wakeups.wait(max(0.0, seconds)) and self._hotplug:
            self._wakeups.watch_input_devices()
        self._quiet_ms = monotonic_ms()

    # --- what comes in --------------------------------------------------------------------------

    def _take_input(self) -> None:
        events = pygame.event.get()
        if events:
            self._wakeups.events_came()
        for event in events:
            translated = contacts.translate(event, self._canvas)
            if translated is not None:
                # SDL gives no times. After a stall down and up come together, and a real tap
                # would look like a spike; so a touch began, at the latest, when the queue
                # was last seen empty.
                down = isinstance(translated, ContactDown)
                self._take(translated, self._quiet_ms if down else monotonic_ms())

    def _take(self, happened: Input, now_ms: int) -> None:
        match happened:
            case ContactDown():
                self._contact_down(happened, now_ms)
            case ContactUp():
                self._contact_up(happened, now_ms)
            case LevelKey(level):
                self._press_level(Level(level), now_ms)
            case CommandKey(name):
                if self._reception is not None and not self._waits(now_ms):
                    self._reception.command(name, now_ms)
            case Exposed():
                self._scene.paint(self._canvas.surface)
                self._canvas.show()
            case Quit():
                self.end()

    def _contact_down(self, touch: ContactDown, now_ms: int) -> None:
        target = self._scene.hit(touch.x, touch.y)
        if self._reception is not None and self._reception.busy:
            if target is not None:
                self._reception.ignore_press(now_ms)
            return
        action = target.action if target else None
        held = self._gesture
        self._gesture, verdict = gestures.down(held, touch.contact, action, now_ms)
        if held.contact is not None and self._gesture != held:
            self._release(held.target)  # its end was lost, and another touch took its place
        if verdict is Verdict.PRESSED and target is not None:
            self._canvas.show([self._scene.paint_pressed(self._canvas.surface, target)])
        elif target is not None and self._reception is not None:
            self._reception.ignore_press(now_ms)

    def _contact_up(self, touch: ContactUp, now_ms: int) -> None:
        pressed = self._gesture.target
        target = self._scene.hit(touch.x, touch.y)
        action = target.action if target else None
        self._gesture, verdict = gestures.up(self._gesture, touch.contact, action, now_ms)
        if verdict is Verdict.IGNORED:
            return
        self._release(pressed)
        if self._reception is None:
            if verdict is Verdict.ACCEPTED and action is not None and action.name == "language":
                self._language = str(action.value)
        elif verdict is Verdict.ACCEPTED and action is not None:
            self._reception.act(action, now_ms)
        else:
            self._reception.ignore_press(now_ms)

    def _release(self, pressed: object) -> None:
        """Show the target of this action at rest again, if it is on the screen."""
        for shown in self._scene.targets:
            if shown.action == pressed:
                self._canvas.show([self._scene.paint_released(self._canvas.surface, shown)])

    def _take_edges(self, now_ms: int) -> None:
        while not self._edges.empty():
            level, pressed, at_ms = self._edges.get()
            self._buttons, verdict = buttons.edge(self._buttons, level, pressed, at_ms)
            if verdict is buttons.Verdict.PRESSED:
                self._press_level(level, now_ms)
            elif verdict is buttons.Verdict.SURPLUS and self._reception is not None:
                self._reception.ignore_press(now_ms)
        self._buttons, stuck = buttons.newly_stuck(self._buttons, now_ms)
        for level in stuck:
            log.error("the button of level %d is stuck", level)
            if self._scribe is not None:
                self._scribe.note_fault("button-stuck", f"level {int(level)}")

    def _waits(self, now_ms: int) -> bool:
        """True while a chosen key is being shown or a page has only just appeared."""
        busy = self._reception is not None and self._reception.busy
        return busy or now_ms < self._gesture.settles_ms

    def _press_level(self, level: Level, now_ms: int) -> None:
        """A key or a button was pressed: it sinks on the screen like a touched one."""
        if self._reception is None:
            return
        if self._waits(now_ms):
            self._reception.ignore_press(now_ms)
            return
        for target in self._scene.targets:
            if target.action == Action("level", int(level)):
                self._canvas.show([self._scene.paint_pressed(self._canvas.surface, target)])
        self._reception.press_level(level, now_ms)

    def _take_news(self, now_ms: int) -> None:
        if self._reception is None or self._scribe is None or self._briefing is None:
            if now_ms >= self._retry_at_ms:
                self._get_ready(now_ms)
            return
        if not self._scribe.alive:
            log.critical("the scribe has ended; the kiosk starts anew")
            self._exit_code, self._ended = 1, True
            return
        try:
            self._reception.hear(self._scribe.answers(), now_ms)
            if self._briefing.changed() or self._reception.stale:
                self._reception.refresh(now_ms)
        except DeviceError as error:
            # The agent's file cannot be read now; what was read before stays good, and it
            # is read again at the next turn.
            log.warning("%s", error)
        self._reception.pass_time(now_ms)

    def _take_requests(self) -> None:
        if self._rehearsal is not None:
            for request in self._rehearsal.requests():
                request.answer.put(perform(request.order, self.shown(), self._canvas, self._pins))

    # --- what goes out --------------------------------------------------------------------------

    def _paint(self, now_ms: int) -> None:
        wall = time.localtime()
        if self._reception is None:
            chrome = self._view.chrome._replace(mock=self._mock, language=self._language)
            view: View = NoticeView(chrome, "broken", self._trouble)
        else:
            words = self._look.words(self._reception.language)
            date = words.date(wall.tm_mon, wall.tm_mday, wall.tm_wday + 1)
            view = self._reception.view(now_ms, wall, date)
        if view != self._view:
            self._show(view)

    def _show(self, view: View) -> None:
        scene = compose(view, self._look)
        self._canvas.show(scene.paint_changes(self._canvas.surface, self._scene))
        if page_of(view) != page_of(self._view):
            # Counted from when the page can be seen, not from when it was wanted.
            self._gesture = gestures.page_changed(monotonic_ms())
        self._scene, self._view = scene, view

    # --- for rehearsals -------------------------------------------------------------------------

    def shown(self) -> Shown:
        """Say what is on the screen, and where each target lies on the display."""
        invitation = self._reception.visit.invitation if self._reception else None
        ready = self._reception is None or self._reception.ready
        return Shown(
            view=self._view,
            visit=str(invitation.visit) if invitation else None,
            state=str(self._reception.visit.state) if self._reception else "starting",
            settled=ready and monotonic_ms() >= self._gesture.settles_ms,
            targets=tuple(
                (target.action, self._canvas.to_display(*target.rect.center))
                for target in self._scene.targets
            ),
        )


def page_of(view: View) -> tuple[object, ...]:
    """Return what makes a page a page: input waits a moment whenever this changes."""
    match view:
        case RatingView():
            return (RatingView, view.subject, view.step)
        case NoticeView():
            return (NoticeView, view.topic)
    return (type(view),)

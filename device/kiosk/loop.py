"""The loop: sleeps until something happens, tells the reception, paints what changed.

Nothing in here waits for a disk or a network. Between two wake-ups it uses no time at
all; it wakes once a second to see whether the agent has written something and, while a
citizen is there, for the timeout line.
"""

import logging
import time
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pygame

from device.core.errors import DeviceError
from device.core.visit import State
from device.kiosk import contacts, wording
from device.kiosk.canvas import Canvas
from device.kiosk.contacts import ContactDown, Exposed, Quit
from device.kiosk.feedback import Feedback
from device.kiosk.hands import Hands
from device.kiosk.pins import Pins, open_pins
from device.kiosk.readability import Readability
from device.kiosk.reception import Reception
from device.kiosk.rehearsal import RehearsalDoor, Shown, perform
from device.kiosk.screen import Screen
from device.kiosk.screens import Look, Scene
from device.kiosk.scribe import Scribe
from device.kiosk.sound import Sound
from device.kiosk.support import SupportDoor, answer_support
from device.kiosk.usher import Usher
from device.kiosk.views import NoticeView, View
from device.kiosk.wakeups import Wakeups
from device.kiosk.wishes import Wishes
from device.store import lock
from device.store.backlog import Backlog
from device.store.bell import Bell
from device.store.briefing import BriefingReader
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.moment import monotonic_ms
from device.store.profile import Profile
from device.store.supervisor import Supervisor

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
        supervisor: Supervisor | None = None,
    ) -> None:
        self._profile = profile
        self._supervisor = supervisor or Supervisor({})
        self._home = home
        self._screen = Screen(canvas, look, first, first_view)
        self._wakeups = wakeups
        self._mock = mock
        self._ended = False
        self._exit_code = 0
        self._lock: int | None = None
        self._hotplug = pygame.display.get_driver() == "kmsdrm"
        self._hands = Hands(
            canvas,
            first,
            profile.screen.language,
            report=self._report,
            count=self._count,
            ring=wakeups.ring,
            mm=look.unit * look.layout.design.mm,
            badge_reader=profile.staff.badge_reader,
        )
        self._feedback = Feedback(Sound(profile.sound), self._report)
        self._hands.on_press = self._feedback.pressed
        self._hands.on_wake = self._feedback.woken
        self._quiet_ms = monotonic_ms()
        """When the input queue was last known to be empty."""
        self._pins: Pins | None = None
        self._rehearsal: RehearsalDoor | None = None
        self._support: SupportDoor | None = None
        self._bell: Bell | None = None
        self._scribe: Scribe | None = None
        self._briefing: BriefingReader | None = None
        self._reception: Reception | None = None
        self._own_texts = "{}"
        self._trouble = ""
        self._readability = Readability(home.agent_db, wakeups.ring)
        self._retry_at_ms = 0
        self._faults: list[tuple[str, str]] = []

    # --- setting up ---------------------------------------------------------------------------

    def open_pins(self, mock: bool) -> None:
        """Listen to the physical buttons; without them the screen goes on by itself."""
        try:
            self._pins = open_pins(
                self._profile.buttons, mock, self._hands.edge, work_dir=self._home.kiosk_db.parent
            )
        except DeviceError as error:
            log.error("%s", error)
            self._report("buttons-unavailable", str(error))
            return
        log.info("buttons: %s %s", self._pins.factory_name, self._pins.passed_over)
        if mock or self._profile.buttons.pins:
            self._hands.have_buttons(self._pins.held, monotonic_ms())
        self._feedback.light(self._pins.lamps, self._pins.lamps_trouble)

    def open_support(self) -> None:
        """Let support ask for a picture; a device without that door serves citizens as well."""
        try:
            self._support = SupportDoor(self._home.support)
        except OSError as error:
            log.error("no pictures for support: %s", error)
            return
        self._wakeups.watch_door(self._support.fileno())

    def hang_up_bell(self) -> None:
        """Let the agent wake us; without it, it is looked once a second."""
        try:
            self._bell = Bell(self._home.bell)
        except OSError as error:
            log.error("the agent cannot ring: %s", error)
            return
        self._wakeups.watch_door(self._bell.fileno())

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
            self._home,
            briefing,
            self._was_opened,
            Wishes(self._profile.screen.language, self._profile.screen.appearance),
            self._mock,
            now_ms,
            service=self._profile.service,
            dark=self._profile.screen.dark,
            staff=self._profile.staff,
            usher=Usher(self._home, self._scribe, self._wakeups.ring),
        )
        try:
            reception.refresh(now_ms)
        except DeviceError as error:
            log.warning("%s", error)  # tried again when the agent next writes
        if self._support is None:
            self.open_support()
        if self._bell is None:
            self.hang_up_bell()
        self._reception = self._hands.reception = reception
        self._scribe.start()
        for code, detail in self._faults:
            self._scribe.note_fault(code, detail)
        self._faults.clear()

    def _report(self, code: str, detail: str) -> None:
        """Have a fault written down, as soon as there is somebody to write."""
        if self._scribe is None:
            self._faults.append((code, detail))
        else:
            self._scribe.note_fault(code, detail)

    def _count(self, reason: str) -> None:
        if self._scribe is not None:
            self._scribe.count(reason)

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
            self._show(NoticeView(self._screen.view.chrome, "broken", str(error)), monotonic_ms())
            return 1
        return self._exit_code

    def _serve(self) -> None:
        self._get_ready(monotonic_ms())
        self._screen.get_ready()
        while not self._ended:
            self._take_input()
            if self._bell is not None:
                self._bell.hush()
            now_ms = monotonic_ms()
            self._supervisor.alive()
            self._hands.pass_time(now_ms)
            self._take_news(now_ms)
            self._take_requests()
            self._paint(now_ms)
            self._answer_support()
            self._screen.get_ready()
            # Painting talks to the display, and SDL may have queued input meanwhile.
            if not pygame.event.peek() and not self._ended:
                self._wait(now_ms)

    def end(self) -> None:
        """Leave the loop at its next turn; safe in a signal handler."""
        self._ended = True

    def close(self) -> None:
        """Finish what is being written and give everything back."""
        self._supervisor.ending()
        if self._scribe is not None and not self._scribe.stop(FLUSH_S):
            log.error("the ledger is still being written; the rest is done at the next start")
        self._feedback.close()
        if self._pins is not None:
            self._pins.close()
        if self._rehearsal is not None:
            self._rehearsal.close()
        if self._support is not None:
            self._support.close()
        if self._bell is not None:
            self._bell.close()

    def _wait(self, now_ms: int) -> None:
        dues = [self._hands.due_ms(), self._screen.due_ms(now_ms)]
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
            match contacts.translate(event, self._screen.canvas):
                case Exposed():
                    self._screen.repaint()
                case Quit():
                    self.end()
                case None:
                    pass
                case happened:
                    # SDL gives no times. After a stall down and up come together, and a real
                    # tap would look like a spike; so a touch began, at the latest, when the
                    # queue was last seen empty.
                    down = isinstance(happened, ContactDown)
                    at_ms = self._quiet_ms if down else monotonic_ms()
                    self._hands.take(happened, at_ms, self._quiet_ms)

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
                self._reword(self._reception.own_texts)
                self._readability.look_at(self._briefing.version())
        except DeviceError as error:
            # The agent's file cannot be read now; what was read before stays good, and it
            # is read again at the next turn.
            log.warning("%s", error)
        self._reception.pass_time(now_ms)
        if self._reception.visit.state is State.IDLE:
            self._report_unreadable()

    def _reword(self, own_texts: str) -> None:
        """Show the hall's own wording from now on."""
        if own_texts != self._own_texts:
            self._own_texts = own_texts
            if self._screen.look.reword(wording.own(own_texts)):
                self._show(self._screen.view, monotonic_ms())

    def _report_unreadable(self) -> None:
        """Report what of the roster no font can print; a stand-in is shown for it."""
        lacking = self._readability.lacking(self._screen.look.text)
        if lacking:
            from device.kiosk.typefaces import code_points

            self._report("glyphs-missing", code_points(lacking))

    def _take_requests(self) -> None:
        if self._rehearsal is not None:
            for request in self._rehearsal.requests():
                answer = perform(request.order, self.shown(), self._screen.canvas, self._pins)
                request.answer.put(answer)

    # --- what goes out --------------------------------------------------------------------------

    def _paint(self, now_ms: int) -> None:
        wall = time.localtime()
        if self._reception is None:
            chrome = self._screen.view.chrome._replace(
                mock=self._mock, language=self._hands.language
            )
            view: View = NoticeView(chrome, "broken", self._trouble)
        else:
            words = self._screen.look.words(self._reception.language)
            date = words.date(wall.tm_mon, wall.tm_mday, wall.tm_wday + 1)
            view = self._reception.view(now_ms, wall, date)
        hands, chrome = self._hands, view.chrome
        chrome = chrome._replace(by_keys=hands.by_keys, touch_out=hands.touch_out)
        view = view._replace(chrome=chrome)
        if view != self._screen.view:
            self._show(view, now_ms)
        self._hands.painted()
        self._screen.pass_time(now_ms)

    def _answer_support(self) -> None:
        """Give pictures only of what was painted when nobody was there, see `support`."""
        nobody = self._reception is None or self._reception.visit.state is State.IDLE
        may_see = nobody and self._screen.shows_nobody
        for caller in self._support.callers() if self._support is not None else ():
            answer_support(caller, self._screen.canvas.display if may_see else None)

    def _show(self, view: View, now_ms: int) -> None:
        if self._screen.show(view, now_ms):
            # Counted from when the page can be seen, not from when it was wanted.
            self._hands.page_changed(monotonic_ms())
        self._hands.shows(self._screen.scene)
        self._feedback.page(view)

    # --- for rehearsals -------------------------------------------------------------------------

    def shown(self) -> Shown:
        """Say what is on the screen, and where each target lies on the display."""
        invitation = self._reception.visit.invitation if self._reception else None
        ready = self._reception is None or self._reception.ready
        return Shown(
            view=self._screen.view,
            visit=str(invitation.visit) if invitation else None,
            state=str(self._reception.visit.state) if self._reception else "starting",
            settled=ready and self._hands.settled(monotonic_ms()),
            focus=self._hands.focused,
            targets=tuple(
                (target.action, self._screen.canvas.to_display(*target.rect.center))
                for target in self._screen.scene.targets
            ),
        )

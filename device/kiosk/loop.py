"""The loop: sleeps until something happens, tells the reception, paints what changed.

Nothing in here waits for a disk or a network. Between two wake-ups it uses no time at
all; it wakes once a second to see whether the agent has written something and, while a
citizen is there, for the timeout line.
"""

import logging
import time
from contextlib import closing
from uuid import UUID

import pygame

from device.core.errors import DeviceError, WrongBoard
from device.core.visit import State
from device.kiosk import contacts, wording
from device.kiosk.canvas import Canvas
from device.kiosk.checking import Checking
from device.kiosk.contacts import ContactDown, Exposed, Quit
from device.kiosk.doors import Doors
from device.kiosk.feedback import Feedback
from device.kiosk.hands import Hands
from device.kiosk.readability import Readability
from device.kiosk.reception import Reception
from device.kiosk.rehearsal import Shown, perform
from device.kiosk.screen import Screen
from device.kiosk.screens import Look, Scene
from device.kiosk.scribe import Scribe
from device.kiosk.setup_watch import SetupWatch
from device.kiosk.sound import Sound
from device.kiosk.support import answer, answer_picture
from device.kiosk.technician_views import SetupView
from device.kiosk.usher import Usher
from device.kiosk.views import NoticeView, View
from device.kiosk.wakeups import Wakeups
from device.kiosk.wishes import Wishes
from device.store import lock
from device.store.backlog import Backlog
from device.store.briefing import BriefingReader
from device.store.home import Home
from device.store.identity import load_identity, load_key, refuse_other_board
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
        self.doors = Doors(home, wakeups, self._report)
        self._feedback = Feedback(Sound(profile.sound), self._report)
        self._hands.on_press = self._feedback.pressed
        self._hands.on_wake = self._feedback.woken
        self._quiet_ms = monotonic_ms()
        """When the input queue was last known to be empty."""
        self._scribe: Scribe | None = None
        self._briefing: BriefingReader | None = None
        self._reception: Reception | None = None
        self._own_texts = "{}"
        self._trouble = ""
        self._wrong_board = ""
        """What is wrong with the board, as long as the identity is another one's."""
        self._setup = SetupWatch()
        self._checking = Checking(
            profile,
            home,
            look,
            self._hands,
            mock=mock,
            nobody=self._nobody_is_there,
            receiver=lambda: self._reception,
            count=self._count,
            ring=wakeups.ring,
            play=self._feedback.try_sound,
        )
        self._readability = Readability(home.agent_db, wakeups.ring)
        self._retry_at_ms = 0
        self._faults: list[tuple[str, str]] = []

    # --- setting up ---------------------------------------------------------------------------

    def open_pins(self, mock: bool) -> None:
        """Listen to the physical buttons; without them the screen goes on by itself."""
        self.doors.open_pins(self._profile.buttons, mock, self._hands.edge)
        pins = self.doors.pins
        if pins is None:
            return
        if mock or self._profile.buttons.pins:
            self._hands.have_buttons(pins.held, monotonic_ms())
        self._feedback.light(pins.lamps, pins.lamps_trouble)

    def _get_ready(self, now_ms: int) -> None:
        """Open identity, files and ledger; what is wrong is shown, and tried again."""
        self.doors.open_support()  # also for a device that is still being set up
        try:
            identity = load_identity(self._home)
            refuse_other_board(identity)
            key = load_key(self._home.record_key)
            if self._lock is None:
                self._lock = lock.hold(self._home.kiosk_lock)
            briefing = BriefingReader(self._home)
        except DeviceError as error:
            if str(error) != self._trouble:
                log.error("%s", error)
            self._trouble = str(error)
            self._wrong_board = self._trouble if isinstance(error, WrongBoard) else ""
            self._retry_at_ms = now_ms + RETRY_MS
            return
        self._trouble = self._wrong_board = ""
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
        self.doors.hang_up_bell()
        self._reception = self._hands.reception = reception
        self._scribe.start()
        for code, detail in self._faults:
            self._scribe.note_fault(code, detail)
        self._faults.clear()

    def _report(self, code: str, detail: str) -> None:
        """Have a fault written down, as soon as there is somebody to write."""
        self._checking.note_fault(code)
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
        self._supervisor.ready("its screen is up")
        while not self._ended:
            self._take_input()
            if self.doors.bell is not None:
                self.doors.bell.hush()
            now_ms = monotonic_ms()
            self._supervisor.alive()
            self._hands.pass_time(now_ms)
            self._take_news(now_ms)
            self._take_requests()
            self._checking.pass_time(self._screen.view.chrome, now_ms)
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
        self.doors.close()

    def _wait(self, now_ms: int) -> None:
        dues = [
            self._hands.due_ms(),
            self._screen.due_ms(now_ms),
            self._checking.due_ms(now_ms),
        ]
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
                    self._checking.witness(happened, monotonic_ms())
                    self._hands.take(happened, at_ms, self._quiet_ms)

    def _take_news(self, now_ms: int) -> None:
        if self._setup.look(now_ms) and self._reception is None:
            self._retry_at_ms = now_ms  # setting up has gone on: perhaps everything is there
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
        if self.doors.rehearsal is not None:
            for request in self.doors.rehearsal.requests():
                answer = perform(request.order, self.shown(), self._screen.canvas, self.doors.pins)
                request.answer.put(answer)

    # --- what goes out --------------------------------------------------------------------------

    def _paint(self, now_ms: int) -> None:
        wall = time.localtime()
        reception = self._reception
        retired = reception is not None and reception.retired
        serving = reception is not None and reception.configured and not retired
        setting_up = None if serving else self._setup.seen(self._wrong_board, retired=retired)
        if self._checking.current is not None:
            view: View = self._checking.current.view(now_ms)
        elif self._reception is None:
            chrome = self._screen.view.chrome
            chrome = chrome._replace(
                mock=self._mock,
                language=self._hands.language,
                appearance=self._hands.appearance or chrome.appearance,
            )
            view = NoticeView(chrome, "broken", self._trouble)
            if setting_up is not None:
                view = SetupView(chrome, setting_up)
        else:
            words = self._screen.look.words(self._reception.language)
            date = words.date(wall.tm_mon, wall.tm_mday, wall.tm_wday + 1)
            view = self._reception.view(now_ms, wall, date)
            if setting_up is not None and self._nobody_is_there():
                view = SetupView(view.chrome._replace(staff_key=False), setting_up)
        hands, chrome = self._hands, view.chrome
        chrome = chrome._replace(by_keys=hands.by_keys, touch_out=hands.touch_out)
        view = view._replace(chrome=chrome)
        if view != self._screen.view:
            self._show(view, now_ms)
        self._hands.painted()
        self._screen.pass_time(now_ms)

    def _nobody_is_there(self) -> bool:
        """Return whether neither a citizen nor staff are at the screen."""
        reception = self._reception
        return reception is None or (reception.visit.state is State.IDLE and not reception.staffed)

    def _answer_support(self) -> None:
        """Give pictures only of what was painted when nobody was there, see `support`."""
        nobody = self._reception is None or self._reception.visit.state is State.IDLE
        may_see = nobody and self._screen.shows_nobody
        for request in self.doors.support.requests() if self.doors.support is not None else ():
            if request.order.get("do") == "check":
                problem = self._checking.asked_at_the_door(request.order, monotonic_ms())
                answer(request, {"ok": not problem, "problem": problem})
                self._wakeups.ring()  # what was asked for is to be seen at once
            else:
                answer_picture(request, self._screen.canvas.display if may_see else None)

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

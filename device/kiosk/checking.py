"""How technicians come to the check screen, and how it ends: by a switch inside of the case, or
by the doctor's door; never by anything that can be touched.

Citizens come first: while somebody is at the screen it is refused, and an invitation ends it. A
switch that is held meanwhile is not forgotten for two minutes: it need not be held again.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from device.core import hold
from device.core.buttons import Extra, Key, Verdict
from device.core.hold import Hold
from device.kiosk.contacts import ContactDown, ContactMove, ContactUp, Touching
from device.kiosk.hands import Hands
from device.kiosk.pins import wired_buttons, with_stand_ins
from device.kiosk.receiver import Receiver
from device.kiosk.screens import Look
from device.kiosk.support import MINUTES, REFUSED
from device.kiosk.views import Chrome
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.profile import Profile

if TYPE_CHECKING:
    from device.kiosk.inspection import Inspection

log = logging.getLogger("haochaping.kiosk")

USUAL_MINUTES = 10
PATIENCE_MS = 120_000
"""So long a wish is kept that could not be granted at once."""


class Checking:
    """The check screen of one kiosk.

    ``nobody`` tells whether anybody is at the screen, ``receiver`` who receives them, ``ring``
    wakes the loop, ``play`` lets a sound be heard.
    """

    def __init__(
        self,
        profile: Profile,
        home: Home,
        look: Look,
        hands: Hands,
        *,
        mock: bool,
        nobody: Callable[[], bool],
        receiver: Callable[[], Receiver | None],
        count: Callable[[str], None],
        ring: Callable[[], None],
        play: Callable[[str], bool],
    ) -> None:
        self._profile, self._home, self._look, self._hands = profile, home, look, hands
        self._mock = mock
        self._nobody, self._receiver = nobody, receiver
        self._count, self._ring, self._play = count, ring, play
        self._hold = Hold()
        self._chrome = Chrome("", "", None, profile.screen.language, False, mock)
        self._wanted_until_ms: int | None = None
        self.current: Inspection | None = None
        """What is shown now; None: the kiosk serves citizens."""
        hands.on_edge = self._edge

    def ask(self, on: bool, minutes: int, now_ms: int) -> str:
        """Show the check screen for so long, or end it; return why not, empty if it is done."""
        if not on:
            self._end()
        elif not self._nobody():
            return REFUSED
        elif minutes not in MINUTES:
            return f"minutes are from {MINUTES[0]} to {MINUTES[-1]}"
        elif self.current is not None:
            self.current.until_ms = now_ms + minutes * 60_000
        else:
            self._begin(minutes, now_ms)
        return ""

    def asked_at_the_door(self, order: dict[str, object], now_ms: int) -> str:
        """Answer a caller at the support door as `ask` does."""
        match order:
            case {"on": bool(on), "minutes": int(minutes)}:
                return self.ask(on, minutes, now_ms)
        return "that is no request for the check screen"

    def witness(self, happened: Touching, now_ms: int) -> None:
        """A finger or a key of a keyboard came; hands are told as well."""
        if self.current is None:
            return
        match happened:
            case ContactDown(contact, x, y) | ContactMove(contact, x, y):
                self.current.touched(contact, (x, y), now_ms)
            case ContactUp(contact):
                self.current.touched(contact, None, now_ms)
            case _:
                self.current.typed(happened)

    def note_fault(self, code: str) -> None:
        """A fault was reported."""
        if self.current is not None:
            self.current.note_fault(code)

    def pass_time(self, chrome: Chrome, now_ms: int) -> None:
        """Begin or end what is due, and see to it that hands tell the right one."""
        self._chrome = chrome
        self._hold, held = hold.asked(self._hold, now_ms)
        if held and self.current is not None:
            self._end()
        elif held:
            self._wanted_until_ms = now_ms + PATIENCE_MS
            if not self._nobody():
                log.info("the check switch was held while somebody is at the screen")
                self._count("check.waits")
        if self._wanted_until_ms is not None and self.current is None:
            if now_ms >= self._wanted_until_ms:
                self._wanted_until_ms = None
            elif self._nobody():
                self._begin(USUAL_MINUTES, now_ms)
        if self.current is not None:
            self.current.pass_time(now_ms)
            if self.current.ended or not self._nobody():
                self._end()
        self._hands.reception = self.current or self._receiver()

    def due_ms(self, now_ms: int) -> int | None:
        """Return when `pass_time` has something to do although nothing happens."""
        moments = [hold.due_ms(self._hold)]
        if self.current is not None:
            moments.append(self.current.due_ms(now_ms))
        return min((moment for moment in moments if moment is not None), default=None)

    # --- within -------------------------------------------------------------------------------

    def _edge(self, key: Key, pressed: bool, at_ms: int, verdict: Verdict) -> None:
        if key is Extra.CHECK:
            self._hold = hold.edge(self._hold, pressed, at_ms)
        if self.current is not None:
            self.current.edge(key, pressed, at_ms, verdict)

    def _begin(self, minutes: int, now_ms: int) -> None:
        from device.kiosk.inspection import Inspection, look_at
        from device.kiosk.panel_test import PanelTest

        log.info("the check screen is shown for %d minutes", minutes)
        self._wanted_until_ms = None
        profile, layout = self._profile, self._look.layout
        chrome = self._chrome._replace(
            staff=None, photo="", remaining=None, staff_key=False, by_keys=False
        )
        large = self._look.dressed(chrome.appearance).layout
        self.current = Inspection(
            lambda: look_at(Deployed(), profile, self._home),
            self._ring,
            lambda: self._play(chrome.language),
            self._count,
            with_stand_ins(profile.buttons) if self._mock else wired_buttons(profile.buttons),
            PanelTest(large.check, layout.design),
            chrome,
            now_ms + minutes * 60_000,
            secretive=profile.staff.badge_reader,
        )

    def _end(self) -> None:
        if self.current is not None:
            log.info("the check screen has ended")
        self.current = self._wanted_until_ms = None
        self._hands.reception = self._receiver()

"""Who is logged in at the console: a browser's session, bound to the session at the window.

It ends with the log-in that it came of: whoever leaves the window, by hand, at closing time or
because a colleague takes it, has left the console too. Kept in memory alone, and there as a
hash: nothing that could be stolen from the card opens the console.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import msgspec

from device.agent.web.problems import WebRefused
from device.core.lockout import Terms
from device.core.session import SessionState
from device.store.backlog import Backlog
from device.store.briefing import Briefing, LockedOrder
from device.store.duty import Duty
from device.store.gate import Gate, Locked, Verdict
from device.store.home import Home
from device.store.roll import Roll

IDLE_S = 4 * 3600.0
"""A console that nobody used for so long is no longer anybody's."""
MAX_SESSIONS = 16
"""Consoles open at one window; the one longest unused is ended for another one."""
MAX_CHECKS = 4
"""PINs that wait to be checked, one after the other; each takes a tenth of a second."""
MAX_STREAMS = 3
"""Pages of one session that are told of changes at once; others ask."""


class ConsoleSession:
    """One browser that is logged in."""

    def __init__(self, duty: Duty, now_s: float) -> None:
        self.staff = duty.staff
        self.login_seq = duty.login_seq
        """The log-in at the window that it stands on."""
        self.used_s = now_s
        self.streams = 0
        self.visit: UUID | None = None
        """The last one that it invited to or saw; its pages tell how that ended."""

    def over(self, duty: Duty, now_s: float) -> str:
        """Return why it is over, as a code for the page; empty while it is not."""
        if duty.state is SessionState.CLOSED:
            return "window-left"
        if duty.staff != self.staff:
            return "window-taken"
        if duty.login_seq != self.login_seq:
            return "window-left"
        return "idle" if now_s - self.used_s > IDLE_S else ""


class Logins:
    """The console's door and everybody who came in by it; for several threads at once."""

    def __init__(
        self,
        home: Home,
        briefing: Briefing,
        roll: Roll,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` gives seconds."""
        self._briefing = briefing
        book = briefing.lockouts()
        self._gate = Gate(roll, book, (book, _ScreensClock(home)), self._locked)
        self._checks = threading.BoundedSemaphore(MAX_CHECKS)
        self._clock = clock
        self._sessions: dict[bytes, ConsoleSession] = {}
        self._one_at_a_time = threading.Lock()

    def check(self, staff: str, pin: str) -> Verdict:
        """Check a PIN; takes a while. Raises `WebRefused` if too many are waiting."""
        if not self._checks.acquire(blocking=False):
            raise WebRefused(503, "busy", headers={"Retry-After": "2"})
        try:
            return self._gate.check_pin(staff, pin)
        finally:
            self._checks.release()

    def open(self, duty: Duty) -> str:
        """Return the secret of a new session for whoever serves."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._one_at_a_time:
            while len(self._sessions) >= MAX_SESSIONS:
                longest = min(self._sessions, key=lambda key: self._sessions[key].used_s)
                del self._sessions[longest]
            self._sessions[_key(token)] = ConsoleSession(duty, now)
        return token

    def find(self, token: str, duty: Duty, *, used: bool = True) -> ConsoleSession:
        """Return the session with this secret. Raises `WebRefused` that tells why there is none.

        ``used``: somebody did something, as opposed to a page that looks by itself.
        """
        now = self._clock()
        with self._one_at_a_time:
            session = self._sessions.get(_key(token))
            why = "not-logged-in" if session is None else session.over(duty, now)
            if session is None or why:
                self._sessions.pop(_key(token), None)
                raise WebRefused(401, why, "Log in with staff number and PIN.")
            if used:
                session.used_s = now
            return session

    def end(self, token: str) -> None:
        """Forget a session, if there is one."""
        with self._one_at_a_time:
            self._sessions.pop(_key(token), None)

    def enter_stream(self, session: ConsoleSession) -> bool:
        """Take one of the session's places for streams; False if there is none left."""
        with self._one_at_a_time:
            if session.streams >= MAX_STREAMS:
                return False
            session.streams += 1
            return True

    def leave_stream(self, session: ConsoleSession) -> None:
        """Give the place back."""
        with self._one_at_a_time:
            session.streams -= 1

    def _locked(self, locked: Locked) -> None:
        """Have the kiosk record a lock-out; it alone writes records."""
        order = LockedOrder(locked.staff, locked.failures, locked.seconds)
        self._briefing.instruct("locked", msgspec.json.encode(order))
        self._briefing.count("console.locked")


def proof_of(token: str) -> str:
    """Return what the page shows beside its cookie, to prove that it is our own page.

    A page of somebody else can make a browser send the cookie, but never learns this.
    """
    return hmac.new(token.encode(), b"haochaping/console", hashlib.sha256).hexdigest()


class _ScreensClock:
    """How long the device's own screen keeps somebody out, as the kiosk's file has it now."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def locked_ms(self, staff: str, terms: Terms) -> int:
        """Return milliseconds, 0 if not locked. Raises `DeviceError`: nobody is let in then."""
        with closing(Backlog(self._home)) as screen:
            return screen.locked_ms(staff, terms)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

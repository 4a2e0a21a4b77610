"""Who serves at this window, and what a citizen is therefore asked.

At a window that is the staff member who logged in or is assigned there, and the matters of an
invitation; a device for self-service or for the hall serves by itself, and nobody logs in.
"""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID, uuid4

from device.core import hours
from device.core import session as staff_session
from device.core import visit as rules
from device.core.errors import DeviceError, IllegalEvent
from device.core.session import (
    LoggedIn,
    LoggedOut,
    Opened,
    Session,
    SessionEvent,
    SessionState,
)
from device.core.visit import Invited
from device.kiosk.answers import Ready
from device.kiosk.scribe import Scribe
from device.kiosk.wall_clock import Wall, wall_clock
from device.store import roster
from device.store.home import Home
from device.store.profile import Service
from device.store.roster import Roster
from protocol.records import InvitedBy, Logout, MatterHandled

ASSIGNED = "assigned"
"""How somebody logged in who serves here by the configuration."""
CLOSING, UNLISTED, UNASSIGNED = "closing time", "no longer on the roster", "no longer assigned"
"""Why the kiosk itself logs somebody out."""
BACK = frozenset({UNLISTED, UNASSIGNED, "restart", "taken over"})
"""Whoever left so and is assigned is logged in again as soon as that is possible."""


class Duty:
    """The session at this window, and the roster it follows."""

    def __init__(
        self,
        scribe: Scribe,
        home: Home,
        service: Service,
        wall: Callable[[], Wall] = wall_clock,
    ) -> None:
        self._scribe = scribe
        self._agent_db = home.agent_db
        self._wall = wall
        self.service = service
        self.roster = Roster()
        serves, paused = roster.serving(home.kiosk_db) if service.mode == "window" else ("", False)
        state = SessionState.PAUSED if paused else SessionState.READY
        self.session = Session(state, serves) if serves else Session()
        """Before the ledger is open: what it will say, so that no other is shown meanwhile."""
        self.means = ""
        """How the one who serves logged in."""
        self._since_ms = 0
        self._page_of: str | None = None
        """Whom the roster's page was read for."""
        self._assigned = ""
        self._sent_away = False
        """Whoever is assigned has left: by hand, by logging in elsewhere, at closing time."""
        self._away_s: int | None = None
        """When that was, by a wall clock to trust."""
        self._closing: int | None = None
        """The last closing time that is over and done with."""

    @property
    def open(self) -> bool:
        """True while citizens may be asked."""
        return self.session.state is SessionState.READY

    def resume(self, ready: Ready, now_ms: int) -> None:
        """Go on as before a restart of this process: with the session, or without anybody."""
        self._resume_absence(ready, now_ms)
        if ready.resumed.state is SessionState.CLOSED:
            self.session = Session()
            return
        self.session, self.means = ready.resumed, ready.means
        self._since_ms = ready.since_ms
        if (self.service.mode == "window") is not bool(self.session.staff):
            self._happen(LoggedOut("another mode of service"))
        elif self.means == ASSIGNED:
            self._assigned = self.session.staff

    def _resume_absence(self, ready: Ready, now_ms: int) -> None:
        """Whoever is assigned and had left before the restart is not back because of it.

        Neither are they because somebody stood in for them meanwhile.
        """
        assigned, left = self.roster.assigned_staff, None
        for one in ready.comings:
            if isinstance(one, Logout):
                theirs = one.staff == assigned and one.reason not in BACK
                left = one if theirs or one.reason == CLOSING else left
            elif one.staff == assigned:
                left = None
        if assigned and left is not None:
            wall = self._wall()
            self._assigned = assigned
            self._send_away(wall, (now_ms - left.monotonic_ms) // 1000)
            if left.reason == CLOSING and self._away_s is not None:
                self._closing = hours.passed(None, self.roster.closes, self._away_s)

    def read_roster(self) -> None:
        """Take up the roster; the last good one stays while there is none.

        A file that replaced a damaged one is empty until central has answered. That is no
        reason to send the staff member home. Raises `DeviceError`.
        """
        page = roster.read(self._agent_db, self.session.staff)
        if page.window or not self.roster.window:
            self.roster, self._page_of = page, self.session.staff

    # --- what staff do, here or at the console ----------------------------------------------

    def log_in(self, staff: str, means: str, now_ms: int) -> bool:
        """Let ``staff`` take the window; False if they are not on the roster, or nobody can be.

        Whoever serves already goes on: the same person again is no new session.
        """
        if self.service.mode != "window" or not self._listed(staff):
            return False
        if staff == self.session.staff:
            return True
        self._happen(LoggedIn(staff, means))
        self.means, self._since_ms = means, now_ms
        if staff == self.roster.assigned_staff:
            self._sent_away = False
        wall = self._wall()
        if wall.trusted:
            self._closing = hours.passed(self._closing, self.roster.closes, wall.local_s)
        with suppress(DeviceError):  # read again when the agent next writes
            self.read_roster()
        return True

    def log_out(self, reason: str) -> None:
        """End the session of whoever serves."""
        if not self.session.staff:
            return
        wall = self._wall()
        if self.session.staff == self.roster.assigned_staff and reason not in BACK:
            self._send_away(wall)
        self._happen(LoggedOut(reason))
        self.means = ""
        with suppress(DeviceError):
            self.read_roster()

    def change(self, event: SessionEvent) -> bool:
        """Pause, or go on; False if that makes no sense now."""
        try:
            self._happen(event)
        except IllegalEvent:
            return False
        return True

    # --- what roster and clock do -----------------------------------------------------------

    def staff_the_window(self, now_ms: int) -> None:
        """Bring the session in line with the roster, the assignment and the hall's hours.

        Not to be called while somebody is being asked: the citizen finishes with the staff
        member they began with.
        """
        if self.service.mode != "window":
            if self.roster.window and self.session.state is SessionState.CLOSED:
                self.session, _ = staff_session.step(self.session, Opened())
            return
        if self._is_unlisted():
            self.log_out(UNLISTED)
        assigned = self.roster.assigned_staff
        if assigned != self._assigned:
            self._assigned, self._sent_away = assigned, False
        if self.session.staff and self.means != ASSIGNED:
            return  # whoever logged in by hand stays until they leave
        wanted = assigned and not self._sent_away and assigned != self.session.staff
        if wanted and self.log_in(assigned, ASSIGNED, now_ms):
            return
        if self.session.staff and self.session.staff != assigned:
            self.log_out(UNASSIGNED)

    def keep_hours(self, now_ms: int) -> None:
        """Log out at closing time; at opening time take back whoever is assigned.

        Not to be called while somebody is being asked either.
        """
        wall, page = self._wall(), self.roster
        if self.service.mode != "window" or not wall.trusted:
            return
        if self._sent_away and self._away_s is None:
            self._away_s = wall.local_s
        served_s = (now_ms - self._since_ms) // 1000
        closing = hours.is_closing(self._closing, page.closes, wall.local_s, served_s)
        if self.session.staff and closing:
            self._closing = hours.passed(self._closing, page.closes, wall.local_s)
            self._send_away(wall)
            self.log_out(CLOSING)
        elif self._away_s is not None and hours.has_opened(self._away_s, page.opens, wall.local_s):
            self._sent_away, self._away_s = False, None
            self.staff_the_window(now_ms)

    def _send_away(self, wall: Wall, seconds_ago: int = 0) -> None:
        """Whoever is assigned stays away until the hall opens again."""
        self._sent_away = True
        self._away_s = wall.local_s - seconds_ago if wall.trusted else None

    def _listed(self, staff: str) -> bool:
        with suppress(DeviceError):
            member = roster.read(self._agent_db, staff).member
            return member is not None and member.number == staff
        return False

    def _is_unlisted(self) -> bool:
        """True if a good page of the roster says that whoever serves is not on it."""
        serves = self.session.staff
        known = self.roster.window and self._page_of == serves
        return bool(serves and known and self.roster.member is None)

    # --- invitations ------------------------------------------------------------------------

    def invitation(
        self,
        visit: UUID,
        by: InvitedBy,
        matters: tuple[MatterHandled, ...],
        *,
        rate_unfinished: bool = False,
        system: str = "",
    ) -> Invited | None:
        """Return what an invitation asks about; None where nobody can be invited."""
        if self.service.mode == "hall":
            return None
        return Invited(
            visit,
            by,
            self.roster.window,
            self.session.staff,
            matters,
            rate_unfinished=rate_unfinished,
            system=system,
        )

    def own_invitation(self) -> Invited | None:
        """Return what a citizen who begins on their own is asked about, None if nothing.

        That is the staff member, the profile's matter, or the hall.
        """
        if not self.open:
            return None
        mode, matter = self.service
        matters = (MatterHandled(matter),) if mode == "self-service" and matter else ()
        hall = self.roster.hall_code if mode == "hall" else ""
        window, staff = self.roster.window, self.session.staff
        invited = Invited(uuid4(), InvitedBy.CITIZEN, window, staff, matters, hall)
        return invited if rules.questions_of(invited) else None

    # --- within -----------------------------------------------------------------------------

    def _happen(self, event: SessionEvent) -> None:
        self.session, effects = staff_session.step(self.session, event)
        self._scribe.note_session(effects, self.session)

"""Who serves at this window, and what a citizen is therefore asked.

At a window that is the staff member who serves there and the matters of an invitation; a
device for self-service or for the hall serves by itself, and nobody logs in.
"""

from pathlib import Path
from uuid import UUID, uuid4

from device.core import session as staff_session
from device.core import visit as rules
from device.core.session import LoggedIn, LoggedOut, Opened, Session, SessionState
from device.core.visit import Invited
from device.kiosk.scribe import Scribe
from device.store import roster
from device.store.profile import Service
from device.store.roster import Roster
from protocol.records import InvitedBy, MatterHandled


class Duty:
    """The session at this window, and the roster it follows."""

    def __init__(self, scribe: Scribe, agent_db: Path, service: Service) -> None:
        self._scribe = scribe
        self._agent_db = agent_db
        self.service = service
        self.roster = Roster()
        self.session = Session()

    @property
    def open(self) -> bool:
        """True while citizens may be asked."""
        return self.session.state is SessionState.READY

    def read_roster(self) -> None:
        """Take up the roster; the last good one stays while there is none.

        A file that replaced a damaged one is empty until central has answered. That is no
        reason to send the staff member home. Raises `DeviceError`.
        """
        page = roster.read(self._agent_db, self.session.staff)
        if page.window or not self.roster.window:
            self.roster = page

    def staff_the_window(self) -> None:
        """Bring the session in line with who is assigned to this window, or with nobody.

        Not to be called while somebody is being asked: the citizen finishes with the staff
        member they began with. Raises `DeviceError`.
        """
        if self.service.mode != "window":
            if self.roster.window and self.session.state is SessionState.CLOSED:
                self.session, _ = staff_session.step(self.session, Opened())
            return
        assigned = self.roster.assigned_staff
        if assigned == self.session.staff:
            return
        event = LoggedIn(assigned, "assigned") if assigned else LoggedOut("no longer assigned")
        self.session, effects = staff_session.step(self.session, event)
        for effect in effects:
            self._scribe.note_session(effect)
        self.read_roster()

    def invitation(
        self, visit: UUID, by: InvitedBy, matters: tuple[MatterHandled, ...]
    ) -> Invited | None:
        """Return what an invitation asks about; None where nobody can be invited."""
        if self.service.mode == "hall":
            return None
        return self._about(visit, by, matters)

    def own_invitation(self) -> Invited | None:
        """Return what a citizen who begins on their own is asked about, None if nothing.

        That is the staff member, the profile's matter, or the hall.
        """
        if not self.open:
            return None
        mode, matter = self.service
        matters = (MatterHandled(matter),) if mode == "self-service" and matter else ()
        hall = self.roster.hall_code if mode == "hall" else ""
        invited = self._about(uuid4(), InvitedBy.CITIZEN, matters, hall)
        return invited if rules.questions_of(invited) else None

    def _about(
        self, visit: UUID, by: InvitedBy, matters: tuple[MatterHandled, ...], hall: str = ""
    ) -> Invited:
        return Invited(visit, by, self.roster.window, self.session.staff, matters, hall)

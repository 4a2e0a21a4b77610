"""Why the window did not do what a program asked, with a stable code for each reason."""

from typing import TYPE_CHECKING
from uuid import UUID

from device.core.errors import DeviceError

if TYPE_CHECKING:
    from device.agent.standing import Serving


class NotTaken(DeviceError):
    """The kiosk did not do what was asked."""

    code = "not-taken"
    """Short and stable, for programs."""


class VisitUnderWay(NotTaken):
    """Somebody is being asked; another citizen cannot be, and nobody can take the window."""

    code = "visit-under-way"

    def __init__(self, serving: "Serving") -> None:
        super().__init__(f"visit {serving.visit} is under way; wait for its end")
        self.serving = serving
        """What is going on; it holds no level, and neither does anything else here."""


class NobodyServes(NotTaken):
    """Nobody is logged in at this window."""

    code = "window-closed"


class AnotherServes(NotTaken):
    """The one who asks has left the window, or somebody else has taken it."""

    code = "another-serves"


class WindowPaused(NotTaken):
    """Service at this window is paused."""

    code = "window-paused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"service at this window is paused: {reason or 'no reason given'}")
        self.reason = reason


class DeviceRetired(NotTaken):
    """Central takes no rating of this device any more, so nobody is asked for one."""

    code = "device-retired"


class KioskSilent(NotTaken):
    """The screen did not take up what was asked, and will not do so later."""

    code = "device-silent"


class UnknownMatter(NotTaken):
    """A matter that is not in the hall's list."""

    code = "unknown-matter"

    def __init__(self, matter: str) -> None:
        super().__init__(f"matter {matter} is not in this hall's list")
        self.matter = matter


class NothingToRate(NotTaken):
    """An invitation that asks about nobody and nothing."""

    code = "nothing-to-rate"


class TooManyCases(NotTaken):
    """More cases than one visit can name."""

    code = "too-many-cases"


class UnknownVisit(NotTaken):
    """No visit of that id was ever opened here."""

    code = "unknown-visit"

    def __init__(self, visit: UUID) -> None:
        super().__init__(f"there is no visit {visit}")


class TooLate(NotTaken):
    """The visit can no longer be taken back: the citizen has tapped, or it is over."""

    code = "too-late"


class AlreadyUsed(NotTaken):
    """The id of another visit, one that asked about something else."""

    code = "request-id-used"


class NoReason(NotTaken):
    """A reason is recorded with this, and none was given."""

    code = "reason-missing"

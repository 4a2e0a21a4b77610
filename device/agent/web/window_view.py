"""What staff at the console see of their window: its state, and two counts.

Of a visit they learn that the citizen was asked, has tapped, and is gone. Never a level, nor
whether somebody declined or just left (docs/architecture.md, "What staff may see").
"""

from uuid import UUID

import msgspec

from device.agent.desk import WindowDesk
from device.agent.refusals import UnknownVisit
from device.agent.standing import Serving, Standing, VisitState
from protocol.records import InvitedBy


class MatterSeen(msgspec.Struct, frozen=True):
    """A matter of the visit that is open."""

    name: str
    cases: int
    finished: bool


class VisitSeen(msgspec.Struct, frozen=True):
    """The visit that is open."""

    visit: UUID
    state: VisitState
    invited_by: InvitedBy
    system: str
    matters: tuple[MatterSeen, ...]
    seconds: float | None
    """How long it has been open, when this was said; None if that is not known."""


class VisitOver(msgspec.Struct, frozen=True):
    """The visit that the page saw last."""

    visit: UUID
    state: VisitState
    """``ended``, ``cancelled`` or ``device_fault``."""


class WindowSeen(msgspec.Struct, frozen=True):
    """The window, as its own staff see it."""

    running: bool
    """The device's screen is there."""
    state: str
    """``closed``, ``ready``, ``paused``, ``invited`` or ``rating``."""
    paused: bool
    """No further citizen is asked; one who is there finishes."""
    reason: str
    """Of the pause."""
    invited: int
    """Citizens invited since the log-in."""
    rated: int
    """Visits since then in which something was rated, whatever the level."""
    online: bool | None
    """Whether central answered last time."""
    configuration: int
    """Version of what central told the device; matters are to be read again when it grows."""
    visit: VisitSeen | None
    last: VisitOver | None

    def without_time(self) -> "WindowSeen":
        """Return it without what changes by itself, to be compared."""
        if self.visit is None:
            return self
        return msgspec.structs.replace(
            self, visit=msgspec.structs.replace(self.visit, seconds=None)
        )


def window_seen(
    desk: WindowDesk, standing: Standing, configuration: int, last: UUID | None
) -> WindowSeen:
    """Return the window as ``standing`` has it, and what became of visit ``last``."""
    duty = standing.duty
    return WindowSeen(
        running=standing.kiosk_running,
        state=standing.state,
        paused=duty.state == "paused",
        reason=duty.reason,
        invited=duty.invited,
        rated=duty.rated,
        online=standing.online,
        configuration=configuration,
        visit=_visit(desk, standing.serving),
        last=_over(desk, last),
    )


def _visit(desk: WindowDesk, serving: Serving | None) -> VisitSeen | None:
    if serving is None:
        return None
    matters = tuple(
        MatterSeen(
            desk.matter_name(matter.code), len(matter.cases) or matter.count or 1, matter.finished
        )
        for matter in serving.matters
    )
    return VisitSeen(
        serving.visit,
        serving.state,
        serving.invited_by,
        serving.system,
        matters,
        serving.seconds,
    )


def _over(desk: WindowDesk, last: UUID | None) -> VisitOver | None:
    if last is None:
        return None
    try:
        state = desk.visit_state(last)
    except UnknownVisit:
        return None
    return VisitOver(last, state) if state.final else None

"""Where a citizen's telephone number is while it is being typed, and nowhere else.

The desk turns keys of the pad into events of the visit. It alone holds the digits; the
event that carries a number carries it sealed, and once the pad is left there is none.
"""

import logging
from collections.abc import Callable

from device.core import visit as rules
from device.core.number_pad import NumberPad
from device.core.visit import State, Visit
from device.kiosk.actions import Action
from protocol.errors import ProtocolError

log = logging.getLogger("haochaping.kiosk")

NAMES = frozenset({"callback", "digit", "erase", "clear", "confirm", "nocall"})
"""The actions that are the desk's business."""


class NumberDesk:
    """The number pad of one device; ``report`` takes a fault's code and detail."""

    def __init__(self, device: str, report: Callable[[str, str], None]) -> None:
        self._device = device
        self._report = report
        self.pad = NumberPad()

    def event_of(self, action: Action, visit: Visit, sealing_key: bytes) -> rules.Event | None:
        """Return what ``action`` means for ``visit``, None if it means nothing now.

        An empty ``sealing_key`` offers no call-back.
        """
        if action.name == "callback":
            return rules.CallbackAsked() if sealing_key else None
        if visit.state is not State.CALLBACK:
            return None
        match action:
            case Action("digit", int(digit)):
                self.pad = self.pad.typed(digit)
            case Action("erase"):
                self.pad = self.pad.erased()
            case Action("clear"):
                self.pad = NumberPad()
            case Action("confirm") if self.pad.complete:
                return self._sealed(visit, sealing_key)
            case Action("confirm") if visit.callback and not self.pad.digits:
                return rules.BackAsked()  # the number that was left before stays
            case Action("confirm"):
                self.pad = self.pad.confirmed()
            case Action("nocall"):
                return rules.CallbackWithdrawn()
            case _:
                return None
        return rules.Touched()

    def wipe(self) -> bool:
        """Forget the digits; True if there were any."""
        typed, self.pad = bool(self.pad.digits), NumberPad()
        return typed

    def _sealed(self, visit: Visit, sealing_key: bytes) -> rules.Event:
        """Let go of the number: from here on only central can read it."""
        from protocol import sealing

        assert visit.invitation is not None  # noqa: S101 - the pad belongs to a visit
        place = sealing.Place(self._device, visit.invitation.visit)
        try:
            return rules.CallbackGiven(sealing.seal(self.pad.digits, sealing_key, place))
        except ProtocolError as error:
            # Nothing is kept, and nothing that was kept before is lost: the reasons go on
            # offering a call-back.
            log.error("a number could not be sealed: %s", error)
            self._report("callback-unsealed", str(error))
            return rules.BackAsked()

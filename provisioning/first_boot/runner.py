"""Takes the steps, one after the other, for as long as it takes.

A step that fails is tried again, ever more slowly and for ever: whatever was wrong, a cable
or a server, may have been put right. What only a technician can put right is shown with what
to do, and looked at again all the same.
"""

import subprocess
from collections.abc import Callable, Iterable
from typing import Final

from device.core.errors import DeviceError
from device.store.deployed import Deployed
from device.store.setup import SetupState, read_state
from protocol.errors import ProtocolError
from provisioning.first_boot.card import Card, read_card
from provisioning.first_boot.data_partition import DONE
from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import Rebooting, SetupFailed, SetupStopped
from provisioning.first_boot.files import put, remove, same
from provisioning.first_boot.shown import Shown
from provisioning.first_boot.steps import STEPS, Step
from provisioning.first_boot.tools import Tools

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 60.0
_LOOK_AGAIN_S: Final = 15.0
_BOOT: Final = "/boot/firmware"
_NO_SPACE: Final = 28


class Runner:
    """First boot of one device."""

    def __init__(
        self,
        places: Deployed,
        tools: Tools,
        say: Callable[[str], object],
        steps: Iterable[Step] = STEPS,
    ) -> None:
        self._places = places
        self._tools = tools
        self._say = say
        self._steps = tuple(steps)
        self._shown = Shown(places, tools, say)
        self._card: Card | None = None
        self._left_over: list[str] = []
        self._at = SetupState("PREPARING")

    def run(self) -> None:
        """Set the device up; returns when it is done, or about to be started anew."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                self.once()
            except Rebooting:
                return
            except SetupStopped as error:
                self._trouble(error.state, str(error))
                self._tools.sleep(_LOOK_AGAIN_S)
                continue
            except (DeviceError, ProtocolError, OSError, ValueError) as error:
                self._trouble(*_told(error))
            except subprocess.SubprocessError as error:
                self._trouble("STEP_FAILED", str(error))
            else:
                return
            self._tools.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)

    def once(self) -> None:
        """Take every step that is not done yet. Raises what the first one fails at."""
        device = self._look()
        for number, step in enumerate(self._steps, 1):
            if not step.is_done(device):
                self._take(device, number, step)
        self._finish(device)

    def _look(self) -> Device:
        # The state is left on the card, and the token taken off it.
        self._card = None
        self._at = SetupState("PREPARING", steps=len(self._steps))
        card = self._card = read_card(self._places.card)
        self._say_left_over(card.left_over())
        device = Device(self._places, self._tools, card, self._say, self._progress)
        device.make_writable(_BOOT)
        return device

    def _take(self, device: Device, number: int, step: Step) -> None:
        self._say(f"{number}/{len(self._steps)} {step.name}")
        if step.state:
            self._at = SetupState(step.state, step.name, number, len(self._steps))
            self._show(self._at)
        remove(self._places.state / DONE)
        if step.writes_root:
            device.make_writable("/")
        step.do(device)
        if not step.is_done(device):
            raise SetupFailed(f"{step.name}: done, and yet not as it should be")

    def _finish(self, device: Device) -> None:
        # Enrolment may not write onto the card: what it said last is left there for it. Before it
        # is noted that all is done, or a power cut would leave there for good what was before.
        if (last := read_state(self._places.setup)) is not None:
            self._shown.show(last)
        done = self._places.state / DONE
        if not same(done, device.card.encoded):
            put(done, device.card.encoded)
            self._say("all of the card is in effect")
        for place in ("/", _BOOT):
            try:
                device.as_at_boot(place)
            except SetupFailed as error:
                # Something still writes there; the next boot has it read-only.
                self._say(f"{place} stays writable until the next boot: {error}")

    # --- telling ------------------------------------------------------------------------------

    def _say_left_over(self, names: list[str]) -> None:
        """Say once what lies on the card and is not of it: somebody may count on it."""
        if names and names != self._left_over:
            self._say(f"not of this card, and left alone: {', '.join(names)}"[:300])
        self._left_over = names

    def _progress(self, what: str) -> None:
        self._say(what)
        if self._at.step:
            self._show(self._at._replace(detail=what))

    def _trouble(self, state: str, detail: str) -> None:
        line = " ".join(detail.split())[:300]
        self._say(f"{state}: {line}")
        self._show(SetupState(state, line, self._at.step, self._at.steps))

    def _show(self, state: SetupState) -> None:
        card = self._card
        if card is not None:
            state = state._replace(device=card.name, fingerprint=card.fingerprint)
        self._shown.show(state)


def _told(error: Exception) -> tuple[str, str]:
    """Return the state and the line for an error that names no state of its own."""
    if isinstance(error, OSError) and error.errno == _NO_SPACE:
        return "DISK_FULL", str(error)
    return "STEP_FAILED", str(error) or type(error).__name__

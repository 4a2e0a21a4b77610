"""What reaches a kiosk beside its screen: buttons, support, the agent's bell, a rehearsal.

None of it is needed to serve citizens. What cannot be opened is said, and the screen goes on
by itself.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from device.core.buttons import Key
from device.core.errors import DeviceError
from device.kiosk.pins import Pins, open_pins
from device.kiosk.rehearsal import RehearsalDoor
from device.kiosk.support import SupportDoor
from device.kiosk.wakeups import Wakeups
from device.store.bell import Bell
from device.store.home import Home
from device.store.profile import Buttons

log = logging.getLogger("haochaping.kiosk")


class Doors:
    """Those that are open; each is None until then. ``report`` takes a fault and its detail."""

    def __init__(self, home: Home, wakeups: Wakeups, report: Callable[[str, str], None]) -> None:
        self._home = home
        self._wakeups = wakeups
        self._report = report
        self.pins: Pins | None = None
        self.rehearsal: RehearsalDoor | None = None
        self.support: SupportDoor | None = None
        self.bell: Bell | None = None

    def open_pins(self, settings: Buttons, mock: bool, edge: Callable[[Key, bool], None]) -> None:
        """Listen to the physical buttons; ``edge`` hears of each from any thread."""
        try:
            self.pins = open_pins(settings, mock, edge, work_dir=self._home.kiosk_db.parent)
        except DeviceError as error:
            log.error("%s", error)
            self._report("buttons-unavailable", str(error))
            return
        log.info("buttons: %s %s", self.pins.factory_name, self.pins.passed_over)

    def open_support(self) -> None:
        """Let support ask for a picture, or for the check screen."""
        if self.support is not None or not self._home.support.parent.is_dir():
            return
        try:
            self.support = SupportDoor(self._home.support, self._wakeups.ring)
        except OSError as error:
            log.error("support cannot reach this kiosk: %s", error)
            return
        self._wakeups.watch_door(self.support.fileno())

    def hang_up_bell(self) -> None:
        """Let the agent wake us; without it, it is looked once a second."""
        if self.bell is not None:
            return
        try:
            self.bell = Bell(self._home.bell)
        except OSError as error:
            log.error("the agent cannot ring: %s", error)
            return
        self._wakeups.watch_door(self.bell.fileno())

    def open_rehearsal(self, path: Path) -> None:
        """Let a rehearsal in."""
        self.rehearsal = RehearsalDoor(path, self._wakeups.ring)

    def close(self) -> None:
        """Close those that are open."""
        for door in (self.pins, self.rehearsal, self.support, self.bell):
            if door is not None:
                door.close()

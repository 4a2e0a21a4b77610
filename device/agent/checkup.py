"""What the doctor's quick checks find wrong, for the heartbeat.

Looked at every few minutes by the courier itself: it takes tens of milliseconds, and where a
card is so ill that it takes longer, records could not be read either.
"""

import logging
import time
from collections.abc import Callable

from device.releases.news import deployed_with
from device.store.home import Home
from device.store.profile import Profile

log = logging.getLogger("haochaping.agent")

EVERY_S = 300.0
SOON_S = 50.0
"""While something fails: what passes by itself, such as a kiosk that is only starting, is told as
a fault in one heartbeat and not in five."""
MOST = 16
"""So many codes a heartbeat carries at most; who has more faults needs a visit anyway."""


class Checkup:
    """The codes of the checks that fail, not older than `EVERY_S`."""

    def __init__(
        self, profile: Profile, home: Home, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._profile = profile
        self._home = home
        self._deployed = deployed_with(home.root)
        self._clock = clock
        self._next = float("-inf")
        self._faults: tuple[str, ...] = ()

    def faults(self) -> tuple[str, ...]:
        """Return the codes, in the doctor's order; none on a machine set up by hand."""
        if self._deployed is None or self._clock() < self._next:
            return self._faults
        # Only devices in the field pay for it, and not on their way to the first record.
        from device.checks import local
        from device.checks.table import faults

        found = faults(local(self._deployed, self._profile, self._home))[:MOST]
        if found != self._faults:
            log.warning("checks that fail now: %s", ", ".join(found) or "none any more")
        self._faults = found
        self._next = self._clock() + (SOON_S if found else EVERY_S)
        return found

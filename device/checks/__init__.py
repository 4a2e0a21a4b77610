"""What can be wrong with a device, as plain checks: for the doctor, the check screen, heartbeats.

Nothing here opens a network connection or the display. `local` takes files alone and some tens
of milliseconds; `device.checks.table` says which checks there are.
"""

from typing import TYPE_CHECKING

from device.checks.finding import Finding, Level

if TYPE_CHECKING:
    from device.store.deployed import Deployed
    from device.store.home import Home
    from device.store.profile import Profile

__all__ = ["Finding", "Level", "codes", "local"]


def local(deployed: "Deployed", profile: "Profile", home: "Home") -> tuple[Finding, ...]:
    """Return what the quick checks find now, in the order of `device.checks.table.CHECKS`.

    They read files and both databases, start no program and never raise. Not for the kiosk's
    loop: a card that is ill can make any read take seconds.
    """
    from device.checks.patient import Patient
    from device.checks.table import examine

    return examine(Patient(deployed, profile, home), quick=True)


def codes() -> tuple[str, ...]:
    """Return the code of every check that `local` may report, in its order."""
    from device.checks.table import CHECKS

    return tuple(check.code for check in CHECKS if check.quick)

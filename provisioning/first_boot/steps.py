"""The way from a blank card to a device in service, step by step.

Each step is judged by what is there and not by a note that it was done, so a power cut, a
card written anew and a card in another board all lead to the same place by the same way.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from provisioning.first_boot import (
    account,
    calm,
    clock,
    data_partition,
    graphics,
    host,
    identity,
    network,
    read_only,
    service,
    software,
)
from provisioning.first_boot.device import Device


class Step(NamedTuple):
    """One step; doing it twice is doing it once."""

    name: str
    """For the log and the screen, in English."""
    state: str
    """What is shown meanwhile (``ui_assets/setup_states.toml``); empty: others show theirs."""
    is_done: Callable[[Device], bool]
    do: Callable[[Device], None]
    writes_root: bool = True


STEPS: Final = (
    Step("the root file system", "PREPARING", read_only.is_lasting, read_only.refuse_overlay),
    Step("the clock", "PREPARING", clock.is_late_enough, clock.set_forward),
    Step("the device's own identity", "PREPARING", identity.is_done, identity.do),
    Step("the name", "PREPARING", host.is_done, host.do),
    Step("the technicians' account", "PREPARING", account.is_done, account.do),
    Step("zone and time servers", "PREPARING", clock.is_kept, clock.keep),
    Step("the network", "PREPARING", network.is_done, network.do),
    Step("the data partition", "CHECKING_DISK", data_partition.is_done, data_partition.do),
    Step("what draws the screen", "INSTALLING", graphics.is_done, graphics.do),
    Step("the release", "INSTALLING", software.is_installed, software.install, writes_root=False),
    Step("units and users", "INSTALLING", software.is_known, software.make_known),
    Step("the settings", "INSTALLING", software.is_set, software.set_up),
    Step("a calm system", "INSTALLING", calm.is_done, calm.do),
    Step("the read-only root", "INSTALLING", read_only.is_done, read_only.do),
    Step("a restart", "PREPARING", service.needs_no_reboot, service.reboot, writes_root=False),
    Step("the start", "MIGRATING", service.is_started, service.start, writes_root=False),
    Step("enrolment", "", service.is_enrolled, service.wait_for_enrolment, writes_root=False),
)

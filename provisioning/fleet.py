"""A fleet: the devices of one or more halls, as a technician writes them into one file.

Only what the fleet file says, checked; nothing here writes a card (`provisioning.cards`)
or asks central (`provisioning.tokens`).
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Network(NamedTuple):
    """How a device reaches central."""

    kind: str = "ethernet"
    """``ethernet`` or ``wifi``."""
    address: str = ""
    """``10.1.2.3/24``; empty: by DHCP."""
    gateway: str = ""
    dns: tuple[str, ...] = ()
    ssid: str = ""
    password: str = ""
    """Of the wireless network; a secret: in no log, no argument, no error message."""

    def __repr__(self) -> str:
        """Return the network without its password."""
        shown = self._replace(password="***" if self.password else "")
        return f"Network{tuple(shown)}"


class Technician(NamedTuple):
    """The account that technicians use on a device: by SSH key, never by password."""

    name: str = "technician"
    ssh_keys: tuple[str, ...] = ()
    """Lines of ``authorized_keys``; none: nobody can log in over the network."""


class Seat(NamedTuple):
    """One device, and where it will stand."""

    name: str
    """Its host name: lower-case letters, digits and hyphens; printed on its label."""
    hall: str
    """Code of the hall at central."""
    window: str
    """Code of the window at central."""
    settings: dict[str, object]
    """Its profile, by dotted key, as `provisioning.profile_file.render` takes it."""
    boot_lines: tuple[str, ...] = ()
    """Lines that its panel needs in the boot partition's ``config.txt``."""
    network: Network = Network()
    line: int = 0
    """Where the fleet file, or its table of devices, says so, for messages."""
    note: str = ""
    """What else its label says, e.g. where the window is."""
    panel: str = ""
    """Name of its screen (`provisioning.panels`); empty: another one."""


class Fleet(NamedTuple):
    """A whole fleet file, without mistakes."""

    file: Path
    central: str
    """Address of central, e.g. ``https://rating.example.gov.cn``."""
    seats: tuple[Seat, ...]
    ca_file: Path | None = None
    """Certificate authority of central, pinned on every device; None: the system's."""
    proxy: str = ""
    release: Path | None = None
    """The release that goes onto every card; None: the image has the software already."""
    release_key: Path | None = None
    """Public key (PEM) that releases must be signed with."""
    debs: tuple[Path, ...] = ()
    """Debian packages that go onto every card, for an image that lacks them."""
    timezone: str = "Asia/Shanghai"
    ntp: tuple[str, ...] = ()
    """Time servers of the hall; none: the system's."""
    country: str = "CN"
    """Of the wireless rules (ISO 3166)."""
    technician: Technician = Technician()
    data: str = "partition"
    """``partition``: a data partition of its own, and the root read-only; ``root``: neither."""
    token_days: int = 14
    halls: Mapping[str, str] = MappingProxyType({})
    """Names of halls by code, as labels print them."""

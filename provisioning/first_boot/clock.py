"""Time: a clock that is never before the day the card was written, zone and time servers.

Without a clock chip a board starts at some day in the past, plausible and months wrong, on
which central's certificate is not valid yet. The card says a day that has certainly come.
"""

import os
from typing import Final

from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed
from provisioning.first_boot.files import leads_to, link, put, remove, same

_SERVERS: Final = "etc/systemd/timesyncd.conf.d/50-haochaping.conf"
_TIMESYNCD: Final = "systemd-timesyncd.service"
_ZONES: Final = "usr/share/zoneinfo"
_FLOORS: Final = ("usr/lib/clock-epoch", "var/lib/systemd/timesync/clock")
"""Files whose time systemd, and its time service, take as the earliest possible one."""


def is_late_enough(device: Device) -> bool:
    """True if the clock is not before the card's day, nor will be at later boots."""
    issued = device.card.issued_ms / 1000
    floor = device.at(_FLOORS[0])
    return device.tools.now() >= issued and floor.exists() and floor.stat().st_mtime >= issued


def set_forward(device: Device) -> None:
    """Set the clock to the card's day if it is before that; never back."""
    issued = device.card.issued_ms / 1000
    now = device.tools.now()
    if now < issued:
        device.say(f"the clock is {(issued - now) / 86400:.1f} days behind the card: set forward")
        device.tools.set_clock(issued)
    for place in reversed(_FLOORS):
        floor = device.at(place)
        if place != _FLOORS[0] and not floor.parent.is_dir():
            continue
        if not floor.exists():
            put(floor, "")
        if floor.stat().st_mtime < issued:
            os.utime(floor, (issued, issued))


def is_kept(device: Device) -> bool:
    """True if zone and time servers are the card's."""
    zone = device.card.timezone
    return (
        leads_to(device.at("etc/localtime"), f"/{_ZONES}/{zone}")
        and same(device.at("etc/timezone"), f"{zone}\n")
        and (
            same(device.at(_SERVERS), _section(device.card.ntp))
            if device.card.ntp
            else not device.at(_SERVERS).exists()
        )
    )


def keep(device: Device) -> None:
    """Set the zone, and have the hall's time servers asked."""
    zone = device.card.timezone
    if not device.at(f"{_ZONES}/{zone}").is_file():
        raise SetupFailed(f"the image does not know the time zone {zone}")
    link(device.at("etc/localtime"), f"/{_ZONES}/{zone}")
    put(device.at("etc/timezone"), f"{zone}\n")
    has_service = device.has_unit(_TIMESYNCD)
    if has_service:
        device.tools.run("systemctl", "enable", _TIMESYNCD)
    servers = device.at(_SERVERS)
    changed = put(servers, _section(device.card.ntp)) if device.card.ntp else remove(servers)
    if not has_service:
        device.say("the image has no systemd-timesyncd: the card's time servers are not asked")
    elif changed:
        device.tools.run("systemctl", "restart", "--no-block", _TIMESYNCD)
    device.say(f"time zone {zone}; time servers: {', '.join(device.card.ntp) or 'the image’s'}")


def _section(servers: tuple[str, ...]) -> str:
    return f"[Time]\nNTP={' '.join(servers)}\n"

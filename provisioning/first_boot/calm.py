"""What the image would start that has no place on a kiosk.

Logins behind the screen, questions to a user who is not there, timers that look for updates
on the internet or write into a root that is read-only.
"""

from typing import Final

from provisioning.first_boot.device import Device
from provisioning.first_boot.files import leads_to, link, put

_NOTHING: Final = "/dev/null"
_UNITS: Final = "etc/systemd/system"
_MASKED: Final = (
    "getty@tty1.service",
    "ctrl-alt-del.target",  # before the kiosk takes the keyboard, and while it starts anew
    "userconfig.service",  # Raspberry Pi OS asks for a user's name
    "regenerate_ssh_host_keys.service",  # first boot has made them
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "man-db.timer",
    "logrotate.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "dphys-swapfile.service",  # swap on a card wears it out
    "rpi-resize.service",
    "resize2fs_once.service",
    "systemd-growfs-root.service",
    "fake-hwclock.service",  # systemd-timesyncd keeps the time, on the data partition
    "fake-hwclock-save.timer",
)
_NO_CLOUD_INIT: Final = "etc/cloud/cloud-init.disabled"
_ALWAYS_MASKED: Final = frozenset({"getty@tty1.service"})


def is_done(device: Device) -> bool:
    """True if all that is masked, and cloud-init will not run again."""
    return all(leads_to(device.at(_UNITS) / name, _NOTHING) for name in _names(device)) and (
        device.at(_NO_CLOUD_INIT).exists() or not device.at("etc/cloud").is_dir()
    )


def do(device: Device) -> None:
    """Mask it. Cloud-init's part, starting first boot, is done once it is installed."""
    names = _names(device)
    for name in names:
        link(device.at(_UNITS) / name, _NOTHING)
    device.tools.run("systemctl", "daemon-reload")
    device.tools.run("systemctl", "stop", "--no-block", *names)
    if device.at("etc/cloud").is_dir():
        put(device.at(_NO_CLOUD_INIT), "# haochaping: this device sets itself up from its card.\n")


def _names(device: Device) -> list[str]:
    places = ("usr/lib/systemd/system", "lib/systemd/system")
    return [
        name
        for name in _MASKED
        if name in _ALWAYS_MASKED or any((device.at(place) / name).exists() for place in places)
    ]

"""The device's name, as printed on its label."""

from provisioning.first_boot.device import Device
from provisioning.first_boot.files import put, text

_OWN = "127.0.1.1"


def is_done(device: Device) -> bool:
    """True if the files say the card's name; a boot takes it from there."""
    hosts = text(device.at("etc/hosts"))
    name = text(device.at("etc/hostname")).strip()
    return name == device.card.name and hosts == _with_name(hosts, name)


def do(device: Device) -> None:
    """Name the device, now and for later boots."""
    name = device.card.name
    device.tools.run("hostname", name)
    hosts = device.at("etc/hosts")
    put(hosts, _with_name(text(hosts), name))
    put(device.at("etc/hostname"), f"{name}\n")
    device.say(f"this device is {name}")


def _with_name(hosts: str, name: str) -> str:
    """Return the hosts file with ``name`` as the machine's own, and all else as it was."""
    lines = hosts.splitlines() or ["127.0.0.1\tlocalhost", "::1\tlocalhost"]
    kept = [line for line in lines if line.split()[:1] != [_OWN]]
    return "\n".join([*kept, f"{_OWN}\t{name}", ""])

"""Handing over to systemd: the one reboot, the start, and waiting for enrolment."""

import hashlib

from provisioning.first_boot.device import TARGET, Device
from provisioning.first_boot.errors import Rebooting, SetupFailed
from provisioning.first_boot.files import put, remove, text

_ENROL = "haochaping-enrol.service"


def needs_no_reboot(device: Device) -> bool:
    """True if everything is in effect."""
    return not device.wants_reboot.exists()


def reboot(device: Device) -> None:
    """Start the machine anew. Raises `Rebooting`."""
    device.say("restarting, to go on from there")
    device.tools.run("systemctl", "reboot")
    raise Rebooting


def is_started(device: Device) -> bool:
    """True if systemd has been told, in this boot, to start what is ours."""
    return device.started.exists()


def start(device: Device) -> None:
    """Have kiosk, enrolment and agent started; what they do is not waited for."""
    device.tools.run("systemctl", "daemon-reload")
    device.tools.run("systemctl", "start", "--no-block", TARGET)
    put(device.started, "")


def is_enrolled(device: Device) -> bool:
    """True if the device has an identity, and enrolment has come to its end in this boot.

    Also without a token: what it says last is what is left on the card.
    """
    return _identity(device) != "" and device.enrolled.exists()


def wait_for_enrolment(device: Device) -> None:
    """Wait until central knows the device, as long as it takes; take a spent token away.

    The states on the screen are enrolment's own meanwhile. A token that enrolment left on
    the card, since central did not take it, is tried again at the next boot; if it is taken
    then, the boot after that comes here again for it (``start.sh``).
    """
    device.tools.run("systemctl", "start", _ENROL, timeout_s=None)
    spent_on = _identity(device)
    if not spent_on:
        raise SetupFailed("enrolment ended without an identity: journalctl -u haochaping-enrol")
    token = device.card.token
    if token.exists():
        if hashlib.sha256(token.read_bytes().strip()).hexdigest() in spent_on:
            remove(token)
            device.say("the token is taken off the card")
        else:
            device.say("the token stays on the card: central has not taken it")
    put(device.enrolled, "")


def _identity(device: Device) -> str:
    return text(device.places.data / "identity.json")

"""Who this device is and what is installed: configuration, card, keys, identity, release.

Field pains: cloned cards share an identity, cloned machine-ids and SSH host keys, PEP 668,
new software that meets an old backlog.
"""

import json
import re
import stat
from contextlib import suppress
from pathlib import Path

from device import __version__
from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.patient import OVERFLOW_UID, Patient, owner_of
from device.core.errors import BadConfiguration, DeviceError, NotEnrolled
from device.releases.shelf import NoSuchRelease, Shelf
from device.store.board import SERIAL, board_serial
from device.store.deployed import AGENT_USER, KIOSK_USER
from device.store.identity import load_identity
from device.store.profile import check_files, load, without_password
from device.store.setup import Kind, meanings, read_state

STATES = Path(__file__).parents[2] / "ui_assets/setup_states.toml"


def configuration(patient: Patient) -> Finding:
    """Is the configuration file without mistakes?"""
    code = "configuration"
    try:
        profile = load(patient.profile_file)
        check_files(profile)
    except BadConfiguration as error:
        mistakes = [_masked(line) for line in str(error).splitlines()]
        more = f" (and {len(mistakes) - 3} more)" if len(mistakes) > 3 else ""
        return fault(
            code,
            f"{'; '.join(mistakes[:3])}{more}.",
            "haochaping config check lists every mistake; correct the file, or write the card "
            "again from the fleet file.",
            mistakes=len(mistakes),
        )
    return ok(code, f"{patient.profile_file} has no mistakes.", mistakes=0)


def _masked(line: str) -> str:
    """Return a mistake without the password of an address in it."""
    return re.sub(r"//[^/@\s]*@", "//***@", without_password(line) if "://" in line else line)


def card(patient: Patient) -> Finding:
    """Has what is on the card been taken over?"""
    code = "card"
    name = patient.card.get("name")
    if not name:
        return fault(
            code,
            "What the card was made for cannot be read (card.json).",
            "Write the card again: haochaping provision cards.",
        )
    try:
        on_card = json.loads(patient.text_or(patient.deployed.card / "card.json", "{}"))
    except PermissionError:
        on_card = {}
    except ValueError:
        return warning(
            code,
            "card.json on the boot partition is damaged.",
            "Nothing is wrong as long as nothing is to change; write the card again.",
        )
    host = patient.text_or("proc/sys/kernel/hostname") or patient.text_or("etc/hostname")
    if on_card and on_card != patient.card:
        return warning(
            code,
            "The card was written again and has not been taken over yet.",
            "Reboot; if it stays so: journalctl -u haochaping-first-boot.",
        )
    if host and host != name:
        return warning(
            code,
            f"This machine calls itself {host}; its card was made for {name}.",
            "Reboot; if it stays so: journalctl -u haochaping-first-boot.",
        )
    return ok(code, f"This is {name}, made for window {patient.card.get('window', '?')}.")


def setup(patient: Patient) -> Finding:
    """How far has setting up come?"""
    code = "setup"
    state = read_state(patient.deployed.setup)
    if patient.home.identity.exists() and (state is None or state.name == "READY"):
        return ok(code, "Setting up is done.")
    if state is None:
        return warning(
            code,
            "This device is not enrolled, and first boot says nothing.",
            "See journalctl -u haochaping-first-boot -u haochaping-enrol.",
        )
    meaning = meanings(STATES).get(state.name)
    if meaning is None:
        return unknown(
            code, f"Setting up stands at {state.name}, which this software does not know."
        )
    report = fault if meaning.kind is Kind.STOPPED else warning
    return report(
        code,
        f"Setting up stands at {state.name} (code {meaning.code}): {meaning.title['en']}"
        f"{f' ({state.detail})' if state.detail else ''}.",
        meaning.hint["en"],
        state=state.name,
    )


def identity(patient: Patient) -> Finding:
    """Does central know this device, and is it still the board that it enrolled on?"""
    code = "identity"
    with suppress(FileNotFoundError):  # what may not be read is not the same as nothing
        patient.text(patient.home.identity)
    try:
        who = load_identity(patient.home)
    except NotEnrolled as error:
        return fault(code, f"{error}.", "haochaping enrol, or a card with a fresh token.")
    here = board_serial((patient.at(SERIAL), patient.at("etc/machine-id")))
    if who.board and here and who.board != here:
        return fault(
            code,
            f"{who.device} was enrolled on another board: this card was moved or copied.",
            "Put the card back into its board, or write a card for this one "
            "(haochaping provision cards --replace).",
        )
    return ok(code, f"This device is {who.device}.", device=who.device)


def keys(patient: Patient) -> Finding:
    """Are both private keys there, each readable by its own user alone?"""
    code = "keys"
    trouble = []
    for path, user in (
        (patient.home.record_key, KIOSK_USER),
        (patient.home.transport_key, AGENT_USER),
    ):
        try:
            status = path.stat()
        except FileNotFoundError:
            trouble.append(f"{path.name} is missing")
            continue
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o077:
            trouble.append(f"{path.name} has mode {mode:o}, not 600")
        if status.st_size != 32:
            trouble.append(f"{path.name} has {status.st_size} bytes, not 32")
        expected = patient.uid_of(user) if patient.in_the_field else None
        if expected is not None and status.st_uid not in (expected, OVERFLOW_UID):
            trouble.append(f"{path.name} belongs to {owner_of(path)}, not to {user}")
    if trouble:
        return fault(
            code,
            f"{'; '.join(trouble)}.",
            "haochaping migrate, as root, gives both to their owners. A key that is gone is gone: "
            "enrol again.",
        )
    return ok(code, "Both keys are there, each for its own user alone.")


def own_identity(patient: Patient) -> Finding:
    """Are machine-id and SSH host keys this machine's own, not those of the image?"""
    code = "own-identity"
    trouble = []
    machine = patient.text_or("etc/machine-id")
    if not re.fullmatch(r"[0-9a-f]{32}", machine):
        trouble.append("there is no machine-id")
    bus = patient.at("var/lib/dbus/machine-id")
    if bus.exists() and not bus.is_symlink() and patient.text_or(bus) != machine:
        trouble.append("dbus has another machine-id baked in")
    board = patient.text_or(patient.deployed.settings / "board")
    serial = patient.text_or(SERIAL)
    if not board:
        trouble.append("nobody noted for which board they were made")
    elif serial and serial != board:
        trouble.append("they were made on another board")
    for file in sorted(patient.at("etc/ssh").glob("ssh_host_*_key")):
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            trouble.append(f"{file.name} can be read by others")
    if trouble:
        return warning(
            code,
            f"Machine-id and SSH host keys: {'; '.join(trouble)}.",
            "Reboot: first boot makes them anew where they belong to another board.",
        )
    return ok(code, "Machine-id and SSH host keys are this board's own.")


def release(patient: Patient) -> Finding:
    """Which software is in use, and is there one to go back to?"""
    code = "release"
    figures = {"software": __version__}
    if not patient.in_the_field and not patient.deployed.current.is_symlink():
        return ok(code, f"Version {__version__}, not from a release.", **figures)
    shelf = Shelf(patient.deployed)
    current, previous = shelf.current(), shelf.previous()
    figures |= {"release": current, "previous": previous}
    if not current:
        return fault(
            code,
            "No whole release is in use.",
            "Write the card again and reboot; or haochaping update FILE.",
            **figures,
        )
    try:
        shelf.manifest(current)
    except (NoSuchRelease, DeviceError):
        return fault(
            code,
            f"Release {current} is not whole.",
            "haochaping update --back, or haochaping update FILE.",
            **figures,
        )
    back = f"; {previous} can be gone back to" if previous else ""
    return ok(code, f"Release {current} is in use{back}.", **figures)

"""What takes another program, a library or a device node: services, pins, the display driver.

Field pains: a kiosk that restarts for ever, SDL without kmsdrm (pygame#3168), a black screen
with everything green, pins that another driver holds, power that is cut without shutting down.
"""

import ctypes
import importlib.util
import os
import re
from pathlib import Path
from typing import Any

from device.checks.finding import Figure, Finding, fault, ok, unknown, warning
from device.checks.inputs import LIBRARIES
from device.checks.patient import Patient
from device.doctor.programs import Ask, NoAnswer

UNITS = (
    "haochaping-first-boot.service",
    "haochaping-settle.service",
    "haochaping-migrate.service",
    "haochaping-enrol.service",
    "haochaping-agent.service",
    "haochaping-kiosk.service",
    "haochaping-update.path",
    "haochaping-update.service",
)
LONG_RUNNING = ("haochaping-agent.service", "haochaping-kiosk.service")
PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "NRestarts",
    "UnitFileState",
    "StatusText",
    "ExecMainStartTimestamp",
    "MemoryCurrent",
)
MANY_RESTARTS = 5
NOT_CLEAN = "recovery complete|recovering journal|was not properly unmounted"
"""The kernel's words where a file system was not unmounted before the power went."""


def unit_states(ask: Ask) -> dict[str, dict[str, str]]:
    """Return systemd's properties of each of our units. Raises `NoAnswer`."""
    told = ask(["systemctl", "show", *UNITS, f"--property={','.join(PROPERTIES)}"])
    found = {}
    for block in told.strip().split("\n\n"):
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in fields:
            found[fields["Id"]] = fields
    return found


def units(_patient: Patient, ask: Ask) -> Finding:
    """What does systemd say of our units?"""
    code = "units"
    try:
        states = unit_states(ask)
    except NoAnswer as error:
        return unknown(code, f"systemd cannot be asked: {error}.")
    absent = [name for name in LONG_RUNNING if states.get(name, {}).get("LoadState") != "loaded"]
    if absent:
        return fault(
            code,
            f"systemd does not know {', '.join(absent)}.",
            "The release's unit files are not installed: reboot, or write the card again.",
        )
    failed = [name for name, state in states.items() if state.get("ActiveState") == "failed"]
    restarts = {name: int(states[name].get("NRestarts") or 0) for name in LONG_RUNNING}
    figures: dict[str, Figure] = {f"restarts.{name}": n for name, n in restarts.items()}
    if failed:
        results = ", ".join(f"{name} ({states[name].get('Result', '?')})" for name in failed)
        return fault(code, f"Failed: {results}.", f"journalctl -u {failed[0]} -n 50", **figures)
    idle = [n for n in LONG_RUNNING if states[n].get("ActiveState") != "active"]
    if idle:
        told = ", ".join(f"{name} is {states[name].get('ActiveState')}" for name in idle)
        return fault(code, f"{told}.", f"journalctl -u {idle[0]} -n 50", **figures)
    often = [name for name, number in restarts.items() if number > MANY_RESTARTS]
    if often:
        return warning(
            code,
            f"{often[0]} was restarted {restarts[often[0]]} times since the device started.",
            f"journalctl -u {often[0]}: the lines before each start say why.",
            **figures,
        )
    return ok(code, f"All units work; restarts: {sum(restarts.values())}.", **figures)


def power_cuts(_patient: Patient, ask: Ask) -> Finding:
    """Was the power cut before this start, and was it too weak since?"""
    code = "power-cuts"
    try:
        kernel = ask(["journalctl", "-k", "-b", "-o", "cat", "--no-pager", "-q"])
    except NoAnswer as error:
        return unknown(code, f"The kernel's log cannot be read: {error}.", "Run it as root.")
    if not kernel.strip():
        return unknown(code, "The kernel's log cannot be read.", "Run it as root.")
    cut = len(re.findall(NOT_CLEAN, kernel))
    weak = len(re.findall(r"(?i)under-?voltage detected", kernel))
    if cut or weak:
        told = []
        if cut:
            told.append("the power was cut before this start")
        if weak:
            told.append(f"the supply was too weak {weak} times since")
        return warning(
            code,
            f"{' and '.join(told).capitalize()}.",
            "A device survives it; its card wears. Shut it down before a switch takes the power "
            "away; use the official supply.",
            unclean=cut > 0,
            undervoltages=weak,
        )
    return ok(code, "The device was shut down before its last start.", unclean=False)


def drawing(patient: Patient, ask: Ask) -> Finding:
    """Can SDL draw without a desktop: driver, libraries, and the variables that it needs?"""
    code = "drawing"
    sdl = _sdl()
    if sdl is None:
        return fault(code, "pygame's SDL library is not found.", "Install the release again.")
    if b"KMSDRM" not in sdl.read_bytes():
        return fault(
            code,
            f"{sdl.name} was built without KMSDRM: without a desktop the kiosk cannot start.",
            "PyPI's pygame has none; pygame-ce has, and Debian's python3-pygame.",
        )
    missing = [name for name in LIBRARIES if not _loads(name)]
    if missing:
        report = fault if patient.in_the_field else warning
        return report(
            code,
            f"{', '.join(missing)} cannot be loaded: the screen would stay black.",
            "Write the card again with debs = ... in the fleet file (docs/technicians.md); with a "
            "network: apt install libegl1 libgles2 libgbm1 libgl1-mesa-dri.",
        )
    if not patient.in_the_field:
        return ok(code, "SDL can draw without a desktop.")
    try:
        given = ask(["systemctl", "show", LONG_RUNNING[1], "--property=Environment"])
    except NoAnswer as error:
        return unknown(code, f"SDL can draw; the unit's variables cannot be read: {error}.")
    lacking = [
        word
        for word in ("SDL_RENDER_DRIVER=opengles2", "SDL_FRAMEBUFFER_ACCELERATION=opengles2")
        if word not in given
    ]
    if lacking:
        return fault(
            code,
            f"The kiosk's unit lacks {' and '.join(lacking)}: the screen stays black.",
            "Install the release again; remove drop-ins in haochaping-kiosk.service.d.",
        )
    return ok(code, "SDL can draw without a desktop, and the kiosk's unit says how.")


def _sdl() -> Path | None:
    found = importlib.util.find_spec("pygame")
    if found is None or found.origin is None:
        return None
    beside = sorted(Path(found.origin).parents[1].glob("pygame*.libs/libSDL2-2*"))
    system = sorted(Path("/usr/lib").glob("*/libSDL2-2.0.so.0"))
    return next(iter([*beside, *system]), None)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def pins(patient: Patient, _ask: Ask) -> Finding:
    """Are the buttons' pins on the header's chip, and held by the kiosk alone?"""
    code = "pins"
    if patient.profile is None:
        return unknown(code, "Without a readable configuration the pins are not known.")
    from device.kiosk.pins import used_pins

    wanted = used_pins(patient.profile.buttons)
    if not wanted:
        return ok(code, "No pins are configured.")
    import gpiod

    from device.kiosk.header_chip import ButtonsUnavailable, find_header_chip

    def label_of(path: Path) -> str:
        with gpiod.Chip(str(path)) as chip:
            return str(chip.get_info().label)

    try:
        header = find_header_chip(label_of, patient.at("dev"))
    except ButtonsUnavailable as error:
        refused = isinstance(error.__cause__, PermissionError)
        if refused and os.geteuid():
            return unknown(code, "The pins' chip may not be opened.", "Run it as root.")
        return fault(code, f"{error}.", "Check the board, config.txt and buttons.pins.")
    with gpiod.Chip(str(header.path)) as chip:
        used = {pin: _holder(chip, pin) for pin in wanted}
    strangers = {pin: who for pin, who in used.items() if who and not _ours(who)}
    if strangers:
        told = ", ".join(f"{pin} by {who}" for pin, who in strangers.items())
        return fault(
            code,
            f"Pins are held by something else: {told}.",
            "Switch that off in config.txt (dtparam, dtoverlay), or choose other pins.",
        )
    held = sum(1 for who in used.values() if who)
    return ok(
        code, f"{header.label}: {held} of {len(used)} pins are in the kiosk's hands.", held=held
    )


def _holder(chip: Any, pin: int) -> str:
    info = chip.get_line_info(pin)
    return (info.consumer or "an unnamed driver") if info.used else ""


def _ours(consumer: str) -> bool:
    return consumer.startswith(("haochaping", "gpiozero", "lg"))

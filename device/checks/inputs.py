"""Display, touch panel, buttons and sound, as far as it can be told without opening them.

Field pains: SDL's kmsdrm hangs without rights to the inputs (pygame#3168), a screen that is
black because a library is missing, HDMI absent at the start (linux#5017), touch dead after it
was plugged in again, pins that moved to another chip (gpiozero#1166), keys that reach the
console behind the kiosk (SDL#2418).
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from device.checks.finding import Figure, Finding, fault, ok, unknown, warning
from device.checks.patient import Patient
from device.store.deployed import KIOSK_USER

UNIT = "haochaping-kiosk.service"
_ABS_MT_POSITION_X = 0x35
_PROP_POINTER, _PROP_DIRECT = 0, 1
"""Codes of linux/input-event-codes.h."""
LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2", "libgbm.so.1")
_WHERE = ("usr/lib", "lib")
RIGHTS = "sudo systemd-sysusers && sudo udevadm trigger; then reboot."


class Input(NamedTuple):
    """One entry of ``/proc/bus/input/devices``."""

    name: str
    event: str
    """Its node below ``/dev/input``."""
    touch: bool
    keys: bool


def display(patient: Patient) -> Finding:
    """Is there a display that the kiosk can draw on?"""
    code = "display"
    if not patient.in_the_field and (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return ok(code, "The kiosk opens a window on this desktop.")
    cards = sorted(card.name for card in patient.at("sys/class/drm").glob("card[0-9]"))
    if not cards:
        return fault(
            code,
            "The kernel has no display driver (no /dev/dri/card*).",
            "On a Raspberry Pi: dtoverlay=vc4-kms-v3d in config.txt; then reboot.",
        )
    ends = {
        end.name.partition("-")[2]: patient.text_or(end / "status")
        for end in sorted(patient.at("sys/class/drm").glob("card[0-9]-*"))
        if (end / "status").exists()
    }
    connected = sorted(name for name, status in ends.items() if status == "connected")
    figures: dict[str, Figure] = {"cards": len(cards), "connected": ", ".join(connected)}
    if ends and not connected:
        return fault(
            code,
            f"No display is connected ({', '.join(sorted(ends))}).",
            "Check the display's cable and power. The kiosk tries again by itself.",
            **figures,
        )
    closed = _closed(patient, [patient.at(f"dev/dri/{card}") for card in cards])
    if closed:
        return fault(code, f"{KIOSK_USER} may not use {', '.join(closed)}.", RIGHTS, **figures)
    return ok(code, f"The display {', '.join(connected) or cards[0]} can be drawn on.", **figures)


def _closed(patient: Patient, nodes: list[Path]) -> list[str]:
    """Return which of ``nodes`` the kiosk may not use; none where we are kept from seeing them."""
    if not patient.sees_devices:
        return []
    return [
        patient.seen_from_root(node)
        for node in nodes
        if not node.exists() or not patient.may_use(node, KIOSK_USER, UNIT)
    ]


def graphics(patient: Patient) -> Finding:
    """Are the libraries there without which the screen stays black and every log is green?"""
    code = "graphics"
    folders = [patient.at(where) for where in _WHERE]
    missing = [
        name
        for name in LIBRARIES
        if not any((f / name).exists() or any(f.glob(f"*/{name}")) for f in folders)
    ]
    driver = any(
        any(f.glob(f"*/{kind}")) for f in folders for kind in ("dri/*_dri.so", "libgallium*.so")
    )
    if not driver:
        missing.append("a Mesa driver")
    if missing:
        report = fault if patient.in_the_field else warning
        return report(
            code,
            f"Missing for drawing without a desktop: {', '.join(missing)}.",
            "Write the card again with debs = ... in the fleet file (docs/technicians.md); with a "
            "network: apt install libegl1 libgles2 libgbm1 libgl1-mesa-dri.",
        )
    return ok(code, "The libraries for drawing without a desktop are there.")


def inputs(patient: Patient) -> list[Input]:
    """Return the input devices that the kernel knows."""
    found = []
    for block in patient.text_or("proc/bus/input/devices").split("\n\n"):
        name = re.search(r'^N: Name="(.*)"$', block, re.MULTILINE)
        event = re.search(r"^H: Handlers=.*\b(event\d+)\b", block, re.MULTILINE)
        if not name or not event:
            continue
        properties, absolute = _bits(block, "PROP"), _bits(block, "ABS")
        multitouch = _has(absolute, _ABS_MT_POSITION_X) and not _has(properties, _PROP_POINTER)
        single = _has(properties, _PROP_DIRECT) and _has(absolute, 0)
        keys = "kbd" in block and "leds" in block
        found.append(Input(name[1], event[1], multitouch or single, keys))
    return found


def _bits(block: str, kind: str) -> int:
    """Return a bit mask of the kernel's; its words are as wide as this machine's longs."""
    line = re.search(rf"^B: {kind}=([0-9a-f ]+)$", block, re.MULTILINE)
    value = 0
    for word in line[1].split() if line else ():
        value = value << _LONG | int(word, 16)
    return value


_LONG = 64 if os.sysconf("SC_LONG_BIT") == 64 else 32


def _has(bits: int, number: int) -> bool:
    return bool(bits >> number & 1)


def touch(patient: Patient) -> Finding:
    """Is a touch panel plugged in, and may the kiosk read it?"""
    code = "touch"
    panels = [one for one in inputs(patient) if one.touch]
    buttons = patient.profile is not None and bool(patient.profile.buttons.pins)
    if not panels:
        report = fault if patient.in_the_field and not buttons else warning
        return report(
            code,
            "No touch panel is found" + (", buttons go on." if buttons else "."),
            "Check the panel's USB or ribbon cable; lsusb shows whether it is seen at all.",
            panels=0,
        )
    closed = _closed_inputs(patient, panels)
    if closed:
        return fault(
            code, f"{KIOSK_USER} may not read {', '.join(closed)}.", RIGHTS, panels=len(panels)
        )
    return ok(code, f"Touch panel: {', '.join(one.name for one in panels)}.", panels=len(panels))


def _closed_inputs(patient: Patient, found: list[Input]) -> list[str]:
    if not patient.sees_devices:
        return []
    nodes = [patient.at(f"dev/input/{one.event}") for one in found]
    return [
        patient.seen_from_root(node)
        for node in nodes
        if not node.exists() or not patient.may_use(node, KIOSK_USER, UNIT)
    ]


def buttons(patient: Patient) -> Finding:
    """Is the chip behind the buttons' pins there, and may the kiosk use it?"""
    code = "buttons"
    if patient.profile is None:
        return unknown(code, "Without a readable configuration the pins are not known.")
    if not patient.profile.buttons.pins:
        return ok(code, "No buttons are configured.")
    if not patient.sees_devices:
        chips = sorted(patient.at("sys/bus/gpio/devices").glob("gpiochip*"))
    else:
        chips = sorted(patient.at("dev").glob("gpiochip*"))
    if not chips:
        return fault(
            code,
            "Buttons are configured, and there is no GPIO chip (/dev/gpiochip*).",
            "Buttons need a Raspberry Pi's header; without them: buttons.pins = [] in the profile.",
        )
    closed = _closed(patient, chips)
    if len(closed) == len(chips):
        return fault(code, f"{KIOSK_USER} may not use {', '.join(closed)}.", RIGHTS)
    return ok(code, f"The pins' chip can be used ({len(chips)} found).", chips=len(chips))


def sound(patient: Patient) -> Finding:
    """Is there something to play sound on?"""
    code = "sound"
    if patient.profile is not None and patient.profile.sound.volume == 0:
        return ok(code, "The device is configured to be silent.")
    players = re.findall(r"^.*: playback \d+", patient.text_or("proc/asound/pcm"), re.MULTILINE)
    if not players:
        return warning(
            code,
            "No sound device is found; the kiosk is silent.",
            "Plug the loudspeaker in, or set sound.volume = 0.",
            players=0,
        )
    nodes = sorted(patient.at("dev/snd").glob("pcm*p"))
    closed = _closed(patient, nodes)
    if nodes and len(closed) == len(nodes):
        return warning(code, f"{KIOSK_USER} may not play on {', '.join(closed)}.", RIGHTS)
    return ok(code, f"{len(players)} sound devices can play.", players=len(players))


def console(patient: Patient) -> Finding:
    """Does nothing wait behind the kiosk for a keyboard?"""
    code = "console"
    getty = patient.deployed.units / "getty@tty1.service"
    masked = getty.is_symlink() and getty.readlink() == Path("/dev/null")
    sysrq = patient.number("proc/sys/kernel/sysrq")
    trouble = []
    if not masked:
        trouble.append("a login waits on the kiosk's console")
    if sysrq not in (0, None):
        trouble.append("a keyboard's emergency keys (SysRq) work")
    if trouble:
        return warning(
            code,
            f"On a USB keyboard {' and '.join(trouble)}.",
            "sudo systemctl mask --now getty@tty1; sudo sysctl --system; then reboot.",
            getty_masked=masked,
            sysrq=sysrq,
        )
    return ok(
        code, "No login and no emergency keys behind the kiosk.", getty_masked=True, sysrq=sysrq
    )


def screen_sleep(patient: Patient) -> Finding:
    """Does the console leave the screen on?"""
    code = "screen-sleep"
    seconds = patient.number("sys/module/kernel/parameters/consoleblank")
    if seconds is None:
        return unknown(code, "The kernel does not tell when it blanks the console.")
    if seconds:
        return warning(
            code,
            f"The kernel blanks the console after {seconds} s; some panels do not wake again.",
            "consoleblank=0 in cmdline.txt; then reboot.",
            seconds=seconds,
        )
    return ok(code, "The screen is never switched off.", seconds=0)

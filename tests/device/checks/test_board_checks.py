"""Power, heat, memory, clock, screen, touch, buttons and sound, as the kernel's files show them."""

import json
import os

import pytest
from patient_rig import ROOT, TOUCH, again, card, finding, give, put

from device.checks import Level
from device.checks.inputs import inputs
from device.checks.patient import Patient

NEEDS_ROOT = pytest.mark.skipif(not ROOT, reason="needs files of other users")


def level(patient: Patient, code: str) -> Level:
    return finding(again(patient.deployed), code).level


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ("0x1", Level.FAULT),
        ("50005", Level.FAULT),
        ("0x10000", Level.WARNING),
        ("0x80000", Level.OK),
    ],
)
def test_undervoltage_now_is_a_fault_and_since_the_start_a_warning(
    patient: Patient, bits: str, expected: Level
):
    put(patient.deployed.root, "sys/devices/platform/soc/soc:firmware/get_throttled", bits)
    assert level(patient, "undervoltage") is expected


def test_a_board_that_tells_nothing_of_its_voltage_is_unknown(patient: Patient):
    patient.at("sys/devices/platform/soc/soc:firmware/get_throttled").unlink()
    patient.at("sys/class/hwmon/hwmon0/name").write_text("cpu_thermal")
    assert level(patient, "undervoltage") is Level.UNKNOWN


@pytest.mark.parametrize(
    ("milli", "expected"),
    [("52000", Level.OK), ("76000", Level.WARNING), ("84000", Level.FAULT), ("hot", Level.UNKNOWN)],
)
def test_heat_is_judged_by_where_the_board_slows_down(
    patient: Patient, milli: str, expected: Level
):
    put(patient.deployed.root, "sys/class/thermal/thermal_zone0/temp", milli)
    assert level(patient, "temperature") is expected


@pytest.mark.parametrize(
    ("available", "expected"), [(600, Level.OK), (80, Level.WARNING), (20, Level.FAULT)]
)
def test_memory_that_runs_out_is_told(patient: Patient, available: int, expected: Level):
    text = f"MemTotal: 1000000 kB\nMemAvailable: {available}000 kB\n"
    put(patient.deployed.root, "proc/meminfo", text)
    assert level(patient, "memory") is expected


def test_a_process_that_was_killed_for_memory_is_told(patient: Patient):
    put(patient.deployed.root, "proc/vmstat", "oom_kill 2\n")
    assert level(patient, "memory") is Level.WARNING


def test_a_clock_that_nobody_set_is_warned_of(unsynchronised: Patient):
    assert finding(unsynchronised, "clock").level is Level.WARNING


def test_a_clock_before_the_making_of_the_card_is_a_fault(unsynchronised: Patient):
    put(
        unsynchronised.deployed.settings, "card.json", json.dumps(card(issued_ms=4_000_000_000_000))
    )
    said = finding(again(unsynchronised.deployed), "clock")
    assert said.level is Level.FAULT
    assert "hours before the making of the card" in said.sentence


def test_a_battery_clock_that_is_years_off_is_told(patient: Patient):
    put(patient.deployed.root, "sys/class/rtc/rtc0/since_epoch", "86400\n")
    assert level(patient, "rtc") is Level.WARNING


def test_a_watchdog_that_sleeps_is_warned_of(patient: Patient):
    put(patient.deployed.root, "sys/class/watchdog/watchdog0/state", "inactive\n")
    assert level(patient, "watchdog") is Level.WARNING


# --- screen and inputs -------------------------------------------------------------------------


def test_a_display_cable_that_is_out_is_a_fault(patient: Patient):
    put(patient.deployed.root, "sys/class/drm/card1-HDMI-A-1/status", "disconnected\n")
    said = finding(patient, "display")
    assert said.level is Level.FAULT
    assert "No display is connected" in said.sentence


def test_a_kernel_without_a_display_driver_is_a_fault(patient: Patient):
    for entry in sorted(patient.at("sys/class/drm").rglob("*"), reverse=True):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    assert level(patient, "display") is Level.FAULT


@NEEDS_ROOT
@pytest.mark.parametrize(
    ("node", "code"),
    [("dev/dri/card1", "display"), ("dev/input/event0", "touch"), ("dev/gpiochip0", "buttons")],
)
def test_a_kiosk_without_rights_to_its_devices_is_a_fault(patient: Patient, node: str, code: str):
    give(patient.at(node), 0, 0)
    said = finding(patient, code)
    assert said.level is Level.FAULT
    assert "haochaping-kiosk may not" in said.sentence
    assert node in said.sentence


@NEEDS_ROOT
def test_rights_count_that_the_unit_gives(patient: Patient):
    unit = patient.deployed.units / "haochaping-kiosk.service"
    unit.write_text("[Service]\nUser=haochaping-kiosk\n")
    assert level(patient, "touch") is Level.FAULT
    group = patient.at("etc/group")
    group.write_text(group.read_text().replace("input:x:4745:", "input:x:4745:haochaping-kiosk"))
    assert level(patient, "touch") is Level.OK


def test_a_service_with_devices_of_its_own_is_not_misled(patient: Patient):
    mounts = patient.at("proc/self/mountinfo")
    mounts.write_text(mounts.read_text().replace("- devtmpfs udev", "- tmpfs tmpfs"))
    for node in ("dev/dri/card1", "dev/input/event0", "dev/gpiochip0"):
        patient.at(node).unlink()
    put(patient.deployed.root, "sys/bus/gpio/devices/gpiochip0", "")
    for code in ("display", "touch", "buttons"):
        assert level(patient, code) is Level.OK


@pytest.mark.parametrize("name", ["libEGL.so.1", "libGLESv2.so.2", "libgbm.so.1", "dri/vc4_dri.so"])
def test_each_library_without_which_the_screen_is_black_is_missed(patient: Patient, name: str):
    patient.at(f"usr/lib/aarch64-linux-gnu/{name}").unlink()
    assert level(patient, "graphics") is Level.FAULT


def test_a_panel_is_told_from_a_keyboard_a_mouse_and_a_touchpad(patient: Patient):
    others = """
I: Bus=0011
N: Name="Touchpad"
H: Handlers=mouse1 event2
B: PROP=5
B: ABS=260800000000003

I: Bus=0003
N: Name="Mouse"
H: Handlers=mouse2 event3
B: PROP=0
B: REL=3

I: Bus=0003
N: Name="Old single touch panel"
H: Handlers=event4
B: PROP=2
B: ABS=3
"""
    put(patient.deployed.root, "proc/bus/input/devices", TOUCH + others)
    assert {one.name for one in inputs(patient) if one.touch} == {
        "Goodix Touch",
        "Old single touch panel",
    }


def test_without_a_panel_buttons_go_on(patient: Patient):
    put(patient.deployed.root, "proc/bus/input/devices", "")
    assert level(patient, "touch") is Level.WARNING
    file = patient.deployed.profile
    file.write_text(file.read_text().replace("[5, 6, 13, 19, 26]", "[]"))
    assert level(patient, "touch") is Level.FAULT
    assert level(patient, "buttons") is Level.OK


def test_buttons_without_a_chip_are_a_fault(patient: Patient):
    patient.at("dev/gpiochip0").unlink()
    assert level(patient, "buttons") is Level.FAULT


def test_silence_is_a_warning_unless_it_is_configured(patient: Patient):
    put(patient.deployed.root, "proc/asound/pcm", "")
    assert level(patient, "sound") is Level.WARNING
    file = patient.deployed.profile
    file.write_text(file.read_text() + "[sound]\nvolume = 0\n")
    assert level(patient, "sound") is Level.OK


def test_a_login_behind_the_kiosk_is_warned_of(patient: Patient):
    (patient.deployed.units / "getty@tty1.service").unlink()
    assert level(patient, "console") is Level.WARNING


def test_a_keyboard_that_can_reboot_the_kernel_is_warned_of(patient: Patient):
    put(patient.deployed.root, "proc/sys/kernel/sysrq", "438\n")
    assert "SysRq" in finding(patient, "console").sentence


def test_a_screen_that_falls_asleep_is_warned_of(patient: Patient):
    put(patient.deployed.root, "sys/module/kernel/parameters/consoleblank", "600\n")
    assert level(patient, "screen-sleep") is Level.WARNING


def test_devices_are_not_judged_by_the_eyes_of_root(patient: Patient):
    # Root may open everything; what counts is the kiosk.
    node = patient.at("dev/dri/card1")
    node.chmod(0o600)
    may = patient.may_use(node, "haochaping-kiosk", "haochaping-kiosk.service")
    assert may is (os.geteuid() != 0)

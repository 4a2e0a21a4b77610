"""The board: power, heat, memory, clock, and the watchdog that starts it anew.

Field pains: undervoltage, no RTC and a clock that is months off, a kernel that hangs.
"""

import re
import time

from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.patient import Patient
from device.store import moment
from protocol.records import ClockQuality

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""Raspberry Pi's firmware, as ``vcgencmd get_throttled``: bits 0 to 3 are now (undervoltage,
capped frequency, throttled, soft temperature limit), 16 to 19 the same since boot."""
HOT_C, TOO_HOT_C = 75.0, 82.0
"""A Raspberry Pi slows down at 80 degrees (soft limit) and at 85."""
LOW_MEMORY, NO_MEMORY = 0.10, 0.04
"""Shares of the memory that are available."""


def undervoltage(patient: Patient) -> Finding:
    """Is the power supply strong enough?"""
    code = "undervoltage"
    alarm, seen = None, None
    for sensor in sorted(patient.at("sys/class/hwmon").glob("hwmon*")):
        if patient.text_or(sensor / "name") == "rpi_volt":
            alarm = patient.text_or(sensor / "in0_lcrit_alarm") == "1"
    bits = _throttled(patient)
    if bits is not None:
        alarm, seen = bool(alarm) or bool(bits & 1), bool(bits & 1 << 16)
    what = (
        "Use the official power supply and a short, thick cable; take other loads off USB. "
        "Undervoltage ruins cards."
    )
    if alarm is None:
        return unknown(code, "This board does not tell whether its supply is too weak.")
    if alarm:
        return fault(code, "The supply voltage is too low now.", what, now=True, since_boot=True)
    if seen:
        return warning(
            code,
            "The supply voltage was too low since the start.",
            what,
            now=False,
            since_boot=True,
        )
    return ok(code, "The supply voltage is right.", now=False, since_boot=seen)


def _throttled(patient: Patient) -> int | None:
    text = patient.text_or(THROTTLED)
    return int(text, 16) if re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", text) else None


def temperature(patient: Patient) -> Finding:
    """Is the board too hot?"""
    code = "temperature"
    milli = [
        number
        for zone in sorted(patient.at("sys/class/thermal").glob("thermal_zone*"))
        if (number := patient.number(zone / "temp")) is not None
    ]
    bits = _throttled(patient) or 0
    slowed_now, slowed = bool(bits & 0b1110), bool(bits & 0b1110 << 16)
    if not milli:
        return unknown(code, "This board does not tell its temperature.")
    hottest = round(max(milli) / 1000, 1)
    figures = {"celsius": hottest, "slowed_now": slowed_now, "slowed_since_boot": slowed}
    what = "Let air reach the case; keep it out of the sun and away from heaters; fit a heat sink."
    if hottest >= TOO_HOT_C:
        return fault(code, f"The processor has {hottest} °C and is slowed down.", what, **figures)
    if hottest >= HOT_C or slowed_now or slowed:
        told = " and was slowed down" if slowed_now or slowed else ""
        return warning(code, f"The processor has {hottest} °C{told}.", what, **figures)
    return ok(code, f"The processor has {hottest} °C.", **figures)


def memory(patient: Patient) -> Finding:
    """Is there memory left, and was a process killed for want of it?"""
    code = "memory"
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB", patient.text_or("proc/meminfo"), re.MULTILINE))
    if "MemTotal" not in found or "MemAvailable" not in found:
        return unknown(code, "The kernel does not tell how much memory there is.")
    whole, free = int(found["MemTotal"]), int(found["MemAvailable"])
    killed_line = re.search(r"^oom_kill (\d+)$", patient.text_or("proc/vmstat"), re.MULTILINE)
    killed = int(killed_line[1]) if killed_line else 0
    figures = {"total_mb": whole // 1024, "available_mb": free // 1024, "oom_kills": killed}
    said = f"{free // 1024} MB of {whole // 1024} MB memory are available."
    what = "See what takes it: systemd-cgtop -m. Nothing else belongs on this board."
    if free < NO_MEMORY * whole:
        return fault(code, said, what, **figures)
    if free < LOW_MEMORY * whole:
        return warning(code, said, what, **figures)
    if killed:
        return warning(
            code,
            f"{said} Since the start {killed} processes were ended for want of it.",
            what,
            **figures,
        )
    return ok(code, said, **figures)


def clock(patient: Patient) -> Finding:
    """Does the device know what time it is?"""
    code = "clock"
    now_ms = time.time_ns() // 1_000_000
    synced = (
        patient.at("run/systemd/timesync/synchronized").exists()
        or moment.clock_quality() is ClockQuality.SYNCED
    )
    rtc = _has_rtc(patient)
    floor = patient.card.get("issued_ms")
    figures = {"synchronised": synced, "wall_ms": now_ms, "rtc": rtc}
    what = (
        "Check that the hall's time server answers on UDP port 123 (haochaping doctor --only ntp). "
        "Records are kept; central corrects their times."
    )
    if isinstance(floor, int) and now_ms < floor:
        return fault(
            code,
            f"The clock is {(floor - now_ms) // 3_600_000} hours before the making of the card.",
            what,
            **figures,
        )
    if not synced:
        return warning(
            code,
            f"The clock has not been synchronised; it shows {_utc(now_ms)} UTC.",
            what,
            **figures,
        )
    return ok(code, f"The clock is synchronised; it is {_utc(now_ms)} UTC.", **figures)


def rtc(patient: Patient) -> Finding:
    """Does a battery keep the time while the power is off?"""
    code = "rtc"
    if not _has_rtc(patient):
        return ok(
            code,
            "There is no battery-backed clock: after each start the time comes from the network.",
            present=False,
        )
    device = patient.at("sys/class/rtc/rtc0")
    kept = patient.number(device / "since_epoch")
    if kept is None:
        return unknown(code, "The battery-backed clock does not tell its time.", present=True)
    off_s = kept - time.time_ns() // 1_000_000_000
    if abs(off_s) > 3600:
        return warning(
            code,
            f"The battery-backed clock is {abs(off_s) // 3600} hours off.",
            "When the clock is synchronised: sudo hwclock --systohc. If it comes again, change "
            "the battery.",
            present=True,
            off_s=off_s,
        )
    return ok(code, "The battery-backed clock is right.", present=True, off_s=off_s)


def _has_rtc(patient: Patient) -> bool:
    return patient.at("sys/class/rtc/rtc0").exists()


def _utc(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms / 1000))


def watchdog(patient: Patient) -> Finding:
    """Will the board start anew if its kernel hangs?"""
    code = "watchdog"
    dogs = sorted(patient.at("sys/class/watchdog").glob("watchdog*"))
    if not dogs:
        return warning(
            code,
            "There is no hardware watchdog.",
            "On a Raspberry Pi: dtparam=watchdog=on in config.txt.",
        )
    states = {patient.text_or(dog / "state") for dog in dogs}
    if "active" in states:
        return ok(code, "The hardware watchdog is active.")
    if states == {""}:
        return unknown(code, "The watchdog does not tell whether it is active.")
    return warning(
        code,
        "The hardware watchdog is not active: a kernel that hangs stays so.",
        "See /etc/systemd/system.conf.d/haochaping.conf (RuntimeWatchdogSec); then reboot.",
    )


def uptime(patient: Patient) -> Finding:
    """How long has the device been up, and how loaded is it?"""
    code = "uptime"
    up = re.match(r"\d{1,12}", patient.text_or("proc/uptime"))
    load = re.match(r"(?:\d+\.\d+ ){2}(\d+\.\d+)\b", patient.text_or("proc/loadavg"))
    if not up:
        return unknown(code, "The kernel does not tell how long it has been up.")
    minutes = int(up[0]) // 60
    figures = {"minutes": minutes, "load_15_minutes": float(load[1]) if load else None}
    return ok(code, f"Up for {minutes // 1440} days and {minutes % 1440 // 60} hours.", **figures)

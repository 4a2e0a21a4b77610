"""How the device is, as far as the agent can see: what a heartbeat says."""

import fcntl
import os
import shutil
from pathlib import Path

from device import __version__
from device.store import moment
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.home import Home
from protocol.messages import Heartbeat

_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
_UNDERVOLTAGE = Path("/sys/class/hwmon")


def take_pulse(home: Home, backlog: Backlog, briefing: Briefing) -> Heartbeat:
    """Return the device's state now. Readings that this board does not give are None."""
    now = moment.now()
    receipt = briefing.receipt()
    version, _ = briefing.configuration()
    return Heartbeat(
        software=__version__,
        boot_id=now.boot_id,
        monotonic_ms=now.monotonic_ms,
        wall_ms=now.wall_ms,
        clock=now.clock,
        head=backlog.head(),
        acknowledged=receipt.through if receipt else 0,
        configuration=version,
        disk_free_bytes=shutil.disk_usage(home.root).free,
        temperature_c=temperature_c(),
        undervoltage=undervoltage(),
        kiosk_running=is_locked(home.kiosk_lock),
        counters=briefing.counters()
        | {f"kiosk.{reason}": count for reason, count in backlog.counters().items()},
    )


def temperature_c() -> float | None:
    """Return the processor's temperature in degrees Celsius."""
    try:
        return int(_TEMPERATURE.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def undervoltage() -> bool | None:
    """Return whether the supply has been too weak since boot (Raspberry Pi's own alarm)."""
    for sensor in sorted(_UNDERVOLTAGE.glob("hwmon*")):
        try:
            if (sensor / "name").read_text(encoding="ascii").strip() == "rpi_volt":
                return (sensor / "in0_lcrit_alarm").read_text(encoding="ascii").strip() == "1"
        except OSError:
            continue
    return None


def lock(path: Path) -> int | None:
    """Take the lock that says "this process runs"; None if another one holds it.

    The lock ends with the process, however it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_locked(path: Path) -> bool:
    """True if the process that holds this lock is alive."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

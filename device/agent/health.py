"""How the device is, as far as the agent can see: what a heartbeat says."""

import shutil
from pathlib import Path

from device import __version__
from device.store import lock, moment
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
        kiosk_running=lock.is_held(home.kiosk_lock),
        counters=briefing.counters()
        | {f"kiosk.{reason}"[:64]: count for reason, count in backlog.counters().items()},
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

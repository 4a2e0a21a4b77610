"""How the device is, as far as the agent can see: what a heartbeat says."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from device import __version__
from device.releases.news import deployed_with, read_news, release_in_use
from device.store import lock, moment
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.home import Home
from protocol.messages import Heartbeat
from protocol.releases import this_platform

_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
_UNDERVOLTAGE = Path("/sys/class/hwmon")


def take_pulse(
    home: Home,
    backlog: Backlog,
    briefing: Briefing,
    update: str = "",
    faults: tuple[str, ...] = (),
) -> Heartbeat:
    """Return the device's state now. Readings that this board does not give are None.

    ``update`` is what the agent itself is doing about one, if anything; ``faults`` are the codes
    of the checks that fail (`device.agent.checkup`).
    """
    now = moment.now()
    deployed = deployed_with(home.root)
    release = release_in_use(deployed) if deployed else ""
    news = read_news(deployed) if deployed else None
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
        # Only with an installed release: an older central refuses what it does not know.
        platform=this_platform() if release else "",
        release=release,
        update=update or (news.line if news else ""),
        faults=faults if release else (),
    )


def mark_heartbeat() -> None:
    """Leave word in the service's own runtime folder that central took a heartbeat.

    For the updater, which asks whether a new release still reaches central. systemd makes
    the folder and removes it when the agent stops; without it there is nobody to ask.
    """
    folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if folder:
        with suppress(OSError):  # a full or read-only /run costs an update, no rating
            Path(folder, "heartbeat").touch()


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

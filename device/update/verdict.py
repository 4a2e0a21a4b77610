"""Does a new release do no worse than the one before?"""

import sqlite3
from pathlib import Path
from typing import Final

from device.core.errors import DeviceError
from device.store import lock
from device.store.connect import glance
from device.store.deployed import Deployed
from device.store.home import Home
from device.update.system import AGENT, KIOSK, System, SystemRefused
from device.update.trial import Trial

STEADY_S: Final = 30.0
"""So long everything has to be well without a break."""
PATIENCE_S: Final = 240.0
"""Until then everything has to be well; a first start on a slow card takes a minute."""
HEARTBEAT_PATIENCE_S: Final = 900.0
"""For central's answer alone, while citizens are served: the network may be away a while."""
LOOK_S: Final = 2.0


def heartbeat_mark(deployed: Deployed) -> Path:
    """Return the file whose time says when central last took a heartbeat, in this boot."""
    return deployed.root / "run/haochaping-agent/heartbeat"


def at_work(system: System) -> tuple[str, ...]:
    """Return which of the two services are at work."""
    return tuple(unit for unit in (KIOSK, AGENT) if system.state(unit).active)


def central_answers(deployed: Deployed) -> bool:
    """True if central took a heartbeat of the running agent, and answered last time."""
    if not heartbeat_mark(deployed).exists():
        return False
    try:
        row = glance(
            Home(deployed.data).agent_db,
            lambda db: db.execute("SELECT online FROM link").fetchone(),
        )
    except sqlite3.Error:
        return False
    return bool(row and row[0])


def complaint(deployed: Deployed, system: System, trial: Trial) -> str:
    """Return what is wrong with the services now; empty if nothing is."""
    for unit in trial.expected:
        state = system.state(unit)
        if not state.active:
            return f"{unit} is {state.words}"
    if KIOSK in trial.expected and not lock.is_held(Home(deployed.data).kiosk_lock):
        return "the kiosk does not hold its data folder"
    return ""


def watch(deployed: Deployed, system: System, trial: Trial) -> str:
    """Watch a release until it has proved itself; returns why it did not, else nothing."""
    started = system.monotonic()
    steady_since: float | None = None
    restarts: dict[str, int] = {}
    while True:
        now = system.monotonic()
        try:
            wrong = complaint(deployed, system, trial)
            counted = {unit: system.state(unit).restarts for unit in trial.expected}
        except (SystemRefused, DeviceError) as error:
            wrong, counted = str(error), restarts
        if not wrong and counted != restarts and restarts:
            wrong = "a service was started again and again"
        restarts = counted
        if wrong:
            steady_since = None
            if now - started >= PATIENCE_S:
                return wrong
        else:
            steady_since = now if steady_since is None else steady_since
            if now - steady_since >= STEADY_S:
                if not trial.central_expected or heartbeat_mark(deployed).exists():
                    return ""
                if now - started >= HEARTBEAT_PATIENCE_S:
                    return "central took a heartbeat before, and none since"
        system.pause(LOOK_S)

"""Is a citizen rating just now? An update waits until nobody is."""

from pathlib import Path
from typing import Final

from device.core.errors import DeviceError, WrongSchema
from device.store.backlog import Backlog
from device.store.home import Home
from device.update.system import System

QUIET_S: Final = 10.0
"""Nobody has been there for so long: the next one has probably not been invited yet."""
LOOK_S: Final = 1.0
LONG_S: Final = 2 * 3600.0
"""At a busy window any moment without a visit will do after this."""


def visit_is_open(data: Path) -> bool:
    """True if a visit is open, or that cannot be told now."""
    home = Home(data)
    try:
        backlog = Backlog(home)
    except WrongSchema:
        return False  # no file yet, or nothing that this software could have written
    except DeviceError:
        return True
    try:
        return backlog.visit_under_way() is not None
    except DeviceError:
        return True
    finally:
        backlog.close()


def wait_for_end_of_visit(data: Path, system: System) -> None:
    """Return at once if no visit is open, else when it is over."""
    while visit_is_open(data):
        system.pause(LOOK_S)


def wait_until_idle(data: Path, system: System) -> None:
    """Return in a moment without a visit, after some quiet if there is any."""
    started = quiet_since = system.monotonic()
    while True:
        now = system.monotonic()
        if visit_is_open(data):
            quiet_since = now + LOOK_S
        elif now - quiet_since >= QUIET_S or now - started >= LONG_S:
            return
        system.pause(LOOK_S)

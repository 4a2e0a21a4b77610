"""What `haochaping migrate` does to a device's files before kiosk and agent may open them."""

import os
from contextlib import ExitStack
from pathlib import Path

from device.store import lock, past
from device.store.home import Home
from device.store.owners import acting_as_owner_of, give_to_owners
from device.store.schema import migrate


def prepare(home: Home, card: Path | None) -> tuple[list[str], list[str]]:
    """Make ``home`` ready to be opened; returns what there is to say, and what was migrated.

    ``card`` is the folder of the device's card, if it has one: it may be for another identity
    than the folder's. Raises `DeviceError`, or `OSError` if the files cannot be given to their
    users.
    """
    said: list[str] = []
    _make_and_give(home, said)
    # Whoever writes a file has to be the only one: not beside a running kiosk or agent.
    with ExitStack() as held:
        _hold_both(home, held)
        if card is not None and _leave_past(home, card, said):
            _hold_both(home, held)
        applied = migrate(home)
        # What an older version left to root.
        _make_and_give(home, said)
    return said, applied


def _make_and_give(home: Home, said: list[str]) -> None:
    home.prepare()
    said += [f"{path}: neither a file nor a folder; left alone" for path in give_to_owners(home)]


def _hold_both(home: Home, held: ExitStack) -> None:
    for path in (home.kiosk_lock, home.agent_lock):
        with acting_as_owner_of(path.parent):
            held.callback(os.close, lock.hold(path))


def _leave_past(home: Home, card: Path, said: list[str]) -> bool:
    """Set the folder aside if the card is for another identity; True if that was done."""
    why = past.to_be_left(home, card)
    if not why:
        return False
    try:
        aside, unsent = past.set_aside(home)
    except OSError as error:  # the device serves on as it is; enrolment says so
        said.append(f"{home.root} cannot be set aside: {error}")
        return False
    said.append(f"{home.root} is set aside as {aside.name}: {why}; {unsent} records were not sent")
    _make_and_give(home, said)
    return True

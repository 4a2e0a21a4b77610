"""How far a device is on its way from a blank card to its first rating, for people.

First boot and enrolment write a state down; the kiosk's setup screen, `haochaping doctor`
and the text file on the boot partition show it. Each state has a code that can be read
over the phone, a title and a hint in every language (``ui_assets/setup_states.toml``).
Kept to the standard library: first boot runs before anything of ours is installed.
"""

import json
import os
import tomllib
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

LANGUAGES = ("zh-CN", "en", "ko")


class Kind(StrEnum):
    """What a state asks of the technician."""

    BUSY = "busy"
    """Nothing: it is being worked on."""
    WAITS = "waits"
    """Perhaps something outside the device; it is tried again for ever."""
    STOPPED = "stopped"
    """Something must be done before it can go on."""
    DONE = "done"


class Meaning(NamedTuple):
    """A state as people are told it."""

    name: str
    """E.g. ``NO_NETWORK``."""
    code: str
    """E.g. ``20``: short enough to be said over the phone."""
    kind: Kind
    title: dict[str, str]
    hint: dict[str, str]


class SetupState(NamedTuple):
    """Where a device stands now."""

    name: str
    detail: str = ""
    """One line for the technician, in English: an address, a file, what was answered."""
    step: int = 0
    steps: int = 0
    """Which of how many steps of first boot; 0 where it does not apply."""
    device: str = ""
    """The device's host name, as printed on its label."""
    fingerprint: str = ""
    """Of the card, as printed on its label."""


def meanings(file: Path) -> dict[str, Meaning]:
    """Return every state by name, from ``setup_states.toml``.

    Raises `ValueError` if the file is not as it should be.
    """
    found = {}
    for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        texts = {key: {code: entry[key][code] for code in LANGUAGES} for key in ("title", "hint")}
        found[name] = Meaning(name, entry["code"], Kind(entry["kind"]), **texts)
    return found


def write_state(file: Path, state: SetupState) -> None:
    """Let ``state`` take the place of the one before, in one step, readable by everybody."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps(state._asdict()), encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(file)


def read_state(file: Path) -> SetupState | None:
    """Return the state in ``file``; None if there is none that can be read."""
    with suppress(OSError, ValueError, TypeError):
        return SetupState(**json.loads(file.read_text(encoding="utf-8")))
    return None

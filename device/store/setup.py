"""How far a device is on its way from a blank card to its first rating, for people.

First boot and enrolment write a state down; the kiosk's setup screen, `haochaping doctor`
and the text file on the boot partition show it. Each state has a code that can be read
over the phone, a title and a hint in every language (``ui_assets/setup_states.toml``).
Kept to the standard library: first boot runs before anything of ours is installed.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from device.core.plain import plain
from device.store.disk import sync_folder

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


def state_text(state: SetupState, meanings: Mapping[str, Meaning]) -> str:
    """Return ``state`` as plain text in every language, for whoever reads the card elsewhere.

    The same state gives the same text, without a time of day: the clock may be years off,
    and a file that has not changed need not be written again.
    """
    meaning = meanings.get(state.name)
    lines = [f"{meaning.code if meaning else '--'}  {state.name}"]
    if meaning is not None:
        for language in LANGUAGES:
            lines += ["", meaning.title[language], meaning.hint[language]]
    facts = {
        "step": f"{state.step} of {state.steps}" if state.steps else "",
        "detail": state.detail,
        "device": state.device,
        "card": state.fingerprint,
    }
    told = [
        f"{name + ':':<8} {plain(' '.join(fact.split()))}" for name, fact in facts.items() if fact
    ]
    return "\n".join([*lines, *([""] if told else []), *told, ""])


def leave_text(file: Path, text: str) -> None:
    """Let ``text`` take the place of what is in ``file``, durably; unchanged, nothing is written.

    With a byte order mark and CRLF: the card is read on whatever computer the hall has.
    Raises `OSError`.
    """
    content = text.replace("\n", "\r\n").encode("utf-8-sig")
    with suppress(OSError):
        if file.read_bytes() == content:
            return
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync_folder(file.parent)

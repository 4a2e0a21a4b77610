"""Tells people how far the device is: on its screen, on the card, in the log.

The kiosk draws the state in three languages once it runs. Until then there is the console,
which has no Chinese letters: the code in large digits, and English.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from device.core.errors import DeviceError
from device.core.plain import plain
from device.store.deployed import Deployed
from device.store.setup import (
    LANGUAGES,
    Kind,
    Meaning,
    SetupState,
    leave_text,
    meanings,
    state_text,
    write_state,
)
from provisioning.first_boot.card import leaves_out
from provisioning.first_boot.tools import Tools

_STATES: Final = "setup_states.toml"
_CONSOLE: Final = "dev/tty1"
_KIOSK: Final = "haochaping-kiosk.service"
_DAMAGED: Final = Meaning(
    "BAD_PROFILE",
    "41",
    Kind.STOPPED,
    dict.fromkeys(LANGUAGES, "The card's files are damaged"),
    dict.fromkeys(LANGUAGES, "Write the card again with haochaping provision cards."),
)
_NONE: Final = _DAMAGED._replace(
    name="NO_PROFILE",
    code="40",
    title=dict.fromkeys(LANGUAGES, "The card holds no device files"),
)
"""What can be said of a card that has not even the texts."""
_DIGITS: Final = {
    "0": ("#####", "#   #", "#   #", "#   #", "#####"),
    "1": ("  #  ", " ##  ", "  #  ", "  #  ", " ### "),
    "2": ("#####", "    #", "#####", "#    ", "#####"),
    "3": ("#####", "    #", " ####", "    #", "#####"),
    "4": ("#   #", "#   #", "#####", "    #", "    #"),
    "5": ("#####", "#    ", "#####", "    #", "#####"),
    "6": ("#####", "#    ", "#####", "#   #", "#####"),
    "7": ("#####", "    #", "   # ", "  #  ", "  #  "),
    "8": ("#####", "#   #", "#####", "#   #", "#####"),
    "9": ("#####", "#   #", "#####", "    #", "#####"),
}


class Shown:
    """The state as everybody sees it."""

    def __init__(self, places: Deployed, tools: Tools, say: Callable[[str], object]) -> None:
        self._places = places
        self._tools = tools
        self._say = say
        self._last: SetupState | None = None
        self._troubles: set[str] = set()
        self._known: Mapping[str, Meaning] = {}

    def show(self, state: SetupState) -> None:
        """Show ``state`` everywhere. What cannot be written there is said in the log, once."""
        if state == self._last:
            return
        self._last = state
        known = self._meanings()
        places: tuple[tuple[str, Callable[[], None]], ...] = (
            ("the screen", lambda: write_state(self._places.setup, state)),
            ("the card", lambda: leave_text(self._places.state_file, state_text(state, known))),
            ("the console", lambda: self._to_console(state, known)),
        )
        for where, write in places:
            try:
                write()
            except (OSError, DeviceError) as error:
                trouble = f"the state cannot be shown on {where}: {error}"
                if trouble not in self._troubles:
                    self._troubles.add(trouble)
                    self._say(trouble)

    def _meanings(self) -> Mapping[str, Meaning]:
        for folder in (self._places.card, self._places.settings):
            if self._known:
                break
            if leaves_out(folder, _STATES):
                continue  # an earlier card's
            # A card without these texts, or with damaged ones, is what is being shown then.
            with suppress(OSError, ValueError, KeyError, TypeError):
                self._known = meanings(folder / _STATES)
        return self._known or {meaning.name: meaning for meaning in (_NONE, _DAMAGED)}

    def _to_console(self, state: SetupState, known: Mapping[str, Meaning]) -> None:
        console = self._places.root / _CONSOLE
        if not console.exists():
            return
        if (self._places.units / _KIOSK).exists():
            running = self._tools.run("systemctl", "is-active", _KIOSK, right=range(5)).strip()
            if running in ("active", "activating"):
                return
        descriptor = os.open(console, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(descriptor, console_text(state, known).encode("ascii", "replace"))
        finally:
            os.close(descriptor)


def console_text(state: SetupState, known: Mapping[str, Meaning]) -> str:
    """Return what the text console shows: large code, English, nothing it cannot draw."""
    meaning = known.get(state.name)
    lines = ["", "  HAOCHAPING", ""]
    if meaning is not None:
        rows = zip(
            *(_DIGITS.get(digit, ("", "", "", "", "")) for digit in meaning.code), strict=True
        )
        lines += [f"    {'   '.join(row)}" for row in rows]
        lines += ["", f"  {meaning.code}  {state.name}", ""]
        lines += [f"  {meaning.title['en']}", f"  {meaning.hint['en']}"]
    else:
        lines.append(f"  {state.name}")
    if state.steps:
        lines += ["", f"  Step {state.step} of {state.steps}"]
    lines += ["", f"  {plain(state.detail)}"] if state.detail else []
    lines += ["", f"  {state.device}   {state.fingerprint}"] if state.device else []
    # Home, and each line's rest cleared: no flicker, and no scrolling away.
    return "\033[H" + "\033[K\r\n".join([*lines, ""]) + "\033[J"

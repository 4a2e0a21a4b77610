"""Where people see how far enrolment is: the device's screen, and a text file on its card."""

import logging
from pathlib import Path

from device.store.card import STATES, writable
from device.store.setup import (
    Kind,
    Meaning,
    SetupState,
    leave_text,
    meanings,
    state_text,
    write_state,
)

log = logging.getLogger("haochaping.enrol")

_OWN = Path(__file__).parents[2] / "ui_assets" / STATES


class SetupSign:
    """Shows a state to whoever looks; neither place is worth failing for."""

    def __init__(self, setup: Path, folder: Path) -> None:
        self._setup = setup
        self._text = folder / "STATE.txt"
        self._meanings = _meanings(folder / STATES)
        self._troubles: set[str] = set()

    def show(self, state: SetupState) -> None:
        """Let ``state`` be seen. The card is spared what passes by itself in a moment."""
        try:
            write_state(self._setup, state)
        except OSError as error:
            self._cannot("the screen's state", error)
        meaning = self._meanings.get(state.name)
        if meaning is None or meaning.kind is not Kind.BUSY:
            self._leave(state_text(state, self._meanings))

    def _leave(self, text: str) -> None:
        try:
            try:
                leave_text(self._text, text)
            except OSError:
                with writable(self._text.parent):
                    leave_text(self._text, text)
        except OSError as error:
            self._cannot("the card's text", error)

    def _cannot(self, what: str, error: OSError) -> None:
        said = f"{what} cannot be written: {error}"
        if said not in self._troubles:
            self._troubles.add(said)
            log.warning("%s", said)


def _meanings(on_card: Path) -> dict[str, Meaning]:
    for file in (on_card, _OWN):
        try:
            return meanings(file)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s: %s", file, error)
    return {}

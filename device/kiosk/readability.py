"""Which characters of the roster can be printed, found out beside the loop.

A hall may have ten thousand names: reading them takes a tenth of a second on a PC, and ten
times that on a small board, in which no tap may wait. What is left to do on the loop is a
look at the characters that the shipped font lacks, of which there are few.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from device.core.errors import DeviceError
from device.kiosk.text import Typesetter
from device.store import wordings

log = logging.getLogger("haochaping.kiosk")


class Readability:
    """The check of one roster after the other; ``ring`` wakes the loop when one was read."""

    def __init__(self, agent_db: Path, ring: Callable[[], None]) -> None:
        self._agent_db = agent_db
        self._ring = ring
        self._version = 0
        self._wanted = 0
        self._reading = False
        self._found: frozenset[str] | None = None
        self._told: tuple[str, ...] = ()

    def look_at(self, version: int) -> None:
        """Have the roster of this version read, unless that was done or is being done."""
        self._wanted = version
        if version == self._version or self._reading:
            return
        self._version, self._reading = version, True
        threading.Thread(target=self._read, name="readability", daemon=True).start()

    def _read(self) -> None:
        try:
            texts = [wording.text for wording in wordings.read(self._agent_db)]
            self._found = frozenset(character for text in texts for character in text)
        except DeviceError as error:
            log.warning("the roster's characters cannot be checked now: %s", error)
            self._version = 0  # looked at again when the agent next writes
        finally:
            self._reading = False
            self._ring()

    def lacking(self, text: Typesetter) -> tuple[str, ...]:
        """Return what no font can print, once it is known and not the same as last time."""
        found, self._found = self._found, None
        if found is None:
            return ()
        self.look_at(self._wanted)  # it may have changed while this one was read
        lacking = text.unprintable(sorted(found))
        if lacking == self._told:
            return ()
        self._told = lacking
        return lacking

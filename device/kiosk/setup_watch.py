"""How far setting up is, read from the file that first boot and enrolment write.

Asked at each turn of the loop, and looked at once a second.
"""

import os
from pathlib import Path

from device.store.deployed import Deployed
from device.store.setup import SetupState, read_state

LOOK_MS = 1000
DONE = "READY"
"""The state in which nothing is being set up any more."""
IN_SERVICE = (DONE, "ENROLLED_NO_CONFIG")
"""Setting up has nothing more to say in these."""
ENVIRONMENT = "HAOCHAPING_SETUP"
"""Names another file than the device's own."""


class SetupWatch:
    """The state as it was last read; None where nothing is being set up."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or Path(os.environ.get(ENVIRONMENT) or Deployed().setup)
        self._next_ms: int | None = None
        self._seen: tuple[int, int] | None = None
        self.state: SetupState | None = None

    def look(self, now_ms: int) -> bool:
        """Read the file if it is time to; True if it says something else than before."""
        if self._next_ms is not None and now_ms < self._next_ms:
            return False
        self._next_ms = now_ms + LOOK_MS
        try:
            found = self._file.stat()
        except OSError:
            seen = None
        else:
            seen = found.st_mtime_ns, found.st_ino
        if seen == self._seen:
            return False
        self._seen, before = seen, self.state
        self.state = read_state(self._file) if seen else None
        return self.state != before

    def seen(self, wrong_board: str = "", *, retired: bool = False) -> SetupState | None:
        """Return what a device shows that cannot serve yet; None: that is not what keeps it.

        ``wrong_board`` says what is wrong with the board, where its identity is another one's,
        and ``retired`` that central has said so of a device in service: the kiosk finds both
        out by itself. Whoever sets the device up anew knows better.
        """
        state = self.state
        if retired and (state is None or state.name in IN_SERVICE):
            return (state or SetupState(""))._replace(name="REVOKED", detail="", step=0, steps=0)
        if wrong_board and (state is None or state.name != "WRONG_BOARD"):
            known = state or SetupState("")
            state = known._replace(name="WRONG_BOARD", detail=wrong_board, step=0, steps=0)
        return None if state is None or state.name == DONE else state

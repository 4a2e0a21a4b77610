"""Sees that one of the two files has changed, or that the kiosk came or went."""

from device.core.errors import DeviceError
from device.store import lock
from device.store.backlog import Backlog
from device.store.home import Home
from device.store.roll import Roll


class Lookout:
    """Looks through connections of its own, so that no question waits for it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._files: tuple[Backlog, Roll] | None = None
        self._running = False

    def changed(self) -> bool:
        """True if something has changed since this was last asked."""
        running = lock.is_held(self._home.kiosk_lock)
        came_or_went, self._running = running != self._running, running
        try:
            if self._files is None:
                self._files = (Backlog(self._home), Roll(self._home))
            written = [file.changed() for file in self._files]
        except DeviceError:
            # Whoever waits asks the desk, which says what is wrong with the file.
            self.close()
            return came_or_went
        return came_or_went or any(written)

    def close(self) -> None:
        """Close the files."""
        for file in self._files or ():
            file.close()
        self._files = None

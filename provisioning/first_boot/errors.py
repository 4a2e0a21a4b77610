"""What can go wrong while a device sets itself up, told by what is to be done about it."""

from device.core.errors import DeviceError


class SetupFailed(DeviceError, RuntimeError):
    """A step could not be done just now; it is tried again. The message is one line."""


class SetupStopped(SetupFailed):
    """It cannot go on until somebody does something; it is looked at again all the same."""

    def __init__(self, state: str, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        """A state of ``ui_assets/setup_states.toml``, e.g. ``BAD_PROFILE``."""


class CommandFailed(SetupFailed):
    """A program of the system failed, or there is no such program."""


class Rebooting(Exception):
    """The machine is being started anew; the next boot goes on from here."""

"""What the device can refuse or fail at, under one root."""


class DeviceError(Exception):
    """Something on the device did not work as it should."""


class IllegalEvent(DeviceError, ValueError):
    """An event that the present state does not allow; nothing was changed."""


class BadConfiguration(DeviceError, ValueError):
    """A configuration file with mistakes; the message lists every one."""


class WrongSchema(DeviceError, RuntimeError):
    """A database that `haochaping migrate` has not brought up to date."""


class DamagedFile(DeviceError, OSError):
    """A database file that cannot be trusted."""


class StorageFull(DeviceError, OSError):
    """No room left on the disk, not even the reserve."""


class StorageUnavailable(DeviceError, OSError):
    """A file that cannot be used just now (read-only, locked), with nothing wrong in it."""


class VisitNotOpen(DeviceError, LookupError):
    """A draft for a visit that the ledger does not know as open."""


class NotEnrolled(DeviceError, RuntimeError):
    """This device has no identity yet."""


class WrongBoard(NotEnrolled):
    """This device's identity was given to another board: the card was moved or copied."""


class CentralError(DeviceError):
    """The other side: central refused, or answered something it must not."""


class CentralUnreachable(CentralError, ConnectionError):
    """No answer from central, or none that came from it."""

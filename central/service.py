"""Central as one object: its database, its key, its settings, and what time it is.

Made once per process and handed to everything that serves a request; nothing at module
level holds any state.
"""

import time
from pathlib import Path

from central.database import Database, make_private_file
from central.errors import CentralError, KeyMissing, NotInitialised
from central.refusals import RefusalCounter
from central.settings import Settings
from central.waiting import WaitingRoom
from protocol.errors import Malformed
from protocol.keys import SigningKey


class Central:
    """A running central; `close` it at the end."""

    def __init__(self, settings: Settings, key: SigningKey, database: Database) -> None:
        self.settings = settings
        self.key = key
        self.database = database
        self.refusals = RefusalCounter(database)
        self.waiting = WaitingRoom(database, settings.limits.waiting_devices)
        self.downloads = 0
        """Releases on their way to devices, in this process; of the event loop alone."""

    @classmethod
    def open(cls, settings: Settings) -> "Central":
        """Open the central of ``settings``.

        Raises `NotInitialised`, `KeyMissing`, `SchemaMismatch`, or `CentralError` for a
        damaged key file.
        """
        key = key_of(settings)
        database = Database(settings.database)
        try:
            database.check_schema()
        except BaseException:
            database.close()
            raise
        return cls(settings, key, database)

    def close(self) -> None:
        """Write down the last refusals and close the database."""
        self.refusals.close()
        self.database.close()


def now_ms() -> int:
    """Return central's wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def make_key(file: Path) -> SigningKey:
    """Make central's signing key in ``file``. Raises ``FileExistsError`` if there is one."""
    key = SigningKey.generate()
    make_private_file(file, key.seed)
    return key


def key_of(settings: Settings) -> SigningKey:
    """Return the signing key of the central of ``settings``.

    Raises `NotInitialised`, `KeyMissing`, or `CentralError` for a damaged key file.
    """
    if not settings.key_file.exists():
        refuse_without_key(settings)
    return read_key(settings.key_file)


def refuse_without_key(settings: Settings) -> None:
    """Raise `KeyMissing` if devices already trust the key that is missing.

    Asked before a new key is made: no enrolled device would ever believe that one.
    """
    database = Database(settings.database)
    try:
        held = database.devices_held()
    finally:
        database.close()
    if held:
        raise KeyMissing(
            f"the database holds {held} device{'s' if held > 1 else ''}, but "
            f"{settings.key_file} is missing: put it back from your backup"
        )


def read_key(file: Path) -> SigningKey:
    """Return central's signing key. Raises `NotInitialised` or `CentralError`."""
    try:
        return SigningKey.from_seed(file.read_bytes())
    except FileNotFoundError as error:
        raise NotInitialised(
            f"there is no central in {file.parent}; run `haochaping central init --data "
            f"{file.parent}`"
        ) from error
    except (OSError, Malformed) as error:
        raise CentralError(f"{file} cannot be read as a key: {error}") from error

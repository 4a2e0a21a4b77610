"""The roll of a hall as the device holds it: staff, matters, opening hours, business systems.

Read by whoever checks a log-in or looks a matter up, in both processes, through a connection
that cannot write. The idle screen's one page of it has a lighter reader, `roster`.
"""

from typing import NamedTuple

import msgspec

from device.core.lockout import ANYBODY, Terms
from device.core.matter_search import Entry
from device.store import lockouts
from device.store.briefing import read_order
from device.store.connect import AGENT_SCHEMA
from device.store.home import Home
from device.store.reader import Reader
from protocol.configuration import BusinessSystem, Hours, Rules, StaffMember, Texts


class Place(NamedTuple):
    """Where this device stands."""

    hall_code: str
    hall: str
    window: str
    """The number on the window's sign."""
    hours: Hours


class Roll(Reader):
    """Read-only view of `agent.db`; every question raises `DeviceError` if it cannot be read."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.agent_db, AGENT_SCHEMA)

    def place(self) -> Place | None:
        """Return where the device stands, None before central's first configuration."""
        rows = self._rows("SELECT hall_code, hall, window_number, opens, closes FROM configuration")
        for hall_code, hall, window, opens, closes in rows:
            return Place(hall_code, hall, window, Hours(opens, closes))
        return None

    def phone_url(self) -> str:
        """Return where a citizen's phone is sent; empty if no code is shown."""
        rows = self._rows("SELECT phone_url FROM configuration")
        return str(rows[0][0]) if rows else ""

    def rules(self) -> Rules:
        """Return the rule pack's values. Raises `UnreadableBriefing` too."""
        rows = self._rows("SELECT rules FROM configuration")
        return read_order(rows[0][0], Rules) if rows else Rules()

    def terms(self) -> Terms:
        """Return how many wrong PINs lock, and for how long."""
        rules = self.rules()
        return Terms(rules.login_tries, rules.login_locks)

    def texts(self) -> Texts:
        """Return the hall's own wording of some texts. Raises `UnreadableBriefing` too."""
        rows = self._rows("SELECT texts FROM configuration")
        return read_order(rows[0][0], Texts) if rows else {}

    # --- staff ------------------------------------------------------------------------------

    def member(self, number: str) -> StaffMember | None:
        """Return the staff member with this number."""
        return self._member("number", number)

    def member_by_badge(self, hashed: str) -> StaffMember | None:
        """Return whose badge this is (`protocol.credentials.card_hash`)."""
        return self._member("badge", hashed)

    def member_by_card(self, hashed: str) -> StaffMember | None:
        """Return whose QR card this is."""
        return self._member("card", hashed)

    def _member(self, column: str, value: str) -> StaffMember | None:
        if not value:
            return None
        columns = ", ".join(StaffMember.__struct_fields__)
        # The second condition lets the index of those who have a badge or a card be used.
        query = f"SELECT {columns} FROM staff WHERE {column} = ? AND {column} <> '' LIMIT 2"  # noqa: S608 - our names
        rows = self._rows(query, value)
        return StaffMember(*rows[0]) if len(rows) == 1 else None

    def photos(self) -> set[str]:
        """Return the hash of every photo the roster names."""
        return {row[0] for row in self._rows("SELECT DISTINCT photo FROM staff WHERE photo <> ''")}

    # --- matters ----------------------------------------------------------------------------

    def matters(self) -> tuple[Entry, ...]:
        """Return every matter of the hall: the window's own first, in its order, then by code."""
        rows = self._rows(
            "SELECT matter.code, name, initials, place FROM matter "
            "LEFT JOIN window_matter ON window_matter.code = matter.code "
            "ORDER BY place IS NULL, place, matter.code"
        )
        return tuple(
            Entry(code, name, initials, place is not None) for code, name, initials, place in rows
        )

    # --- programs of the hall -------------------------------------------------------------------

    def system(self, key_hash: str) -> BusinessSystem | None:
        """Return the business system whose key has this SHA-256 (hexadecimal digits)."""
        return next((one for one in self.systems() if one.key_hash == key_hash), None)

    def systems(self) -> list[BusinessSystem]:
        """Return every business system of the hall."""
        rows = self._rows("SELECT name, key_hash, origins, callbacks FROM business_system")
        return [
            BusinessSystem(
                name,
                key_hash,
                msgspec.json.decode(origins, type=tuple[str, ...]),
                msgspec.json.decode(callbacks, type=tuple[str, ...]),
            )
            for name, key_hash, origins, callbacks in rows
        ]

    # --- lock-outs at the console ---------------------------------------------------------------

    def locked_ms(self, staff: str, terms: Terms) -> int:
        """Return how long ``staff`` is locked out at the console, as the screen asks; 0 if not.

        What keeps everybody out there is the console's alone: whoever is on the hall's network
        must not be able to close the counter, badges and all.
        """
        return self._ask(lambda db: lockouts.remaining_ms(db, {staff} - {ANYBODY}, terms))

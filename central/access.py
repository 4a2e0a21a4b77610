"""How a staff member logs in, and the face citizens see: PIN, badge, QR card, photo.

Only what a device needs to check is kept. Hashing takes time, so it is done by the caller
before the database is written to.
"""

from sqlalchemy import Connection, select

from central import edits, photos, roll, schema
from central.errors import Mistakes, Unknown
from central.photos import Photo
from central.roll import STAFF, Entry

_SAID = {"pin_verifier": "PIN", "badge": "badge", "card": "card", "photo": "photo"}


def member(connection: Connection, hall: str, number: str) -> Entry:
    """Return the staff member. Raises `Unknown` for a hall or a number that is not there."""
    roll.hall_row(connection, hall)
    found = roll.entry(connection, STAFF, hall, number)
    if found is None:
        raise Unknown(f"hall {hall} has no staff member {number}")
    return found


def give(
    connection: Connection,
    hall: str,
    number: str,
    what: str,
    value: str,
    *,
    editor: str,
    now_ms: int,
) -> None:
    """Give the staff member ``what``, one of `roll.CREDENTIALS`; an older one ends.

    An empty ``value`` takes it away. Raises `Unknown`, and `Mistakes` if it is another's.
    """
    roll.hall_row(connection, hall, lock=True)
    held = member(connection, hall, number)
    table = schema.staff_member
    if value and what in ("badge", "card"):
        others = select(table.c.number).where(
            table.c.hall == hall, table.c[what] == value, table.c.number != number
        )
        if (other := connection.execute(others.limit(1)).scalar_one_or_none()) is not None:
            raise Mistakes([f"{what}: this {what} is staff member {other}'s"])
    changed = {number: {**held, what: value}}
    change = roll.compare({number: held}, changed)
    roll.write(connection, STAFF, hall, changed, change)
    if change:
        roll.touch(connection, hall)
        did = "given" if value else "taken away"
        edits.note(connection, hall, editor, f"staff {number}: {_SAID[what]} {did}", now_ms)


def give_photo(
    connection: Connection, hall: str, number: str, photo: Photo, *, editor: str, now_ms: int
) -> None:
    """Give the staff member ``photo``. Raises `Unknown`."""
    roll.hall_row(connection, hall, lock=True)
    photos.store(connection, hall, photo, now_ms)
    give(connection, hall, number, "photo", photo.hash, editor=editor, now_ms=now_ms)

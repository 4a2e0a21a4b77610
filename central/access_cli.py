"""The commands of `haochaping central` for one staff member: PIN, badge, QR card, photo.

As in `cli`, what a command needs is imported when it runs. A secret is read from standard
input or made here, never an argument.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from central.roll_cli import for_hall, open_database, write_new

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.settings import Settings

_Run = Callable[[argparse.Namespace, "Settings"], int]


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands and their arguments."""
    pin = command("pin", "give a staff member a PIN, read from standard input")
    _for_member(pin)
    pin.add_argument("--generate", action="store_true", help="make one and print it, once")
    badge = command(
        "badge", "give a staff member a badge: what the reader types, on standard input"
    )
    _for_member(badge)
    card = command("card", "make a QR card for a staff member; an older one ends")
    _for_member(card)
    card.add_argument("--out", type=Path, metavar="FILE.png", help="the picture to be printed")
    photo = command("photo", "give a staff member a photo")
    _for_member(photo)
    photo.add_argument("picture", type=Path, nargs="?", metavar="FILE", help="any picture file")
    for one in (pin, badge, card, photo):
        one.add_argument("--remove", action="store_true", help="take it away instead")


def _for_member(parser: argparse.ArgumentParser) -> None:
    for_hall(parser)
    parser.add_argument("--staff", required=True, metavar="NUMBER", help="staff number")


def _pin(args: argparse.Namespace, settings: "Settings") -> int:
    from central.errors import Mistakes
    from protocol import credentials

    if args.remove:
        return _give(args, settings, "pin_verifier", "")
    pin = _random_pin() if args.generate else _read_secret("PIN")
    if not credentials.is_pin(pin):
        raise Mistakes(["a PIN is six digits, on standard input"])
    if credentials.is_guessable(pin):
        raise Mistakes(["this PIN is among the first that anybody tries; choose another"])
    _give(args, settings, "pin_verifier", credentials.pin_verifier(pin))
    if args.generate:
        _say(pin)
    return 0


def _random_pin() -> str:
    import secrets

    from protocol.credentials import is_guessable

    pin = "000000"
    while is_guessable(pin):
        pin = f"{secrets.randbelow(10**6):06}"
    return pin


def _badge(args: argparse.Namespace, settings: "Settings") -> int:
    from central.errors import Mistakes
    from protocol import credentials

    if args.remove:
        return _give(args, settings, "badge", "")
    try:
        hashed = credentials.card_hash(_read_secret("badge"), args.hall)
    except ValueError as error:
        raise Mistakes([str(error)]) from error
    return _give(args, settings, "badge", hashed)


def _card(args: argparse.Namespace, settings: "Settings") -> int:
    from central import access, cards, roll
    from central.errors import Mistakes
    from central.service import now_ms
    from protocol import credentials

    if args.remove:
        return _give(args, settings, "card", "")
    if args.out is None:
        raise Mistakes(["--out FILE.png: where to write the card"])
    secret = cards.make_secret()
    hashed = credentials.card_hash(secret, args.hall)
    with open_database(settings) as database, database.writing() as connection:
        held = access.member(connection, args.hall, args.staff)
        hall = roll.hall_row(connection, args.hall)
        _grant(connection, args, "card", hashed, now_ms())
        write_new(args.out, cards.draw(secret, hall.name, held["name"], held["number"]))
    _say(f"written to {args.out}: print it and delete it, whoever has it can log in")
    return 0


def _photo(args: argparse.Namespace, settings: "Settings") -> int:
    from central import access, edits, photos
    from central.errors import CentralError, Mistakes
    from central.service import now_ms

    if args.remove:
        return _give(args, settings, "photo", "")
    if args.picture is None:
        raise Mistakes(["FILE: expected a picture file"])
    try:
        with args.picture.open("rb") as file:
            content = file.read(photos.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CentralError(f"{args.picture}: cannot be read: {error.strerror}") from error
    try:
        photo = photos.make_photo(content)
    except photos.NoPhoto as error:
        raise Mistakes([f"{args.picture}: {error}"]) from error
    with open_database(settings) as database, database.writing() as connection:
        access.give_photo(
            connection,
            args.hall,
            args.staff,
            photo,
            editor=edits.operator(),
            now_ms=now_ms(),
        )
    _say(f"staff {args.staff}: photo {photo.hash[:12]}, {len(photo.image)} bytes")
    return 0


def _give(args: argparse.Namespace, settings: "Settings", what: str, value: str) -> int:
    from central.service import now_ms

    with open_database(settings) as database, database.writing() as connection:
        _grant(connection, args, what, value, now_ms())
    return 0


def _grant(
    connection: "Connection", args: argparse.Namespace, what: str, value: str, now: int
) -> None:
    from central import access, edits

    access.give(connection, args.hall, args.staff, what, value, editor=edits.operator(), now_ms=now)


def _read_secret(what: str) -> str:
    """Return the line on standard input; a terminal does not show it."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{what}: ").strip()
    return sys.stdin.readline().strip()


COMMANDS: Mapping[str, _Run] = {"pin": _pin, "badge": _badge, "card": _card, "photo": _photo}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")

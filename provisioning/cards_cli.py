"""`haochaping provision cards`: the command of `provisioning.cards`."""

import argparse
import getpass
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.core.errors import BadConfiguration
from device.core.plain import plain
from provisioning.errors import CardInUse, ProvisioningError

if TYPE_CHECKING:
    from provisioning.card_folder import CardFolder
    from provisioning.cards import Place
    from provisioning.fleet import Seat
    from provisioning.prepared import Read

DONE, FAILED, WRONG = 0, 1, 2
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
DESCRIPTION: Final = """\
Asks central for a one-time token per device and writes what makes a blank card that device.

  one card, mounted here:   provision cards fleet.toml --boot /media/me/bootfs --device w12
  a folder for each:        provision cards fleet.toml --folder cards/
  a zip file for each:      provision cards fleet.toml --zip cards/
  a prepared one, offline:  provision cards --from cards/w12 --boot /media/me/bootfs
  is this card whole?       provision cards --check /media/me/bootfs

First write the system image onto the card; only its boot partition (bootfs) is written to
here. Every file is read back and compared. The same command again goes on where it was
interrupted and writes only what is not there; tokens that were not used are used again.

The technician's key (haochaping central reader NAME --role technician) comes from
--key-file, from HAOCHAPING_TECHNICIAN_KEY, or is asked for; never from an argument.
Exit codes: 0 done, 1 something could not be done, 2 wrong input.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("fleet", type=Path, nargs="?", metavar="FLEET", help="the fleet file")
    places = parser.add_argument_group("where to").add_mutually_exclusive_group(required=True)
    places.add_argument(
        "--boot", type=Path, metavar="MOUNT", help="the mounted boot partition of one card"
    )
    places.add_argument("--folder", type=Path, metavar="DIR", help="a folder per device in DIR")
    places.add_argument("--zip", type=Path, metavar="DIR", help="a zip file per device in DIR")
    places.add_argument(
        "--check", type=Path, metavar="PATH", help="only read the card at PATH, and tell of it"
    )
    which = parser.add_argument_group("which devices (default: all)")
    which.add_argument("--device", action="append", default=[], metavar="NAME", help="its name")
    which.add_argument("--hall", action="append", default=[], metavar="CODE", help="all of a hall")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--from",
        dest="prepared",
        type=Path,
        metavar="PATH",
        help="write the card prepared in this folder or zip file; central is not asked",
    )
    how.add_argument(
        "--replace",
        action="store_true",
        help="the device that stands at the window, or owns the card, is to be replaced",
    )
    how.add_argument(
        "--move",
        action="store_true",
        help="the enrolled device whose card this is goes to another, free window and keeps its "
        "keys and its name at central; with --boot",
    )
    how.add_argument(
        "--first-boot",
        choices=("auto", "cloud-init", "firstrun"),
        default="auto",
        help="how the image starts what we write; auto looks for cloud-init's files",
    )
    how.add_argument("--key-file", type=Path, metavar="FILE", help="holds the technician's key")
    how.add_argument("--proxy", default="", metavar="URL", help="between this computer and central")
    how.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="where to note what was written, for labels; default: cards.json in DIR, "
        "or beside the fleet file",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    if options.move and (options.replace or options.prepared or not options.boot):
        return _sorry(
            "--move takes FLEET, --boot and --device, and neither --replace nor --from", WRONG
        )
    try:
        if options.check:
            return _check(options)
        if options.prepared:
            return _from_prepared(options)
        return _from_fleet(options)
    except BadConfiguration as error:
        return _sorry(error, WRONG)
    except (ProvisioningError, OSError) as error:
        return _sorry(error, FAILED)


def _from_fleet(options: argparse.Namespace) -> int:
    from provisioning import card_record
    from provisioning.cards import Outcome, Result, Wish, write_cards
    from provisioning.fleet_file import read_fleet
    from provisioning.progress import Progress
    from provisioning.tokens import TokenDesk, read_key

    if options.fleet is None:
        return _sorry("a fleet file is needed", WRONG)
    fleet = read_fleet(options.fleet)
    seats = [
        seat
        for seat in fleet.seats
        if (not options.device or seat.name in options.device)
        and (not options.hall or seat.hall in options.hall)
    ]
    unknown = set(options.device) - {seat.name for seat in fleet.seats}
    unknown |= set(options.hall) - {seat.hall for seat in fleet.seats}
    if unknown:
        return _sorry(f"not in {options.fleet}: {', '.join(sorted(unknown))}", WRONG)
    if not seats or (options.boot and len(seats) != 1):
        return _sorry(
            f"{len(seats)} devices are chosen"
            + ("; --boot writes one: name it with --device" if options.boot else ""),
            WRONG,
        )
    place_of = _places(options)
    key = read_key(options.key_file, getpass.getpass if sys.stdin.isatty() else None)
    record = options.record or _record(options)
    card_record.read_record(record)  # refuses another kind of file before a token is asked for
    progress = Progress()
    if fleet.central.startswith("http:"):
        progress.say("warning: central is asked without TLS; key and tokens can be read on the way")

    def done(outcome: Outcome) -> None:
        printed = f"  {outcome.card.note.fingerprint}" if outcome.card else ""
        progress.say(f"{outcome.seat.name}: {outcome.result}{printed}  {outcome.sentence}")
        if outcome.card:
            noted = card_record.record_of(outcome.card.note, time.time_ns() // 1_000_000)
            card_record.add_to_record(record, noted)

    wish = Wish.REPLACE if options.replace else Wish.MOVE if options.move else Wish.NOTHING_LOST
    with TokenDesk(fleet.central, key, fleet.ca_file, options.proxy) as desk:
        outcomes = write_cards(
            fleet, seats, place_of, desk, wish=wish, progress=progress, done=done
        )
    counted = Counter(outcome.result for outcome in outcomes)
    print(", ".join(f"{counted[result]} {result}" for result in Result if counted[result]))
    if counted[Result.WRITTEN] + counted[Result.UNCHANGED]:
        print(f"noted in {record}; print labels from it: haochaping provision labels")
    if options.boot and not counted[Result.FAILED]:
        print(f"take the card out safely (umount {options.boot}) and put it into the device")
    return FAILED if counted[Result.FAILED] or counted[Result.LEFT] else DONE


def _places(options: argparse.Namespace) -> "Callable[[Seat], Place]":
    from provisioning.card_folder import CardFolder, refuse_other_folder
    from provisioning.card_zip import CardZip

    if options.boot:
        boot = _boot(options)
        return lambda _seat: boot
    parent: Path = options.folder or options.zip
    refuse_other_folder(parent, of_a_card=False)

    def folder(seat: "Seat") -> CardFolder:
        own = parent / _plain(seat.name)
        refuse_other_folder(own, of_a_card=True)
        return CardFolder(own)

    return folder if options.folder else lambda seat: CardZip(parent / f"{_plain(seat.name)}.zip")


def _boot(options: argparse.Namespace) -> "CardFolder":
    from provisioning.boot_partition import look_at
    from provisioning.card_folder import CardFolder

    forced = {"auto": None, "cloud-init": True, "firstrun": False}[options.first_boot]
    found = look_at(options.boot)
    return CardFolder(found.root, found, cloud_init=forced)


def _record(options: argparse.Namespace) -> Path:
    from provisioning.card_record import NAME

    parent: Path = options.folder or options.zip or options.fleet.absolute().parent
    return parent / NAME


def _plain(name: str) -> str:
    if not _NAME.match(name):  # checked with the fleet file; here it becomes a path
        raise BadConfiguration(f"{name!r} is no host name")
    return name


def _from_prepared(options: argparse.Namespace) -> int:
    from provisioning.cards import previous_at
    from provisioning.prepared import reading
    from provisioning.progress import Progress

    if not options.boot:
        return _sorry("--from writes onto a boot partition: give --boot", WRONG)
    if options.fleet or options.device or options.hall:
        return _sorry("--from needs no fleet file: the prepared card says what it is", WRONG)
    boot = _boot(options)
    with reading(options.prepared) as read:
        if read.card is None:
            for fault in read.faults:
                print(f"  {fault}", file=sys.stderr)
            return _sorry(f"{options.prepared} is not whole; prepare it again", FAILED)
        previous = previous_at(boot, replace=options.replace)
        same = previous is not None and previous.note.token_sha256 == read.note.token_sha256
        if previous is not None and not same and not options.replace:
            owner = f"{previous.note.name} (window {previous.note.window})"
            which = f"has enrolled {owner}" if previous.used else f"was made for {owner}"
            raise CardInUse(f"the card at {options.boot} {which}. To write over it: --replace")
        if not read.token and not same:
            raise CardInUse(
                f"{options.prepared} has no token any more: {read.note.name} has enrolled with "
                "another card. For a new one: provision cards FLEET --replace"
            )
        card = read.card
        if previous is not None and same and previous.used:
            card = card._replace(token="")  # used already: the device took it off this card
        written = boot.write(card, Progress())
    print(
        f"{read.note.name}: {'written' if written.written else 'unchanged'}  "
        f"{read.note.fingerprint}"
    )
    return DONE


def _check(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from provisioning.prepared import reading

    with reading(options.check) as read:
        note = read.note
        until = f"{datetime.fromtimestamp(note.expires_ms / 1000, UTC):%Y-%m-%d}"
        print(f"{note.name}  hall {note.hall}  window {note.window}  {note.fingerprint}")
        print(f"central: {note.central}")
        print(f"release: {note.release or 'none on the card'}")
        if not read.token:
            print("token: taken off the card; the device has enrolled")
        elif options.fleet:
            print(f"token: {_token_state(options, read)}, until {until}")
        else:
            print(f"token: on the card, until {until} (with FLEET, central is asked about it)")
        for fault in read.faults:
            print(f"  {fault}")
    print("not whole: write it again" if read.faults else "whole")
    return FAILED if read.faults else DONE


def _token_state(options: argparse.Namespace, read: "Read") -> str:
    """Return what central says, if it is the fleet's central: a card may name any other."""
    from provisioning.fleet_file import read_fleet
    from provisioning.tokens import TokenDesk, read_key

    fleet = read_fleet(options.fleet)
    if fleet.central != read.note.central:
        return f"of another central than {options.fleet} names, which was not asked"
    key = read_key(options.key_file, getpass.getpass if sys.stdin.isatty() else None)
    with TokenDesk(fleet.central, key, fleet.ca_file, options.proxy) as desk:
        status = desk.status(read.token)
    return f"{status.state}{f' by {status.device}' if status.device else ''}"


def _sorry(said: object, code: int) -> int:
    print(plain(f"haochaping provision cards: {said}"), file=sys.stderr)
    return code

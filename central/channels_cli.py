"""The commands of `haochaping central` for other ways to rate: make a key, end it, list them.

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from central.roll_cli import for_hall, open_database

if TYPE_CHECKING:
    from central.settings import Settings

_PF = "1 PC, 2 app, 3 QR code, 5 other terminal, 6 phone, 7 SMS"


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands and their arguments."""
    channel = command("channel", "make a key for another way to rate; an older one of NAME ends")
    channel.add_argument("name", metavar="NAME", help="which hotline, gateway, machine, platform")
    for_hall(channel)
    channel.add_argument(
        "--pf", type=int, metavar="N", help=f"the national channel number of its ratings: {_PF}"
    )
    channel.add_argument("--out", type=Path, metavar="FILE", help="write the key to a new file")
    channel.add_argument("--remove", action="store_true", help="end its key instead")
    command("channels", "list the other ways to rate")


def _channel(args: argparse.Namespace, settings: "Settings") -> int:
    from central import channels, edits
    from central.cli import hand_over
    from central.errors import Mistakes
    from central.service import now_ms
    from protocol.subjects import Channel

    if not args.remove and args.pf not in list(channels.TAKEN_HERE):
        raise Mistakes([f"--pf: expected one of {_PF}; 4 is the hall's own device"])
    with open_database(settings) as database, database.writing() as connection:
        if args.remove:
            channels.end_channel(connection, args.hall, args.name)
            did = "key ended"
        else:
            key = channels.make_channel(
                connection, args.hall, args.name, Channel(args.pf), now_ms()
            )
            did = f"key made, pf {args.pf}"
        edits.note(connection, args.hall, edits.operator(), f"channel {args.name}: {did}", now_ms())
        if not args.remove:
            hand_over(args.out, key)
    return 0


def _channels(args: argparse.Namespace, settings: "Settings") -> int:
    from central import channels
    from central.cli import utc

    with open_database(settings) as database, database.reading() as connection:
        found = channels.every(connection)
    for one in found:
        number, name = int(one.channel), one.channel.name.lower()
        _say(f"{one.name}  hall {one.hall}  pf {number} {name}  key of {utc(one.made_ms)}")
    if not found:
        _say("no channel has a key; make one: haochaping central channel NAME --hall HALL --pf N")
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace, "Settings"], int]] = {
    "channel": _channel,
    "channels": _channels,
}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")

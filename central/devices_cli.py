"""The commands of `haochaping central` for devices: list, show, token, revoke, replace.

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from central.roll_cli import open_database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.settings import Settings

_LIST = """\
Lists the devices, those first that need somebody (!), with a line that sums it up:

  haochaping central devices --hall 210100-01 --faults
  haochaping central devices show hcp-0123456789ab

A device that is broken or lost is replaced: a token is made for its window, and as the new
device enrols with it, the old one is revoked and its records stay.

  haochaping central devices replace hcp-0123456789ab --out token
"""
_MAKING = """\
Makes a one-time token with which one device enrols at a window. It is printed once; central
keeps its hash. `haochaping provision cards` asks for tokens by itself, with a key of role
technician, and puts them on the cards. Where an active device stands already, say what is
meant: --replace or --beside.
"""
_STALE_HOURS = 24.0


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands and their arguments."""
    token = command("token", "make a one-time enrolment token for a new device")
    _described(token, _MAKING)
    token.add_argument("--window", required=True, metavar="CODE", help="where it will stand")
    token.add_argument("--name", default="", help="host name of the device to come, for lists")
    meant = token.add_mutually_exclusive_group()
    meant.add_argument(
        "--replace",
        action="store_true",
        help="the device that stands there is revoked as the new one enrols",
    )
    meant.add_argument(
        "--beside", action="store_true", help="the new one joins those that stand there"
    )
    _for_token(token)
    listing = command("devices", "list devices, those first that need somebody; show, replace")
    _described(listing, _LIST)
    listing.add_argument("--hall", metavar="CODE", help="only of this hall")
    listing.add_argument("--window", help="only of this window, by its number or code")
    listing.add_argument(
        "--stale",
        type=float,
        nargs="?",
        const=_STALE_HOURS,
        metavar="HOURS",
        help=f"only those not heard for so long (without a number: {_STALE_HOURS:.0f})",
    )
    listing.add_argument("--faults", action="store_true", help="only those with failing checks")
    listing.add_argument("--retired", action="store_true", help="those that were revoked, too")
    listing.add_argument("--json", action="store_true", help="print JSON, as /v1/devices does")
    actions = listing.add_subparsers(dest="devices_command", metavar="[COMMAND]")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text)
        parser.add_argument("device", metavar="DEVICE", help="its name, as the list has it")
        for option in ("--data", "--config"):  # may stand before or behind the action
            parser.add_argument(
                option, type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )
        return parser

    show = action("show", "tell all that is known of a device")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    action("revoke", "retire a device: nothing it sends is taken any more")
    replace = action("replace", "make a token for the device that takes its place")
    replace.add_argument("--name", default="", help="host name of the new one (default: the old)")
    _for_token(replace)
    revoke = command("revoke", "retire a device: nothing it sends is taken any more")
    revoke.add_argument("device", metavar="DEVICE", help="its name, as `devices` lists it")


def _described(parser: argparse.ArgumentParser, text: str) -> None:
    parser.description = text
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _for_token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=int, default=14, help="days until it expires (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the token to a new file of mode 600 instead of printing it",
    )


def _token(args: argparse.Namespace, settings: "Settings") -> int:
    from central.errors import CentralError
    from central.tokens import WindowTaken

    try:
        _hand_out(args, settings, args.window, replace=args.replace, beside=args.beside)
    except WindowTaken as error:
        if args.replace:
            raise
        raise CentralError(
            f"{error}; with --replace it is revoked as the new one enrols, with --beside both stay"
        ) from error
    return 0


def _hand_out(
    args: argparse.Namespace,
    settings: "Settings",
    window: str,
    *,
    replace: bool | str,
    beside: bool = False,
) -> None:
    from central import edits, tokens
    from central.cli import hand_over, utc
    from central.errors import Mistakes
    from central.service import now_ms
    from protocol.enrolment_tokens import MAX_DAYS

    if not 1 <= args.days <= MAX_DAYS:
        raise Mistakes([f"--days: expected 1 to {MAX_DAYS}"])
    if len(args.name) > 63 or not args.name.isprintable():
        raise Mistakes(["--name: expected a host name"])
    with open_database(settings) as database, database.writing() as connection:
        given = tokens.give(
            connection,
            window,
            now_ms(),
            days=args.days,
            name=args.name,
            replace=replace,
            beside=beside,
            made_by=edits.operator(),
        )
        hand_over(args.out, given.token)
    if given.voided:
        _advise(f"the token given out for {args.name} before is no longer good")
    if given.replaces is not None:
        _advise(
            f"{given.replaces} is revoked as soon as a device enrols with this token, until "
            f"{utc(given.expires_ms)}; what it sent stays, what it has not sent by then is not "
            "taken any more"
        )


def _devices(args: argparse.Namespace, settings: "Settings") -> int:
    actions = {"show": _show, "revoke": _revoke, "replace": _replace}
    return actions.get(args.devices_command or "", _list)(args, settings)


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    from central import device_table, needs
    from central.errors import Mistakes
    from central.service import now_ms

    if args.stale is not None and not 0 < args.stale < 1_000_000:
        raise Mistakes(["--stale: expected hours, more than 0"])
    now = now_ms()
    every = _overview(settings, now, args.hall)
    fitting = [
        one
        for one in device_table.in_order(every)
        if args.hall in (None, one["hall"])
        and args.window in (None, one["window"], one["window_number"])
        and (not args.faults or one["faults"])
        and (args.stale is None or needs.is_silent(one["last_contact_ms"], now, args.stale))
    ]
    chosen = [one for one in fitting if args.retired or not one["revoked"]]
    hidden = len(fitting) - len(chosen)
    if args.json:
        _print_json({"devices": chosen})
    elif not every:
        _say("no device is enrolled yet; make a token: haochaping central token --window CODE")
    else:
        if chosen:
            _say(device_table.as_table(chosen, now))
        _say(device_table.summary(chosen, hidden))
    return 0


def _show(args: argparse.Namespace, settings: "Settings") -> int:
    from central import device_page
    from central.service import now_ms

    now = now_ms()
    with open_database(settings) as database, database.reading() as connection:
        page = device_page.read(connection, settings, args.device, now)
    if args.json:
        _print_json(page)
    else:
        _say(device_page.as_text(page, now))
    return 0


def _revoke(args: argparse.Namespace, settings: "Settings") -> int:
    from central import devices
    from central.service import now_ms

    with open_database(settings) as database, database.writing() as connection:
        devices.revoke(connection, args.device, now_ms())
        left = _unsent(connection, args.device)
    _say(f"{args.device} is retired; what it sent before stays")
    if left:
        _advise(f"it had {left} records that it has not sent; they are not taken any more")
    return 0


def _replace(args: argparse.Namespace, settings: "Settings") -> int:
    from central import devices, schema
    from central.errors import CentralError

    with open_database(settings) as database, database.reading() as connection:
        device = devices.named(connection, args.device)
        left = _unsent(connection, args.device)
        table = schema.device
        row = connection.execute(table.select().where(table.c.id == device.id)).one()
    if device.revoked:
        raise CentralError(
            f"{device.name} is retired already; a new device needs a token alone: "
            f"haochaping central token --window {device.window}"
        )
    args.name = args.name or row.host
    _hand_out(args, settings, device.window, replace=device.name)
    if left:
        _advise(f"it has {left} records that it has not sent: if it still runs, let it send first")
    _advise(
        "next: put the token on a new card (haochaping provision cards does both with --replace), "
        "or on the new device: haochaping enrol --token-file FILE"
    )
    return 0


def _overview(settings: "Settings", now: int, hall: str | None) -> list[dict[str, Any]]:
    """Return every device; raises `Unknown` for a ``hall`` that there is not."""
    from central import overview, roll
    from central.unbound import Deadline

    with open_database(settings) as database, database.reading() as connection:
        if hall is not None:
            roll.hall_row(connection, hall)
        return overview.devices(connection, Deadline.of(settings.phone, now))


def _unsent(connection: "Connection", name: str) -> int:
    """Return how many records the device had written and not sent when it was last heard."""
    from sqlalchemy import select

    from central import schema

    device, beat = schema.device, schema.heartbeat
    query = select(beat.c.head - device.c.head).join(device, device.c.id == beat.c.device_id)
    left = connection.execute(query.where(device.c.name == name)).scalar_one_or_none()
    return max(0, left or 0)


def _print_json(found: object) -> None:
    import json

    from central.text_table import plain_json

    _say(plain_json(json.dumps(found, ensure_ascii=False, indent=2)))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _advise(text: str) -> None:
    """Say something beside what a script reads from standard output."""
    sys.stderr.write(f"{text}\n")


COMMANDS = {"token": _token, "devices": _devices, "revoke": _revoke}

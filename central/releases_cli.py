"""The commands of `haochaping central` for releases: add, list, give, withdraw, remove.

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

    from central.release_orders import Aim, Reach
    from central.settings import Settings

_TEXT = """\
Updates devices from central. A release is added once, its signature checked, and given to
some devices first; once `list` shows that they run it, to the rest:

  haochaping central releases add haochaping-0.2.0-cp313-linux-aarch64.release
  haochaping central releases give 0.2.0-1a2b3c4d --all --first 3
  haochaping central releases list
  haochaping central releases give 0.2.0-1a2b3c4d --all

Devices fetch it by themselves, switch when no visit is open, and go back by themselves if it
does not work there; such a device raises an alert and is not offered that release again until
it is given anew. Of the orders that reach a device the newest counts.
"""


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = command("releases", "update devices: add, list, give, withdraw, remove releases")
    parser.description = _TEXT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="releases_command", required=True, metavar="COMMAND")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=text, description=text)
        for option in ("--data", "--config"):  # may stand before or behind the action
            one.add_argument(option, type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return one

    add = action("add", "check a release file and keep it for devices")
    add.add_argument("file", type=Path, metavar="FILE", help="as haochaping release build made it")
    add.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="public key of those who sign releases (default: release.pem in the data directory)",
    )
    listing = action("list", "list releases, who should run them, and who does")
    listing.add_argument("--json", action="store_true", help="print JSON")
    give = action("give", "have devices run a release")
    give.add_argument("name", metavar="NAME", help="as `releases list` names it")
    aim = give.add_mutually_exclusive_group(required=True)
    aim.add_argument("--device", metavar="NAME", help="one device")
    aim.add_argument("--window", metavar="CODE", help="those at a window")
    aim.add_argument("--hall", metavar="CODE", help="those of a hall")
    aim.add_argument("--all", action="store_true", help="every device of its platform")
    give.add_argument(
        "--first", type=int, metavar="N", help="only N of them, those that were heard last"
    )
    for name, text in (
        ("withdraw", "offer a release to nobody any more; who runs it goes on"),
        ("remove", "forget a release that is given to nobody, and its file"),
    ):
        action(name, text).add_argument("name", metavar="NAME", help="as `releases list` names it")


def _releases(args: argparse.Namespace, settings: "Settings") -> int:
    actions = {
        "add": _add,
        "list": _list,
        "give": _give,
        "withdraw": _withdraw,
        "remove": _remove,
    }
    return actions[args.releases_command](args, settings)


def _add(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits, releases
    from central.errors import CentralError
    from central.service import now_ms

    if args.key is None and not settings.release_key_file.exists():
        raise CentralError(
            f"whose signature is it to have? Put the public key of those who make releases at "
            f"{settings.release_key_file}, or name it with --key FILE"
        )
    check = releases.checking(args.key or settings.release_key_file)
    with open_database(settings) as database:
        kept = releases.keep(args.file, settings.releases, check, _progress())
        with database.writing() as connection:
            new = releases.note(connection, kept, edits.operator(), now_ms())
    manifest = kept.manifest
    told = "is here now" if new else "was here already"
    _say(f"{manifest.name} {told}: version {manifest.version} for {manifest.platform}")
    _say(f"next: haochaping central releases give {manifest.name} --all --first 3")
    return 0


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    with open_database(settings) as database, database.reading() as connection:
        found = _found(connection, settings)
    if args.json:
        import json

        from central.text_table import plain_json

        _say(plain_json(json.dumps({"releases": found}, ensure_ascii=False, indent=2)))
    elif not found:
        _say("no release yet; bring one in: haochaping central releases add FILE")
    else:
        for one in found:
            _tell(one)
    return 0


def _found(connection: "Connection", settings: "Settings") -> list[dict[str, Any]]:
    from sqlalchemy import func, select

    from central import release_orders, releases, schema

    beat, device = schema.heartbeat, schema.device
    query = (
        select(beat.c.release, func.count())
        .join(device, device.c.id == beat.c.device_id)
        .where(device.c.revoked_ms.is_(None))
        .group_by(beat.c.release)
    )
    running: dict[str, int] = dict(connection.execute(query).all())
    orders = release_orders.held(connection)
    failed = release_orders.failures(connection)
    return [
        {
            **one._asdict(),
            "file": releases.file_of(settings.releases, one.name).exists(),
            "running": running.get(one.name, 0),
            "gave_up": failed.get(one.name, {}),
            "orders": [
                {
                    "scope": order.aim.scope.value,
                    "target": order.aim.target,
                    "first": order.first,
                    "given_ms": order.given_ms,
                    "given_by": order.given_by,
                    "devices": len((reach := release_orders.reach(connection, order)).meant),
                    "running": reach.running,
                }
                for order in orders
                if order.release == one.name
            ],
        }
        for one in releases.every(connection)
    ]


def _tell(one: dict[str, Any]) -> None:
    from central.cli import utc
    from central.text_table import plain

    _say(
        f"{one['name']}  {one['platform']}  {one['size'] / 1e6:.1f} MB  added "
        f"{utc(one['added_ms'])}  run by {one['running']}"
        + ("" if one["file"] else "  [its file is missing: add it again]")
    )
    for order in one["orders"]:
        first = "" if order["first"] is None else f", the first {order['first']}"
        _say(
            f"  given to {order['scope']} {order['target']}".rstrip()
            + f"{first} {utc(order['given_ms'])}: {order['running']} of {order['devices']} run it"
        )
    for device, said in one["gave_up"].items():
        _say(f"  {device} gave it up: {plain(said)}")
    if not one["orders"]:
        _say("  given to nobody")


def _give(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits, release_orders
    from central.errors import Mistakes
    from central.service import now_ms

    if args.first is not None and not 1 <= args.first <= 1_000_000:
        raise Mistakes(["--first: expected how many devices, 1 or more"])
    aim = _aim(args)
    with open_database(settings) as database, database.writing() as connection:
        reach = release_orders.give(
            connection,
            args.name,
            aim,
            by=edits.operator(),
            now_ms=now_ms(),
            first=args.first,
        )
    _tell_reach(args.name, reach)
    if args.first is not None:
        again = "--all" if args.all else f"--{aim.scope} {aim.target}"
        _say(f"  {', '.join(reach.meant)}")
        _say(f"once `releases list` shows that they run it: releases give {args.name} {again}")
    return 0


def _aim(args: argparse.Namespace) -> "Aim":
    from central.release_orders import Aim, Scope

    for scope in (Scope.DEVICE, Scope.WINDOW, Scope.HALL):
        if target := getattr(args, scope.value):
            return Aim(scope, target)
    return Aim(Scope.ALL)


def _tell_reach(name: str, reach: "Reach") -> None:
    waiting = len(reach.meant) - reach.running
    many = f"{waiting} device{'' if waiting == 1 else 's'}"
    _say(f"{name} is offered to {many}; {reach.running} run it already")
    if reach.unfit:
        _say(f"{reach.unfit} are of another platform and are offered nothing")
    if reach.silent:
        _say(f"{reach.silent} have not told their platform yet; they are offered it once they do")


def _withdraw(args: argparse.Namespace, settings: "Settings") -> int:
    from central import release_orders, releases
    from central.service import now_ms

    with open_database(settings) as database, database.writing() as connection:
        releases.named(connection, args.name)
        ended = release_orders.withdraw(connection, args.name, now_ms())
    _say(
        f"{args.name} is offered to nobody any more; who runs it goes on"
        if ended
        else f"{args.name} was given to nobody"
    )
    return 0


def _remove(args: argparse.Namespace, settings: "Settings") -> int:
    from central import releases

    with open_database(settings) as database, database.writing() as connection:
        releases.remove(connection, args.name)
    releases.file_of(settings.releases, args.name).unlink(missing_ok=True)
    _say(f"{args.name} is removed; who runs it goes on")
    return 0


def _progress() -> Callable[[int, int], None] | None:
    """Return what tells how far a file is, on a terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        sys.stderr.write(f"\rchecking {done / 1e6:.0f} of {total / 1e6:.0f} MB{end}")
        sys.stderr.flush()

    return tell


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


COMMANDS = {"releases": _releases}

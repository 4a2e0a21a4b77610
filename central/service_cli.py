"""The command of `haochaping central` that tells how service went (`service_counts`).

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from central.roll_cli import open_database

if TYPE_CHECKING:
    from central.settings import Settings

_BY = ("staff", "window", "day", "device", "hall", "system")
_FILTERS = (
    ("hall", "only this hall, by its code"),
    ("window", "only this window, by its number or code"),
    ("device", "only this device"),
    ("staff", "only this staff number"),
    ("since", "from this day or time on, ISO 8601"),
    ("until", "up to this day or time, not included"),
)


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    service = command("service", "tell how service went: invitations, ends, seconds to tap")
    service.add_argument("--by", required=True, choices=_BY, help="what to count by")
    for name, text in _FILTERS:
        service.add_argument(f"--{name}", help=text)
    form = service.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV for a spreadsheet")
    form.add_argument("--json", action="store_true", help="print JSON, as /v1/service does")


def _service(args: argparse.Namespace, settings: "Settings") -> int:
    import json

    from central import service_counts, service_table
    from central.errors import Mistakes, Refused
    from central.filters import Filters, read_time

    offset = settings.utc_offset_minutes
    try:
        since_ms = read_time("--since", args.since, offset)
        until_ms = read_time("--until", args.until, offset)
    except Refused as error:
        raise Mistakes([error.problem.detail]) from error
    filters = Filters(
        hall=args.hall,
        window=args.window,
        device=args.device,
        staff=args.staff,
        since_ms=since_ms,
        until_ms=until_ms,
    )
    with open_database(settings) as database, database.reading() as connection:
        rows = service_counts.count(connection, service_counts.By(args.by), filters, offset)
    if args.json:
        _say(json.dumps({"by": args.by, "service": rows}, ensure_ascii=False, indent=2))
    elif args.csv:
        sys.stdout.buffer.write(service_table.as_csv(args.by, rows))
        sys.stdout.buffer.flush()
    elif rows:
        _say(service_table.as_table(args.by, rows))
    else:
        _say("nothing is known of any visit or log-in that fits")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


COMMANDS = {"service": _service}

"""The command of `haochaping central` that lists phone ratings whose visit is not known.

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from central.roll_cli import open_database

if TYPE_CHECKING:
    from central.settings import Settings

_PAGE = 1000


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    unbound = command("unbound", "list ratings by phone whose visit is not known")
    unbound.add_argument("--hall", help="only this hall, by its code")
    unbound.add_argument("--device", help="only this device")
    unbound.add_argument("--json", action="store_true", help="print JSON, as /v1/unbound does")


def _unbound(args: argparse.Namespace, settings: "Settings") -> int:
    import json

    from central import unbound
    from central.ages import age
    from central.service import now_ms
    from central.unbound import Deadline

    found, after = [], 0
    with open_database(settings) as database, database.reading() as connection:
        deadline = Deadline.of(settings.phone, now_ms())
        while True:
            rows, after = unbound.page(
                connection, deadline, after, _PAGE, hall=args.hall, device=args.device
            )
            found += rows
            if len(rows) < _PAGE:
                break
    if args.json:
        _say(json.dumps({"unbound": found}, ensure_ascii=False, indent=2))
        return 0
    if not found:
        _say("no rating by phone waits for its visit")
    for one in found:
        place = "?" if one["question"] is None else one["question"] + 1
        _say(
            f"{one['visit']}  {one['device']}  hall {one['hall']}  "
            f"question {place} ({one['subject']})  "
            f"since {age(one['age_seconds'])}  {one['state']}"
        )
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


COMMANDS = {"unbound": _unbound}

"""The commands of `haochaping central` that edit a hall: import, export, systems, edits.

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from central.database import Database
    from central.roll import Change, Kind
    from central.settings import Settings

_Add = Callable[[str, str], argparse.ArgumentParser]
_Run = Callable[[argparse.Namespace, "Settings"], int]
TABLES = ("staff", "matters", "windows")


def add_commands(command: _Add) -> None:
    """Add the commands and their arguments."""
    bring = command("import", "bring in a hall from TOML, or one of its tables from CSV")
    bring.add_argument("file", type=Path, metavar="FILE", help="HALL.toml, or a CSV file")
    bring.add_argument("--hall", metavar="HALL", help="code of the hall that a CSV file is for")
    bring.add_argument("--table", choices=TABLES, help="what is in the CSV file")
    bring.add_argument(
        "--replace", action="store_true", help="remove what is not in the CSV file, too"
    )
    bring.add_argument(
        "--dry-run", action="store_true", help="tell what would change, and change nothing"
    )
    export = command("export", "write one of a hall's tables as CSV")
    for_hall(export)
    export.add_argument("--table", choices=TABLES, required=True)
    export.add_argument("--chinese", action="store_true", help="with Chinese headings")
    export.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: print)")
    system = command("system", "make a key for a business system of a hall; an older one ends")
    system.add_argument("name", metavar="NAME", help="which system it is for")
    for_hall(system)
    system.add_argument(
        "--origin", action="append", metavar="URL", help="a web origin whose pages may call"
    )
    system.add_argument(
        "--callback", action="append", metavar="URL", help="what a call-back's address begins with"
    )
    system.add_argument("--out", type=Path, metavar="FILE", help="write the key to a new file")
    system.add_argument("--remove", action="store_true", help="end its key instead")
    command("systems", "list business systems")
    log = command("edits", "list who changed what in a hall, the newest first")
    log.add_argument("--hall", metavar="HALL", help="of this hall alone")
    log.add_argument("--limit", type=int, default=50, help="how many (default: %(default)s)")


def for_hall(parser: argparse.ArgumentParser) -> None:
    """Ask for the hall."""
    parser.add_argument("--hall", required=True, metavar="HALL", help="code of the hall")


# --- halls and tables -----------------------------------------------------------------------------


def _import(args: argparse.Namespace, settings: "Settings") -> int:
    from central.errors import Mistakes

    if args.table or args.file.suffix.lower() == ".csv":
        if not args.table or not args.hall:
            tables = "|".join(TABLES)
            raise Mistakes([f"{args.file}: a CSV file needs --hall HALL and --table {tables}"])
        return _import_csv(args, settings)
    if args.hall or args.replace:
        raise Mistakes([f"{args.file}: --hall and --replace are for CSV; a hall file says all"])
    return _import_hall(args, settings)


def _import_hall(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits
    from central.directory import import_hall, read_hall
    from central.service import now_ms

    content = read_hall(args.file)
    hall = content.hall.code
    with open_database(settings) as database, database.writing() as connection:
        changed = import_hall(connection, content, args.file)
        if changed:
            told = [f"imported {args.file.name}"]
            if not changed.new:
                told += [edits.told(kind, one) for kind, one in changed.tables.items() if one]
            edits.note(connection, hall, edits.operator(), "; ".join(told), now_ms())
        if args.dry_run:
            connection.rollback()
    _say(
        f"hall {hall}: {len(content.windows)} windows, {len(content.staff)} staff, "
        f"{len(content.matters)} matters" + ("" if changed else " (nothing new)")
    )
    if not changed.new:
        for kind, one in changed.tables.items():
            if one:
                _tell_change(kind, one)
    return _told_dry(args.dry_run)


def _import_csv(args: argparse.Namespace, settings: "Settings") -> int:
    from central import csv_tables, edits, roll
    from central.service import now_ms

    kind = roll.KINDS[args.table]
    sheet = csv_tables.read(args.file, kind)
    with open_database(settings) as database:
        with database.reading() as connection:
            roll.hall_row(connection, args.hall)
            held = roll.entries(connection, kind, args.hall)
            # What is wrong is told before a minute is spent on hashing.
            csv_tables.plan(connection, sheet, args.hall, replace=args.replace)
        secrets = csv_tables.make_secrets(sheet, args.hall, held, _progress())
        with database.writing() as connection:
            roll.hall_row(connection, args.hall, lock=True)
            plan = csv_tables.plan(connection, sheet, args.hall, secrets, replace=args.replace)
            if plan.change and not args.dry_run:
                roll.write(connection, kind, args.hall, plan.wanted, plan.change)
                roll.touch(connection, args.hall)
                what = f"{args.file.name}: {edits.told(kind, plan.change)}"
                edits.note(connection, args.hall, edits.operator(), what, now_ms())
    _tell_change(kind, plan.change)
    return _told_dry(args.dry_run)


def _told_dry(dry: bool) -> int:
    if dry:
        _say("nothing was changed: --dry-run")
    return 0


def _tell_change(kind: "Kind", change: "Change") -> None:
    from central.edits import named

    _say(f"{kind.name}: {change}")
    for did, keys in zip(("added", "changed", "removed"), change[:3], strict=True):
        if keys:
            _say(f"  {did}: {named(keys)}")


def _progress() -> Callable[[int, int], None]:
    """Return what tells on a terminal how far it is; elsewhere nothing."""
    if not sys.stderr.isatty():
        return lambda done, every: None

    def tell(done: int, every: int) -> None:
        if done % 25 == 0 or done == every:
            end = "\n" if done == every else ""
            sys.stderr.write(f"\rPINs and badges: {done} of {every}{end}")
            sys.stderr.flush()

    return tell


def _export(args: argparse.Namespace, settings: "Settings") -> int:
    from central import csv_tables, roll

    with open_database(settings) as database, database.reading() as connection:
        content = csv_tables.export(
            connection, roll.KINDS[args.table], args.hall, chinese=args.chinese
        )
    if args.out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_new(args.out, content)
        _say(f"written to {args.out}")
    return 0


# --- business systems, edits ---------------------------------------------------------------


def _system(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits, systems
    from central.cli import hand_over
    from central.service import now_ms

    with open_database(settings) as database, database.writing() as connection:
        if args.remove:
            systems.end_system(connection, args.hall, args.name)
            did = "key ended"
        else:
            key = systems.make_system(
                connection, args.hall, args.name, args.origin, args.callback, now_ms()
            )
            did = "key made"
        edits.note(connection, args.hall, edits.operator(), f"system {args.name}: {did}", now_ms())
        if not args.remove:
            hand_over(args.out, key)
    return 0


def _systems(args: argparse.Namespace, settings: "Settings") -> int:
    from central import systems
    from central.cli import utc

    with open_database(settings) as database, database.reading() as connection:
        found = systems.every(connection)
    for hall, system, made_ms in found:
        origins = ", ".join(system.origins) or "-"
        callbacks = ", ".join(system.callbacks) or "-"
        _say(
            f"{system.name}  hall {hall}  key of {utc(made_ms)}  origins {origins}  "
            f"call-backs {callbacks}"
        )
    if not found:
        _say("no business system has a key; make one: haochaping central system NAME --hall HALL")
    return 0


def _edits(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits
    from central.cli import utc

    with open_database(settings) as database, database.reading() as connection:
        found = edits.newest(connection, args.hall, max(1, args.limit))
    for one in found:
        _say(f"{utc(one.made_ms)}  hall {one.hall}  {one.editor}  {one.what}")
    if not found:
        _say("nothing was edited yet")
    return 0


COMMANDS: Mapping[str, _Run] = {
    "import": _import,
    "export": _export,
    "system": _system,
    "systems": _systems,
    "edits": _edits,
}


@contextmanager
def open_database(settings: "Settings") -> "Iterator[Database]":
    """Give the database of an initialised central, its schema checked."""
    from central.cli import opened

    database = opened(settings)
    try:
        yield database
    finally:
        database.close()


def write_new(path: Path, content: bytes) -> None:
    """Write a private new file: it tells of people."""
    from central.database import make_private_file
    from central.errors import CentralError

    try:
        make_private_file(path, content)
    except FileExistsError as error:
        raise CentralError(f"{path} exists already; remove it or choose another") from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")

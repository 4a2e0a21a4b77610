"""`haochaping central`: set central up, serve, and look after halls, devices and readers.

What a command needs is imported when it runs, so that `--help` costs nothing.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from central import (
    access_cli,
    channels_cli,
    devices_cli,
    posters_cli,
    releases_cli,
    roll_cli,
    service_cli,
    unbound_cli,
)

if TYPE_CHECKING:
    from central.database import Database
    from central.settings import Settings

DATA_VARIABLE = "HAOCHAPING_CENTRAL_DATA"
_EPILOG = """\
The database is a SQLite file in the data directory (one hall), or PostgreSQL (a province)
if central.toml there says so, or HAOCHAPING_DATABASE_URL is set. Begin with:

  haochaping central init --data /var/lib/haochaping
  haochaping central import hall.toml --data /var/lib/haochaping
  haochaping central serve --data /var/lib/haochaping

Exit codes: 0 done, 1 could not be done, 2 wrong arguments, settings or hall file.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add central's commands and their arguments to ``parser``."""
    parser.description = "The central API: takes in ratings and answers questions about them."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get(DATA_VARIABLE, "central-data")),
        metavar="DIR",
        help=f"where the key and the SQLite file are (default: ${DATA_VARIABLE} or central-data)",
    )
    common.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings (default: central.toml in the data directory, if there is one)",
    )
    commands = parser.add_subparsers(dest="central_command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    command("init", "make the data directory, central's keys and the tables")
    command("migrate", "bring the tables to what this version needs")
    serve = command("serve", "serve the API until SIGTERM; says when it is ready")
    serve.add_argument("--host", help="address to listen on (default: settings, else 127.0.0.1)")
    serve.add_argument(
        "--port",
        type=int,
        help="port to listen on, 0 for a free one (default: settings, else 8080)",
    )
    roll_cli.add_commands(command)
    access_cli.add_commands(command)
    channels_cli.add_commands(command)
    posters_cli.add_commands(command)
    devices_cli.add_commands(command)
    releases_cli.add_commands(command)
    reader = command("reader", "make a key for someone who reads ratings, edits or makes cards")
    reader.add_argument("name", metavar="NAME", help="who it is for; an old key of NAME ends")
    reader.add_argument(
        "--role",
        choices=("reader", "editor", "technician"),
        default="reader",
        help="a reader reads ratings and counts, an editor edits staff, matters and windows, a "
        "technician gets enrolment tokens for cards and looks at devices",
    )
    _add_out(reader, "key")
    command("requeue", "read quarantined records again, after an upgrade")
    calls = command("callbacks", "list visits whose citizens want a call")
    calls.add_argument(
        "--opened", action="store_true", help="list those whose number was read before too"
    )
    calls.add_argument(
        "--show-numbers",
        action="store_true",
        help="show the numbers, which needs sealing.key; that they were read is kept",
    )
    service_cli.add_commands(command)
    unbound_cli.add_commands(command)
    command("show", "show the settings and how much is stored")


def run(args: argparse.Namespace) -> int:
    """Run the command in ``args`` and return its exit code."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    from central.errors import CentralError, Mistakes
    from central.settings import read_settings

    try:
        settings = read_settings(args.data, args.config)
        return _COMMANDS[args.central_command](args, settings)
    except Mistakes as error:
        return _fail(str(error), 2)
    except CentralError as error:
        return _fail(str(error), 1)
    except OperationalError as error:
        return _fail(f"the database cannot be reached or used: {error.orig}", 1)
    except DatabaseError as error:
        named = settings.shown()["database"].removeprefix("sqlite+pysqlite:///")
        return _fail(f"{named} cannot be used as central's database: {error.orig}", 1)
    except OSError as error:
        return _fail(str(error), 1)


def main() -> None:
    """Run `haochaping central` by itself."""
    parser = argparse.ArgumentParser(prog="haochaping central")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))


def _add_out(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"write the {what} to a new file of mode 600 instead of printing it",
    )


def _init(args: argparse.Namespace, settings: "Settings") -> int:
    from central.database import Database
    from central.service import make_key, read_key, refuse_without_key

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.key_file.exists():
        read_key(settings.key_file)
        _say(f"{settings.key_file} is there already and stays")
    else:
        refuse_without_key(settings)
        make_key(settings.key_file)
        _say(f"made {settings.key_file}: back it up, every device trusts this key")
    database = Database(settings.database)
    try:
        database.migrate()
        _ensure_sealing_key(database, settings)
    finally:
        database.close()
    _say(f"tables are ready in {settings.shown()['database']}")
    return 0


def _migrate(args: argparse.Namespace, settings: "Settings") -> int:
    from central.database import Database
    from central.service import key_of

    key_of(settings)
    database = Database(settings.database)
    try:
        database.migrate()
        _ensure_sealing_key(database, settings)
    finally:
        database.close()
    _say("tables are up to date")
    return 0


def _ensure_sealing_key(database: "Database", settings: "Settings") -> None:
    from central.sealing import ensure_key
    from central.service import now_ms

    if ensure_key(database, settings.sealing_key_file, now_ms()):
        _say(f"made {settings.sealing_key_file}: back it up, only it opens citizens' numbers")


def _serve(args: argparse.Namespace, settings: "Settings") -> int:
    import logging

    from central.service import Central
    from central.serving import serve

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("haochaping").setLevel(logging.INFO)
    port = settings.port if args.port is None else args.port
    if not 0 <= port <= 65535:
        return _fail(f"--port {port}: expected 0 to 65535", 2)
    central = Central.open(settings)
    try:
        serve(central, args.host or settings.host, port)
    finally:
        central.close()
    return 0


def _reader(args: argparse.Namespace, settings: "Settings") -> int:
    from central.readers import make_reader
    from central.service import now_ms

    if not args.name.strip() or not args.name.isprintable():
        return _fail("NAME: expected who the key is for, in printable characters", 2)
    database = opened(settings)
    with database.writing() as connection:
        key = make_reader(connection, args.name, now_ms(), args.role)
        hand_over(args.out, key)
    database.close()
    return 0


def _requeue(args: argparse.Namespace, settings: "Settings") -> int:
    from central.ingest import requeue
    from central.service import now_ms

    database = opened(settings)
    stored, left = requeue(database, now_ms())
    database.close()
    _say(f"{stored} records could be read and are stored; {left} stay in quarantine")
    return 0


def _callbacks(args: argparse.Namespace, settings: "Settings") -> int:
    import logging

    from central import callbacks, sealing
    from central.service import now_ms

    key = sealing.read_key(settings.sealing_key_file) if args.show_numbers else None
    database = opened(settings)
    with database.reading() as connection:
        found = callbacks.wanted(connection, opened=args.opened)
    numbers: dict[callbacks.Callback, str] = {}
    if key is not None:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
        readable = {one: callbacks.number_of(one, key) for one in found}
        numbers = {one: number for one, number in readable.items() if number is not None}
        with database.writing() as connection:  # kept before anybody sees a number
            callbacks.note_opened(connection, numbers, now_ms())
    database.close()
    if not found:
        _say("nobody waits for a call" if not args.opened else "nobody has asked for a call")
    for one in found:
        level = "no rating yet" if one.lowest is None else one.lowest.name.lower()
        state = "waiting" if one.opened_ms is None else f"read {utc(one.opened_ms)}"
        line = f"{one.visit}  hall {one.hall or '?'}  window {one.window or '?'}  "
        line += f"{utc(one.ended_ms)}  lowest {level}  {state}"
        if key is not None:
            line += f"  {numbers.get(one, 'cannot be opened with this key')}"
        _say(line)
    return 0


def _show(args: argparse.Namespace, settings: "Settings") -> int:
    from central import overview
    from central.service import now_ms
    from central.unbound import Deadline

    database = opened(settings)
    with database.reading() as connection:
        totals = overview.totals(connection, Deadline.of(settings.phone, now_ms()))
    database.close()
    for name, value in {**settings.shown(), **totals}.items():
        _say(f"{name:24} {value}")
    return 0


_COMMANDS = {
    "init": _init,
    "migrate": _migrate,
    "serve": _serve,
    "reader": _reader,
    "requeue": _requeue,
    "callbacks": _callbacks,
    "show": _show,
    **roll_cli.COMMANDS,
    **access_cli.COMMANDS,
    **channels_cli.COMMANDS,
    **devices_cli.COMMANDS,
    **releases_cli.COMMANDS,
    **posters_cli.COMMANDS,
    **service_cli.COMMANDS,
    **unbound_cli.COMMANDS,
}


def opened(settings: "Settings") -> "Database":
    """Return the database of an initialised central, its schema checked."""
    from central.database import Database
    from central.service import key_of

    key_of(settings)
    database = Database(settings.database)
    database.check_schema()
    return database


def hand_over(out: Path | None, secret: str) -> None:
    """Print a secret, the one time it can be seen, or put it into a private new file."""
    from central.database import make_private_file
    from central.errors import CentralError

    if out is None:
        _say(secret)
        return
    try:
        make_private_file(out, f"{secret}\n".encode())
    except FileExistsError as error:
        raise CentralError(f"{out} exists already; remove it or choose another") from error
    _say(f"written to {out}")


def utc(ms: int) -> str:
    """Return a time for people to read, to the minute."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"haochaping central: {text}\n")
    return code

"""Both databases: can they be opened, do they fit this software, is nothing in them malformed?

Field pain: a database that is malformed after a power cut. Every connection here is one that
can neither write nor checkpoint.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.patient import Patient
from device.core.errors import DamagedFile, DeviceError, StorageUnavailable, WrongSchema
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA, open_reader, trouble

LARGE_WAL_BYTES = 64 * 1024 * 1024
"""The writers fold it back every minute; what grows to this is no longer folded."""

Schema = tuple[str, tuple[str, ...]]


@contextmanager
def opened(path: Path, schema: Schema) -> Iterator[sqlite3.Connection]:
    """Open a database to be read. Raises `DeviceError` or `PermissionError`."""
    path.stat()  # what may not be seen is told apart from what is not there
    with closing(open_reader(path, schema)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise trouble(error, path) from error


def rows(path: Path, schema: Schema, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what ``query`` finds. Raises `DeviceError` or `PermissionError`."""
    with opened(path, schema) as connection:
        return connection.execute(query, values).fetchall()


def kiosk_file(patient: Patient) -> Finding:
    """Can the records' file be used by this software?"""
    return _usable("kiosk-db", patient.home.kiosk_db, KIOSK_SCHEMA)


def agent_file(patient: Patient) -> Finding:
    """Can the roster's file be used by this software?"""
    return _usable("agent-db", patient.home.agent_db, AGENT_SCHEMA)


def kiosk_pages(patient: Patient) -> Finding:
    """Is every page of the records' file well-formed?"""
    return _well_formed("kiosk-db-pages", patient.home.kiosk_db, KIOSK_SCHEMA)


def agent_pages(patient: Patient) -> Finding:
    """Is every page of the roster's file well-formed?"""
    return _well_formed("agent-db-pages", patient.home.agent_db, AGENT_SCHEMA)


def _usable(code: str, path: Path, schema: Schema) -> Finding:
    figures: dict[str, int] = {}
    try:
        figures["bytes"] = path.stat().st_size
        wal = path.with_name(path.name + "-wal")
        figures["wal_bytes"] = wal.stat().st_size if wal.exists() else 0
        with opened(path, schema):
            pass
    except FileNotFoundError:
        return fault(code, f"There is no {path.name}.", "Run haochaping migrate.")
    except WrongSchema as error:
        return fault(code, f"{error}.", "Run haochaping migrate, or install the newer release.")
    except DamagedFile as error:
        return fault(
            code,
            f"The file is damaged ({error}).",
            "Restart haochaping.target: the file is set aside, what can be read is taken over.",
            **figures,
        )
    except StorageUnavailable as error:
        return unknown(code, f"It cannot be read now: {error}.", "Try again as root.", **figures)
    if figures["wal_bytes"] > LARGE_WAL_BYTES:
        return warning(
            code,
            f"The write-ahead log of {path.name} has grown to {figures['wal_bytes'] // 2**20} MB.",
            "Restart haochaping.target; if it grows again, make a support bundle.",
            **figures,
        )
    return ok(code, f"{path.name} fits this software.", **figures)


def _well_formed(code: str, path: Path, schema: Schema) -> Finding:
    try:
        found = [str(row[0]) for row in rows(path, schema, "PRAGMA quick_check(5)")]
    except (FileNotFoundError, WrongSchema):
        return unknown(code, f"See {code.removesuffix('-pages')}.")
    except DamagedFile as error:
        found = [str(error)]
    except DeviceError as error:
        return unknown(code, f"It cannot be read now: {error}.", "Try again as root.")
    if found == ["ok"]:
        return ok(code, f"Every page of {path.name} is well-formed.")
    return fault(
        code,
        f"{path.name} is malformed: {found[0]}",
        "Restart haochaping.target: the file is set aside, what can be read is taken over. If it "
        "comes again, change the card.",
    )

"""Programs of a hall that may invite citizens at its windows: who they are, by their keys.

Central makes a key, shows it once and keeps its hash; the hall's devices get the hash and
answer the program themselves, with no line to central.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, delete, select

from central import roll, schema
from central.database import insert_or_replace
from central.errors import Mistakes, Unknown
from protocol.configuration import BusinessSystem

_KEY_PREFIX = "hcs_"


class Held(NamedTuple):
    """A business system as central lists it."""

    hall: str
    system: BusinessSystem
    made_ms: int


def of_hall(connection: Connection, hall: str) -> tuple[BusinessSystem, ...]:
    """Return the business systems of ``hall``, by name."""
    return tuple(one.system for one in every(connection) if one.hall == hall)


def every(connection: Connection) -> list[Held]:
    """Return the business systems of all halls."""
    table = schema.business_system
    rows = connection.execute(select(table).order_by(table.c.hall, table.c.name))
    return [
        Held(
            row.hall,
            BusinessSystem(
                row.name,
                row.key_hash,
                tuple(json.loads(row.origins)),
                tuple(json.loads(row.callbacks)),
            ),
            row.made_ms,
        )
        for row in rows
    ]


def make_system(
    connection: Connection,
    hall: str,
    name: str,
    origins: Sequence[str] | None,
    callbacks: Sequence[str] | None,
    now_ms: int,
) -> str:
    """Return a new key for the business system ``name``; an older one of that name ends.

    ``origins`` and ``callbacks`` that are None stay as they are. Raises `Unknown` for a hall
    that is not there, `Mistakes` for what cannot be an origin or a call-back.
    """
    roll.hall_row(connection, hall, lock=True)
    _check(name, origins or (), callbacks or ())
    held = {one.name: one for one in of_hall(connection, hall)}.get(name)
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    row: dict[str, Any] = {
        "hall": hall,
        "name": name,
        "key_hash": hashlib.sha256(key.encode()).hexdigest(),
        "made_ms": now_ms,
    }
    for column, given in (("origins", origins), ("callbacks", callbacks)):
        kept = getattr(held, column) if held is not None else ()
        row[column] = json.dumps(list(dict.fromkeys(kept if given is None else given)))
    insert_or_replace(connection, schema.business_system, row)
    roll.touch(connection, hall)
    return key


def end_system(connection: Connection, hall: str, name: str) -> None:
    """Take the key of ``name`` away. Raises `Unknown` if there is no such system."""
    roll.hall_row(connection, hall, lock=True)
    table = schema.business_system
    gone = connection.execute(delete(table).where(table.c.hall == hall, table.c.name == name))
    if gone.rowcount == 0:
        raise Unknown(
            f"hall {hall} has no business system {name}; see `haochaping central systems`"
        )
    roll.touch(connection, hall)


def _check(name: str, origins: Sequence[str], callbacks: Sequence[str]) -> None:
    mistakes = []
    try:
        msgspec.convert(
            {"name": name, "key_hash": "", "origins": origins, "callbacks": callbacks},
            BusinessSystem,
        )
    except msgspec.ValidationError as error:
        mistakes.append(f"a name has 1 to 64 characters, an address at most 128: {error}")
    if not name.strip() or not name.isprintable():
        mistakes.append("NAME: expected printable characters")
    mistakes += [
        f"--origin {one}: expected https://host or http://host, without a path"
        for one in origins
        if not _is_origin(one)
    ]
    mistakes += [
        f"--callback {one}: expected https://host/ or http://host/, and more of the path if "
        "need be; without user, query or fragment"
        for one in callbacks
        if not _is_callback(one)
    ]
    if mistakes:
        raise Mistakes(mistakes)


def _is_origin(text: str) -> bool:
    """An origin as browsers send it (RFC 6454, section 7): scheme, host, port if unusual."""
    host = _host(text)
    return bool(host) and text in (f"https://{host}", f"http://{host}") and text == text.lower()


def _is_callback(text: str) -> bool:
    """A beginning of addresses that no other host can share: the host is ended by a slash."""
    host = _host(text)
    begins = any(text.startswith(f"{scheme}://{host}/") for scheme in ("https", "http"))
    return bool(host) and begins and not set("?#@\\ ") & set(text) and text.isprintable()


def _host(text: str) -> str:
    """Return host and port in ``text``; empty if there is none that could be meant."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname or parts.username is not None or not text.isascii():
        return ""
    shown = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return shown if port is None else f"{shown}:{port}"

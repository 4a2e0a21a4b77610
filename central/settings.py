"""Where central keeps its things and how it is reached: `central.toml`, all of it optional.

The database URL may hold a password, so it comes from the environment or from a file and
never from an argument, where every user of the machine could read it.
"""

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import URL

from central.database import read_url, sqlite_url
from central.mistakes import Mistaken, phone_url_flaw, read_toml
from protocol.limits import Short

DATABASE_VARIABLE = "HAOCHAPING_DATABASE_URL"
FILE_NAME = "central.toml"

_Positive = Annotated[int, Meta(ge=1, le=1_000_000)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much central takes on at once."""

    concurrent_requests: _Positive = 200
    """More at the same time are answered 503 with Retry-After."""
    body_seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    """Longest pause while a request's body comes in; then it is given up."""
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    """Most ratings in one page."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of central.toml."""

    host: Short = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    database: Annotated[str, Meta(max_length=2000)] = ""
    database_file: Annotated[str, Meta(max_length=4000)] = ""
    phone_url: Short = ""
    utc_offset_minutes: Annotated[int, Meta(ge=-14 * 60, le=14 * 60)] = 480


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything central is told from outside, checked."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    database: URL
    phone_url: str = ""
    """Used for halls whose file names none."""
    utc_offset_minutes: int = 480
    """Where a day begins in counts: minutes east of Greenwich, China's by default."""
    limits: Limits = Limits()

    @property
    def key_file(self) -> Path:
        """Where central's signing key is kept."""
        return self.data / "central.key"

    @property
    def sealing_key_file(self) -> Path:
        """Where the key to numbers left for a call-back is kept; `serve` needs it not."""
        return self.data / "sealing.key"

    def shown(self) -> dict[str, str]:
        """Return the settings for people to read, the database's password masked."""
        return {
            "data": str(self.data),
            "host": self.host,
            "port": str(self.port),
            "database": self.database.render_as_string(hide_password=True),
            "phone_url": self.phone_url or "(from the hall file)",
            "utc_offset_minutes": str(self.utc_offset_minutes),
            "limits": str(msgspec.to_builtins(self.limits)),
        }


def read_settings(data: Path, file: Path | None = None) -> Settings:
    """Return the settings for the data directory ``data``.

    Reads ``file``, else `central.toml` in the data directory if there is one. The variable
    `HAOCHAPING_DATABASE_URL` wins over both of the file's ways to name a database. Raises
    `Mistakes` with every one of them.
    """
    chosen = file or data / FILE_NAME
    mistaken = Mistaken(chosen)
    content = read_toml(chosen) if file is not None or chosen.exists() else {}
    limits = mistaken.values(Limits, mistaken.table(content, "limits"), "limits")
    content.pop("limits", None)
    values = mistaken.values(_File, content, "")
    keys = _File(**values)
    if keys.phone_url and (flaw := phone_url_flaw(keys.phone_url)):
        mistaken.add("phone_url", flaw)
    url = _database(keys, data, mistaken)
    mistaken.raise_any()
    assert url is not None  # noqa: S101 - else raised
    return Settings(
        data=data,
        host=keys.host,
        port=keys.port,
        database=url,
        phone_url=keys.phone_url,
        utc_offset_minutes=keys.utc_offset_minutes,
        limits=Limits(**limits),
    )


def _database(keys: _File, data: Path, mistaken: Mistaken) -> URL | None:
    """Find the database: environment, file of its own, central.toml, the hall's SQLite."""
    if named := os.environ.get(DATABASE_VARIABLE, ""):
        try:
            return read_url(named)
        except ValueError as error:
            mistaken.add_elsewhere(DATABASE_VARIABLE, str(error))
            return None
    if keys.database and keys.database_file:
        mistaken.add("database_file", "expected only one of database and database_file")
    where, text = "database", keys.database
    if keys.database_file:
        where = "database_file"
        try:
            text = (data / keys.database_file).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            mistaken.add(where, "expected a readable file that holds the database's URL")
            return None
    if not text:
        return sqlite_url(data / "central.db")
    try:
        return read_url(text)
    except ValueError as error:
        mistaken.add(where, str(error))
        return None

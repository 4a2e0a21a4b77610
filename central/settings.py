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

from central.addresses import proxy_flaw
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
    waiting_devices: _Positive = 2000
    """Devices that wait for a phone's rating at the same time; more are told to come again."""
    downloads: _Positive = 20
    """Releases being sent at the same time, by each worker; more are told to come again."""
    technician_calls_per_hour: _Positive = 10_000
    """For enrolment tokens, with one technician's key: a fleet is two calls a card."""


class Phone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ratings by phone and through other channels are guarded."""

    unbound_hours: _Positive = 72
    """A rating whose visit is unknown for longer is shown as unbound."""
    form_hours: Annotated[int, Meta(ge=1, le=168)] = 12
    """How long a page that was opened may be sent in."""
    quickest_seconds: Annotated[float, Meta(ge=0, le=60)] = 2.0
    """Nobody reads a page and answers it sooner; it is asked again."""
    ratings_per_hour: _Positive = 60
    """Of one address: a hall's own network is one."""
    window_ratings_per_hour: _Positive = 10
    """Of one address by the printed code of one window."""
    wrong_codes_per_hour: _Positive = 10
    """Receipt codes that do not exist, of one address."""
    channel_ratings_per_hour: _Positive = 20_000
    """Of one key of another channel, whatever becomes of them."""
    channel_wrong_codes_per_hour: _Positive = 100
    """Receipt codes that do not exist, of one such key."""
    window_code_days: Annotated[int, Meta(ge=1, le=3660)] = 365
    """How long a printed code works."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of central.toml."""

    host: Short = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    database: Annotated[str, Meta(max_length=2000)] = ""
    database_file: Annotated[str, Meta(max_length=4000)] = ""
    phone_url: Short = ""
    utc_offset_minutes: Annotated[int, Meta(ge=-14 * 60, le=14 * 60)] = 480
    proxies: Annotated[tuple[Short, ...], Meta(max_length=100)] = ("127.0.0.1", "::1")


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
    phone: Phone = Phone()
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Whose word on a caller's address is taken (``X-Forwarded-For``)."""

    @property
    def key_file(self) -> Path:
        """Where central's signing key is kept."""
        return self.data / "central.key"

    @property
    def releases(self) -> Path:
        """Where the files of releases are kept; all workers need the same."""
        return self.data / "releases"

    @property
    def release_key_file(self) -> Path:
        """The public key that releases are signed for, if it was laid there."""
        return self.data / "release.pem"

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
            "phone": str(msgspec.to_builtins(self.phone)),
            "proxies": ", ".join(self.proxies),
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
    phone = mistaken.values(Phone, mistaken.table(content, "phone"), "phone")
    content.pop("limits", None)
    content.pop("phone", None)
    values = mistaken.values(_File, content, "")
    keys = _File(**values)
    if keys.phone_url and (flaw := phone_url_flaw(keys.phone_url)):
        mistaken.add("phone_url", flaw)
    for proxy in keys.proxies:
        if flaw := proxy_flaw(proxy):
            mistaken.add("proxies", f"{flaw}, not {proxy!r}")
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
        phone=Phone(**phone),
        proxies=keys.proxies,
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

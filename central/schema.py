"""The tables of central, the same on SQLite and PostgreSQL.

Times are milliseconds since 1970 (UTC), hashes SHA-256, ids of visits and boots their 16
bytes. What a device signed is kept in `record` as the exact bytes; `visit` and `rating`
are read out of it for queries and could be built anew from it at any time.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Bytes(LargeBinary):
    """Bytes that go to the driver as they are; wrapping each costs a seventh of ingest."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """Leave the value alone: both drivers take `bytes`."""


_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
UNSETTLED_TIME = "corrected_by in ('received', 'heard')"
"""Which times may still be bettered once the boot's clock is known (`clocks`)."""


def _device() -> Column[int]:
    return Column("device_id", Integer, ForeignKey("device.id"), nullable=False)


def _device_key() -> Column[int]:
    return Column("device_id", Integer, ForeignKey("device.id"), primary_key=True)


def _times() -> tuple[Column[Any], ...]:
    """The device's own time beside central's correction of it."""
    return (
        Column("wall_ms", BigInteger, nullable=False),
        Column("clock", Text, nullable=False),
        Column("boot_id", Bytes, nullable=False),
        Column("monotonic_ms", BigInteger, nullable=False),
        Column("received_ms", BigInteger, nullable=False),
        Column("corrected_ms", BigInteger, nullable=False),
        Column("corrected_by", Text, nullable=False),
    )


# --- the hall, as imported ------------------------------------------------------------

hall = Table(
    "hall",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone_url", Text, nullable=False),
    Column("notices", Text, nullable=False),  # JSON
    Column("rules", Text, nullable=False),  # JSON
    Column("revision", Integer, nullable=False),  # grows with every edit that changes it
    Column("hours", Text, nullable=False, server_default="{}"),  # JSON
    Column("texts", Text, nullable=False, server_default="{}"),  # JSON
)
service_window = Table(
    "service_window",
    metadata,
    Column("code", Text, primary_key=True),
    Column("hall", Text, ForeignKey("hall.code"), nullable=False),
    Column("number", Text, nullable=False),
    Column("assigned_staff", Text, nullable=False),
    Column("matters", Text, nullable=False, server_default="[]"),  # JSON, codes in order
)
staff_member = Table(
    "staff_member",
    metadata,
    Column("hall", Text, ForeignKey("hall.code"), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("pin_verifier", Text, nullable=False),
    Column("badge", Text, nullable=False, server_default=""),
    Column("card", Text, nullable=False, server_default=""),
    Column("photo", Text, nullable=False, server_default=""),  # its hash
)
photo = Table(
    "photo",
    metadata,
    Column("hall", Text, ForeignKey("hall.code"), primary_key=True),
    Column("hash", Text, primary_key=True),  # hexadecimal digits, as the roster has it
    Column("image", Bytes, nullable=False),  # JPEG
    Column("made_ms", BigInteger, nullable=False),
)
matter = Table(
    "matter",
    metadata,
    Column("hall", Text, ForeignKey("hall.code"), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("initials", Text, nullable=False, server_default=""),
)
business_system = Table(
    "business_system",
    metadata,
    Column("hall", Text, ForeignKey("hall.code"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("key_hash", Text, nullable=False),
    Column("origins", Text, nullable=False),  # JSON
    Column("callbacks", Text, nullable=False),  # JSON
    Column("made_ms", BigInteger, nullable=False),
)
edit = Table(
    "edit",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("hall", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("editor", Text, nullable=False),  # name of a key, or who typed the command
    Column("what", Text, nullable=False),  # never a PIN, a badge or a key
)

# --- devices ---------------------------------------------------------------------------

device = Table(
    "device",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("board", Text, nullable=False),
    Column("algorithm", Integer, nullable=False),
    Column("record_key", Bytes, nullable=False, unique=True),
    Column("transport_key", Bytes, nullable=False, unique=True),
    Column("window", Text, nullable=False),
    Column("software", Text, nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("frozen_ms", BigInteger),  # since when its ratings are kept without credit
    Column("head", BigInteger, nullable=False),
    Column("head_hash", Bytes, nullable=False),  # empty while head is 0
    Column("contact_ms", BigInteger, nullable=False),
    Column("issued_ms", BigInteger, nullable=False, server_default="0"),  # of its last receipt
    Column("host", Text, nullable=False, server_default=""),  # its host name, as its token said
    Column("replaced_by", Text),  # name of the device that took its place
)
Index("ix_device_window", device.c.window)
enrolment_token = Table(
    "enrolment_token",
    metadata,
    Column("hash", Bytes, primary_key=True),
    Column("window", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("device_id", Integer, ForeignKey("device.id")),
    Column("name", Text, nullable=False, server_default=""),  # host name of the device to come
    Column("replaces", Integer, ForeignKey("device.id")),  # revoked when the token is used
    Column("made_by", Text, nullable=False, server_default=""),  # name of a key, or who typed
)
configuration = Table(
    "configuration",
    metadata,
    _device_key(),
    Column("version", BigInteger, primary_key=True),
    Column("basis", Text, nullable=False),  # what it was built from, to know it unchanged
    Column("content_hash", Bytes, nullable=False),
    Column("signed", Bytes, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
)
boot = Table(
    "boot",
    metadata,
    _device_key(),
    Column("boot_id", Bytes, primary_key=True),
    Column("offset_ms", BigInteger),  # wall clock minus monotonic clock, see `clocks`
    Column("synced", Boolean, nullable=False),
    Column("heard_ms", BigInteger),  # first heartbeat of this boot
)
heartbeat = Table(
    "heartbeat",
    metadata,
    _device_key(),
    Column("boot_id", Bytes, nullable=False),
    Column("monotonic_ms", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("clock", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("acknowledged", BigInteger, nullable=False),
    Column("configuration", BigInteger, nullable=False),
    Column("disk_free_bytes", BigInteger, nullable=False),
    Column("temperature_c", Double),
    Column("undervoltage", Boolean),
    Column("kiosk_running", Boolean, nullable=False),
    Column("counters", Text, nullable=False),  # JSON
    Column("platform", Text, nullable=False, server_default=""),
    Column("release", Text, nullable=False, server_default=""),
    Column("update", Text, nullable=False, server_default=""),
    Column("faults", Text, nullable=False, server_default="[]"),  # JSON
)

# --- releases --------------------------------------------------------------------------

release = Table(
    "release",  # its file is in the data directory
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # of the release file, in bytes
    Column("sha256", Text, nullable=False),  # of the same, in hexadecimal digits
    Column("issued_ms", BigInteger, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
)
release_order = Table(
    "release_order",  # who should run which; of those that name a device the newest counts
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("release", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("scope", Text, nullable=False),  # `release_orders.Scope`
    Column("target", Text, nullable=False),  # a code or a name; empty for all
    Column("first", Integer),  # only so many, those in `release_pilot`
    Column("given_ms", BigInteger, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("ended_ms", BigInteger),  # withdrawn, or another one took its place
    sqlite_autoincrement=True,
)
release_pilot = Table(
    "release_pilot",  # those who get a release before the others
    metadata,
    Column("order_id", _ROW_ID, ForeignKey("release_order.id"), primary_key=True),
    Column("device_id", Integer, ForeignKey("device.id"), primary_key=True),
)
release_failure = Table(
    "release_failure",  # a device went back from a release: not offered again until given anew
    metadata,
    _device_key(),
    Column("release", Text, primary_key=True),
    Column("told_ms", BigInteger, nullable=False),
    Column("said", Text, nullable=False),
)

# --- what devices assert ---------------------------------------------------------------

record = Table(
    "record",
    metadata,
    _device_key(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Bytes, nullable=False),
    Column("kind", Text, nullable=False),
    Column("visit", Bytes),
    *_times(),
    Column("signed", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
quarantined_record = Table(
    "quarantined_record",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    _device(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    Column("reason", Text, nullable=False),
    Column("vouched", Boolean, nullable=False),  # these very bytes are part of the chain
    Column("chain_hash", Bytes),  # what the chain has in this place, if known
    Column("signed", Bytes, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("settled_ms", BigInteger),  # when it could be read, or the true one came
    UniqueConstraint("device_id", "seq", "hash"),
)
conflicting_record = Table(
    "conflicting_record",
    metadata,
    _device_key(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Bytes, primary_key=True),
    Column("signed", Bytes, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)
record_gap = Table(
    "record_gap",
    metadata,
    _device_key(),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("noted_ms", BigInteger, nullable=False),
)
visit = Table(
    "visit",
    metadata,
    _device_key(),
    Column("visit", Bytes, primary_key=True),
    Column("window", Text),
    Column("staff", Text),
    Column("invited_by", Text),
    Column("matters", Text),  # JSON
    Column("system", Text),  # the business system that invited; empty if none did
    Column("opened_seq", BigInteger),  # its record tells when
    Column("outcome", Text),
    Column("reason", Text),
    Column("asked", BigInteger),
    Column("rated", BigInteger),
    Column("first_tap_ms", BigInteger),
    Column("surplus", BigInteger),
    Column("recovered", Boolean),
    Column("closed_seq", BigInteger),
    Column("hall", Text),  # the hall's code where the hall as a whole is rated
    Column("rate_unfinished", Boolean),
    Column("by_phone", BigInteger),
    Column("receipt", Text),  # the code that the citizen took away
    sqlite_with_rowid=False,
)
Index(  # of some rows, for the same reason
    "ix_visit_visit",
    visit.c.visit,
    sqlite_where=visit.c.opened_seq.is_not(None),
    postgresql_where=visit.c.opened_seq.is_not(None),
)
Index(  # of some rows, so that SQLite reads the table never by way of it
    "ix_visit_receipt",
    visit.c.receipt,
    sqlite_where=visit.c.receipt.is_not(None),
    postgresql_where=visit.c.receipt.is_not(None),
)
rating = Table(
    "rating",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("device_id", Integer, ForeignKey("device.id")),  # null: a visit without a device
    Column("seq", BigInteger, nullable=False),  # in the device's chain, or the hall's own
    Column("visit", Bytes, nullable=False),
    Column("subject", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("platform_level", SmallInteger, nullable=False),
    Column("tags", Text, nullable=False),  # codes, comma separated
    Column("cases", Text, nullable=False),  # JSON
    Column("channel", SmallInteger, nullable=False),
    Column("language", Text, nullable=False),
    Column("changes", BigInteger, nullable=False),
    Column("recovered", Boolean, nullable=False),
    Column("credited", Boolean, nullable=False),
    Column("origin", Text, nullable=False, server_default="screen"),  # `settling.Origin`
    Column("counted", Boolean, nullable=False, server_default=text("true")),  # the first one
    Column("tap_age_ms", BigInteger, nullable=False, server_default="0"),  # tap before record
    Column("remote_id", BigInteger, ForeignKey("remote_rating.id")),
    Column("hall", Text),  # of a visit without a device, as the next two
    Column("window", Text),
    Column("staff", Text),
    *_times(),
    sqlite_autoincrement=True,
)
_NO_DEVICE, _COUNTED = rating.c.device_id.is_(None), rating.c.counted
Index(
    "uq_rating_origin",
    *(rating.c.device_id, rating.c.visit, rating.c.subject, rating.c.code, rating.c.origin),
    unique=True,
)
Index(  # never two that count for one visit and subject
    "uq_rating_counted",
    *(rating.c.device_id, rating.c.visit, rating.c.subject, rating.c.code),
    unique=True,
    sqlite_where=_COUNTED,
    postgresql_where=_COUNTED,
)
Index(
    "uq_rating_without_device",
    *(rating.c.visit, rating.c.subject, rating.c.code),
    unique=True,
    sqlite_where=_NO_DEVICE,
    postgresql_where=_NO_DEVICE,
)
Index("ix_rating_corrected_ms", rating.c.corrected_ms)
for _table in (record, rating):
    Index(
        f"ix_{_table.name}_unsettled_time",
        _table.c.device_id,
        _table.c.boot_id,
        sqlite_where=text(UNSETTLED_TIME),
        postgresql_where=text(UNSETTLED_TIME),
    )
remote_chain = Table(
    "remote_chain",  # of each hall: how far central's own records have come
    metadata,
    Column("hall", Text, primary_key=True),
    Column("head", BigInteger, nullable=False),
    Column("head_hash", Bytes, nullable=False),
)
remote_rating = Table(
    "remote_rating",  # given by phone or through another channel, as central signed it
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("hall", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    Column("signed", Bytes, nullable=False),
    Column("device_id", Integer, ForeignKey("device.id")),  # null: a visit without a device
    Column("visit", Bytes, nullable=False),
    Column("question", BigInteger),  # its place, while central did not know the visit
    Column("subject", Text, nullable=False),
    Column("code", Text),  # null: not bound to a visit yet
    Column("follows_up", Boolean, nullable=False),
    Column("platform_level", SmallInteger, nullable=False),
    Column("tags", Text, nullable=False),  # codes, comma separated
    Column("comment", Text, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("system", Text, nullable=False),  # name of the channel; empty for a scanned code
    Column("language", Text, nullable=False),
    Column("window", Text),  # of a visit without a device
    Column("staff", Text),  # the same
    Column("receipt", Text, nullable=False),  # code of its visit
    Column("received_ms", BigInteger, nullable=False),
    Column("bound_ms", BigInteger),  # when it was known what it is about
    UniqueConstraint("hall", "seq"),
    sqlite_autoincrement=True,
)
Index("ix_remote_rating_visit", remote_rating.c.visit, remote_rating.c.device_id)
Index("ix_remote_rating_receipt", remote_rating.c.receipt)
Index(
    "ix_remote_rating_pending",
    remote_rating.c.received_ms,
    sqlite_where=remote_rating.c.bound_ms.is_(None),
    postgresql_where=remote_rating.c.bound_ms.is_(None),
)
session_record = Table(
    "session_record",  # who came, left, paused, cancelled or was locked out (`sessions`)
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    _device(),
    Column("seq", BigInteger, nullable=False),  # its record tells when
    Column("kind", Text, nullable=False),
    Column("staff", Text),  # of a cancel: its visit tells
    Column("window", Text),  # number of the device's window when it came in
    Column("means", Text, nullable=False),  # of a log-in; of a lock-out its place
    Column("reason", Text, nullable=False),
    Column("visit", Bytes),  # that was cancelled
    Column("failures", BigInteger),  # of a lock-out
    Column("seconds", BigInteger),  # the same
    Column("received_ms", BigInteger, nullable=False),
    UniqueConstraint("device_id", "seq"),
    sqlite_autoincrement=True,
)
Index(
    "ix_session_record_staff_received_ms",
    session_record.c.staff,
    session_record.c.received_ms,
)
remote_callback = Table(
    "remote_callback",  # as `callback`, left on a phone
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("hall", Text, nullable=False),
    Column("device", Text, nullable=False),  # its name: what the number is sealed for
    Column("visit", Bytes, nullable=False),
    Column("sealed", Bytes, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger),
    UniqueConstraint("device", "visit"),
)
window_code = Table(
    "window_code",  # what is printed on a window's poster
    metadata,
    Column("code", Text, primary_key=True),
    Column("window", Text, nullable=False),  # its code
    Column("hall", Text, nullable=False),  # as printed: a window that is no longer the hall's,
    Column("number", Text, nullable=False),  # or has another number, has moved
    Column("issue", Integer, nullable=False),  # 1 for the window's first
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),  # another one was issued, or it was withdrawn; may be to come
    UniqueConstraint("window", "issue"),
)
Index(  # never two that are open
    "uq_window_code_open",
    window_code.c.window,
    unique=True,
    sqlite_where=window_code.c.ended_ms.is_(None),
    postgresql_where=window_code.c.ended_ms.is_(None),
)
channel_key = Table(
    "channel_key",  # another way to rate: hotline, SMS, machine, platform
    metadata,
    Column("name", Text, primary_key=True),
    Column("hall", Text, ForeignKey("hall.code"), nullable=False),
    Column("channel", SmallInteger, nullable=False),  # pf
    Column("key_hash", Bytes, nullable=False, unique=True),
    Column("made_ms", BigInteger, nullable=False),
)
throttle = Table(
    "throttle",  # how often somebody tried; an address only as a keyed hash
    metadata,
    Column("key", Bytes, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
Index("ix_throttle_until_ms", throttle.c.until_ms)
callback = Table(
    "callback",
    metadata,
    _device_key(),
    Column("visit", Bytes, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of the record it came in
    Column("sealed", Bytes, nullable=False),  # see `protocol.sealing`
    Column("opened_ms", BigInteger),  # when somebody first read the number
)
alert = Table(
    "alert",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    _device(),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    UniqueConstraint("device_id", "kind", "detail"),
)

# --- readers, keys and refusals --------------------------------------------------------------

reader = Table(
    "reader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("hash", Bytes, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
sealing_key = Table(
    "sealing_key",
    metadata,
    Column("public", Bytes, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),  # devices seal for the newest
)
refusal = Table(
    "refusal",
    metadata,
    Column("code", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)

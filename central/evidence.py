"""What central can show for the ratings of one visit, told as its own tables have them.

Nothing is mended on the way: where the tables differ from what was signed, the difference is
told, and `protocol.proof` finds it. So the page, the call and the command all see the same.
"""

import logging
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, or_, select

from central import devices, schema
from central.devices import Device
from central.receipts import Found
from central.service import Central
from central.told import told
from protocol import records, remote
from protocol.errors import ProtocolError
from protocol.evidence import (
    DeviceChain,
    Evidence,
    HallLink,
    Link,
    state,
)
from protocol.findings import Finding, Outcome
from protocol.keys import SigningKey, VerifyKey
from protocol.proof import check
from protocol.records import Rating, VisitClosed, VisitOpened

_LOG = logging.getLogger("haochaping.central")
_HOUR_MS = 3_600_000
_BEYOND = 100
"""How many records after a visit's beginning are looked through while its end is not known."""
_MOST_LINKS = 1000


class Shown(NamedTuple):
    """Evidence, and what central itself finds when it checks it."""

    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def flaws(self) -> tuple[Finding, ...]:
        """What does not hold."""
        return tuple(one for one in self.findings if one.outcome is Outcome.FAILED)


def show(central: Central, found: Found, now_ms: int) -> Shown:
    """Return the evidence for a visit, stated and checked; what is wrong with it is alerted."""
    with central.database.reading() as connection:
        if not central.database.on_sqlite:  # one state of all the tables, as SQLite gives anyway
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        unbound_ms = central.settings.phone.unbound_hours * _HOUR_MS
        bare = build(connection, central.key, found, now_ms, unbound_ms)
    evidence = state(bare, central.key)
    shown = Shown(evidence, check(evidence, found.code, central_key=central.key.public.raw))
    if shown.flaws:
        _alert(central, shown, now_ms)
    return shown


def build(
    connection: Connection, key: SigningKey, found: Found, now_ms: int, unbound_ms: int
) -> Evidence:
    """Return the evidence for a visit, not yet stated.

    ``unbound_ms``: after how many milliseconds nobody waits for a device's report any more.
    """
    device = _device(connection, found.device_id)
    remotes = _remotes(connection, found)
    chain = None if device is None else _chain(connection, device, found.visit)
    return Evidence(
        code=found.code,
        visit=found.visit,
        told_ms=now_ms,
        told=told(connection, found, chain, remotes, now_ms - unbound_ms),
        device=chain,
        hall=tuple(_hall_link(connection, key.public, row) for row in remotes),
        algorithm=key.algorithm,
        central_key=key.public.raw,
    )


def _alert(central: Central, shown: Shown, now_ms: int) -> None:
    """Tell people that what is stored is not what was signed, and where to look.

    By record numbers: a visit's id may lead to its receipt code, and so to the level.
    """
    checks = ", ".join(sorted({one.check.value for one in shown.flaws}))
    chain = shown.evidence.device
    numbers = sorted({one.seq for one in shown.evidence.told})
    if chain is None:
        named = ", ".join(map(str, numbers))
        _LOG.error("ratings without a device, number %s, are not as signed: %s", named, checks)
        return
    numbers += [seq for seq in (chain.opened_seq, chain.closed_seq) if seq]
    where = f"records {min(numbers)} to {max(numbers)}" if numbers else "a visit"
    detail = f"{where}: what is stored is not what was signed: {checks}"
    _LOG.error("%s, %s", chain.device, detail)
    with central.database.writing() as connection:
        device = devices.find(connection, chain.device)
        if device is not None:
            devices.raise_alert(connection, device, "evidence", detail, now_ms)


def _device(connection: Connection, device_id: int | None) -> Device | None:
    if device_id is None:
        return None
    table = schema.device
    name = connection.execute(select(table.c.name).where(table.c.id == device_id)).scalar_one()
    return devices.named(connection, name)


# --- the device's chain ---------------------------------------------------------------------


def _chain(connection: Connection, device: Device, visit: UUID) -> DeviceChain:
    held, table = schema.visit, schema.record
    row = connection.execute(
        select(held.c.opened_seq, held.c.closed_seq).where(
            held.c.device_id == device.id, held.c.visit == visit.bytes
        )
    ).one_or_none()
    opened_seq, closed_seq = (0, 0) if row is None else (row.opened_seq or 0, row.closed_seq or 0)
    links: list[Link] = []
    if opened_seq or closed_seq:
        first = opened_seq or max(1, closed_seq - _BEYOND)
        last = max(closed_seq, first + _BEYOND)
        rows = connection.execute(
            select(table.c.seq, table.c.hash, table.c.visit, table.c.signed)
            .where(table.c.device_id == device.id, table.c.seq.between(first, last))
            .order_by(table.c.seq)
            .limit(_MOST_LINKS)
        ).all()
        links = _trimmed([_link(one, visit) for one in rows])
    before = after = b""
    lost: tuple[tuple[int, int], ...] = ()
    if links:
        first, last = links[0].seq, links[-1].seq
        before, after = _neighbours(connection, device, first, last)
        lost = _lost(connection, device.id, first - 1, last + 1)
    return DeviceChain(
        device=device.name,
        algorithm=device.record_key.algorithm,
        record_key=device.record_key.raw,
        links=tuple(links),
        opened_seq=opened_seq,
        closed_seq=closed_seq,
        before=before,
        after=after,
        lost=lost,
    )


def _link(row: Any, visit: UUID) -> Link:
    """Return a place of the chain; the bytes only of what is, or can only be, this visit's."""
    try:
        record = records.read(row.signed)
    except ProtocolError:
        ours, prev = row.visit == visit.bytes, bytes(32)
    else:
        named = record.visit if isinstance(record, VisitOpened | Rating | VisitClosed) else None
        ours, prev = named == visit, record.prev
    return Link(seq=row.seq, digest=row.hash, prev=prev, signed=row.signed if ours else b"")


def _trimmed(links: list[Link]) -> list[Link]:
    """Return ``links`` from the first of the visit to its last."""
    ours = [place for place, link in enumerate(links) if link.signed]
    return links[ours[0] : ours[-1] + 1] if ours else []


def _neighbours(
    connection: Connection, device: Device, first: int, last: int
) -> tuple[bytes, bytes]:
    """Return the fingerprint before ``first``, and what the record after ``last`` names.

    Only of records that the device's key vouches for; else empty.
    """
    table = schema.record
    rows = connection.execute(
        select(table.c.seq, table.c.signed).where(
            table.c.device_id == device.id, table.c.seq.in_([first - 1, last + 1])
        )
    )
    before, after = b"", device.head_digest if device.head == last else b""
    for row in rows:
        try:
            record = records.verify(row.signed, device.record_key)
        except ProtocolError:
            continue
        if (record.device, record.seq) != (device.name, row.seq):
            continue
        if row.seq < first:
            before = records.digest(row.signed)
        else:
            after = record.prev
    return before, after


def _lost(
    connection: Connection, device_id: int, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """Return what was noted as lost or unreadable from ``first`` to ``last``."""
    gap, aside = schema.record_gap, schema.quarantined_record
    gaps = connection.execute(
        select(gap.c.first_seq, gap.c.last_seq).where(
            gap.c.device_id == device_id, gap.c.first_seq <= last, gap.c.last_seq >= first
        )
    )
    unread = connection.execute(
        select(aside.c.seq).where(
            aside.c.device_id == device_id,
            aside.c.seq.between(first, last),
            aside.c.settled_ms.is_(None),
            or_(aside.c.vouched, aside.c.chain_hash.is_not(None)),
        )
    ).scalars()
    found = {(row.first_seq, row.last_seq) for row in gaps} | {(seq, seq) for seq in unread}
    return tuple(sorted(found))[:_MOST_LINKS]


# --- the hall's own chain -------------------------------------------------------------------


def _remotes(connection: Connection, found: Found) -> list[Row[Any]]:
    table = schema.remote_rating
    ours = devices.same(table, found.device_id)
    query = select(table).where(table.c.visit == found.visit.bytes, ours).order_by(table.c.id)
    return list(connection.execute(query).all())


def _hall_link(connection: Connection, key: VerifyKey, row: Row[Any]) -> HallLink:
    table, chain = schema.remote_rating, schema.remote_chain
    head = connection.execute(select(chain).where(chain.c.hall == row.hall)).one_or_none()
    before, after = b"", head.head_hash if head is not None and head.head == row.seq else b""
    for beside in connection.execute(
        select(table.c.seq, table.c.signed).where(
            table.c.hall == row.hall, table.c.seq.in_([row.seq - 1, row.seq + 1])
        )
    ):
        try:
            record = remote.verify(beside.signed, key)
        except ProtocolError:
            continue
        if (record.hall, record.seq) != (row.hall, beside.seq):
            continue
        if beside.seq < row.seq:
            before = records.digest(beside.signed)
        else:
            after = record.prev
    return HallLink(signed=row.signed, digest=row.hash, before=before, after=after)

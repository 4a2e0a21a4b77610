"""Taking in a batch: examined without the database, then judged and stored in one go.

The receipt is made after the commit and never before: it is a promise. Two batches of one
device take turns (`devices.find` with a lock); those of different devices do not wait for
each other on PostgreSQL.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, insert, select, update

from central import (
    contents,
    devices,
    paging,
    places,
    remote_ratings,
    schema,
    sessions,
    settling,
    timing,
)
from central.database import Database, insert_new
from central.devices import Device
from central.errors import Refused
from central.judgement import Examined, Held, Judgement, Standing, examine, judge, reread
from protocol.keys import SigningKey
from protocol.messages import Batch, BatchReply, Verdict


def take_in(
    database: Database, batch: Batch, device: Device, key: SigningKey, now_ms: int
) -> tuple[BatchReply, Counter[str]]:
    """Store ``batch`` and return the answer, and what was refused by reason.

    ``device`` is the authenticated sender. Raises `Refused` if the batch is another's, or
    the device was revoked in the meantime.
    """
    if batch.device != device.name:
        raise Refused(403, "wrong-device", f"signed by {device.name}, but of {batch.device}")
    examined = examine(batch.records, batch.first, device.name, device.record_key)
    with database.writing() as connection:
        locked = devices.find(connection, device.name, lock=True)
        assert locked is not None  # noqa: S101 - devices are never deleted
        locked.refuse_if_retired()
        held = _held(connection, locked, batch.first, batch.first + len(examined) - 1)
        judgement = judge(
            locked.head, locked.head_digest, examined, held, gap_before=batch.gap_before
        )
        issued_ms = locked.next_issue(now_ms)
        second_ratings = _store(connection, locked, judgement, now_ms, issued_ms)
    after = replace(locked, head=judgement.head, head_digest=judgement.head_digest)
    refused = Counter(one.reason for one in judgement.aside)
    refused["conflict"] = len(judgement.conflicts)
    refused["second-rating"] = second_ratings
    waiting = sum(one.verdict is Verdict.WAITING for one in judgement.verdicts)
    refused["waiting"] = waiting
    reply = BatchReply(tuple(judgement.verdicts), after.receipt(key, issued_ms))
    return reply, +refused


def requeue(database: Database, now_ms: int) -> tuple[int, int]:
    """Read again what is quarantined although it is part of a chain: (stored, still not).

    For records that an older central could not read. Each device in its own transaction.
    """
    table = schema.quarantined_record
    waiting = table.c.vouched & table.c.settled_ms.is_(None)
    with database.reading() as connection:
        found = connection.execute(
            select(schema.device.c.name)
            .where(schema.device.c.id.in_(select(table.c.device_id).where(waiting)))
            .order_by(schema.device.c.name)
        ).scalars()
        names = list(found)
    stored = left = 0
    for name in names:
        with database.writing() as connection:
            device = devices.find(connection, name, lock=True)
            assert device is not None  # noqa: S101 - devices are never deleted
            rows = connection.execute(
                select(table).where(table.c.device_id == device.id, waiting)
            ).all()
            judgement = Judgement(device.head, device.head_digest)
            for row in rows:
                record, _ = reread(row.signed, device.name, row.seq)
                if record is None:
                    left += 1
                    continue
                judgement.mended.append(
                    Examined(row.seq, row.hash, row.signed, Standing.GENUINE, contents=record)
                )
            judgement.stored = list(judgement.mended)
            stored += len(judgement.stored)
            _store(connection, device, judgement, now_ms, device.issued_ms)
    return stored, left


def _held(connection: Connection, device: Device, first: int, last: int) -> dict[int, Held]:
    """Return what is held in the places from ``first`` to ``last``, up to the head."""
    last = min(last, device.head)
    if first > last:
        return {}
    chain: dict[int, bytes | None] = {}
    missing: set[int] = set()
    digests: dict[int, set[bytes]] = {}
    kept, aside, conflicting = (
        schema.record,
        schema.quarantined_record,
        schema.conflicting_record,
    )
    for table, columns in (
        (aside, (aside.c.seq, aside.c.hash, aside.c.chain_hash, aside.c.vouched)),
        (conflicting, (conflicting.c.seq, conflicting.c.hash)),
        (kept, (kept.c.seq, kept.c.hash)),
    ):
        for row in connection.execute(
            select(*columns).where(table.c.device_id == device.id, table.c.seq.between(first, last))
        ):
            digests.setdefault(row.seq, set()).add(row.hash)
            if table is kept or (table is aside and row.vouched):
                chain[row.seq] = row.hash
                missing.discard(row.seq)
            elif table is aside and row.seq not in chain and row.chain_hash is not None:
                chain[row.seq] = row.chain_hash
                missing.add(row.seq)
    return {
        seq: Held(chain.get(seq), frozenset(found), seq in missing)
        for seq, found in digests.items()
    }


def _store(
    connection: Connection, device: Device, judgement: Judgement, now_ms: int, issued_ms: int
) -> int:
    """Carry out ``judgement``; return how many ratings were second ones.

    ``issued_ms`` is that of the receipt to follow, kept in the same statement as the head.
    """
    frozen = device.frozen or bool(judgement.conflicts)
    boot_ids = {one.contents.boot_id.bytes for one in judgement.stored if one.contents}
    second_ratings = 0
    if judgement.stored:
        before = timing.anchors(connection, device.id, boot_ids)
        after = contents.anchors_after(before, judgement.stored, now_ms)
        timing.keep_anchors(connection, device.id, before, after)
        rows = contents.rows_of(
            judgement.stored,
            device.id,
            after,
            now_ms,
            credited=not frozen,
            window=places.number_of(connection, device.window),
        )
        connection.execute(insert(schema.record), rows.records)
        _keep_visits(connection, list(rows.visits.values()))
        second_ratings = _keep_ratings(connection, device, rows, now_ms, credited=not frozen)
        insert_new(connection, schema.callback, rows.callbacks)
        _keep_sessions(connection, device, rows.sessions, now_ms)
    if judgement.mended:
        _settle(connection, device, [one.seq for one in judgement.mended], now_ms)
    _keep_aside(connection, device, judgement, now_ms)
    changes: dict[str, object] = {"issued_ms": issued_ms}
    if judgement.head != device.head:
        changes |= {"head": judgement.head, "head_hash": judgement.head_digest}
    if judgement.stored:
        changes["contact_ms"] = now_ms
    if judgement.conflicts and not device.frozen:
        changes["frozen_ms"] = now_ms
    table = schema.device
    connection.execute(update(table).where(table.c.id == device.id).values(**changes))
    return second_ratings


def _keep_visits(connection: Connection, rows: Sequence[contents.Row]) -> None:
    """Insert or complete visits; what was said first stays."""
    columns = contents.OPENED_COLUMNS + contents.CLOSED_COLUMNS
    insert_new(
        connection,
        schema.visit,
        rows,
        update=lambda held, new: {name: func.coalesce(held[name], new[name]) for name in columns},
    )


def _keep_ratings(
    connection: Connection, device: Device, rows: contents.Rows, now_ms: int, *, credited: bool
) -> int:
    """Keep the screen's ratings beside what came from phones; how many were second ones."""
    kept = 0
    if rows.ratings:
        paging.announce(connection, paging.RATINGS)
        contested = settling.stand_back(connection, device.id, rows.ratings)
        kept = insert_new(connection, schema.rating, rows.ratings)
        settling.settle(connection, device.id, contested)
    opened = {visit for visit, row in rows.visits.items() if row["opened_seq"] is not None}
    remote_ratings.bind(connection, device.id, opened, now_ms, credited=credited)
    return len(rows.ratings) - kept


def _keep_sessions(
    connection: Connection, device: Device, rows: Sequence[contents.Row], now_ms: int
) -> None:
    """Keep who came, left or was locked out; a lock-out is an alert too."""
    if not rows:
        return
    paging.announce(connection, paging.SESSIONS)
    insert_new(connection, schema.session_record, rows)
    locked = {sessions.alert_of(row) for row in rows if row["kind"] == sessions.Kind.LOCKOUT}
    for detail in sorted(locked):
        devices.raise_alert(connection, device, sessions.LOCKED, detail, now_ms, again=True)


def _settle(connection: Connection, device: Device, places: Sequence[int], now_ms: int) -> None:
    """Note that the true record of these places is now stored."""
    table = schema.quarantined_record
    connection.execute(
        update(table)
        .where(
            table.c.device_id == device.id,
            table.c.seq.in_(places),
            table.c.settled_ms.is_(None),
        )
        .values(settled_ms=now_ms)
    )


def _keep_aside(connection: Connection, device: Device, judgement: Judgement, now_ms: int) -> None:
    """Keep what is quarantined or in conflict, and say so where people look."""
    insert_new(
        connection,
        schema.quarantined_record,
        rows=[
            {
                "device_id": device.id,
                "seq": one.examined.seq,
                "hash": one.examined.digest,
                "reason": one.reason,
                "vouched": one.vouched,
                "chain_hash": one.examined.chain_digest,
                "signed": one.examined.signed,
                "received_ms": now_ms,
            }
            for one in judgement.aside
        ],
        update=lambda held, new: {
            "reason": new.reason,
            "vouched": held.vouched | new.vouched,
            "chain_hash": func.coalesce(new.chain_hash, held.chain_hash),
        },
        key=("device_id", "seq", "hash"),
    )
    insert_new(
        connection,
        schema.conflicting_record,
        [
            {
                "device_id": device.id,
                "seq": one.seq,
                "hash": one.digest,
                "signed": one.signed,
                "received_ms": now_ms,
            }
            for one in judgement.conflicts
        ],
    )
    if judgement.conflicts:
        detail = "two different records with one number: the card was copied"
        devices.raise_alert(connection, device, "conflict", detail, now_ms)
    if judgement.gap is not None:
        first, last = judgement.gap
        row = {"device_id": device.id, "first_seq": first, "last_seq": last, "noted_ms": now_ms}
        insert_new(connection, schema.record_gap, [row])
        detail = f"records {first} to {last} are lost"
        devices.raise_alert(connection, device, "gap", detail, now_ms)

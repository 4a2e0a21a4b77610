"""Taking in batches: what is promised, what is kept aside, and what a repeat changes."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from central_rig import Device, RunningCentral, retirement_in, verdicts
from sqlalchemy import select

from central import device_api, schema
from central.errors import Retired
from protocol import records
from protocol.levels import Level
from protocol.messages import Batch, BatchReply
from protocol.records import MAX_RECORD_BYTES, ClockQuality, Fault
from protocol.retirement import Retirement


def stored(device: Device) -> list[bytes]:
    """The device's records as central holds them, in their order."""
    table = schema.record
    with device.place.database.reading() as connection:
        rows = connection.execute(
            select(table.c.signed)
            .join(schema.device)
            .where(schema.device.c.name == device.name)
            .order_by(table.c.seq)
        )
        return [row.signed for row in rows]


def ratings(device: Device) -> list[dict[str, object]]:
    return list(device.place.ask("/v1/ratings", device=device.name)["ratings"])


def test_a_new_batch_is_stored_and_receipted(device: Device) -> None:
    device.write_boots(1)
    device.write_visit()
    reply = device.send()
    assert verdicts(reply) == ["stored"] * 4
    receipt = device.receipt(reply)
    assert (receipt.device, receipt.through) == (device.name, 4)
    assert receipt.head == records.digest(device.chain[-1])
    assert stored(device) == device.chain


def test_the_same_bytes_again_are_already_there_and_change_nothing(device: Device) -> None:
    device.write_visit()
    first = device.send()
    again = device.send()
    assert verdicts(again) == ["already"] * 3
    assert device.receipt(again).through == device.receipt(first).through
    assert device.receipt(again).head == device.receipt(first).head
    assert len(ratings(device)) == 1


def test_an_overlapping_batch_adds_only_what_is_new(device: Device) -> None:
    device.write_boots(5)
    device.send(1, 3)
    assert verdicts(device.send(2, 5)) == ["already", "already", "stored", "stored"]
    assert stored(device) == device.chain


def test_records_before_which_others_are_missing_wait(device: Device) -> None:
    device.write_boots(5)
    reply = device.send(3)
    assert verdicts(reply) == ["waiting"] * 3
    assert device.receipt(reply).through == 0
    assert stored(device) == []
    device.send(1)
    assert stored(device) == device.chain


def test_an_admitted_gap_is_noted_and_the_chain_goes_on(device: Device) -> None:
    device.write_boots(6)
    device.send(1, 2)
    reply = device.send(5, gap_before=True)
    assert verdicts(reply) == ["stored"] * 2
    assert device.receipt(reply).through == 6
    (seen,) = [
        one for one in device.place.ask("/v1/devices")["devices"] if one["device"] == device.name
    ]
    assert [(alert["kind"], alert["detail"]) for alert in seen["alerts"]] == [
        ("gap", "records 3 to 4 are lost")
    ]
    assert verdicts(device.send(3, 4)) == ["quarantined:unplaced"] * 2


def test_a_poison_record_is_passed_over_and_kept(device: Device) -> None:
    device.write_boots(1)
    device.sign_raw(device.wire_fields(kind="telepathy"))
    device.sign_raw(device.wire_fields(v=99))
    device.sign_raw(device.wire_fields(software="x\0y"))
    device.write(Fault, code="x", detail="y" * 500)
    device.sign_raw(device.wire_fields(software="z" * MAX_RECORD_BYTES))
    device.write_visit()
    reply = device.send()
    assert verdicts(reply) == [
        "stored",
        "quarantined:malformed",
        "quarantined:unknown-version",
        "quarantined:malformed",
        "stored",
        "quarantined:too-long",
        *["stored"] * 3,
    ]
    assert device.receipt(reply).through == 9
    assert verdicts(device.send()) == ["already"] * 9


def test_a_poison_record_at_the_end_still_moves_the_head(device: Device) -> None:
    device.write_boots(1)
    device.sign_raw(device.wire_fields(v=7))
    reply = device.send()
    assert verdicts(reply) == ["stored", "quarantined:unknown-version"]
    assert device.receipt(reply).through == 2


def test_a_record_damaged_on_the_card_does_not_block_those_behind_it(device: Device) -> None:
    device.write_boots(4)
    damaged = list(device.chain)
    damaged[1] = damaged[1][:-1] + bytes([damaged[1][-1] ^ 1])
    reply = device.send(1, signed=damaged)
    assert verdicts(reply) == ["stored", "quarantined:damaged", "stored", "stored"]
    assert device.receipt(reply).through == 4


def test_the_true_record_mends_a_damaged_place(device: Device) -> None:
    device.write_visit()
    damaged = list(device.chain)
    damaged[1] = b"\0" * 40
    device.send(1, signed=damaged)
    assert ratings(device) == []
    assert verdicts(device.send()) == ["already", "stored", "already"]
    assert len(ratings(device)) == 1
    assert stored(device) == device.chain
    assert verdicts(device.send(1, signed=damaged)) == ["already"] * 3


def test_unvouched_records_at_the_end_burn_no_numbers(device: Device) -> None:
    device.write_boots(3)
    forged = records.sign(
        records.Boot(**device.next_fields(), software="forged"), device.transport_key
    )
    reply = device.send(1, signed=[*device.chain, forged, b"garbage"])
    assert verdicts(reply) == [
        *["stored"] * 3,
        "quarantined:bad-signature",
        "quarantined:bad-signature",
    ]
    assert device.receipt(reply).through == 3
    device.write_boots(2)
    assert verdicts(device.send(4)) == ["stored", "stored"]
    table = schema.quarantined_record
    aside = device.place.rows(table, table.c.signed.in_([forged, b"garbage"]))
    device.send(1, signed=[*device.chain[:3], forged])
    assert len(device.place.rows(table, table.c.signed.in_([forged, b"garbage"]))) == len(aside)


def test_a_batch_of_nothing_genuine_changes_no_head(device: Device) -> None:
    reply = device.send(1, signed=[b"\xff" * 10, b""])
    assert verdicts(reply) == ["quarantined:bad-signature"] * 2
    assert device.receipt(reply).through == 0


def test_the_first_record_must_name_the_identity_it_was_given(device: Device) -> None:
    name, device.name = device.name, "somebody-else"
    fields = device.next_fields()
    device.name = name
    device.write(records.Boot, software="x", prev=fields["prev"])
    assert verdicts(device.send()) == ["conflict"]


def test_another_devices_batch_is_refused(
    device: Device, new_device: Callable[..., Device]
) -> None:
    other = new_device()
    other.write_boots(1)
    answer = device.post_batch(Batch(other.name, 1, tuple(other.chain)))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-device")


def test_a_second_rating_of_one_visit_and_subject_is_kept_but_not_counted(
    device: Device,
) -> None:
    before = device.place.refusals().get("second-rating", 0)
    visit = device.write_visit(Level.SATISFIED)
    device.write_visit(Level.DISSATISFIED, visit=visit)
    assert verdicts(device.send()) == ["stored"] * 6
    (one,) = ratings(device)
    assert one["level"] == {"platform": 4, "gbt39046": 2, "points": 8, "name": "satisfied"}
    assert device.place.refusals()["second-rating"] == before + 1


def test_two_batches_at_once_take_turns(device: Device) -> None:
    for _ in range(20):
        device.write_visit()
    replies: list[BatchReply] = []
    senders = [threading.Thread(target=lambda: replies.append(device.send())) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(verdicts(reply)[0] for reply in replies) == ["already"] * 5 + ["stored"]
    assert stored(device) == device.chain
    assert len(ratings(device)) == 20


def test_a_batch_need_not_be_compressed(device: Device) -> None:
    device.write_boots(2)
    answer = device.post_batch(Batch(device.name, 1, tuple(device.chain)), compress=False)
    assert answer.status_code == 200


def test_a_visit_is_whole_although_it_came_in_pieces(device: Device) -> None:
    visit = device.write_visit(Level.SATISFIED)
    for seq in (1, 2, 3):
        device.send(seq, seq)
    (row,) = device.place.rows(schema.visit, schema.visit.c.visit == visit.bytes)
    assert (row.staff, row.outcome, row.rated) == ("1001", "rated", 1)


def test_unsynchronised_times_are_bettered_when_the_boots_clock_is_known(
    device: Device,
) -> None:
    device.clock = ClockQuality.UNSYNCED
    device.write_visit()
    device.send()
    (guess,) = ratings(device)
    assert guess["corrected_by"] == "received"
    device.clock = ClockQuality.SYNCED
    device.write_boots(1)
    device.send(4)
    (known,) = ratings(device)
    assert known["corrected_by"] == "boot"
    assert known["corrected_ms"] == device.booted_ms + 1010
    assert known["device_ms"] == guess["device_ms"] != known["corrected_ms"]


def test_a_heartbeat_dates_records_of_its_boot_even_without_a_synchronised_clock(
    device: Device,
) -> None:
    device.clock = ClockQuality.UNSYNCED
    device.write_visit()
    device.beat(wall_ms=5, monotonic_ms=50_000)
    device.send()
    (one,) = ratings(device)
    assert one["corrected_by"] == "heard"
    (beat,) = device.place.rows(
        schema.heartbeat, schema.heartbeat.c.boot_id == device.boot_id.bytes
    )
    assert one["corrected_ms"] == beat.received_ms - 50_000 + 1010


def test_a_wall_clock_ahead_of_central_is_not_believed(device: Device) -> None:
    device.booted_ms += 10**12
    device.write_visit()
    device.send()
    (one,) = ratings(device)
    assert one["corrected_by"] == "received"
    assert one["corrected_ms"] == one["received_ms"]


def test_requeue_reads_again_what_a_newer_central_understands(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central.ingest import requeue

    with monkeypatch.context() as older:
        older.setattr(records, "KNOWN_VERSIONS", frozenset({0}))
        device.write_visit()
        assert verdicts(device.send()) == ["quarantined:unknown-version"] * 3
    assert ratings(device) == []
    stored_now, _ = requeue(device.place.database, 1)
    assert stored_now >= 3
    assert stored(device) == device.chain
    assert len(ratings(device)) == 1
    assert verdicts(device.send()) == ["already"] * 3
    assert requeue(device.place.database, 1)[0] == 0


def test_what_is_revoked_sends_no_more(device: Device, central: RunningCentral) -> None:
    from central import devices

    device.write_boots(1)
    device.send()
    with central.database.writing() as connection:
        devices.revoke(connection, device.name, 1)
    device.write_boots(1)
    answer = device.post_batch(Batch(device.name, 2, (device.chain[1],)))
    assert (answer.status_code, answer.json()["code"]) == (403, "device-revoked")
    assert retirement_in(answer, central) == Retirement(device.name, 1)


def test_what_is_revoked_while_it_sends_is_told_so_too(
    device: Device, central: RunningCentral
) -> None:
    from central import devices, ingest

    device.write_boots(1)
    batch = Batch(device.name, 1, (device.chain[0],))
    with central.database.writing() as connection:
        asked_as = devices.named(connection, device.name)
        devices.revoke(connection, device.name, 1)
    with pytest.raises(Retired) as refused:
        ingest.take_in(central.database, batch, asked_as, central.central.key, 2)
    assert refused.value.retirement == Retirement(device.name, 1)
    assert stored(device) == []


def test_a_boot_id_of_another_visit_is_no_anchor(device: Device) -> None:
    device.clock = ClockQuality.UNSYNCED
    device.write_visit()
    device.clock, device.boot_id = ClockQuality.SYNCED, uuid4()
    device.write_boots(1)
    device.send()
    assert ratings(device)[0]["corrected_by"] == "received"


def test_receipts_never_go_back_even_if_centrals_clock_does(
    own_central: RunningCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(own_central).enrol()
    device.write_boots(3)
    first = device.receipt(device.send(last=1))
    monkeypatch.setattr(device_api, "now_ms", lambda: first.issued_ms - 3_600_000)
    beat = device.heartbeat()
    later = [
        device.receipt(reply)
        for reply in (
            device.send(2, 2),
            device.send(2, 2),
            device.beat(monotonic_ms=beat.monotonic_ms),
            device.beat(monotonic_ms=beat.monotonic_ms),
            device.send(3),
        )
    ]
    assert [one.issued_ms - first.issued_ms for one in later] == [1, 2, 3, 4, 5]
    assert [one.through for one in later] == [2, 2, 2, 2, 3]


def test_a_central_restored_from_an_older_copy_is_filled_again(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    for _ in range(4):
        device.write_visit()
    device.send()
    with own_central.database.writing() as connection:  # back to how it was after six records
        for table in (schema.record, schema.rating):
            connection.execute(table.delete().where(table.c.seq > 6))
        older = {"head": 6, "head_hash": records.digest(device.chain[5])}
        connection.execute(schema.device.update().values(**older))
    assert device.receipt(device.beat()).through == 6
    assert verdicts(device.send(7)) == ["stored"] * 6
    assert stored(device) == device.chain
    assert len(ratings(device)) == 4

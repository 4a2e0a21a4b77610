"""Heartbeats: the newest counts, and a recorded one played back changes nothing."""

from uuid import uuid4

import msgspec
import requests
from central_rig import Device

from central import schema
from protocol.messages import HeartbeatReply
from protocol.records import ClockQuality

JSON = {"Content-Type": "application/json"}


def seen(device: Device) -> dict[str, object]:
    listed = device.place.ask("/v1/devices")["devices"]
    return dict(next(one for one in listed if one["device"] == device.name))


def test_a_heartbeat_is_answered_with_time_version_and_receipt(device: Device) -> None:
    device.write_boots(3)
    device.send()
    reply = device.beat(counters={"retry": 4})
    assert reply.configuration == 1
    assert device.receipt(reply).through == 3
    shown = seen(device)
    assert shown["backlog"] == 0
    assert shown["heartbeat"]["counters"] == {"retry": 4}  # type: ignore[index]


def test_the_backlog_is_what_the_device_has_written_and_not_sent(device: Device) -> None:
    device.write_boots(5)
    device.send(1, 2)
    device.beat()
    assert seen(device)["backlog"] == 3


def test_a_recorded_heartbeat_played_back_changes_nothing(device: Device) -> None:
    """The request is the very same, signature and all, weeks later or a second."""
    old = device.prepare(
        "POST", "/v1/heartbeats", msgspec.json.encode(device.heartbeat(software="old")), JSON
    )
    with requests.Session() as session:
        assert session.send(old, timeout=20).status_code == 200
        device.beat(software="new")
        before = seen(device)
        assert session.send(old, timeout=20).status_code == 200
        assert seen(device) == before
        device.boot_id = uuid4()
        device.beat(software="newer", monotonic_ms=5)
        before = seen(device)
        assert before["software"] == "newer"
        answer = session.send(old, timeout=20)
        assert answer.status_code == 200
        msgspec.json.decode(answer.content, type=HeartbeatReply)
        assert seen(device) == before


def test_a_boot_heard_of_twice_keeps_its_tighter_date(device: Device) -> None:
    device.clock = ClockQuality.UNSYNCED
    device.beat(monotonic_ms=10_000)
    table = schema.boot
    (first,) = device.place.rows(table, table.c.boot_id == device.boot_id.bytes)
    device.beat(monotonic_ms=10_001)
    (second,) = device.place.rows(table, table.c.boot_id == device.boot_id.bytes)
    assert second.offset_ms <= first.offset_ms + 1
    device.beat(monotonic_ms=100_000)
    (third,) = device.place.rows(table, table.c.boot_id == device.boot_id.bytes)
    assert third.offset_ms <= first.offset_ms - 80_000

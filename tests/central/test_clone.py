"""A copied card: two devices with one identity. Both chains are kept, credit is frozen."""

import copy
import itertools

import pytest
from central_rig import Device, RunningCentral, verdicts

from central import schema
from protocol.levels import Level


@pytest.fixture
def twin(device: Device) -> Device:
    """A copy of the device's card, taken after four records that central has."""
    device.write_boots(1)
    device.write_visit()
    device.send()
    twin = copy.copy(device)
    twin.chain = list(device.chain)
    twin.ticks = itertools.count(500_000, 10)
    return twin


def seen(device: Device) -> dict[str, object]:
    listed = device.place.ask("/v1/devices")["devices"]
    return next(one for one in listed if one["device"] == device.name)


def test_the_second_branch_is_kept_and_the_device_frozen(device: Device, twin: Device) -> None:
    device.write_visit()
    device.send(5)
    twin.write_visit(Level.VERY_DISSATISFIED)
    reply = twin.send(5)
    assert verdicts(reply) == ["conflict"] * 3
    assert device.receipt(reply).through == 7
    held = {row.signed for row in device.place.rows(schema.conflicting_record)}
    assert held >= set(twin.chain[4:])
    shown = seen(device)
    assert shown["frozen"] is True
    assert [alert["kind"] for alert in shown["alerts"]] == ["conflict"]  # type: ignore[attr-defined]


def test_ratings_taken_in_while_frozen_are_kept_without_credit(
    device: Device, twin: Device
) -> None:
    device.write_visit()
    device.send(5)
    twin.write_visit()
    twin.send(5)
    device.write_visit(Level.DISSATISFIED)
    assert verdicts(device.send(8)) == ["stored"] * 3
    found = device.place.ask("/v1/ratings", device=device.name)["ratings"]
    assert [one["credited"] for one in found] == [True, True, False]
    (counts,) = device.place.ask("/v1/counts", by="device", device=device.name)["counts"]
    assert (counts["total"], counts["uncredited"], counts["negative_rate"]) == (2, 1, 0.0)


def test_a_branch_sent_again_is_already_known_and_raises_no_second_alert(
    device: Device, twin: Device
) -> None:
    device.write_visit()
    device.send(5)
    twin.write_visit()
    twin.send(5)
    assert verdicts(twin.send(5)) == ["already"] * 3
    assert len(seen(device)["alerts"]) == 1  # type: ignore[arg-type]


def test_the_branch_that_comes_second_is_known_by_the_link_it_lacks(
    device: Device, twin: Device
) -> None:
    device.write_boots(1)
    device.send(5)
    twin.write_boots(3)
    assert verdicts(twin.send(6)) == ["conflict"] * 2
    assert device.receipt(device.send(1)).through == 5


def test_a_forged_record_with_a_used_number_is_no_clone(
    device: Device, central: RunningCentral
) -> None:
    device.write_boots(2)
    device.send()
    forged = device.chain[1][:-1] + bytes([device.chain[1][-1] ^ 1])
    assert verdicts(device.send(2, signed=[forged])) == ["quarantined:bad-signature"]
    assert seen(device)["frozen"] is False

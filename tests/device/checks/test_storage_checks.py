"""Disk and databases: what a card does when it grows old, and what first boot may get wrong."""

import json
import os
from collections import namedtuple

import pytest
from patient_rig import MOUNTS, again, card, finding, put

from device.checks import Level
from device.checks.patient import Patient

Room = namedtuple("Room", "f_bavail f_frsize f_blocks f_files f_favail")


def mounts(patient: Patient, text: str) -> Patient:
    put(patient.deployed.root, "proc/self/mountinfo", text)
    return again(patient.deployed)


@pytest.mark.parametrize("kind", ["overlay", "tmpfs"])
def test_data_that_a_reboot_empties_is_a_fault(patient: Patient, kind: str):
    said = finding(mounts(patient, f"22 1 0:9 / / rw - {kind} root rw\n"), "data-partition")
    assert said.level is Level.FAULT
    assert kind in said.sentence


def test_a_trial_on_volatile_storage_is_only_warned_of(patient: Patient):
    file = patient.deployed.profile
    file.write_text(
        file.read_text().replace("[central]", "[storage]\nallow_volatile = true\n[central]")
    )
    ill = mounts(patient, "22 1 0:9 / / rw - tmpfs root rw\n")
    assert finding(ill, "data-partition").level is Level.WARNING


def test_a_data_partition_that_is_not_mounted_is_a_fault(patient: Patient):
    lines = [line for line in MOUNTS.format(root="rw").splitlines() if "mmcblk0p3" not in line]
    said = finding(mounts(patient, "\n".join(lines)), "data-partition")
    assert (said.level, said.figures["mounted"]) == (Level.FAULT, "/")


def test_a_card_without_a_data_partition_keeps_its_data_on_the_root(patient: Patient):
    put(patient.deployed.settings, "card.json", json.dumps(card(data="root")))
    ill = mounts(patient, "22 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n")
    assert finding(ill, "data-partition").level is Level.OK
    assert finding(ill, "read-only-root").level is Level.OK


def test_another_disk_in_the_place_of_the_data_partition_is_a_fault(patient: Patient):
    label = patient.at("dev/disk/by-label/haochaping")
    label.parent.mkdir(parents=True)
    put(patient.deployed.root, "dev/mmcblk0p3", "")
    label.symlink_to("../../mmcblk0p3")
    assert finding(patient, "data-partition").level is Level.OK
    ill = mounts(patient, MOUNTS.format(root="ro").replace("mmcblk0p3", "sda1"))
    assert "not the partition labelled" in finding(ill, "data-partition").sentence


def test_a_card_that_became_read_only_is_a_fault(patient: Patient):
    ill = mounts(patient, MOUNTS.format(root="ro").replace("mmcblk0p3 rw", "mmcblk0p3 ro"))
    assert finding(ill, "disk-read-only").level is Level.FAULT


def test_a_service_that_sees_the_disk_read_only_does_not_take_it_for_ill(patient: Patient):
    text = MOUNTS.format(root="ro").replace("/var/lib/haochaping rw,", "/var/lib/haochaping ro,")
    assert finding(mounts(patient, text), "disk-read-only").level is Level.OK


@pytest.mark.parametrize(
    ("free_mb", "inodes", "level"),
    [
        (10, 9999, Level.FAULT),
        (300, 9999, Level.WARNING),
        (900, 9999, Level.OK),
        (900, 3, Level.FAULT),
    ],
)
def test_room_is_judged_by_what_is_needed(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, free_mb: int, inodes: int, level: Level
):
    monkeypatch.setattr(os, "statvfs", lambda _: Room(free_mb * 256, 4096, 262144, 65536, inodes))
    assert finding(patient, "disk-space").level is level


def test_errors_that_the_kernel_counted_are_a_fault(patient: Patient):
    put(patient.deployed.root, "sys/fs/ext4/mmcblk0p3/errors_count", "3\n")
    said = finding(patient, "disk-errors")
    assert (said.level, said.figures["errors"]) == (Level.FAULT, 3)


def test_a_worn_card_is_warned_of_and_a_silent_one_is_unknown(patient: Patient):
    put(patient.deployed.root, "sys/block/mmcblk0/device/life_time", "0x09 0x0b\n")
    assert finding(patient, "disk-wear").level is Level.WARNING
    put(patient.deployed.root, "sys/block/mmcblk0/device/life_time", "0x00 0x00\n")
    assert finding(patient, "disk-wear").level is Level.UNKNOWN


def test_a_system_that_can_be_written_to_is_warned_of(patient: Patient):
    ill = mounts(patient, MOUNTS.format(root="rw"))
    assert finding(ill, "read-only-root").level is Level.WARNING


def test_files_that_were_set_aside_are_told(patient: Patient):
    put(patient.home.root, "kiosk/kiosk.damaged-1.db", "")
    said = finding(patient, "damaged-files")
    assert said.level is Level.WARNING
    assert "kiosk.damaged-1.db" in said.sentence


def test_a_missing_reserve_is_warned_of(patient: Patient):
    patient.home.reserve.unlink()
    assert finding(patient, "reserve").level is Level.WARNING


# --- databases --------------------------------------------------------------------------------


def test_a_page_that_was_overwritten_is_found(patient: Patient):
    path = patient.home.kiosk_db
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    said = {finding(patient, code).level for code in ("kiosk-db", "kiosk-db-pages")}
    assert Level.FAULT in said
    assert finding(patient, "agent-db-pages").level is Level.OK


def test_a_file_that_is_no_database_is_a_fault(patient: Patient):
    patient.home.agent_db.write_bytes(b"not a database at all" * 500)
    assert finding(patient, "agent-db").level is Level.FAULT
    assert "damaged" in finding(patient, "agent-db").sentence


def test_a_file_that_is_not_there_is_a_matter_for_migrate(patient: Patient):
    patient.home.kiosk_db.unlink()
    assert "haochaping migrate" in finding(patient, "kiosk-db").what_to_do
    # Said once as a fault, and not again by whoever cannot look into it.
    assert finding(patient, "kiosk-db-pages").level is Level.UNKNOWN
    assert finding(patient, "backlog").level is Level.UNKNOWN


def test_looking_changes_nothing_in_the_data_folder(running: Patient):
    def everything() -> dict[str, bytes]:
        files = (f for f in running.home.root.rglob("*") if f.is_file())
        return {str(file): file.read_bytes() for file in files if not file.name.endswith("-shm")}

    before = everything()
    for code in ("kiosk-db", "kiosk-db-pages", "backlog", "counters", "starts", "conflicts"):
        finding(running, code)
    after = everything()
    assert {name: content for name, content in after.items() if content or name in before} == before

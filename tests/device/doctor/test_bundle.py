"""A support bundle is put together on a device where secrets and people are everywhere."""

import base64
import json
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import (
    DEED,
    RECORD_KEY,
    TRANSPORT_KEY,
    configuration,
    draft,
    invitation,
    open_ledger,
    rate,
)
from patient_rig import again, card, put

from device.checks.patient import Patient
from device.core.visit import Invited
from device.doctor.bundle import NoBundle, write_bundle
from device.doctor.examination import all_checks, examine
from device.doctor.programs import NoAnswer
from device.store.briefing import Briefing
from protocol.records import InvitedBy, MatterHandled

TOKEN = "T7KQ2MWX9RPLH4"
WIFI = "correct horse battery"
PROXY = "hunter2-of-the-hall"
CASE = "滨2026-申-000417"
TELEPHONE, CITIZEN = "13912345678", "11010519491231002X"
VISIT = "8f14e45f-ceea-467f-9d0f-3c1f5a2b7c11"
READER = "hcr_Zk3vQ9d7pLxT2mN8"
LOG = [
    f"token {TOKEN} could not be used",
    f"wpa: psk={WIFI}",
    f"proxy http://hall:{PROXY}@10.1.2.3:8080 refused",
    "王晓燕 (0317) logged in from 192.168.1.77",
    "Logged in: 0317.",
    f"visit {VISIT} of case {CASE} opened",
    f"citizen {CITIZEN} left {TELEPHONE}",
    f"Authorization: Bearer {READER}",
    "record key " + base64.b64encode(RECORD_KEY.seed).decode(),
    "transport key " + TRANSPORT_KEY.seed.hex(),
    "mail zhao.tiezhu@hall.example from 2001:db8::17 and dc:a6:32:01:02:03",
    "Zhao Tiezhu changed the card at 203.0.113.9, 192.168.1.77 asked again",
    "PIN 482913 was wrong",
    "the kiosk is ready on 800x480 in 1.42 s, release 0.1.0-1a2b3c4d, pid 4711",
]
NEVER = (
    TOKEN,
    WIFI,
    PROXY,
    "王晓燕",
    "0317",
    CASE,
    TELEPHONE,
    CITIZEN,
    VISIT,
    READER,
    "cnJycnJy",  # the record key in base64
    TRANSPORT_KEY.seed.hex(),
    "192.168.1.",
    "203.0.113",
    "2001:db8",
    "dc:a6:32",
    "zhao.tiezhu",
    "Zhao Tiezhu",
    "AAAAC3NzaC1lZDI1NTE5",
    "482913",
    "10.1.2.3",
)


def logged(words: Sequence[str]) -> str:
    """systemd's answers on this device."""
    if words[0] == "systemctl":
        name = "haochaping-kiosk.service"
        return f"Id={name}\nActiveState=active\nStatusText=王晓燕 at 192.168.1.12\n"
    entries = [
        {
            "__REALTIME_TIMESTAMP": str(1_795_000_000_000_000 + number),
            "_SYSTEMD_UNIT": "haochaping-agent.service",
            "PRIORITY": "6",
            "MESSAGE": line if number % 2 else list(line.encode()),
        }
        for number, line in enumerate(LOG)
    ]
    return "\n".join(json.dumps(entry) for entry in entries) + "\nno JSON at all\n"


@pytest.fixture
def full(patient: Patient) -> Patient:
    """A device that holds everything that must not leave it."""
    put(patient.deployed.card, "token", TOKEN + "\n")
    wifi = f"[wifi-security]\nkey-mgmt=wpa-psk\npsk={WIFI}\n"
    put(patient.deployed.root, "etc/NetworkManager/system-connections/w.nmconnection", wifi, 0o600)
    keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ zhao@laptop"]
    technician = {"name": "Zhao Tiezhu", "ssh_keys": keys}
    put(patient.deployed.settings, "card.json", json.dumps(card(technician=technician)))
    profile = patient.deployed.profile
    profile.write_text(
        f"# 王晓燕 asked for this, {TELEPHONE}\n"
        + profile.read_text().replace(
            "[buttons]", f'proxy = "http://hall:{PROXY}@10.1.2.3:8080"\n[buttons]'
        )
    )
    with closing(Briefing(patient.home)) as briefing:
        briefing.apply(configuration(), b"signed", "etag")
        briefing.count("retry.unreachable", 3)
    with closing(open_ledger(patient.home)) as ledger:
        rate(ledger, draft())
        ledger.open_visit(
            Invited(
                invitation().visit, InvitedBy.STAFF, "12", "0317", (MatterHandled(DEED, (CASE,)),)
            ),
            "zh-CN",
            0,
        )
    put(patient.home.root, "agent/photos/face.jpg", "JPEG of 王晓燕")
    return again(patient.deployed)


def bundle_of(patient: Patient, file: Path, asked=logged) -> tuple[dict[str, str], list[str]]:
    quick = [check for check in all_checks(asked) if check.group != "network"]
    said = write_bundle(file, patient, list(examine(patient, quick)), asked)
    with zipfile.ZipFile(file) as archive:
        texts = {
            name.partition("/")[2]: archive.read(name).decode("utf-8")
            for name in archive.namelist()
        }
    return texts, said


def test_nothing_personal_and_no_secret_is_in_a_bundle(full: Patient, tmp_path: Path):
    texts, _ = bundle_of(full, tmp_path / "support.zip")
    for name, text in texts.items():
        for secret in NEVER:
            assert secret not in text, (name, secret, text)


def test_what_helps_is_in_a_bundle(full: Patient, tmp_path: Path):
    texts, said = bundle_of(full, tmp_path / "support.zip")
    assert set(texts) == {
        "README.txt",
        "configuration.json",
        "findings.json",
        "journal.txt",
        "kernel.txt",
        "units.json",
        "versions.json",
    }
    journal = texts["journal.txt"].splitlines()
    assert len(journal) == len(LOG) + 1
    assert (
        "the kiosk is ready on 800x480 in 1.42 s, release 0.1.0-1a2b3c4d, pid 4711" in journal[-2]
    )
    assert journal[0].startswith("2026-11-18T")
    found = {one["code"]: one for one in json.loads(texts["findings.json"])["findings"]}
    assert found["counters"]["figures"]["agent.retry.unreachable"] == 3
    settings = json.loads(texts["configuration.json"])
    assert settings["card"]["name"] == "bh-012"
    assert settings["settings"]["buttons.pins"] == [5, 6, 13, 19, 26]
    assert json.loads(texts["versions.json"])["release"]["release"] == "0.1.0-1a2b3c4d"
    assert len(said) == 1


def test_the_same_address_has_the_same_stand_in(full: Patient, tmp_path: Path):
    texts, _ = bundle_of(full, tmp_path / "support.zip")
    first, again_ = (
        line for line in texts["journal.txt"].splitlines() if "logged in" in line or "again" in line
    )
    stand_in = first.rpartition(" ")[2]
    assert stand_in.startswith("<private-ip-")
    assert stand_in in again_


def test_no_log_leaves_a_device_whose_roster_cannot_be_read(full: Patient, tmp_path: Path):
    full.home.agent_db.write_bytes(b"damaged" * 4000)
    texts, said = bundle_of(full, tmp_path / "support.zip")
    assert "journal.txt" not in texts
    assert "kernel.txt" not in texts
    assert "the roster" in said[1]
    assert said[1] in texts["README.txt"]


def test_a_device_without_systemd_gives_what_it_has(full: Patient, tmp_path: Path):
    def nobody(_: Sequence[str]) -> str:
        raise NoAnswer("systemctl is not installed")

    texts, said = bundle_of(full, tmp_path / "support.zip", nobody)
    assert "findings.json" in texts
    assert len(said) == 4


def test_a_bundle_is_its_owners_alone_and_replaces_nothing(full: Patient, tmp_path: Path):
    file = tmp_path / "support.zip"
    bundle_of(full, file)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoBundle, match="already there"):
        write_bundle(file, full, [], logged)

"""What this device knows to be personal or secret, gathered so that it can be taken out of logs.

It never leaves this process. What cannot be read is told, and then no log leaves the device:
names that are not known cannot be masked.
"""

import base64
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from device.checks.databases import rows
from device.checks.network import KEYFILES
from device.checks.patient import Patient
from device.core.errors import DeviceError
from device.core.visit import Invited
from device.doctor.mask import CASE, PERSON, SECRET, label
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA
from device.store.identity import read_seed
from protocol import records
from protocol.errors import ProtocolError

RECORDS = 20_000
"""So many of the newest records are asked for their cases: more than a bundle's days hold."""
_PASSWORD_LINES = re.compile(
    r"^\s*(?:psk|password|wep-key\d|leap-password|private-key-password|identity)\s*=\s*(\S.*?)\s*$",
    re.MULTILINE,
)


class Known(NamedTuple):
    """What is to be masked, and what of it could not be had."""

    words: dict[str, str]
    """Each with its stand-in."""
    missing: tuple[str, ...]


def gather(patient: Patient) -> Known:
    """Return everything personal and secret that this device holds; never raises."""
    words: dict[str, str] = {}
    missing: list[str] = []
    sources: tuple[tuple[str, Callable[[Patient], dict[str, str]]], ...] = (
        ("the roster", _roster),
        ("the records", _records),
        ("the card", _card),
        ("the network's files", _network),
        ("the keys", _keys),
    )
    for name, source in sources:
        try:
            words |= source(patient)
        except (DeviceError, OSError, sqlite3.Error) as error:
            missing.append(f"{name} ({type(error).__name__})")
    return Known(words, tuple(missing))


def _roster(patient: Patient) -> dict[str, str]:
    if not patient.home.agent_db.exists():
        return {}
    staff = rows(patient.home.agent_db, AGENT_SCHEMA, "SELECT number, name FROM staff")
    systems = rows(patient.home.agent_db, AGENT_SCHEMA, "SELECT key_hash FROM business_system")
    return label((str(text) for row in staff for text in row), PERSON) | label(
        (str(row[0]) for row in systems), SECRET
    )


def _records(patient: Patient) -> dict[str, str]:
    path = patient.home.kiosk_db
    if not path.exists():
        return {}
    people = {str(row[0]) for row in rows(path, KIOSK_SCHEMA, "SELECT staff FROM duty")}
    cases: set[str] = set()
    for (invitation,) in rows(path, KIOSK_SCHEMA, "SELECT invitation FROM open_visit"):
        invited = msgspec.json.decode(invitation, type=Invited)
        people.add(invited.staff)
        cases.update(case for matter in invited.matters for case in matter.cases)
    signed = rows(
        path,
        KIOSK_SCHEMA,
        "SELECT signed FROM record WHERE kind IN ('visit_opened', 'rating', 'login') "
        "ORDER BY seq DESC LIMIT ?",
        RECORDS,
    )
    for (one,) in signed:
        try:
            record = records.read(one)
        except ProtocolError:
            continue  # nothing of it can have been logged by its contents
        match record:
            case records.VisitOpened(staff=staff, matters=matters):
                people.add(staff)
                cases.update(case for matter in matters for case in matter.cases)
            case records.Rating(cases=named):
                cases.update(named)
            case records.Login(staff=staff):
                people.add(staff)
    return label(people, PERSON) | label(cases, CASE)


def _card(patient: Patient) -> dict[str, str]:
    places = (patient.deployed.settings, patient.deployed.card)
    words = label(
        (patient.text_or(places[1] / "token"), patient.text_or(places[0] / "token")), SECRET
    )
    for place in places:
        try:
            card = json.loads(patient.text_or(place / "card.json", "{}"))
        except ValueError:
            continue  # what is no JSON is not in a bundle either
        technician = card.get("technician") if isinstance(card, dict) else None
        if isinstance(technician, dict):
            words |= label((str(technician.get("name", "")),), PERSON)
            named = technician.get("ssh_keys")
            for key in named if isinstance(named, list) else ():
                words |= label(str(key).split()[1:], PERSON)
        words |= _passwords(patient, place / "network.nmconnection")
    return words


def _network(patient: Patient) -> dict[str, str]:
    words: dict[str, str] = {}
    folder = patient.at(KEYFILES)
    if folder.exists():
        for file in sorted(folder.iterdir()):
            words |= _passwords(patient, file)
    if patient.profile is not None:
        for url in (patient.profile.central.proxy, patient.profile.central.url):
            userinfo = url.partition("://")[2].rpartition("@")[0]
            words |= label((userinfo.rpartition(":")[2],), SECRET)
    return words


def _passwords(patient: Patient, file: Path) -> dict[str, str]:
    return label(_PASSWORD_LINES.findall(patient.text_or(file)), SECRET)


def _keys(patient: Patient) -> dict[str, str]:
    words: dict[str, str] = {}
    for path in (patient.home.record_key, patient.home.transport_key):
        try:
            seed = read_seed(path)
        except FileNotFoundError:
            continue
        plain = base64.b64encode(seed).decode()
        safe = base64.urlsafe_b64encode(seed).decode()
        words |= label(
            (seed.hex(), seed.hex().upper(), plain, plain.rstrip("="), safe, safe.rstrip("=")),
            SECRET,
        )
    return words

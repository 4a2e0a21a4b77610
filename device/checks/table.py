"""Every local check, in the order in which people read them, and how they are run.

What a check is for, and what to do about it, is in docs/doctor.md; titles and hints for the
check screen are in ``ui_assets/checks.toml``.
"""

import os
import tomllib
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from device.checks import (
    board,
    databases,
    inputs,
    network,
    records,
    services,
    standing,
    storage,
)
from device.checks.finding import Finding, Level, unknown
from device.checks.patient import Patient
from device.store.setup import LANGUAGES

TEXTS = Path(__file__).parents[2] / "ui_assets/checks.toml"


class Group(StrEnum):
    """What belongs together."""

    STANDING = "standing"
    SERVICES = "services"
    RECORDS = "records"
    STORAGE = "storage"
    BOARD = "board"
    INPUTS = "inputs"
    NETWORK = "network"


class Check(NamedTuple):
    """One thing that is looked at."""

    code: str
    group: Group
    look: Callable[[Patient], Finding]
    quick: bool = True
    """A few file reads; the others read whole databases, or ask other programs."""
    field: bool = False
    """Only where the machine was set up from a card."""


class Wording(NamedTuple):
    """A check as the check screen names it, by language."""

    title: dict[str, str]
    hint: dict[str, str]
    """What to do, in general; `Finding.what_to_do` knows the case."""


_S, _V, _R, _D = Group.STANDING, Group.SERVICES, Group.RECORDS, Group.STORAGE
_B, _I, _N = Group.BOARD, Group.INPUTS, Group.NETWORK

CHECKS = (
    Check("configuration", _S, standing.configuration),
    Check("card", _S, standing.card, field=True),
    Check("setup", _S, standing.setup, field=True),
    Check("identity", _S, standing.identity),
    Check("keys", _S, standing.keys),
    Check("own-identity", _S, standing.own_identity, field=True),
    Check("release", _S, standing.release),
    Check("update", _S, services.update, field=True),
    Check("kiosk", _V, services.kiosk),
    Check("agent", _V, services.agent),
    Check("journal", _V, services.journal, quick=False, field=True),
    Check("starts", _V, records.starts),
    Check("uptime", _V, board.uptime),
    Check("backlog", _R, records.backlog),
    Check("central-contact", _R, records.central_contact),
    Check("conflicts", _R, records.conflicts),
    Check("counters", _R, records.counters),
    Check("kiosk-db", _D, databases.kiosk_file),
    Check("agent-db", _D, databases.agent_file),
    Check("kiosk-db-pages", _D, databases.kiosk_pages, quick=False),
    Check("agent-db-pages", _D, databases.agent_pages, quick=False),
    Check("damaged-files", _D, storage.damaged_files),
    Check("data-partition", _D, storage.data_partition),
    Check("disk-read-only", _D, storage.disk_read_only),
    Check("disk-space", _D, storage.disk_space),
    Check("reserve", _D, storage.reserve),
    Check("disk-errors", _D, storage.disk_errors),
    Check("disk-wear", _D, storage.disk_wear),
    Check("read-only-root", _D, storage.read_only_root, field=True),
    Check("undervoltage", _B, board.undervoltage),
    Check("temperature", _B, board.temperature),
    Check("memory", _B, board.memory),
    Check("clock", _B, board.clock),
    Check("rtc", _B, board.rtc),
    Check("watchdog", _B, board.watchdog, field=True),
    Check("display", _I, inputs.display),
    Check("graphics", _I, inputs.graphics),
    Check("screen-sleep", _I, inputs.screen_sleep, field=True),
    Check("console", _I, inputs.console, field=True),
    Check("touch", _I, inputs.touch),
    Check("touch-faults", _I, records.touch_faults),
    Check("buttons", _I, inputs.buttons),
    Check("button-faults", _I, records.button_faults),
    Check("sound", _I, inputs.sound),
    Check("network", _N, network.network),
    Check("name-servers", _N, network.name_servers, field=True),
    Check("time-server", _N, services.time_service, field=True),
    Check("wifi-file", _N, network.wifi_file, field=True),
    Check("proxy-variables", _N, network.proxy_variables, field=True),
)


def examine(
    patient: Patient, quick: bool = False, checks: Iterable[Check] = CHECKS
) -> tuple[Finding, ...]:
    """Return what the checks find that apply to this machine; never raises."""
    return tuple(
        run(check, patient)
        for check in checks
        if (check.quick or not quick) and (patient.in_the_field or not check.field)
    )


def run(check: Check, patient: Patient) -> Finding:
    """Return what one check finds; what it stumbles over makes it unknown, and is said."""
    try:
        return check.look(patient)
    except PermissionError as error:
        advice = (
            "Run it as root." if os.geteuid() else "Not even root may: see the system's journal."
        )
        return unknown(check.code, f"{error.filename or 'It'} may not be read.", advice)
    except Exception as error:  # noqa: BLE001 - one ill file must not hide the other findings
        return unknown(
            check.code, f"It could not be looked at: {type(error).__name__}: {error}"[:300]
        )


def faults(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the codes of what fails, for a heartbeat: warnings are not worth an alarm."""
    return tuple(finding.code for finding in findings if finding.level is Level.FAULT)


def wordings() -> dict[str, Wording]:
    """Return how the check screen names each check. Raises `ValueError` for a wrong file."""
    found = {}
    for code, entry in tomllib.loads(TEXTS.read_text(encoding="utf-8")).items():
        texts = {key: {lang: entry[key][lang] for lang in LANGUAGES} for key in ("title", "hint")}
        found[code] = Wording(**texts)
    return found

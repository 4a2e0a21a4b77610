"""Why somebody should look at a device: one list of reasons for lists, the API and summaries.

Halls switch their devices off at night and at weekends, so silence counts only after a day,
and a short one is no reason by itself.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from central.ages import age

SILENT_HOURS = 24
"""Unheard for longer than this is silent."""
ALERT_DAYS = 7
"""An alert asks for somebody so long; it is listed for ever."""
_HOUR_MS = 3_600_000
_GAVE_UP = ("rolled-back", "refused")


class Why(StrEnum):
    """The reasons, the gravest first."""

    FROZEN = "frozen"
    """Two chains under one name: its ratings are kept without credit."""
    ALERT = "alert"
    UPDATE = "update"
    """The last update was rolled back or refused."""
    FAULT = "fault"
    SILENT = "silent"
    SCREEN = "screen"
    """The agent talks and the kiosk does not run."""
    POWER = "power"
    QUARANTINE = "quarantine"
    PHONE = "phone"
    """Ratings by phone have waited too long for a visit of it."""


class Need(NamedTuple):
    """One reason."""

    why: Why
    told: str
    """For people."""

    def output(self) -> dict[str, str]:
        """Return it as it is given out."""
        return {"why": self.why.value, "told": self.told}


def needs(one: Mapping[str, Any], now_ms: int) -> list[Need]:
    """Return the reasons of the device ``one`` (`overview.devices`), the gravest first."""
    return [] if one["revoked"] else sorted(_found(one, now_ms), key=_gravity)


def order(found: Iterable[Need]) -> int:
    """Return where a device with these reasons stands in a list; without any, last."""
    return min((_gravity(need) for need in found), default=len(Why))


def recent(alerts: Iterable[Mapping[str, Any]], now_ms: int) -> list[Mapping[str, Any]]:
    """Return the alerts of the last days."""
    since = now_ms - ALERT_DAYS * 24 * _HOUR_MS
    return [alert for alert in alerts if alert["raised_ms"] >= since]


def is_silent(last_contact_ms: int, now_ms: int, hours: float = SILENT_HOURS) -> bool:
    """Whether a device last heard then has been silent for longer than ``hours``."""
    return now_ms - last_contact_ms > hours * _HOUR_MS


def _gravity(need: Need) -> int:
    return list(Why).index(need.why)


def _found(one: Mapping[str, Any], now_ms: int) -> Iterable[Need]:
    if one["frozen"]:
        yield Need(Why.FROZEN, "frozen: there is a copy of its card")
    for kind in dict.fromkeys(alert["kind"] for alert in recent(one["alerts"], now_ms)):
        yield Need(Why.ALERT, f"alert {kind}")
    if one["update"].startswith(_GAVE_UP):
        yield Need(Why.UPDATE, f"update {one['update']}")
    if one["faults"]:
        yield Need(Why.FAULT, f"faults {', '.join(one['faults'])}")
    beat = one["heartbeat"]
    if is_silent(one["last_contact_ms"], now_ms):
        yield Need(Why.SILENT, f"silent for {age((now_ms - one['last_contact_ms']) / 1000)}")
    elif beat is not None and not beat["kiosk_running"]:
        yield Need(Why.SCREEN, "its screen's program does not run")
    if beat is not None and beat["undervoltage"]:
        yield Need(Why.POWER, "undervoltage")
    if one["quarantined"]:
        yield Need(Why.QUARANTINE, f"records in quarantine: {one['quarantined']}")
    if late := one["phone_ratings"]["unbound"]:
        yield Need(Why.PHONE, f"unbound phone ratings: {late}")

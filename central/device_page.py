"""All that central knows of one device, for whoever is on the phone with the hall."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from central import devices, overview, release_offers, release_orders, schema
from central.ages import age, ago
from central.device_table import serving
from central.settings import Settings
from central.text_table import plain
from central.unbound import Deadline


def read(connection: Connection, settings: Settings, name: str, now_ms: int) -> dict[str, Any]:
    """Return the device called ``name`` as `overview.devices` has it, and what else is known.

    Raises `Unknown`.
    """
    device = devices.named(connection, name)
    deadline = Deadline.of(settings.phone, now_ms)
    (page,) = overview.devices(connection, deadline, device.id)
    wanted = release_offers.ordered(connection, device, page["platform"])
    failed = release_orders.failures(connection)
    tokens = schema.enrolment_token
    token = connection.execute(
        select(tokens)
        .where(tokens.c.device_id == device.id)
        .order_by(tokens.c.created_ms.desc())
        .limit(1)
    ).one_or_none()
    return page | {
        "release_ordered": None if wanted is None else wanted.name,
        "releases_failed": {
            release: said[device.name] for release, said in failed.items() if device.name in said
        },
        "token": None if token is None else {"made_ms": token.created_ms, "made_by": token.made_by},
    }


def as_text(page: dict[str, Any], now_ms: int) -> str:
    """Return the page as lines, each with what it is about."""
    return "\n".join(f"{name:16}{plain(said)}".rstrip() for name, said in _lines(page, now_ms))


def _lines(page: dict[str, Any], now_ms: int) -> Iterator[tuple[str, Any]]:
    yield "device", page["device"]
    for need in page["needs"]:
        yield "needs somebody", need["told"]
    if page["revoked"]:
        by = f", replaced by {page['replaced_by']}" if page["replaced_by"] else ""
        yield "retired", f"{ago(page['revoked_ms'], now_ms)}{by}"
    yield "name", page["host"] or "-"
    number = page["window_number"] or "gone from the hall file"
    yield "window", f"{page['window']} (number {number}), hall {page['hall'] or '?'}"
    yield "board", page["board"]
    enrolled = ago(page["enrolled_ms"], now_ms)
    token = page["token"]
    known = token is not None and token["made_by"]
    yield "enrolled", enrolled + (f", token made by {token['made_by']}" if known else "")
    yield "last contact", ago(page["last_contact_ms"], now_ms)
    backlog = "not told yet" if page["backlog"] is None else page["backlog"]
    yield "records", f"{page['head']} here, backlog {backlog}, quarantined {page['quarantined']}"
    phone = page["phone_ratings"]
    yield "by phone", f"{phone['pending']} pending, {phone['unbound']} unbound"
    yield "serving", serving(page) or "nobody"
    yield from _software(page)
    yield from _health(page, now_ms)
    for alert in page["alerts"]:
        told = f"{alert['kind']}: {alert['detail']} ({ago(alert['raised_ms'], now_ms)})"
        yield "alert", told


def _software(page: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "software", page["software"]
    yield "release", f"{page['release'] or '-'} on {page['platform'] or 'a platform not told'}"
    ordered = page["release_ordered"]
    if ordered is not None and ordered != page["release"]:
        failed = page["releases_failed"].get(ordered)
        held = f"; not offered, it said: {failed}" if failed else ""
        yield "should run", f"{ordered}{held}"
    yield "update", page["update"] or "-"
    for release, said in page["releases_failed"].items():
        yield "gave up", f"{release}: {said}"


def _health(page: dict[str, Any], now_ms: int) -> Iterator[tuple[str, Any]]:
    beat = page["heartbeat"]
    if beat is None:
        yield "heartbeat", "none yet"
        return
    running = "runs" if beat["kiosk_running"] else "does not run"
    up = age(beat["since_boot_ms"] / 1000)
    yield "heartbeat", f"{ago(beat['received_ms'], now_ms)}, up {up}, the kiosk {running}"
    ahead_s = (beat["device_ms"] - beat["received_ms"]) / 1000
    off = f"{ahead_s:+.0f} s to central's" if abs(ahead_s) >= 1 else "right"
    yield "clock", f"{beat['device_clock']}, {off}"
    version, issued = beat["configuration"], page["configuration_issued"]
    newest = "the newest" if version == issued else f"newest {issued}"
    yield "configuration", f"{version} ({newest})"
    warm = beat["temperature_c"]
    power = {True: "undervoltage", False: "power is good", None: "power not told"}
    yield (
        "hardware",
        f"{beat['disk_free_bytes'] / 1e6:.0f} MB free, "
        f"{'temperature not told' if warm is None else f'{warm:.0f} °C'}, "
        f"{power[beat['undervoltage']]}",
    )
    if page["faults"]:
        yield "faults", ", ".join(page["faults"])
    for name, count in sorted(beat["counters"].items()):
        if count:
            yield "counter", f"{name} {count}"

"""Which release a device is offered, and what it says when it did not work there.

A release is offered as long as the device runs another one, the platform fits, and it has not
gone back from that very release: then people look first, and give it anew.
"""

from sqlalchemy import Connection, func, or_, select

from central import devices, releases, schema
from central.database import insert_or_replace
from central.devices import Device
from central.release_orders import Scope, is_for
from central.releases import Release
from protocol.messages import Heartbeat, OfferedRelease

_ORDER, _PILOT, _FAILURE = schema.release_order, schema.release_pilot, schema.release_failure
_WINDOW = schema.service_window
_GAVE_UP = {"rolled-back": "update-rolled-back", "refused": "update-refused"}
"""How a device says that it will not run a release (`Heartbeat.update`), and the alert's kind."""

_TOLD = 20
"""So many words of one device on its updates are alerts; whoever has its key can make up more."""


def ordered(connection: Connection, device: Device, platform: str) -> Release | None:
    """Return the release that ``device`` should run."""
    hall = select(_WINDOW.c.hall).where(_WINDOW.c.code == device.window).scalar_subquery()
    aimed = or_(
        _ORDER.c.scope == Scope.ALL.value,
        is_for(Scope.HALL, hall),
        is_for(Scope.WINDOW, device.window),
        is_for(Scope.DEVICE, device.name),
    )
    pilot = select(_PILOT.c.order_id).where(
        _PILOT.c.order_id == _ORDER.c.id, _PILOT.c.device_id == device.id
    )
    name = connection.execute(
        select(_ORDER.c.release)
        .where(_ORDER.c.ended_ms.is_(None), _ORDER.c.platform == platform)
        .where(aimed, or_(_ORDER.c.first.is_(None), pilot.exists()))
        .order_by(_ORDER.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if name is None else releases.find(connection, name)


def offer(connection: Connection, device: Device, beat: Heartbeat) -> OfferedRelease | None:
    """Return what ``device`` should fetch; None if it runs what it should.

    A device that runs no release at all (a developer's machine) is offered none.
    """
    if not beat.platform or not beat.release:
        return None
    wanted = ordered(connection, device, beat.platform)
    if wanted is None or wanted.name == beat.release or _failed(connection, device, wanted.name):
        return None
    return OfferedRelease(wanted.name, wanted.version, wanted.size)


def hear(
    connection: Connection, device: Device, beat: Heartbeat, said_before: str, now_ms: int
) -> None:
    """Take note of an update that ``device`` gave up, and raise an alert.

    ``said_before`` is the `Heartbeat.update` of the last one: a device goes on saying how its
    last update ended, and what was given anew since has not failed.
    """
    kind = _GAVE_UP.get(beat.update.partition(":")[0].strip())
    if kind is None or beat.update == said_before:
        return
    names = connection.execute(select(schema.release.c.name)).scalars()
    name = next((one for one in names if one in beat.update), None)
    if name is None:
        wanted = ordered(connection, device, beat.platform)
        name = None if wanted is None or wanted.name == beat.release else wanted.name
    if name is not None:
        row = {"device_id": device.id, "release": name, "told_ms": now_ms, "said": beat.update}
        insert_or_replace(connection, _FAILURE, row)
    detail = beat.update if name is None or name in beat.update else f"{name}: {beat.update}"
    alert = schema.alert
    told = select(func.count()).where(alert.c.device_id == device.id, alert.c.kind == kind)
    if connection.execute(told).scalar_one() >= _TOLD:
        detail = "further updates, see its last word on them"
    devices.raise_alert(connection, device, kind, detail, now_ms, again=True)


def _failed(connection: Connection, device: Device, name: str) -> bool:
    query = select(_FAILURE.c.release).where(
        _FAILURE.c.device_id == device.id, _FAILURE.c.release == name
    )
    return connection.execute(query).one_or_none() is not None

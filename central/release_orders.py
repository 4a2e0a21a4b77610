"""Which device should run which release: orders, from one device to all of them.

An order is for all devices, a hall, a window or a device; of those that reach a device the
newest counts (`release_offers`). Orders within the reach of a newer one end with it, so that
withdrawing that one later takes nobody back to something long forgotten.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from central import releases, schema
from central.errors import CentralError, Unknown
from central.releases import Release

_ORDER, _DEVICE, _BEAT = schema.release_order, schema.device, schema.heartbeat
_WINDOW, _PILOT, _FAILURE = schema.service_window, schema.release_pilot, schema.release_failure


class Scope(StrEnum):
    """How far an order reaches."""

    DEVICE = "device"
    WINDOW = "window"
    HALL = "hall"
    ALL = "all"


class Aim(NamedTuple):
    """Whom an order is for."""

    scope: Scope
    target: str = ""
    """Name of the device, code of the window or the hall; empty for all."""

    def __str__(self) -> str:
        return f"{self.scope} {self.target}".rstrip()


class Order(NamedTuple):
    """An order that holds."""

    id: int
    release: str
    aim: Aim
    first: int | None
    """Only so many devices, who were chosen when it was given."""
    given_ms: int
    given_by: str


class Reach(NamedTuple):
    """Whom an order reaches, as things stand."""

    meant: tuple[str, ...]
    """Devices who get it, or run it already."""
    running: int
    unfit: int
    """In the aim, but on another platform."""
    silent: int
    """In the aim, but never told what platform they are: older software, or never heard."""


def give(
    connection: Connection,
    name: str,
    aim: Aim,
    *,
    by: str,
    now_ms: int,
    first: int | None = None,
) -> Reach:
    """Have the devices of ``aim`` run the release called ``name``; return whom that reaches.

    With ``first`` only so many of them, those that were heard last and run another one, so
    that it is soon seen how they fare. Who went back from it before is offered it again, and
    is the last to be among the first.
    Raises `Unknown`, and `CentralError` where nobody is left to be the first.
    """
    release = releases.named(connection, name)
    rows = _aimed(connection, aim)
    pilots = None
    if first is not None:
        failed = failures(connection).get(name, {})
        waiting = [row for row in rows if _fits(row, release) and row.release != name]
        pilots = sorted(waiting, key=lambda row: (row.name in failed, -row.contact_ms))[:first]
        if not pilots:
            raise CentralError(f"nobody of {aim} runs on {release.platform} and not yet {name}")
    else:
        _end_within(connection, release.platform, aim, now_ms)
    order = connection.execute(
        insert(_ORDER)
        .values(
            release=name,
            platform=release.platform,
            scope=aim.scope.value,
            target=aim.target,
            first=first,
            given_ms=now_ms,
            given_by=by,
        )
        .returning(_ORDER.c.id)
    ).scalar_one()
    if pilots is not None:
        connection.execute(
            insert(_PILOT), [{"order_id": order, "device_id": row.id} for row in pilots]
        )
        rows = pilots
    for row in rows:
        connection.execute(
            delete(_FAILURE).where(_FAILURE.c.device_id == row.id, _FAILURE.c.release == name)
        )
    return _reach(rows, release)


def withdraw(connection: Connection, name: str, now_ms: int) -> int:
    """End every order for the release; devices that run it go on. Returns how many ended."""
    ending = update(_ORDER).where(_ORDER.c.release == name, _ORDER.c.ended_ms.is_(None))
    ended = connection.execute(ending.values(ended_ms=now_ms).returning(_ORDER.c.id)).all()
    return len(ended)


def held(connection: Connection) -> list[Order]:
    """Return the orders that hold, the newest first."""
    query = select(_ORDER).where(_ORDER.c.ended_ms.is_(None)).order_by(_ORDER.c.id.desc())
    return [_order(row) for row in connection.execute(query)]


def failures(connection: Connection) -> dict[str, dict[str, str]]:
    """Return who went back from which release: by release the devices and what each said."""
    query = select(_FAILURE, _DEVICE.c.name).join(_DEVICE, _DEVICE.c.id == _FAILURE.c.device_id)
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query.order_by(_DEVICE.c.name)):
        found.setdefault(row.release, {})[row.name] = row.said
    return found


def reach(connection: Connection, order: Order) -> Reach:
    """Return whom ``order`` reaches; raises nothing for a target that is gone."""
    query = _everybody().where(_within(order.aim))
    if order.first is not None:
        query = query.join(_PILOT, _PILOT.c.device_id == _DEVICE.c.id)
        query = query.where(_PILOT.c.order_id == order.id)
    rows = connection.execute(query).all()
    release = releases.find(connection, order.release)
    return Reach((), 0, 0, 0) if release is None else _reach(rows, release)


def is_for(scope: Scope, target: Any) -> ColumnElement[bool]:
    """Return the condition that an order is for ``target``, a value or a question for it."""
    return and_(_ORDER.c.scope == scope.value, _ORDER.c.target == target)


def _everybody() -> Select[Any]:
    """Return the question for devices that are not revoked, with what they last said."""
    columns = (_DEVICE.c.id, _DEVICE.c.name, _DEVICE.c.contact_ms, _BEAT.c.platform)
    return (
        select(*columns, _BEAT.c.release)
        .outerjoin(_BEAT, _BEAT.c.device_id == _DEVICE.c.id)
        .outerjoin(_WINDOW, _WINDOW.c.code == _DEVICE.c.window)
        .where(_DEVICE.c.revoked_ms.is_(None))
    )


def _within(aim: Aim) -> ColumnElement[bool]:
    """Return the condition that a device is one of ``aim``."""
    column = {
        Scope.DEVICE: _DEVICE.c.name,
        Scope.WINDOW: _DEVICE.c.window,
        Scope.HALL: _WINDOW.c.hall,
    }
    if aim.scope is Scope.ALL:
        return _DEVICE.c.id.is_not(None)
    return column[aim.scope] == aim.target


def _aimed(connection: Connection, aim: Aim) -> Sequence[Row[Any]]:
    """Return the devices of ``aim``. Raises `Unknown` if there is no such target."""
    known: dict[Scope, ColumnElement[Any]] = {
        Scope.DEVICE: _DEVICE.c.name,
        Scope.WINDOW: _WINDOW.c.code,
        Scope.HALL: schema.hall.c.code,
    }
    if aim.scope is not Scope.ALL:
        column = known[aim.scope]
        if connection.execute(select(column).where(column == aim.target)).one_or_none() is None:
            raise Unknown(f"there is no {aim.scope} {aim.target!r}")
    return connection.execute(_everybody().where(_within(aim)).order_by(_DEVICE.c.name)).all()


def _end_within(connection: Connection, platform: str, aim: Aim, now_ms: int) -> None:
    """End the orders for ``platform`` that reach nobody beyond ``aim``."""
    windows = select(_WINDOW.c.code).where(_WINDOW.c.hall == aim.target)
    named = select(_DEVICE.c.name).outerjoin(_WINDOW, _WINDOW.c.code == _DEVICE.c.window)
    those = _ORDER.c.target.in_(named.where(_within(aim)))
    narrower = {
        Scope.ALL: _ORDER.c.id.is_not(None),
        Scope.HALL: or_(
            is_for(Scope.HALL, aim.target),
            and_(_ORDER.c.scope == Scope.WINDOW.value, _ORDER.c.target.in_(windows)),
            and_(_ORDER.c.scope == Scope.DEVICE.value, those),
        ),
        Scope.WINDOW: or_(
            is_for(Scope.WINDOW, aim.target), and_(_ORDER.c.scope == Scope.DEVICE.value, those)
        ),
        Scope.DEVICE: is_for(Scope.DEVICE, aim.target),
    }
    connection.execute(
        update(_ORDER)
        .where(_ORDER.c.ended_ms.is_(None), _ORDER.c.platform == platform, narrower[aim.scope])
        .values(ended_ms=now_ms)
    )


def _fits(row: Row[Any], release: Release) -> bool:
    return bool(row.platform == release.platform)


def _reach(rows: Sequence[Row[Any]], release: Release) -> Reach:
    fitting = [row for row in rows if _fits(row, release)]
    silent = sum(not row.platform for row in rows)
    return Reach(
        meant=tuple(row.name for row in fitting),
        running=sum(row.release == release.name for row in fitting),
        unfit=len(rows) - len(fitting) - silent,
        silent=silent,
    )


def _order(row: Row[Any]) -> Order:
    aim = Aim(Scope(row.scope), row.target)
    return Order(row.id, row.release, aim, row.first, row.given_ms, row.given_by)

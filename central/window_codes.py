"""Printed codes of windows: given out, found again, replaced, withdrawn.

A poster hangs for a year where a device is missing or down. Its code stands for the window
alone, so that it can be printed again, and replaced without a change to anything else. Eighty
random bits: nobody finds the code of another window by trying.
"""

import secrets
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from central import roll, schema
from central.errors import CentralError, Unknown
from protocol.subjects import Channel

PATH = "/W/"
DAY_MS = 86_400_000
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
"""Characters of a code, five bits each."""
_MISREAD = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014\u00a0\t")
"""What people type for what they read."""
_LONGEST_TYPED = 100
_AT_ONCE = 500


class Meanwhile(CentralError):
    """Somebody else has given out or ended codes of these windows in the meantime."""


class State(StrEnum):
    """What a code that was once given out is good for."""

    VALID = "valid"
    EXPIRED = "expired"
    ENDED = "ended"
    """Another was issued in its place, or it was withdrawn."""
    MOVED = "moved"
    """Its window is no longer the hall's, or has another number than the poster says."""


class WindowCode(NamedTuple):
    """One code as it was given out."""

    code: str
    window: str
    """Code of the window."""
    hall: str
    """Code of its hall."""
    number: str
    """The window's number, as printed."""
    issue: int
    """1 for the window's first."""
    issued_ms: int
    expires_ms: int
    ended_ms: int | None = None
    """When it ends or has ended; in the future while posters are being changed."""

    def state(self, now_ms: int) -> State:
        """Return what it is good for, whatever has become of its window."""
        if self.ended_ms is not None and self.ended_ms < self.expires_ms:
            return State.ENDED if self.ended_ms <= now_ms else State.VALID
        return State.EXPIRED if self.expires_ms <= now_ms else State.VALID

    @property
    def until_ms(self) -> int:
        """When it stops working."""
        return self.expires_ms if self.ended_ms is None else min(self.expires_ms, self.ended_ms)


class Found(NamedTuple):
    """What a code that was scanned or typed leads to."""

    code: WindowCode
    state: State


class Sheet(NamedTuple):
    """One window and the code that its poster will show."""

    code: WindowCode
    new: bool
    """It is to be given out; else it is there already and stays as it is."""


class Listed(NamedTuple):
    """One code as it is listed."""

    code: WindowCode
    state: State
    ratings: int | None
    """How many the window has got through printed codes; told with its newest alone."""


class Plan(NamedTuple):
    """What `give_out` will do; nothing has been changed yet."""

    hall: str
    sheets: tuple[Sheet, ...]
    """In the order of the windows' numbers."""
    open_before: frozenset[str]
    """Codes that were open when this was planned."""

    @property
    def issued(self) -> tuple[WindowCode, ...]:
        """The new ones."""
        return tuple(sheet.code for sheet in self.sheets if sheet.new)


def make() -> str:
    """Return a new code."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(LENGTH))


def read(typed: str) -> str:
    """Return the code that was scanned or typed; empty if it is none.

    Small letters, spaces, hyphens, and I, L and O for 1 and 0 are read as they are meant.
    """
    if len(typed) > _LONGEST_TYPED:
        return ""
    code = typed.upper().translate(_MISREAD)
    return code if len(code) == LENGTH and set(code) <= set(_CROCKFORD) else ""


def grouped(code: str) -> str:
    """Return ``code`` as people read it out: in fours."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def find(connection: Connection, code: str, now_ms: int) -> Found | None:
    """Return what ``code``, as `read` gives it, leads to; None if it was never given out."""
    table = schema.window_code
    row = connection.execute(select(table).where(table.c.code == code)).one_or_none()
    if row is None:
        return None
    found = _window_code(row)
    state = found.state(now_ms)
    if state is State.VALID and not _stands(connection, found):
        state = State.MOVED
    return Found(found, state)


def plan(
    connection: Connection,
    hall: str,
    windows: Collection[str],
    now_ms: int,
    *,
    days: int,
    reissue: bool = False,
    utc_offset_minutes: int = 480,
) -> Plan:
    """Return which codes the posters of ``windows`` (all, if none is named) will show.

    A window keeps the code it has, so a poster can be printed again; with ``reissue``, or
    where there is none that works, it gets a new one for ``days`` and the rest of this one: the
    last day that is printed is a whole one. A window is named by its code or by its number.
    Raises `Unknown`.
    """
    chosen = _chosen(connection, hall, windows)
    every = _every(connection, [window for window, _ in chosen])
    last = {one.window: one.issue for one in every}
    held = {one.window: one for one in every if one.ended_ms is None}
    offset_ms = utc_offset_minutes * 60_000
    expires_ms = ((now_ms + offset_ms) // DAY_MS + days + 1) * DAY_MS - offset_ms
    sheets = []
    for window, number in chosen:
        one = held.get(window)
        good = one is not None and (one.hall, one.number) == (hall, number)
        if one is not None and good and one.state(now_ms) is State.VALID and not reissue:
            sheets.append(Sheet(one, new=False))
            continue
        issue = last.get(window, 0) + 1
        new = WindowCode(make(), window, hall, number, issue, now_ms, expires_ms)
        sheets.append(Sheet(new, new=True))
    return Plan(hall, tuple(sheets), frozenset(one.code for one in held.values()))


def give_out(connection: Connection, plan: Plan, now_ms: int, *, grace_days: int = 0) -> int:
    """Give out what is new in ``plan``; returns how many codes that ended.

    The ones before work for ``grace_days`` more, so that posters can be changed in peace, and
    not at all without. Raises `Meanwhile` if the windows or their codes are not as planned.
    """
    roll.hall_row(connection, plan.hall, lock=True)
    windows = {sheet.code.window: sheet.code.number for sheet in plan.sheets}
    if dict(_chosen(connection, plan.hall, windows)) != windows or plan.open_before != frozenset(
        one.code for one in _every(connection, windows) if one.ended_ms is None
    ):
        raise Meanwhile(
            "windows or their codes were changed in the meantime; nothing was given out, try again"
        )
    new = {one.window for one in plan.issued}
    ended = _end(connection, new, now_ms, now_ms + grace_days * DAY_MS)
    if plan.issued:
        connection.execute(insert(schema.window_code), [one._asdict() for one in plan.issued])
    return ended


def withdraw(connection: Connection, hall: str, windows: Collection[str], now_ms: int) -> int:
    """End the codes of ``windows`` at once, with no new one; returns how many worked until now.

    Also of a window that the hall has no longer. Raises `Unknown` where there never was a code.
    """
    roll.hall_row(connection, hall, lock=True)
    table = schema.window_code
    ever = connection.execute(select(table.c.window, table.c.number).where(table.c.hall == hall))
    known: dict[str, set[str]] = {}
    for window, number in ever:
        known.setdefault(number, set()).add(window)
        known.setdefault(window, set()).add(window)
    unknown = sorted(set(windows) - set(known))
    if unknown:
        raise Unknown(f"hall {hall} has given out no code for window {', '.join(unknown)}")
    return _end(connection, {code for named in windows for code in known[named]}, now_ms, now_ms)


def listed(connection: Connection, hall: str, now_ms: int) -> list[Listed]:
    """Return every code of ``hall`` that works and every window's newest. Raises `Unknown`.

    In the order of the windows' numbers, the newest of each first.
    """
    table, rating = schema.window_code, schema.remote_rating
    windows = dict(_chosen(connection, hall, ()))
    ratings: dict[str, int] = dict(
        connection.execute(
            select(rating.c.window, func.count())
            .where(
                rating.c.hall == hall,
                rating.c.device_id.is_(None),
                rating.c.channel == int(Channel.QR),
                rating.c.system == "",
                rating.c.follows_up.is_(False),
            )
            .group_by(rating.c.window)
        ).all()
    )
    rows = connection.execute(
        select(table).where(table.c.hall == hall).order_by(table.c.issue.desc(), table.c.code)
    )
    found: list[Listed] = []
    seen: set[str] = set()
    for one in map(_window_code, rows):
        state = one.state(now_ms)
        if state is State.VALID and windows.get(one.window) != one.number:
            state = State.MOVED
        if state is State.VALID or one.window not in seen:
            newest = one.window not in seen
            found.append(Listed(one, state, ratings.get(one.number, 0) if newest else None))
        seen.add(one.window)
    return sorted(found, key=lambda one: (_in_order(one.code.number), one.code.window))


def _chosen(connection: Connection, hall: str, named: Collection[str]) -> list[tuple[str, str]]:
    """Return code and number of the windows named, in the order of their numbers."""
    roll.hall_row(connection, hall)
    table = schema.service_window
    every: Sequence[tuple[str, str]] = [
        (row.code, row.number)
        for row in connection.execute(
            select(table.c.code, table.c.number).where(table.c.hall == hall)
        )
    ]
    codes = {code for code, _ in every}
    by_number = {number: code for code, number in every}
    unknown = sorted(one for one in named if one not in codes and one not in by_number)
    if unknown:
        raise Unknown(
            f"hall {hall} has no window {', '.join(unknown)}; see `haochaping central export "
            f"--hall {hall} --table windows`"
        )
    wanted = {one if one in codes else by_number[one] for one in named} or codes
    return sorted((one for one in every if one[0] in wanted), key=lambda one: _in_order(one[1]))


def _in_order(number: str) -> tuple[int, str]:
    """2 before 10, and A before B."""
    digits = "".join(filter(str.isdecimal, number))
    return (int(digits) if digits and len(digits) < 19 else 0, number)


def _every(connection: Connection, windows: Collection[str]) -> list[WindowCode]:
    """Return all codes of ``windows`` that were ever given out, by issue."""
    table, wanted = schema.window_code, list(windows)
    found: list[WindowCode] = []
    for at in range(0, len(wanted), _AT_ONCE):
        these = table.c.window.in_(wanted[at : at + _AT_ONCE])
        found += map(_window_code, connection.execute(select(table).where(these)))
    return sorted(found, key=lambda one: one.issue)


def _end(connection: Connection, windows: Collection[str], now_ms: int, end_ms: int) -> int:
    """Let nothing of ``windows`` work beyond ``end_ms``; returns how many worked until now."""
    table = schema.window_code
    ended = 0
    for one in _every(connection, windows):
        until = min(one.until_ms, end_ms)
        if one.ended_ms is None or until < one.until_ms:
            change = update(table).where(table.c.code == one.code).values(ended_ms=until)
            connection.execute(change)
            ended += one.state(now_ms) is State.VALID
    return ended


def _stands(connection: Connection, one: WindowCode) -> bool:
    table = schema.service_window
    there = and_(table.c.code == one.window, table.c.hall == one.hall, table.c.number == one.number)
    return connection.execute(select(table.c.code).where(there)).first() is not None


def _window_code(row: Row[Any]) -> WindowCode:
    return WindowCode(**{name: row._mapping[name] for name in WindowCode._fields})

"""Logging in and out at the console.

Whoever proves who they are takes the window; whoever serves there already only opens the page.
A PIN is in the body of one request and nowhere else.
"""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import RawBody

from device.agent.desk import WindowDesk
from device.agent.refusals import AnotherServes
from device.agent.web.console_caller import (
    Asked,
    changing,
    cookie,
    read,
    same_page,
    session_of,
    token_of,
)
from device.agent.web.logins import ConsoleSession, Logins, proof_of
from device.agent.web.problems import FullProblem, WebRefused
from device.store.gate import Admitted, LockedOut, Refused
from device.store.roll import Roll
from protocol.limits import Code
from protocol.messages import PROBLEM_TYPE

LEFT = "left"
"""What the record of a log-out says if staff left by themselves."""


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who says they are."""

    staff: Code
    pin: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{6}\Z")]


class StaffSeen(msgspec.Struct, frozen=True):
    """Who serves, as the device's own screen shows them to everybody."""

    number: str
    name: str


class Me(msgspec.Struct, frozen=True):
    """Who is logged in at this console."""

    number: str
    name: str
    post: str
    department: str
    photo: bool
    since_ms: int
    """By the device's own clock."""
    proof: str
    """To be shown with every call that changes something."""


class Begin(msgspec.Struct, frozen=True):
    """What the page needs to begin."""

    hall: str
    window: str
    serves: StaffSeen | None
    rate_unfinished: bool
    """Matters are rated at every visit, not only when they are finished."""
    me: Me | None
    """None until somebody logs in here."""
    ended: str = ""
    """Why the session ended that this browser had."""


class LoginRefused(FullProblem, frozen=True, omit_defaults=True):
    """A log-in that failed."""

    tries_left: int = 0
    """Before the next lock-out."""
    wait_s: int = 0
    """How long the lock-out lasts."""


@get("/console-api/session", sync_to_thread=True)
def begin(request: Asked) -> Begin:
    """Tell where this is, who serves, and who is logged in at this console."""
    try:
        session = session_of(request)
    except WebRefused as refused:
        return _begin(request, None, "" if refused.code == "not-logged-in" else refused.code)
    return _begin(request, session)


@post("/console-api/login", status_code=200, sync_to_thread=True)
def log_in(request: Asked, body: RawBody) -> Response[Any]:
    """Let a staff member in: they take the window, unless they serve there already."""
    same_page(request, None)
    who = read(request, body, Credentials)
    logins: Logins = request.app.state.logins
    match logins.check(who.staff, who.pin):
        case Admitted(member):
            return _admitted(request, member.number)
        case LockedOut(remaining_ms):
            wait = -(-remaining_ms // 1000)
            problem = LoginRefused("Log-in is locked", 429, "login-locked", wait_s=wait)
            return _refusal(request, problem, {"Retry-After": str(wait)})
        case Refused(tries_left):
            return _refusal(
                request,
                LoginRefused("Not known", 401, "login-refused", tries_left=tries_left),
                {"WWW-Authenticate": 'Console realm="haochaping"'},
            )


def _admitted(request: Asked, staff: str) -> Response[Begin]:
    desk: WindowDesk = request.app.state.desk
    logins: Logins = request.app.state.logins
    standing = desk.log_in(staff)
    if standing.duty.staff != staff:
        raise AnotherServes("somebody else took the window at the same moment")
    logins.end(token_of(request))
    token = logins.open(standing.duty)
    session = logins.find(token, standing.duty)
    return Response(
        _begin(request, session, proof=proof_of(token)),
        media_type="application/json",
        cookies=[cookie(request, token)],
    )


@post("/console-api/logout", status_code=200, sync_to_thread=True)
def log_out(request: Asked) -> Response[dict[str, bool]]:
    """Leave the console and the window; a citizen who is being asked finishes first."""
    session = changing(request)
    desk: WindowDesk = request.app.state.desk
    later = False
    try:
        later = desk.log_out(session.staff, LEFT).duty.staff == session.staff
    finally:
        # Whoever wants to leave is not kept at a console, whatever the screen does.
        request.app.state.logins.end(token_of(request))
    return Response(
        {"later": later},
        media_type="application/json",
        cookies=[cookie(request, "", max_age=0)],
    )


def _begin(
    request: Asked, session: ConsoleSession | None, ended: str = "", proof: str = ""
) -> Begin:
    roll: Roll = request.app.state.roll
    place, duty = roll.place(), request.app.state.desk.standing().duty
    me = None
    serves = roll.member(duty.staff)
    if session is not None:
        member = roll.member(session.staff)
        shown = proof or proof_of(token_of(request))
        photo = bool(
            member and member.photo and request.app.state.home.photo(member.photo).is_file()
        )
        me = Me(
            session.staff,
            member.name if member else "",
            member.post if member else "",
            member.department if member else "",
            photo,
            duty.since_wall_ms,
            shown,
        )
    return Begin(
        hall=place.hall if place else "",
        window=place.window if place else "",
        serves=StaffSeen(serves.number, serves.name) if serves else None,
        rate_unfinished=roll.rules().rate_unfinished,
        me=me,
        ended=ended,
    )


def _refusal(
    request: Asked, problem: LoginRefused, headers: dict[str, str]
) -> Response[LoginRefused]:
    request.app.state.tally.count(problem.code)
    return Response(problem, status_code=problem.status, media_type=PROBLEM_TYPE, headers=headers)


HANDLERS = (begin, log_in, log_out)

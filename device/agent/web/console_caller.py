"""Who calls the console's interface, and whether it is its own page that calls.

Who calls is known by a cookie that no script can read. A call that changes something must
come from the console's page: the browser says so (``Origin``, ``Sec-Fetch-Site``), and the
page shows a proof that no other page can have.
"""

import hmac
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import Cookie, State

from device.agent.web import asked
from device.agent.web.logins import ConsoleSession, Logins, proof_of
from device.agent.web.problems import WebRefused

PROOF = "x-haochaping-console"
"""Header with which the page proves itself: `proof_of` its session, any word before log-in."""

Asked = Request[Any, Any, State]
T = TypeVar("T")


def session_of(request: Asked, *, used: bool = True) -> ConsoleSession:
    """Return the caller's session. Raises `WebRefused` or `DeviceError`."""
    logins: Logins = request.app.state.logins
    duty = request.app.state.desk.standing().duty
    return logins.find(token_of(request), duty, used=used)


def changing(request: Asked) -> ConsoleSession:
    """Return the session of a call that changes something; only the page itself makes one."""
    same_page(request, token_of(request))
    return session_of(request)


def same_page(request: Asked, token: str | None) -> None:
    """Raise `WebRefused` unless the console's own page calls.

    ``token`` is the session's secret, None where nobody is logged in yet: the header alone is
    then what another origin's page cannot send without asking first.
    """
    scheme = "https" if request.app.state.secure else "http"
    own = f"{scheme}://{request.headers.get('host', '')}"
    site = request.headers.get("sec-fetch-site", "same-origin")
    proof = request.headers.get(PROOF, "")
    right = (
        bool(proof)
        if token is None
        else hmac.compare_digest(proof.encode(), proof_of(token).encode())
    )
    if request.headers.get("origin") != own or site != "same-origin" or not right:
        raise WebRefused(403, "not-from-the-console", "Only the console's own page may do this.")


def token_of(request: Asked) -> str:
    """Return the secret in the caller's cookie, empty if there is none."""
    return request.cookies.get(_cookie_name(request), "")


def _cookie_name(request: Asked) -> str:
    # The browser itself then refuses one that was set without TLS, or for other paths.
    return "__Host-haochaping" if request.app.state.secure else "haochaping"


def cookie(request: Asked, token: str, max_age: int | None = None) -> Cookie:
    """Return the cookie that carries a session's secret; with ``max_age`` 0 it takes it back."""
    return Cookie(
        key=_cookie_name(request),
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=bool(request.app.state.secure),
        max_age=max_age,
    )


def read(request: Asked, body: bytes, kind: type[T]) -> T:
    """Return the body as ``kind``. Raises `WebRefused`, which never repeats what it held."""
    content = asked.document(request, body)
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise WebRefused(422, "invalid", str(error)[:300]) from None

"""The page behind the QR code: has my rating arrived? Never which level it was.

Made for any phone and any gateway: plain HTML, no script, no cookie, nothing from a third
party. The token is checked and forgotten; it reaches no log and no table.
"""

import base64
import hashlib
import html
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from sqlalchemy import select

from central import devices, phone_texts, schema
from central.phone_texts import TEXTS, PhoneTexts
from central.service import Central
from protocol.errors import ProtocolError
from protocol.phone import read_token, receipt_code, verify_token

_STYLE = (
    "body{font:1.25rem/1.6 sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}"
    "h1{font-size:1.5rem}.code{font:700 2rem/1.4 monospace;letter-spacing:.1em}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a token leads to: the page to show, and for a good one the visit."""

    page: str
    """``arrived``, ``waiting``, ``altered``, ``expired`` or ``retired``."""
    status: int
    visit: UUID | None = None


@get(
    "/R/{token:str}",
    sync_to_thread=True,
    media_type="text/html",
    tags=["citizens"],
    summary="Show whether a rating has arrived",
    description="What the QR code leads to. In Chinese, English or Korean by Accept-Language.",
    responses={
        status: ResponseSpec(
            data_container=str, description=what, media_type="text/html", generate_examples=False
        )
        for status, what in (
            (400, "The token is incomplete or was altered"),
            (410, "The token has expired, or its device was retired"),
        )
    },
)
def show(request: Request[Any, Any, State], token: FromPath[str]) -> Response[str]:
    """Answer with the page in the phone's language."""
    return _answer(request, token)


@get("/r/{token:str}", sync_to_thread=True, media_type="text/html", include_in_schema=False)
def show_small(request: Request[Any, Any, State], token: FromPath[str]) -> Response[str]:
    """Answer the same to phones that make an address's letters small."""
    return _answer(request, token)


def _answer(request: Request[Any, Any, State], token: str) -> Response[str]:
    central: Central = request.app.state.central
    language = phone_texts.chosen(request.headers.get("accept-language", ""))
    found = look_up(central, token, int(time.time()))
    if found.status != 200:
        central.refusals.count(f"phone-{found.page}")
    return Response(
        _page(TEXTS[language], language, found),
        status_code=found.status,
        media_type="text/html",
        headers={**_HEADERS, "Content-Language": language},
    )


def look_up(central: Central, text: str, now_s: int) -> Found:
    """Return what the token ``text`` leads to at ``now_s``, seconds since 1970."""
    try:
        token, signed = read_token(text)
    except ProtocolError:
        return Found("altered", 400)
    table = schema.rating
    with central.database.reading() as connection:
        device = devices.find(connection, token.device)
        if device is None:
            return Found("altered", 400)
        try:
            verify_token(signed, device.record_key)
        except ProtocolError:
            return Found("altered", 400)
        if device.revoked:
            return Found("retired", 410, token.visit)
        if token.expires_s < now_s:
            return Found("expired", 410, token.visit)
        arrived = connection.execute(
            select(table.c.id)
            .where(table.c.device_id == device.id, table.c.visit == token.visit.bytes)
            .limit(1)
        ).first()
    return Found("waiting" if arrived is None else "arrived", 200, token.visit)


def _page(texts: PhoneTexts, language: str, found: Found) -> str:
    lines = [f"<p>{html.escape(getattr(texts, found.page))}</p>"]
    if more := getattr(texts, f"{found.page}_more", ""):
        lines.append(f"<p>{html.escape(more)}</p>")
    if found.visit is not None:
        whole = receipt_code(found.visit)
        code = f"{whole[:4]} {whole[4:]}"  # two groups, as the device shows it
        lines.append(f'<p>{html.escape(texts.code)}<br><span class="code">{code}</span></p>')
    title = html.escape(texts.title)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{''.join(lines)}</main></body></html>\n"
    )

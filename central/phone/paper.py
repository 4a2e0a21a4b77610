"""The sheet that every phone page is written on: head, language choice, and what it may load.

Nothing is loaded but one style sheet and one script of our own; no cookie, no referrer, no
third party. What a page says is in its body; whoever writes one escapes what is not ours.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.params import FromPath

from central.errors import Refused
from central.phone.faces import symbols
from central.phone.wording import LANGUAGES, chosen, words

_FOLDER = Path(__file__).parents[2] / "ui_assets" / "phone"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"} | {
    ".svg": "image/svg+xml"
}
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}
TICK = (
    '<svg class="tick" viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="43"/>'
    '<path d="M29 52 L44 66 L73 36"/></svg>'
)
"""The picture above a page that says it is done."""
FORM = "form"
"""Id of a page's one form; the language choice is sent with it, so that nothing is lost."""


class Shipped(NamedTuple):
    """A file that pages load."""

    name: str
    """With a part of its hash, so that it may be kept for ever."""
    content: bytes
    media_type: str


@cache
def shipped(name: str) -> Shipped:
    """Return a file of `ui_assets/phone`."""
    file = _FOLDER / name
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Shipped(f"{file.stem}-{digest}{file.suffix}", content, _TYPES[file.suffix])


@cache
def _all_shipped() -> dict[str, Shipped]:
    files = (shipped(name) for name in ("page.css", "page.js", "icon.svg"))
    return {file.name: file for file in files}


@get("/phone/{name:str}", include_in_schema=False, sync_to_thread=False)
def give_file(name: FromPath[str]) -> Response[bytes]:
    """Give out a file that the pages load."""
    file = _all_shipped().get(name)
    if file is None:
        raise Refused(404, "not-found")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def language_of(request: Request[Any, Any, Any], asked: str = "") -> str:
    """Return the language to answer in; ``asked`` is what a form or an address said."""
    asked = asked or request.query_params.get("lang", "")
    return chosen(asked, request.headers.get("accept-language", ""))


def page(
    language: str,
    title: str,
    body: str,
    *,
    note: str = "",
    hall: str = "",
    picture: str = "",
    status: int = 200,
    form: str = "",
    hidden: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    enter: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return a page: ``body`` and ``picture``, above the title, are HTML; the rest is text.

    ``note`` stands beside the title. ``form`` is the path that takes the page's form, which
    then holds the whole body and the fields of ``hidden``; ``enter`` is what the key of that
    name does in it (its field ``do``). Without a form the language is chosen by a link.
    """
    text = words(language)
    beside = f" <small>{escape(note)}</small>" if note else ""
    heading = f'{picture}<h1 id="title" tabindex="-1">{escape(title)}{beside}</h1>'
    head = (
        f"<header><strong>{escape(hall or text('product'))}</strong>"
        f"{_languages(language, by_form=bool(form))}</header>"
    )
    inside = f'{head}<main id="main">{heading}{body}</main>'
    if form:
        fields = hidden.items() if isinstance(hidden, Mapping) else hidden
        inside = _form(form, [("lang", language), *fields], enter, inside)
    style, script, icon = (f"/phone/{shipped(n).name}" for n in ("page.css", "page.js", "icon.svg"))
    said = f'data-sending="{escape(text("sending"))}" data-failed="{escape(text("failed"))}"'
    content = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="format-detection" content="telephone=no">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{style}">'
        f'<link rel="icon" href="{icon}"><script src="{script}" defer></script></head>'
        f"<body {said}>{symbols()}{inside}"
        '<p class="news" role="alert" id="news"></p></body></html>\n'
    )
    return Response(
        content,
        status_code=status,
        media_type="text/html",
        headers={**HEADERS, "Content-Language": language, **(headers or {})},
    )


def field(name: str, value: str) -> str:
    """Return a hidden field."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _form(action: str, fields: Iterable[tuple[str, str]], enter: str, inside: str) -> str:
    """Return ``inside`` as the page's one form."""
    first = ""
    if enter:  # the first key of a form is what Enter presses
        first = f'<button class="unseen" name="do" value="{escape(enter)}" '
        first += 'tabindex="-1" aria-hidden="true"></button>'
    hidden = "".join(field(name, value) for name, value in fields)
    return (
        f'<form id="{FORM}" method="post" action="{escape(action)}" novalidate>'
        f"{first}{hidden}{inside}</form>"
    )


def _languages(language: str, *, by_form: bool) -> str:
    text = words(language)
    choices = "".join(
        f'<button name="do" value="lang:{one}" lang="{one}">{escape(words(one)("name"))}</button>'
        if by_form
        else f'<a href="?lang={one}" lang="{one}" hreflang="{one}">{escape(words(one)("name"))}</a>'
        for one in LANGUAGES
        if one != language
    )
    label = f'<span class="unseen">{escape(text("language"))}: </span>{escape(text("name"))}'
    return f'<details class="languages"><summary>{label}</summary><div>{choices}</div></details>'

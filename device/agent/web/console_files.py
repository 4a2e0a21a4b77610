"""The console's page: fixed files, read once, and under which rules a browser runs them.

Nothing in them comes from outside, no script or style stands in the page itself, and no
other page may frame it.
"""

import functools
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from device.agent.web.problems import WebRefused

FOLDER = Path(__file__).parents[3] / "ui_assets" / "console"
PAGE = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
"""The page's Content-Security-Policy."""


class _File(NamedTuple):
    content: bytes
    type: str
    etag: str


@functools.cache
def _files() -> dict[str, _File]:
    """Return every file by its path below the folder; nothing else is ever served."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[path.relative_to(FOLDER).as_posix()] = _File(content, _TYPES[path.suffix], etag)
    return found


@get("/", sync_to_thread=False)
def to_the_page() -> Redirect:
    """Lead whoever typed the address alone to the page."""
    return Redirect("/console", status_code=303)


@get(["/console", "/console/{name:path}"], sync_to_thread=False)
def show_file(request: Request[Any, Any, Any], name: FromPath[str] = PAGE) -> Response[bytes]:
    """Give out one of the page's files."""
    file = _files().get(name.lstrip("/") or PAGE)
    if file is None:
        raise WebRefused(404, "not-found")
    same = request.headers.get("if-none-match") == file.etag
    return Response(
        b"" if same else file.content,
        status_code=304 if same else 200,
        media_type=file.type,
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": POLICY,
            "ETag": file.etag,
        },
    )


HANDLERS = (to_the_page, show_file)

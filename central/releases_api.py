"""The call by which a device fetches a release: from where it stopped, however slow its link.

Sent from the file piece by piece, so that no release is ever whole in memory. A download takes
no place from other requests, has a limit of its own, and is given up when nothing of it gets
through any more.
"""

import asyncio
import base64
import logging
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, HeaderParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from central import problems, releases
from central.authentication import device_of
from central.bodies import Asked, refuse_control_characters
from central.errors import Refused
from central.openapi import problems as refusals
from central.releases import Release
from central.service import Central
from central.waiting_api import STEP_OUT

RELEASE_TYPE: Final = "application/x-tar"
PIECE: Final = 64 * 1024
PATIENCE_S: Final = 120.0
"""A piece that has not gone out by then never will: about 550 bytes a second are enough."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
_LOG = logging.getLogger("haochaping.central")


class Part(NamedTuple):
    """Which bytes are sent."""

    first: int
    length: int


def part_of(asked: str | None, size: int) -> Part | None:
    """Return the one range that is asked for (RFC 9110, section 14.2); None for the whole.

    What is not understood, or asks for several ranges, is answered with the whole, as the RFC
    allows. Raises `Refused` for one that begins beyond the end.
    """
    match = _RANGE.match((asked or "").strip())
    if match is None or match.groups() == ("", ""):
        return None
    begin, end = match.groups()
    if not begin:
        length = min(int(end), size)
        first, last = size - length, size - 1
    else:
        first, last = int(begin), min(int(end or size), size - 1)
        if end and int(end) < first:
            return None
    if first >= size or last < first:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Refused(416, "bad-range", f"it has {size} bytes", headers)
    return Part(first, last - first + 1)


@get(
    "/v1/releases/{name:str}",
    media_type=RELEASE_TYPE,
    tags=["devices"],
    summary="Fetch a release of the devices' software",
    description="The release file that a heartbeat's answer offers. `Range` goes on where a "
    "download stopped, with `If-Range` and the `ETag` only if it is still the same. Signed by "
    "the device (RFC 9421); the release itself by its maker.",
    responses={
        **refusals(400, 401, 403, 404, 416),
        206: ResponseSpec(
            data_container=bytes,
            description="The part that was asked for",
            media_type=RELEASE_TYPE,
            generate_examples=False,
        ),
    },
)
async def fetch_release(
    request: Asked,
    name: FromPath[str],
    part: Annotated[
        str | None, HeaderParameter(name="Range", examples=[Example(value="bytes=1048576-")])
    ] = None,
    if_range: Annotated[str | None, HeaderParameter(name="If-Range")] = None,
) -> Response[bytes]:
    """Answer with the release, or the rest of it."""
    central: Central = request.app.state.central
    await asyncio.to_thread(device_of, request, None, central.database)
    refuse_control_characters(request)
    release, file = await asyncio.to_thread(_opened, central, name)
    try:
        if central.downloads >= central.settings.limits.downloads:
            raise problems.busy("others are fetching a release")
        tag = f'"{release.sha256}"'
        chosen = part_of(part if if_range in (None, tag) else None, release.size)
    except Refused:
        file.close()
        raise
    return Sending(central, release, file, chosen)


class Sending(Response[bytes]):
    """A file on its way to a device."""

    def __init__(
        self, central: Central, release: Release, file: BinaryIO, part: Part | None
    ) -> None:
        super().__init__(b"", media_type=RELEASE_TYPE)
        self._central = central
        self._file = file
        self._part = part or Part(0, release.size)
        self._start = {
            "type": "http.response.start",
            "status": 200 if part is None else 206,
            "headers": _headers(release, part),
        }

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        """Return what sends it."""
        return self._send

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        said: dict[str, Any] = dict(scope)
        step_out: Callable[[], AbstractContextManager[None]] = said.get(STEP_OUT, nullcontext)
        gone = asyncio.ensure_future(_gone(receive))
        self._central.downloads += 1
        try:
            with self._file as file, step_out():
                await send(self._start)  # type: ignore[arg-type]  # a plain message
                await self._send_pieces(file, send, gone)
        except TimeoutError:
            _LOG.info("a download was given up: nothing got through for %.0f s", PATIENCE_S)
        finally:
            self._central.downloads -= 1
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

    async def _send_pieces(self, file: BinaryIO, send: Send, gone: "asyncio.Future[None]") -> None:
        await asyncio.to_thread(file.seek, self._part.first)
        left = self._part.length
        while left and not gone.done():
            piece = await asyncio.to_thread(file.read, min(left, PIECE))
            if not piece:
                _LOG.error("the file of a release is shorter than it was when it was added")
                return
            left -= len(piece)
            async with asyncio.timeout(PATIENCE_S):
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})


def _opened(central: Central, name: str) -> tuple[Release, BinaryIO]:
    with central.database.reading() as connection:
        release = releases.find(connection, name)
    if release is None:
        raise Refused(404, "release-unknown", "see haochaping central releases list")
    path = releases.file_of(central.settings.releases, release.name)
    try:
        file = path.open("rb")
    except OSError as error:
        _LOG.error("%s cannot be read: %s; add the release again", path, error.strerror or error)
        raise _missing() from error
    if os.fstat(file.fileno()).st_size != release.size:
        file.close()
        _LOG.error("%s is not as long as it was; add the release again", path)
        raise _missing()
    return release, file


def _missing() -> Refused:
    retry = problems.busy().headers
    return Refused(503, "release-missing", "its file cannot be read; it is in central's log", retry)


def _headers(release: Release, part: Part | None) -> list[tuple[bytes, bytes]]:
    digest = base64.b64encode(bytes.fromhex(release.sha256)).decode()
    fields = {
        "content-type": RELEASE_TYPE,
        "content-length": str(release.size if part is None else part.length),
        "accept-ranges": "bytes",
        "etag": f'"{release.sha256}"',
        "repr-digest": f"sha-256=:{digest}:",  # RFC 9530: of the whole, whatever part is sent
        "cache-control": "private, max-age=31536000, immutable",
    }
    if part is not None:
        last = part.first + part.length - 1
        fields["content-range"] = f"bytes {part.first}-{last}/{release.size}"
    return [(name.encode(), value.encode()) for name, value in fields.items()]


async def _gone(receive: Receive) -> None:
    """Return once the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass

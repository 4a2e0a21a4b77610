"""The call by which a device learns that its open visit has been rated by phone."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import RawBody

from central import problems
from central.authentication import device_of
from central.bodies import Asked, read_json
from central.device_api import CONFIGURATION_TYPE
from central.openapi import problems as refusals
from central.service import Central
from central.waiting import Full, Rated
from protocol import by_phone
from protocol.by_phone import VisitByPhone
from protocol.messages import MAX_WAIT_S, PhoneWait

STEP_OUT: Final = "haochaping.step_out"
"""Where the door leaves what lets a request wait without taking a place from others."""
SMALL_BODY = 1024


@post(
    "/v1/visits/phone",
    status_code=200,
    request_max_body_size=SMALL_BODY,
    media_type=CONFIGURATION_TYPE,
    tags=["devices"],
    summary="Wait for ratings by phone",
    description="Which subjects of the device's open visit have been rated elsewhere than on "
    "its screen; never how. Answered at once if there are more than `seen`, else when there "
    f"are, at the latest after `wait_s` seconds ({MAX_WAIT_S} at most). One COSE_Sign1 by "
    "central (docs/protocol.md). Signed by the device (RFC 9421).",
    responses=refusals(400, 401, 403, 413, 415),
)
async def wait_for_phone(request: Asked, body: RawBody) -> Response[bytes]:
    """Answer with what is known, in good time."""
    central: Central = request.app.state.central
    device = await asyncio.to_thread(device_of, request, body, central.database)
    asked = read_json(request, body, PhoneWait)
    wait_s = min(asked.wait_s, MAX_WAIT_S)
    with _outside(request):
        rated = await _unless_gone(request, central, device.id, asked.visit, asked.seen, wait_s)
    told = VisitByPhone(device.name, asked.visit, rated)
    return Response(
        by_phone.sign(told, central.key),
        media_type=CONFIGURATION_TYPE,
        headers={"Cache-Control": "no-store"},
    )


async def _unless_gone(
    request: Asked, central: Central, device_id: int, visit: UUID, seen: int, wait_s: int
) -> Rated:
    """Wait, but no longer than the caller does: a device that went away keeps no place."""
    news = asyncio.ensure_future(central.waiting.news(device_id, visit, seen, wait_s))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await news if news.done() else ()
    except Full as error:
        raise problems.busy(str(error)) from error
    finally:
        news.cancel()
        gone.cancel()


async def _gone(request: Asked) -> None:
    """Return once the caller has gone; the body has been read to its end before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _outside(request: Asked) -> AbstractContextManager[None]:
    scope: dict[str, Any] = dict(request.scope)
    step_out: Callable[[], AbstractContextManager[None]] = scope.get(STEP_OUT, nullcontext)
    return step_out()

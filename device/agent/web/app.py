"""The web application put together: the business systems' calls, the console, the door."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ASGIApp, ControllerRouterHandler

from device.agent.parts import Parts
from device.agent.web import business, console, problems
from device.agent.web.cross_origin import CrossOrigin
from device.agent.web.door import Door, Hosts, Waits
from device.agent.web.keys import Keys
from device.agent.web.logins import Logins
from device.agent.web.tally import Tally

MAX_BODY_BYTES = 64 * 1024


def make_app(parts: Parts, tally: Tally, hosts: Hosts, *, secure: bool) -> ASGIApp:
    """Return the application. ``secure`` says that it is served over TLS.

    What handlers find in ``request.app.state``: the parts by name, ``roll``, ``tally`` (counts
    refusals), ``waits`` (places for long polls), ``key_ring`` (of business systems),
    ``logins`` (at the console), ``secure``.
    """
    handlers: list[ControllerRouterHandler] = [*business.HANDLERS, *console.HANDLERS]
    app = Litestar(
        route_handlers=handlers,
        exception_handlers={Exception: problems.answer},
        openapi_config=None,
        request_max_body_size=MAX_BODY_BYTES,
        state=State(
            {
                **parts._asdict(),
                "roll": parts.desk.roll,
                "tally": tally,
                "waits": Waits(),
                "key_ring": Keys(parts.desk.roll),
                "logins": Logins(parts.home, parts.briefing, parts.desk.roll),
                "secure": secure,
            }
        ),
        logging_config=None,
        debug=False,
    )
    return Door(CrossOrigin(app, parts.desk.roll), hosts, tally)

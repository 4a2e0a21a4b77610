"""The call for whoever has a receipt code: the evidence, to be checked without trusting us."""

from litestar import Response, post
from litestar.params import RawBody

from central import addresses, evidence, receipts
from central.bodies import Asked, read_json, refuse_unknown_parameters
from central.errors import Refused
from central.openapi import problems
from central.receipt_body import ReceiptBody
from central.receipts import SeveralVisits, UnknownReceipt
from central.service import Central, now_ms
from protocol.errors import Malformed
from protocol.evidence import Evidence


@post(
    "/v1/receipts",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=4096,
    tags=["citizens"],
    operation_id="show_evidence",
    summary="Show the evidence for the ratings of a receipt code",
    description="For whoever has the code; nobody else is asked for anything. What central "
    "tells, the records that were signed, their place in their chains, and central's signature "
    "over all of it. `haochaping verify` checks it. Codes that do not exist are counted by "
    "address.",
    responses=problems(400, 404, 409, 413, 415, 429),
)
def show(request: Asked, body: RawBody) -> Response[Evidence]:
    """Answer with the evidence."""
    central: Central = request.app.state.central
    refuse_unknown_parameters(request)
    asked = read_json(request, body, ReceiptBody)
    address = addresses.caller(request, central.settings)
    now = now_ms()
    try:
        found = receipts.look_up(
            central, asked.code, address, now, day=asked.day, window=asked.window
        )
    except Malformed as error:
        raise Refused(400, "invalid", f"code: {error}") from error
    except UnknownReceipt as error:
        raise Refused(404, "receipt-unknown") from error
    except SeveralVisits as error:
        raise Refused(409, "receipt-shared", f"{error.needs}: tell it too") from error
    return Response(
        evidence.show(central, found, now).evidence, headers={"Cache-Control": "no-store"}
    )

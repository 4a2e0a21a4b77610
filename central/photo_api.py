"""The photos of staff, for the devices of their hall alone."""

from litestar import Response, get
from litestar.params import FromPath

from central import photos
from central.authentication import device_of
from central.bodies import Asked, refuse_control_characters
from central.errors import Refused
from central.openapi import problems
from central.service import Central


@get(
    "/v1/photos/{digest:str}",
    sync_to_thread=True,
    media_type="image/jpeg",
    tags=["devices"],
    summary="Fetch the photo of a staff member",
    description="By its SHA-256 as the roster names it, so it never changes. Given to devices of "
    "the hall whose roster names it. Signed by the device (RFC 9421).",
    responses=problems(400, 401, 403, 404),
)
def fetch_photo(request: Asked, digest: FromPath[str]) -> Response[bytes]:
    """Answer with the photo."""
    central: Central = request.app.state.central
    device = device_of(request, None, central.database)
    refuse_control_characters(request)
    with central.database.reading() as connection:
        image = photos.find(connection, device.window, digest)
    if image is None:
        raise Refused(404, "not-found", "no roster of this hall names such a photo")
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{digest}"'}
    return Response(image, media_type="image/jpeg", headers=headers)

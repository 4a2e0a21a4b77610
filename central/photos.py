"""Photos of staff: whatever picture somebody has, made into the one that devices show.

A picture is a stranger's file. Its size is looked at before it is decoded, only formats that
cameras and offices use are opened, and what is kept is drawn anew: no place, no camera, no
thumbnail of the part that was cut off.
"""

import hashlib
import io
import threading
import warnings
from typing import NamedTuple

from PIL import ExifTags, Image, ImageOps
from sqlalchemy import Connection, select

from central import schema
from central.database import insert_new
from central.errors import CentralError
from protocol.messages import MAX_PHOTO_BYTES

SIZE = (400, 480)
"""Pixels, 5:6 as citizens see it."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 60_000_000
MIN_SIDE = 120
"""Pixels; a smaller one could not be recognised on the screen."""
_UPPER_HALF = (0.5, 0.35)
"""Where the face is, of what a cut leaves over."""


_ONE_AT_A_TIME = threading.Lock()
"""A file of 200 KB can hold a picture that takes 240 MB once it is decoded."""


class NoPhoto(CentralError, ValueError):
    """The file cannot be used as a photo; it says why."""


class Photo(NamedTuple):
    """A photo as devices get it."""

    image: bytes
    """JPEG, at most `MAX_PHOTO_BYTES`."""

    @property
    def hash(self) -> str:
        """SHA-256 in hexadecimal digits: its name in the roster."""
        return hashlib.sha256(self.image).hexdigest()


def make_photo(content: bytes) -> Photo:
    """Return the photo in the picture file ``content``. Raises `NoPhoto`."""
    if len(content) > MAX_FILE_BYTES:
        raise NoPhoto(f"expected a file of at most {MAX_FILE_BYTES // 2**20} MiB")
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _opened(content)
    except NoPhoto:
        raise
    except Exception as error:
        raise NoPhoto(f"expected a picture ({', '.join(FORMATS)}) that can be read") from error
    return Photo(_encoded(picture))


def store(connection: Connection, hall: str, photo: Photo, now_ms: int) -> None:
    """Keep ``photo`` for the devices of ``hall``; the same one again changes nothing."""
    row = {"hall": hall, "hash": photo.hash, "image": photo.image, "made_ms": now_ms}
    insert_new(connection, schema.photo, [row])


def find(connection: Connection, window: str, digest: str) -> bytes | None:
    """Return the photo that a roster in the hall of ``window`` names, None if none does."""
    photo, staff, windows = schema.photo, schema.staff_member, schema.service_window
    query = (
        select(photo.c.image)
        .join(windows, windows.c.hall == photo.c.hall)
        .where(windows.c.code == window, photo.c.hash == digest)
        .where(
            select(staff.c.number)
            .where(staff.c.hall == photo.c.hall, staff.c.photo == digest)
            .exists()
        )
    )
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as file:
        width, height = file.size
        if width * height > MAX_PIXELS:
            raise NoPhoto(f"expected at most {MAX_PIXELS // 1_000_000} million pixels")
        if min(width, height) < MIN_SIDE:
            raise NoPhoto(f"expected at least {MIN_SIDE} pixels each way")
        file.draft("RGB", (2 * SIZE[0], 2 * SIZE[1]))  # JPEG: decode no more than is needed
        upright = ImageOps.exif_transpose(_smaller(file))
        flat = Image.new("RGB", upright.size, "white")
        colours = upright.convert("RGBA")
        flat.paste(colours, mask=colours.getchannel("A"))
    return ImageOps.fit(flat, SIZE, Image.Resampling.LANCZOS, centering=_UPPER_HALF)


def _smaller(file: Image.Image) -> Image.Image:
    """Return the picture at a size near the one that is kept, before others are made of it."""
    orientation = file.getexif().get(ExifTags.Base.Orientation)
    factor = max(1, min(file.width // (2 * SIZE[0]), file.height // (2 * SIZE[1])))
    averaged = file if file.mode in ("L", "RGB", "RGBA") else file.convert("RGBA")
    small = averaged.reduce(factor)
    if orientation is not None:
        small.getexif()[ExifTags.Base.Orientation] = orientation
    return small


def _encoded(picture: Image.Image) -> bytes:
    """Return ``picture`` as JPEG; even noise fits at the lowest of these qualities."""
    for quality in (88, 75, 60, 40):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MAX_PHOTO_BYTES:
            return out.getvalue()
    raise NoPhoto("the picture cannot be made small enough")

"""A photo is whatever picture somebody has, made safe, small and upright; devices alone get it."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
import requests
from central_rig import HALL, Device, RunningCentral, problem_code
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from central import access, photos
from central.directory import import_hall, read_hall
from central.photos import NoPhoto, Photo, make_photo
from protocol.messages import MAX_PHOTO_BYTES


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def shown(photo: Photo) -> Image.Image:
    picture = Image.open(io.BytesIO(photo.image))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", photos.SIZE)
    return picture


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("LA", "PNG"),
        ("RGB", "WEBP"),
        ("RGB", "BMP"),
    ],
)
def test_pictures_of_every_usual_kind_are_taken(mode: str, form: str) -> None:
    photo = make_photo(encoded(Image.new("RGB", (640, 480), "navy").convert(mode), form))
    assert shown(photo).size == (400, 480)
    assert len(photo.hash) == 64


def test_a_photo_taken_sideways_stands_upright() -> None:
    picture = Image.new("RGB", (600, 500), "red")
    picture.paste("blue", (0, 0, 300, 500))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: its left is above
    found = shown(make_photo(encoded(picture, "JPEG", exif=exif.tobytes())))
    red, _, blue = found.getpixel((200, 20))
    assert blue > 200 > red
    red, _, blue = found.getpixel((200, 460))
    assert red > 200 > blue


def test_what_the_camera_wrote_into_it_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Shenyang, 3 Nanjing Street"
    content = encoded(
        Image.new("RGB", (600, 720)), "JPEG", exif=exif.tobytes(), comment=b"Nanjing Street"
    )
    assert b"Nanjing" in content
    photo = make_photo(content)
    assert b"Nanjing" not in photo.image
    assert not shown(photo).getexif()


def test_even_noise_is_made_small_enough() -> None:
    photo = make_photo(encoded(Image.effect_noise((1000, 1200), 255).convert("RGB")))
    assert len(photo.image) <= MAX_PHOTO_BYTES


def test_what_shines_through_becomes_white() -> None:
    photo = make_photo(encoded(Image.new("RGBA", (400, 480), (0, 0, 0, 0))))
    assert shown(photo).getpixel((10, 10)) == (255, 255, 255)


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(30_000, 30_000), (200, 2_000_000), (8_000, 8_000)])
def test_a_small_file_cannot_become_a_huge_picture(size: tuple[int, int]) -> None:
    with pytest.raises(NoPhoto, match="expected"):
        make_photo(png_that_claims(*size))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected a picture"),
        (b"%PDF-1.7 nothing", "expected a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "expected a picture"),
        (encoded(Image.new("RGB", (640, 480)), "GIF"), "expected a picture"),
        (encoded(Image.new("RGB", (640, 480)), "TIFF"), "expected a picture"),
        (encoded(Image.effect_noise((640, 480), 99), "JPEG")[:4000], "expected a picture"),
        (encoded(Image.new("RGB", (100, 480))), "expected at least 120 pixels"),
        (bytes(photos.MAX_FILE_BYTES + 1), "expected a file of at most 20 MiB"),
    ],
)
def test_what_is_no_photo_is_refused(content: bytes, expected: str) -> None:
    with pytest.raises(NoPhoto, match=expected):
        make_photo(content)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_a_photo_or_refused(data: st.DataObject) -> None:
    content = bytearray(encoded(Image.new("RGB", (200, 240), "teal"), "JPEG"))
    for place in data.draw(st.lists(st.integers(2, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        photo = make_photo(bytes(content))
    except NoPhoto:
        return
    assert shown(photo)


def give(place: RunningCentral, photo: Photo) -> None:
    with place.database.writing() as connection:
        access.give_photo(connection, "210100-01", "1001", photo, editor="t", now_ms=1)


def test_a_device_fetches_a_photo_by_its_hash(own_central: RunningCentral) -> None:
    photo = make_photo(encoded(Image.new("RGB", (500, 600), "teal")))
    give(own_central, photo)
    device = Device(own_central).enrol()
    answer = device.call("GET", f"/v1/photos/{photo.hash}")
    assert (answer.status_code, answer.content) == (200, photo.image)
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    for other in ("0" * 64, photo.hash[:-1], "x"):
        refused = device.call("GET", f"/v1/photos/{other}")
        assert (refused.status_code, problem_code(refused)) == (404, "not-found")


def test_nobody_else_gets_it(own_central: RunningCentral, tmp_path: Path) -> None:
    photo = make_photo(encoded(Image.new("RGB", (500, 600), "teal")))
    give(own_central, photo)
    path = f"/v1/photos/{photo.hash}"
    bearer = {"Authorization": f"Bearer {own_central.reader}"}
    for headers in ({}, bearer):
        answer = requests.get(own_central.url + path, headers=headers, timeout=20)
        assert (answer.status_code, problem_code(answer)) == (401, "bad-signature")
    file = tmp_path / "other.toml"
    file.write_text(HALL.replace("210100-01", "210100-02").replace('"W1', '"X1'), "utf-8")
    with own_central.database.writing() as connection:
        import_hall(connection, read_hall(file), file)
    elsewhere = Device(own_central, window="X12").enrol()
    assert elsewhere.call("GET", path).status_code == 404


def test_a_photo_that_was_taken_away_is_gone(own_central: RunningCentral) -> None:
    photo = make_photo(encoded(Image.new("RGB", (500, 600), "teal")))
    give(own_central, photo)
    device = Device(own_central).enrol()
    with own_central.database.writing() as connection:
        access.give(connection, "210100-01", "1001", "photo", "", editor="t", now_ms=1)
    assert device.call("GET", f"/v1/photos/{photo.hash}").status_code == 404


_IN_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from central import photos
content = sys.stdin.buffer.read()
pages = int(Path("/proc/self/statm").read_text().split()[0])
room = pages * resource.getpagesize() + 160 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (room, room))
sys.stdout.buffer.write(photos.make_photo(content).image)
"""


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_small_file_of_a_huge_picture_takes_little_memory(mode: str) -> None:
    """16 million pixels are 64 MB each time they are copied."""
    out = io.BytesIO()
    Image.new(mode, (4000, 4000), 0).save(out, "PNG")
    done = subprocess.run(
        [sys.executable, "-c", _IN_LITTLE_ROOM],
        input=out.getvalue(),
        capture_output=True,
        check=False,
    )
    assert done.stdout.startswith(b"\xff\xd8\xff"), done.stderr.decode()

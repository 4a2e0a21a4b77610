"""The photograph of whoever serves: read once, fitted into its place, and never trusted."""

import logging
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sample_views import idle, menu, staff_question

from device.kiosk.photograph import dimensions, photograph
from device.kiosk.screens import Look, compose
from device.kiosk.views import View
from protocol.messages import MAX_PHOTO_BYTES

RED, BLUE = (200, 40, 40), (40, 40, 200)
PLACE, RADIUS = (80, 96), 12


def jpeg(size: tuple[int, int] = (400, 480), mode: str = "RGB") -> bytes:
    """Return a photograph: red above, blue below."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    written = BytesIO()
    picture.convert(mode).save(written, "JPEG", quality=95)
    return written.getvalue()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "face.jpg"
    path.write_bytes(jpeg())
    return path


def near(one: pygame.Color, other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one[:3], other, strict=True))


def painted(view: View, look: Look) -> bytes:
    surface = pygame.Surface(look.size, 0, 32)
    compose(view, look).paint(surface)
    return pygame.image.tobytes(surface, "RGB")


def with_photo(view: View, path: object) -> View:
    return view._replace(chrome=view.chrome._replace(photo=str(path)))


def test_it_fills_its_place_and_has_round_corners(photo: Path) -> None:
    image = photograph(Look(), str(photo), PLACE, RADIUS)
    assert image is not None
    assert image.get_size() == PLACE
    assert near(image.get_at((40, 4)), RED)
    assert near(image.get_at((40, 92)), BLUE)
    corners = [image.get_at((x, y)).a for x in (0, 79) for y in (0, 95)]
    assert corners == [0, 0, 0, 0]
    assert image.get_at((40, 0)).a == 255


@pytest.mark.parametrize("size", [(480, 480), (300, 480), (90, 100), (1200, 1200)])
def test_one_of_another_shape_is_cut_evenly_and_not_squeezed(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(jpeg(size))
    image = photograph(Look(), str(path), PLACE, RADIUS)
    assert image is not None
    middle = [near(image.get_at((40, y)), RED) for y in range(8, 88)]
    assert abs(middle.count(True) - 40) < 4


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_grey_one_and_one_for_printers_can_be_shown(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(jpeg(mode=mode))
    assert photograph(Look(), str(path), PLACE, RADIUS) is not None


def test_it_is_read_once_for_each_place(photo: Path) -> None:
    look = Look()
    first = photograph(look, str(photo), PLACE, RADIUS)
    photo.unlink()
    assert photograph(look, str(photo), PLACE, RADIUS) is first


@pytest.mark.parametrize("view", [idle(), staff_question(), menu()], ids=["idle", "rate", "menu"])
def test_it_takes_the_place_of_the_figure(view: View, photo: Path) -> None:
    look = Look()
    assert painted(with_photo(view, photo), look) != painted(view, look)


def broken(name: str) -> bytes:
    return {
        "empty": b"",
        "no picture": b"\xff\xd8\xff\xe0" + bytes(400),
        "another format": b"\x89PNG\r\n\x1a\n" + bytes(400),
        "cut off": jpeg()[:300],
        "too many bytes": jpeg() + bytes(MAX_PHOTO_BYTES),
        "too many pixels": jpeg((1201, 16)),
    }[name]


@pytest.mark.parametrize(
    "name",
    ["empty", "no picture", "another format", "cut off", "too many bytes", "too many pixels"],
)
def test_a_file_that_is_no_photograph_leaves_the_figure_and_is_logged_once(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, look = tmp_path / "face.jpg", Look()
    path.write_bytes(broken(name))
    plain = painted(idle(), look)
    with caplog.at_level(logging.WARNING):
        assert painted(with_photo(idle(), path), look) == plain
        assert painted(with_photo(idle(), path), look) == plain
    assert len(caplog.records) == 1


def test_a_file_that_is_not_there_leaves_the_figure(tmp_path: Path) -> None:
    look = Look()
    assert painted(with_photo(idle(), tmp_path / "none.jpg"), look) == painted(idle(), look)


def test_a_picture_that_claims_to_be_huge_is_not_unpacked() -> None:
    claim = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\xff\xff\xff\xfe\x03"
    assert dimensions(claim) == (65534, 65535)


@given(st.integers(1, 1300), st.integers(1, 1300))
def test_dimensions_are_read_as_they_were_written(width: int, height: int) -> None:
    assert dimensions(jpeg((width, 2)))[0] == width
    assert dimensions(jpeg((2, height)))[1] == height


@given(st.binary(max_size=200))
def test_any_bytes_are_a_size_or_refused(data: bytes) -> None:
    try:
        width, height = dimensions(b"\xff\xd8" + data)
    except ValueError:
        return
    assert 0 <= width < 65536
    assert 0 <= height < 65536


def test_a_kiosk_that_was_started_without_picture_files_reads_one_all_the_same(
    photo: Path,
) -> None:
    code = (
        "from device.kiosk import lean; lean.import_pygame()\n"
        "from device.kiosk.photograph import photograph\n"
        "from device.kiosk.screens import Look\n"
        f"picture = photograph(Look(), {str(photo)!r}, (80, 96), 12)\n"
        "print(picture.get_at((40, 20))[0] > 150)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-1:] == ["True"], done.stderr


def test_nothing_of_photographs_is_loaded_for_a_frame_without_one() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/device/kiosk')\n"
        "from sample_views import idle\n"
        "from device.kiosk.screens import Look, compose\n"
        "compose(idle(), Look())\n"
        "print('device.kiosk.photograph' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "False"

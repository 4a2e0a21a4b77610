"""QR codes are whole pixels with a quiet zone, and never larger than promised."""

import pygame
import pytest

from device.kiosk import qr

PAYLOAD = "https://example.gov.cn/r/ABCDEFGH"


def test_a_code_is_square_and_has_its_finder_patterns() -> None:
    modules = qr.matrix(PAYLOAD)
    side = len(modules)
    assert all(len(row) == side for row in modules)
    assert (side - 17) % 4 == 0
    for x, y in ((0, 0), (side - 7, 0), (0, side - 7)):
        assert all(modules[y][x : x + 7])
        assert not any(modules[y + 1][x + 1 : x + 6])


def test_the_same_payload_gives_the_same_code() -> None:
    assert qr.matrix(PAYLOAD) == qr.matrix(PAYLOAD)


def test_the_largest_code_is_version_10() -> None:
    assert len(qr.matrix("a" * 213)) == 57
    with pytest.raises(qr.PayloadTooLong):
        qr.matrix("a" * 214)
    with pytest.raises(qr.PayloadTooLong):
        qr.matrix("a" * 5000)


def test_painting_gives_whole_modules_and_a_quiet_zone() -> None:
    modules = qr.matrix(PAYLOAD)
    image = qr.paint(modules, 368, (0, 0, 0), (255, 255, 255))
    pixels = image.get_width() // (len(modules) + 8)
    assert image.get_width() == image.get_height() <= 368
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            place = pygame.Rect((x + 4) * pixels, (y + 4) * pixels, pixels, pixels)
            for corner in (place.topleft, (place.right - 1, place.bottom - 1)):
                assert (image.get_at(corner)[0] == 0) is dark
    quiet = image.subsurface((0, 0, image.get_width(), 4 * pixels))
    assert set(pygame.image.tobytes(quiet, "RGB")) == {255}

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


def test_what_is_too_long_gets_less_correction_before_it_gets_smaller_modules() -> None:
    """ISO/IEC 18004, table 7: version 9 holds 180 bytes at level M, 230 at level L."""
    codes = [qr.matrix("a" * length) for length in (180, 181, 230)]
    assert [level_of(code) for code in codes] == ["M", "L", "L"]
    assert {len(code) for code in codes} == {53}
    for too_many in (231, 5000):
        with pytest.raises(qr.PayloadTooLong):
            qr.matrix("a" * too_many)


def level_of(modules: qr.Modules) -> str:
    """Return the error level that a code states: the first two bits of its format, unmasked."""
    stated = modules[8][0] * 2 + modules[8][1]
    return {1: "L", 0: "M", 3: "Q", 2: "H"}[stated ^ 0b10]


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

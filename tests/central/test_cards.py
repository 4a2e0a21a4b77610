"""A QR card holds a secret that nobody can guess, and prints the name of whoever has it."""

import io

import pytest
from PIL import Image, ImageChops

from central import cards


def drawn(secret: str, name: str, number: str = "0317") -> Image.Image:
    picture = Image.open(io.BytesIO(cards.draw(secret, "滨河区政务服务中心", name, number)))
    assert (picture.format, picture.size) == ("PNG", cards.SIZE)
    dots = picture.info["dpi"]
    assert [round(one) for one in dots] == [300, 300]
    return picture.convert("L")


def test_secrets_are_long_and_never_the_same() -> None:
    made = {cards.make_secret() for _ in range(200)}
    assert len(made) == 200
    for secret in made:
        assert (len(secret), secret.isalnum(), secret.isupper()) == (26, True, True)


def test_the_code_is_another_for_another_secret_and_the_name_stays() -> None:
    first, second = (drawn(cards.make_secret(), "王晓燕") for _ in range(2))
    left, _, right, _ = ImageChops.difference(first, second).getbbox() or (0, 0, 0, 0)
    assert left > cards.SIZE[0] // 3
    assert right > left


def test_around_the_code_stays_the_white_that_readers_need() -> None:
    picture = drawn(cards.make_secret(), "王晓燕")
    half = picture.crop((400, 12, cards.SIZE[0] - 12, cards.SIZE[1] - 12))
    dark = half.point(lambda one: 255 if one < 128 else 0).getbbox()
    assert dark is not None
    left, top, right, bottom = dark
    module = (right - left) / 25
    assert half.width - right >= 4 * module
    assert min(top, half.height - bottom, left) >= 4 * module


@pytest.mark.parametrize(
    "name", ["李\U00030edd", "\U00020000\U00020001", "阿卜杜拉·买买提" * 8, "A"]
)
def test_every_name_is_printed(name: str) -> None:
    blank = drawn("A" * 26, " ")
    box = ImageChops.difference(blank, drawn("A" * 26, name)).getbbox()
    assert box is not None
    _, top, right, bottom = box
    assert right < cards.SIZE[0] // 2
    assert bottom - top >= 15

"""Colours keep their contrast (WCAG 2.2): text 7:1, controls 3:1."""

import pytest

from device.kiosk.theme import PLAIN, Colour

COLOURS = PLAIN.colours
TEXT = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "tint"),
    ("ink", "face"),
    ("ink2", "paper"),
    ("ink2", "surface"),
    ("on_accent", "accent"),
    ("on_accent", "accent_edge"),
    ("surface", "ink"),
    ("surface", "warn"),
    ("accent", "paper"),
    ("accent", "surface"),
]
CONTROLS = [
    ("line", "paper"),
    ("line", "surface"),
    ("accent", "tint"),
    ("accent", "paper"),
    ("ink", "paper"),
    ("portrait", "portrait_ground"),
]


def luminance(colour: Colour) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted(
        (luminance(getattr(COLOURS, name)) for name in (one, other)), reverse=True
    )
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read_by_weak_eyes(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 7


@pytest.mark.parametrize(("line", "ground"), CONTROLS)
def test_controls_can_be_told_from_their_ground(line: str, ground: str) -> None:
    assert contrast(line, ground) >= 3


def test_no_colour_belongs_to_a_level() -> None:
    assert not [name for name in vars(type(COLOURS)) if "level" in name]

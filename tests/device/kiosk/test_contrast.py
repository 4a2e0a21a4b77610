"""Colours keep their contrast (WCAG 2.2), in every appearance: text 7:1, controls 3:1.

These are the pairs that screens are made of; what each screen makes of them is measured on
the screens themselves (test_screens_everywhere.py).
"""

import pytest
from measures import CONTROL_CONTRAST, TEXT_CONTRAST, contrast

from device.kiosk.layout import Kind, design_of
from device.kiosk.theme import Colours, HighContrast, theme_of
from device.store.profile import APPEARANCES

TEXT = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "tint"),
    ("ink", "mute"),
    ("ink2", "paper"),
    ("ink2", "surface"),
    ("ink2", "mute"),
    ("on_accent", "accent"),
    ("on_accent", "accent_edge"),
    ("on_sign", "sign"),
    ("on_warn", "warn"),
    ("warn", "paper"),
    ("accent", "paper"),
    ("accent", "surface"),
]
CONTROLS = [
    ("line", "paper"),
    ("line", "surface"),
    ("accent", "tint"),
    ("accent", "paper"),
    ("focus", "paper"),
    ("focus", "surface"),
    ("ink", "paper"),
    ("face_ink", "face"),
    ("face_ink", "teeth"),
    ("portrait", "portrait_ground"),
    ("code", "code_ground"),
]
looks = pytest.mark.parametrize("colours", [Colours, HighContrast])


def between(colours: type[Colours], one: str, other: str) -> float:
    return contrast(getattr(colours, one), getattr(colours, other))


@looks
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read_by_weak_eyes(colours: type[Colours], ink: str, ground: str) -> None:
    assert between(colours, ink, ground) >= TEXT_CONTRAST


@looks
@pytest.mark.parametrize(("line", "ground"), CONTROLS)
def test_controls_can_be_told_from_their_ground(
    colours: type[Colours], line: str, ground: str
) -> None:
    assert between(colours, line, ground) >= CONTROL_CONTRAST


@looks
def test_codes_are_dark_on_light_as_readers_expect(colours: type[Colours]) -> None:
    assert sum(colours.code) < sum(colours.code_ground)
    assert between(colours, "code", "code_ground") >= TEXT_CONTRAST


def test_high_contrast_is_as_high_as_can_be() -> None:
    assert between(HighContrast, "ink", "paper") == pytest.approx(21)
    assert between(HighContrast, "accent", "paper") >= 14


@looks
def test_no_colour_belongs_to_a_level(colours: type[Colours]) -> None:
    assert not [name for name in vars(colours) if "level" in name]


def test_every_colour_has_a_value_of_its_own_or_the_plain_one() -> None:
    assert vars(HighContrast).keys() <= vars(Colours).keys()


@pytest.mark.parametrize("kind", Kind)
def test_larger_texts_are_larger_everywhere(kind: Kind) -> None:
    plain, large = (
        theme_of(design_of(kind.value, large=each), "large" if each else "standard").sizes
        for each in (False, True)
    )
    for name in ("question", "label", "key", "body", "small", "smallest"):
        assert getattr(large, name) > getattr(plain, name)


@pytest.mark.parametrize("kind", Kind)
def test_high_contrast_has_larger_texts_and_thicker_borders(kind: Kind) -> None:
    sizes = {
        appearance: theme_of(
            design_of(kind.value, large=appearance != "standard"), appearance
        ).sizes
        for appearance in APPEARANCES
    }
    assert sizes["contrast"].question == sizes["large"].question
    assert sizes["contrast"].border >= 2 * sizes["standard"].border

"""Every screen on every panel, in every language and appearance: legible, and in reach.

Nothing is looked at here but measured, from what the screen is composed of (measures.py, and
test_measures.py for what the measures must not overlook).
"""

from collections.abc import Callable, Iterable

import measures
import pygame
import pytest
from panels import TURNED, UPRIGHT, Dressed, Size, dressed, everywhere
from sample_views import GOLDEN, WITHOUT_PICTURE

from device.kiosk.assets import LANGUAGES
from device.kiosk.screens import Look, compose
from device.kiosk.screens.marks import Text
from device.kiosk.screens.sheet import Sheet
from device.kiosk.theme import Colour

SCREENS = GOLDEN | WITHOUT_PICTURE
PLACES = [(size, name) for size in UPRIGHT + TURNED for name in SCREENS]


Measure = Callable[[Dressed], Iterable[str]]
RULES: dict[str, Measure] = {
    "words stand out from what is under them": measures.faint_texts,
    "no words are smaller than the smallest": measures.small_texts,
    "no words of ours are cut short": measures.shortened_texts,
    "no words leave the canvas, or their key or card": measures.stray_texts,
    "no words lie under other words or anything else": measures.covered_texts,
    "every target is as wide and high as a thumb": measures.small_targets,
    "no two targets answer to the same touch": measures.overlapping_targets,
    "every target answers where it is seen": measures.stray_targets,
}
"""What has to be right on every screen, and what finds where it is not."""


@pytest.mark.parametrize(
    ("size", "name"), PLACES, ids=[f"{name}-{size[0]}x{size[1]}" for size, name in PLACES]
)
def test_everything_can_be_read_and_reached(size: Size, name: str) -> None:
    """One screen on one panel, laid out once in all languages and appearances for all rules."""
    shown = everywhere(name, SCREENS[name], size)
    wrong = {rule: found(measure, shown) for rule, measure in RULES.items()}
    # In both sets of colours; what is written on a target makes no difference.
    once = {dressed.scene.paper: dressed for dressed in shown}
    wrong["every target can be told from its ground"] = found(measures.faint_targets, once.values())
    assert not {rule: faults for rule, faults in wrong.items() if faults}


def found(measure: Measure, shown: Iterable[Dressed]) -> list[str]:
    """Return everything that is wrong, each with where it is."""
    return [f"{dressed.called}: {fault}" for dressed in shown for fault in measure(dressed)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_hidden_in_pixels(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that were painted into a picture beforehand would escape every check above."""
    baked: list[str] = []
    paint = Sheet.image

    def watched(sheet: Sheet, width: float, height: float, ground: Colour) -> pygame.Surface:
        baked.extend(mark.words for mark in sheet.marks if isinstance(mark, Text))
        return paint(sheet, width, height, ground)

    monkeypatch.setattr(Sheet, "image", watched)
    for view in SCREENS.values():
        compose(dressed(view, language, "standard"), Look((800, 480)))
    assert not baked

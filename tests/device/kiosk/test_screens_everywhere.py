"""Every screen on every panel, in every language and appearance: legible, and in reach.

Nothing is looked at here but measured, from what the screen is composed of (measures.py, and
test_measures.py for what the measures must not overlook).
"""

from collections.abc import Callable, Iterable

import measures
import pygame
import pytest
from panels import TURNED, UPRIGHT, Dressed, dressed, everywhere
from sample_views import GOLDEN, WITHOUT_PICTURE

from device.kiosk.assets import LANGUAGES
from device.kiosk.screens import Look, compose
from device.kiosk.screens.marks import Text
from device.kiosk.screens.sheet import Sheet
from device.kiosk.theme import Colour

SCREENS = GOLDEN | WITHOUT_PICTURE
PLACES = [(size, name) for size in UPRIGHT + TURNED for name in SCREENS]


@pytest.fixture(
    scope="module", params=PLACES, ids=[f"{name}-{size[0]}x{size[1]}" for size, name in PLACES]
)
def shown(request: pytest.FixtureRequest) -> list[Dressed]:
    """One screen on one panel, in all languages and appearances."""
    size, name = request.param
    return everywhere(name, SCREENS[name], size)


def wrong(measure: Callable[[Dressed], Iterable[str]], shown: Iterable[Dressed]) -> list[str]:
    """Return everything that is wrong, each with where it is."""
    return [f"{dressed.called}: {fault}" for dressed in shown for fault in measure(dressed)]


def test_words_stand_out_from_what_is_under_them(shown: list[Dressed]) -> None:
    assert not wrong(measures.faint_texts, shown)


def test_no_words_are_smaller_than_the_smallest(shown: list[Dressed]) -> None:
    assert not wrong(measures.small_texts, shown)


def test_no_words_of_ours_are_cut_short(shown: list[Dressed]) -> None:
    assert not wrong(measures.shortened_texts, shown)


def test_no_words_leave_the_canvas_or_their_key_or_card(shown: list[Dressed]) -> None:
    assert not wrong(measures.stray_texts, shown)


def test_no_words_lie_under_other_words_or_anything_else(shown: list[Dressed]) -> None:
    assert not wrong(measures.covered_texts, shown)


def test_every_target_is_as_wide_and_high_as_a_thumb(shown: list[Dressed]) -> None:
    assert not wrong(measures.small_targets, shown)


def test_no_two_targets_answer_to_the_same_touch(shown: list[Dressed]) -> None:
    assert not wrong(measures.overlapping_targets, shown)


def test_every_target_answers_where_it_is_seen(shown: list[Dressed]) -> None:
    assert not wrong(measures.stray_targets, shown)


def test_every_target_can_be_told_from_its_ground(shown: list[Dressed]) -> None:
    """In both sets of colours; what is written on a target makes no difference."""
    once = {dressed.scene.paper: dressed for dressed in shown}
    assert not wrong(measures.faint_targets, once.values())


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

"""The measures find what is wrong: each is shown one screen with that very defect.

A check that cannot fail proves nothing about the screens that pass it.
"""

from collections.abc import Callable, Iterable

import measures
import pygame
import pytest
from panels import Dressed, look_of, millimetre, show
from sample_views import LONG_MATTER, matter_question, staff_question

from device.kiosk.actions import Action
from device.kiosk.screens import Scene
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.sheet import Sheet

SIZE = (1280, 800)
GREY = (0x7F, 0x88, 0x82)
MEASURES = (
    measures.faint_texts,
    measures.small_texts,
    measures.shortened_texts,
    measures.stray_texts,
    measures.covered_texts,
    measures.small_targets,
    measures.overlapping_targets,
    measures.stray_targets,
    measures.faint_targets,
)


def blank() -> Sheet:
    return Sheet(look_of(SIZE, "standard"), "zh-CN")


def as_shown(scene: Scene) -> Dressed:
    design = look_of(SIZE, "standard").layout.design
    return Dressed("a planted defect", staff_question(), scene, design, millimetre(SIZE))


def key(sheet: Sheet, box: tuple[int, int, int, int], reach: tuple[int, int] = (0, 0)) -> None:
    look = word_key(sheet.look, "zh-CN", "done", box[2:], 30)
    sheet.key(box, Action("done"), look, reach)


def faint_words(sheet: Sheet) -> None:
    sheet.write("看不清", (100, 100), 30, GREY)


def faint_words_on_a_card(sheet: Sheet) -> None:
    """The words stand out from the paper, but it is the card that is under them."""
    sheet.panel((80, 60, 400, 120), 20, sheet.colours.ink)
    sheet.write("看不清", (100, 120), 30, sheet.colours.ink)


def small_words(sheet: Sheet) -> None:
    sheet.write("太小", (100, 100), 20, sheet.colours.ink)


def words_cut_short(sheet: Sheet) -> None:
    sheet.write("请选择符合…", (100, 100), 30, sheet.colours.ink)


def words_beyond_the_canvas(sheet: Sheet) -> None:
    sheet.write("太长了太长了", (1200, 100), 30, sheet.colours.ink)


def words_wider_than_their_key(sheet: Sheet) -> None:
    inner = blank()
    inner.panel((0, 0, 120, 120), 20, inner.colours.surface)
    inner.write("比按键还要宽", (10, 60), 30, inner.colours.ink)
    look = word_key(sheet.look, "zh-CN", "done", (120, 120), 30)
    sheet.key(
        (100, 400, 120, 120), Action("done"), look._replace(image=inner.picture(120, 120, None))
    )


def words_across_the_edge_of_a_card(sheet: Sheet) -> None:
    sheet.panel((80, 60, 120, 120), 20, sheet.colours.surface)
    sheet.write("写到了外面", (100, 120), 30, sheet.colours.ink)


def words_over_words(sheet: Sheet) -> None:
    sheet.write("第一行", (100, 100), 40, sheet.colours.ink)
    sheet.write("第二行", (100, 120), 40, sheet.colours.ink)


def words_under_a_sign(sheet: Sheet) -> None:
    sheet.write("被盖住", (100, 100), 40, sheet.colours.ink)
    sheet.icon("document", (120, 100), 40, sheet.colours.accent)


def a_narrow_key(sheet: Sheet) -> None:
    key(sheet, (600, 400, 90, 200), (0, 0))


def a_flat_key(sheet: Sheet) -> None:
    key(sheet, (600, 400, 200, 90), (0, 0))


def a_key_that_leaves_the_canvas(sheet: Sheet) -> None:
    key(sheet, (1200, 400, 200, 200), (8, 8))


def a_key_without_a_border(sheet: Sheet) -> None:
    pale = blank()
    pale.panel((0, 0, 200, 200), 20, pale.colours.surface, pale.colours.hair)
    look = word_key(sheet.look, "zh-CN", "done", (200, 200), 30)
    sheet.key(
        (600, 400, 200, 200), Action("done"), look._replace(image=pale.picture(200, 200, None))
    )


@pytest.mark.parametrize(
    ("plant", "measure"),
    [
        (faint_words, measures.faint_texts),
        (faint_words_on_a_card, measures.faint_texts),
        (small_words, measures.small_texts),
        (words_cut_short, measures.shortened_texts),
        (words_beyond_the_canvas, measures.stray_texts),
        (words_wider_than_their_key, measures.stray_texts),
        (words_across_the_edge_of_a_card, measures.stray_texts),
        (words_over_words, measures.covered_texts),
        (words_under_a_sign, measures.covered_texts),
        (a_narrow_key, measures.small_targets),
        (a_flat_key, measures.small_targets),
        (a_key_that_leaves_the_canvas, measures.stray_targets),
        (a_key_without_a_border, measures.faint_targets),
    ],
)
def test_a_planted_defect_is_found(
    plant: Callable[[Sheet], None], measure: Callable[[Dressed], Iterable[str]]
) -> None:
    sheet = blank()
    plant(sheet)
    assert list(measure(as_shown(sheet.scene("test"))))


def test_targets_that_overlap_are_found() -> None:
    """A sheet parts the targets that meet; here one is moved into another afterwards."""
    sheet = blank()
    key(sheet, (200, 400, 200, 200))
    key(sheet, (600, 400, 200, 200))
    scene = sheet.scene("test")
    scene.targets[1].hit.left = 390
    assert list(measures.overlapping_targets(as_shown(scene)))


def test_a_target_that_does_not_answer_where_it_is_seen_is_found() -> None:
    sheet = blank()
    key(sheet, (200, 400, 200, 200))
    scene = sheet.scene("test")
    scene.targets[0].hit.left = 250
    assert list(measures.stray_targets(as_shown(scene)))


def test_names_of_the_halls_may_be_cut_short() -> None:
    view = matter_question()._replace(matter=LONG_MATTER)
    shown = show("", view, (800, 480), "zh-CN", "standard")
    said = [laid.mark.words for laid in measures.texts(shown)]
    assert any(words.endswith("…") for words in said)
    assert not list(measures.shortened_texts(shown))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_a_sound_screen_passes(measure: Callable[[Dressed], Iterable[str]]) -> None:
    sheet = blank()
    sheet.write("清楚", (100, 100), 40, sheet.colours.ink)
    key(sheet, (600, 400, 200, 200), (8, 8))
    assert not list(measure(as_shown(sheet.scene("test"))))


def test_contrast_is_measured_as_wcag_says() -> None:
    assert measures.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert measures.contrast((255, 255, 255), (0x77, 0x77, 0x77)) == pytest.approx(4.48, abs=0.01)
    assert measures.contrast((1, 2, 3), (1, 2, 3)) == 1


def test_the_millimetre_is_that_of_the_panel() -> None:
    assert 18 * millimetre((1280, 800)) == pytest.approx(106, abs=1)
    assert millimetre((720, 1280)) == millimetre((1280, 720))


def test_painting_one_by_one_gives_the_same_pixels_as_painting_all() -> None:
    """So what the measures see is what is shown."""
    shown = show("", staff_question(chosen=4), (800, 480), "ko", "contrast")
    whole, by_parts = (pygame.Surface((800, 480), 0, 32) for _ in range(2))
    shown.scene.paint(whole)
    by_parts.fill(shown.scene.paper)
    for laid in shown.scene.laid_out():
        laid.paint(by_parts)
    assert pygame.image.tobytes(whole, "RGB") == pygame.image.tobytes(by_parts, "RGB")

"""Reasons, number pad and thanks by physical keys, and what of a number stays in memory."""

import re

import pygame
import pytest
from counter_rig import Counter
from goldens import DESIGNS
from panels import Size, look_of
from sample_views import GOLDEN, TAGS, by_keys, callback, reasons, touch_out

from device.kiosk.actions import Action
from device.kiosk.screens import Look, Scene, compose
from device.kiosk.screens.marks import Stamp, Text
from device.kiosk.views import ReasonsView, View
from device.store.home import Home

PAGES = {"reasons": reasons(), "callback": callback("138 04"), "thanks": GOLDEN["thanks"]}
every_page = pytest.mark.parametrize("view", PAGES.values(), ids=PAGES.keys())
every_design = pytest.mark.parametrize(
    "size", DESIGNS, ids=lambda size: look_of(size, "standard").layout.design.kind.name.lower()
)
LEGENDS = {
    "reasons": ("上一项", "下一项", "选择", "跳过", "提交"),
    "callback": ("上一项", "下一项", "选择", "不用回访", "确定"),
    "thanks": ("上一项", "下一项", "选择", "", "完成"),
}


def composed(view: View, size: Size) -> Scene:
    return compose(view, look_of(size, view.chrome.appearance))


def painted(scene: Scene) -> pygame.Surface:
    surface = pygame.Surface(scene.size, 0, 32)
    scene.paint(surface)
    return surface


def added(view: View, other: View, size: Size) -> list[Text | Stamp]:
    """Return the words and signs that stand on the page of ``other`` but not of ``view``."""

    def marks(view: View) -> list[Text | Stamp]:
        laid = (laid.mark for laid in composed(view, size).laid_out())
        return [mark for mark in laid if isinstance(mark, Text | Stamp)]

    before = {(type(mark), mark.image) for mark in marks(view)}
    return [mark for mark in marks(other) if (type(mark), mark.image) not in before]


@every_design
@every_page
def test_whoever_changes_from_fingers_to_keys_finds_every_key_in_its_place(
    view: View, size: Size
) -> None:
    def places(view: View) -> list[tuple[Action, tuple[int, ...]]]:
        # On an upright canvas these become lower: the legend stands under them.
        bar = {"language", "appearance"}
        targets = (t for t in composed(view, size).targets if t.action.name not in bar)
        return [(target.action, tuple(target.rect)) for target in targets]

    assert places(by_keys(view)) == places(view)


@every_design
@pytest.mark.parametrize("page", PAGES)
def test_the_legend_says_what_each_key_does_right_above_it(page: str, size: Size) -> None:
    view = PAGES[page]
    laid = [laid.mark for laid in composed(by_keys(view), size).laid_out()]
    lines = [mark for mark in laid if isinstance(mark, Text)]
    column = size[0] / 5
    for place, words in enumerate(LEGENDS[page]):
        if words:
            line = [mark for mark in lines if mark.words == words][-1]
            assert line.rect.bottom > 0.93 * size[1]
            assert place * column < line.rect.centerx < (place + 1) * column


@every_design
@every_page
def test_fingers_see_no_legend(view: View, size: Size) -> None:
    written = [mark.words for mark in added(by_keys(view), view, size) if isinstance(mark, Text)]
    assert "上一项" not in written


@every_design
@every_page
def test_the_legend_is_shown_without_being_asked_for_where_touch_is_out(
    view: View, size: Size
) -> None:
    out = touch_out(view)
    out = out._replace(chrome=out.chrome._replace(by_keys=False))
    words = {mark.words for mark in added(view, out, size) if isinstance(mark, Text)}
    assert {"上一项", "下一项"} <= words


@every_design
def test_a_page_of_reasons_that_is_no_more_shows_the_first(size: Size) -> None:
    """The texts became smaller on the second page, and now all fit on one."""
    shown = [composed(reasons()._replace(page=page), size).targets for page in (0, 7)]
    assert [target.action for target in shown[0]] == [target.action for target in shown[1]]


@every_design
@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_every_reason_that_a_rule_pack_leaves_is_on_some_page(count: int, size: Size) -> None:
    for appearance in ("standard", "large"):
        view, found = reasons()._replace(tags=TAGS[5][:count]), list[int | str | None]()
        view = view._replace(chrome=view.chrome._replace(appearance=appearance))
        for page in range(3):
            targets = composed(view._replace(page=page), size).targets
            shown = [target.action.value for target in targets if target.action.name == "tag"]
            found += [tag for tag in shown if tag not in found]
        assert found == list(TAGS[5][:count])


@every_design
def test_picking_a_reason_repaints_its_chip_alone(size: Size) -> None:
    before, after = composed(reasons(), size), composed(reasons(picked=(512,)), size)
    (chip,) = (t.rect for t in before.targets if t.action == Action("tag", 512))
    assert after.paint_changes(painted(before), before) == [chip]


@every_design
def test_of_a_number_single_digits_alone_are_kept(size: Size) -> None:
    """A rendered line stays among the recent ones: a number written as one would, too."""
    look = Look(size)
    compose(callback("138 0471 2650"), look)
    kept = {text for text, *_ in look.text._lines}
    assert set("13804726") <= kept
    assert not [text for text in kept if re.search(r"\d\d\d \d|\d{5}", text)]


@every_design
def test_a_key_that_takes_no_number_yet_still_answers_a_finger(size: Size) -> None:
    """It says what is missing; so it must be seen to have been pressed."""
    scene = composed(callback("138"), size)
    surface = painted(scene)
    (confirm,) = (target for target in scene.targets if target.action.name == "confirm")
    rest = pygame.image.tobytes(surface.subsurface(confirm.rect), "RGB")
    scene.paint_pressed(surface, confirm)
    assert pygame.image.tobytes(surface.subsurface(confirm.rect), "RGB") != rest


def test_the_page_of_reasons_is_forgotten_with_the_reasons(home: Home) -> None:
    counter = Counter(home)
    try:
        counter.do("rate")
        counter.choose(4)
        counter.do("page", 1)
        view = counter.view()
        assert isinstance(view, ReasonsView)
        assert view.page == 1
        counter.do("tag", view.tags[0])
        assert counter.view() == view._replace(picked=frozenset(view.tags[:1]))
        counter.do("change")
        counter.choose(2)
        view = counter.view()
        assert isinstance(view, ReasonsView)
        assert view.page == 0
    finally:
        counter.close()

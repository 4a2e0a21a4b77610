"""Whoever looks over a citizen's shoulder learns nothing from how a screen is laid out.

Levels differ in the words on their tags and in one small face, and in nothing else: not in
place or size of anything, not in what can be touched, not in any heading.
"""

import pytest
from panels import TURNED, UPRIGHT, Dressed, Size, show
from sample_views import TAGS, by_keys, callback, chrome, reasons, thanks

from device.kiosk.actions import Action
from device.kiosk.assets import LANGUAGES, load_texts
from device.kiosk.screens.marks import Laid, Text
from device.kiosk.text import plain
from device.kiosk.views import CallbackView, ThanksView
from device.store.profile import APPEARANCES

PANELS = pytest.mark.parametrize("size", UPRIGHT + TURNED, ids=lambda size: f"{size[0]}x{size[1]}")
DRESSES = [(language, appearance) for language in LANGUAGES for appearance in APPEARANCES]


def beside_the_level(shown: Dressed) -> list[Laid]:
    """Return what stands on a screen, but for its tags and the one line that says the level."""
    apart = [t.rect for t in shown.scene.targets if t.action.name in {"tag", "page"}]
    level = plain(load_texts(shown.view.chrome.language)[f"level.{shown.view.level}"])
    return [
        laid
        for laid in shown.scene.laid_out()
        if not any(rect.contains(laid.mark.rect) for rect in apart)
        and not (isinstance(laid.mark, Text) and laid.mark.words in level)
    ]


def said(shown: Dressed) -> list[tuple[object, ...]]:
    """Return the words on a screen, but for tags and level, with their places and looks."""
    return [
        (laid.mark.words, laid.mark.size, laid.mark.colour, tuple(laid.mark.rect))
        for laid in beside_the_level(shown)
        if isinstance(laid.mark, Text)
    ]


def placed(shown: Dressed) -> list[tuple[object, ...]]:
    """Return where everything stands, but for tags and level, and where anything answers."""
    things = [(type(laid.mark), tuple(laid.mark.rect)) for laid in beside_the_level(shown)]
    answers = [(t.action.name, tuple(t.rect), tuple(t.hit)) for t in shown.scene.targets]
    return [*things, *answers]


def level_lines(shown: Dressed) -> list[Text]:
    """Return the lines that say the level."""
    beside = beside_the_level(shown)
    level = plain(load_texts(shown.view.chrome.language)[f"level.{shown.view.level}"])
    return [
        laid.mark
        for laid in shown.scene.laid_out()
        if isinstance(laid.mark, Text) and laid.mark.words in level and laid not in beside
    ]


def others(shown: Dressed) -> list[tuple[object, ...]]:
    """Return what can be touched besides the tags."""
    apart = {"tag", "page"}
    targets = [t for t in shown.scene.targets if t.action.name not in apart]
    return [(t.action, tuple(t.rect), tuple(t.hit)) for t in targets]


@PANELS
def test_the_reasons_are_laid_out_alike_for_all_levels(size: Size) -> None:
    for language, appearance in DRESSES:
        shown = [show("", reasons(level=level), size, language, appearance) for level in TAGS]
        assert all(placed(other) == placed(shown[0]) for other in shown)


@PANELS
def test_the_reasons_say_the_same_for_all_levels_but_for_the_tags(size: Size) -> None:
    for language, appearance in DRESSES:
        for by in (lambda view: view, by_keys):
            shown = [
                show("", by(reasons(level=level)), size, language, appearance) for level in TAGS
            ]
            assert all(said(other) == said(shown[0]) for other in shown)


@PANELS
def test_fewer_tags_move_nothing_else(size: Size) -> None:
    """Levels may have different numbers of tags, by the rule pack or switched off."""
    for language, appearance in DRESSES:
        whole, fewer = (
            show("", reasons()._replace(tags=TAGS[5][:count]), size, language, appearance)
            for count in (8, 3)
        )
        assert said(fewer) == said(whole)
        assert others(fewer) == others(whole)


@PANELS
def test_the_level_is_said_once_and_no_louder_than_another(size: Size) -> None:
    """Beside 更改, so that it can be checked and changed; in no colour of its own."""
    for language, appearance in DRESSES:
        looks = set()
        for level in TAGS:
            shown = show("", reasons(level=level), size, language, appearance)
            lines = level_lines(shown)
            words = plain(load_texts(language)[f"level.{level}"])
            assert "".join(line.words for line in lines).replace(" ", "") == words.replace(" ", "")
            looks.update((line.size, line.colour, line.rect.left) for line in lines)
        assert len(looks) == 1


@PANELS
def test_what_was_picked_or_left_moves_nothing(size: Size) -> None:
    for language, appearance in DRESSES:
        for view, same in (
            (reasons(), reasons(picked=(510, 512))),
            (reasons(), reasons()._replace(callback=True)),
            (callback(), callback("138 0471 2650")),
            (callback(), callback("138", "cb.bad")),
            (callback(), callback(saved=True)),
        ):
            one, other = (show("", each, size, language, appearance) for each in (view, same))
            answers = [[(t.rect, t.hit) for t in shown.scene.targets] for shown in (one, other)]
            assert answers[0] == answers[1]


@PANELS
def test_every_level_offers_the_same_things_to_touch(size: Size) -> None:
    offered = [others(show("", reasons(level=level), size, "zh-CN", "standard")) for level in TAGS]
    assert all(each == offered[0] for each in offered)
    assert Action("callback") in {action for action, _, _ in offered[0]}


def test_number_pad_and_thanks_know_no_level() -> None:
    assert "level" not in CallbackView._fields
    assert "level" not in ThanksView._fields
    assert not any("level" in repr(value) for value in (*callback(), *thanks()))


def test_a_level_that_looked_or_offered_otherwise_would_be_found() -> None:
    """The comparisons above can fail: here a call-back is missing, and a time is shorter."""
    usual = show("", reasons(), (1280, 800), "zh-CN", "standard")
    without = show("", reasons()._replace(callback=None), (1280, 800), "zh-CN", "standard")
    shorter = reasons()._replace(chrome=chrome(remaining=0.5))
    assert others(without) != others(usual)
    assert said(without) != said(usual)
    assert placed(show("", shorter, (1280, 800), "zh-CN", "standard")) != placed(usual)

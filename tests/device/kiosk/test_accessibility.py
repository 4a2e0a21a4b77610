"""What cannot be measured on words and targets, of the promises in docs/screens.md."""

from collections.abc import Iterable

import pygame
import pytest
from measures import luminance
from panels import TURNED, UPRIGHT, Dressed, Size, show
from sample_views import (
    by_keys,
    callback,
    matter_question,
    reasons,
    staff_question,
    thanks,
)

from device.kiosk.qr import QUIET
from device.kiosk.screens.marks import Stamp
from device.kiosk.views import RatingView, View
from device.store.profile import APPEARANCES

CODE_MM = 18.0
PANELS = pytest.mark.parametrize("size", UPRIGHT + TURNED, ids=lambda size: f"{size[0]}x{size[1]}")
dresses = pytest.mark.parametrize("appearance", APPEARANCES)


def greys(shown: Dressed) -> pygame.Surface:
    surface = pygame.Surface(shown.scene.size, 0, 32)
    shown.scene.paint(surface)
    return pygame.transform.grayscale(surface)


def apart(one: pygame.Surface, other: pygame.Surface) -> int:
    """Return how many pixels differ by as much as a control's border does from its ground."""
    alike = pygame.mask.from_threshold(one, (0, 0, 0, 255), (60, 60, 60, 255), other)
    return one.get_width() * one.get_height() - alike.count()


@dresses
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (staff_question(), staff_question(chosen=3)),
        (reasons(), reasons(picked=(511,))),
        (reasons(), reasons()._replace(callback=True)),
        (callback("138 0471 265"), callback("138 0471 2650")),
        *[(reasons(level=level), reasons(level=level + 1)) for level in (1, 2, 3, 4)],
    ],
    ids=["chosen", "picked", "number left", "complete", "1 or 2", "2 or 3", "3 or 4", "4 or 5"],
)
def test_the_screens_can_be_told_in_greys(one: View, other: View, appearance: str) -> None:
    """Nothing is said by colour alone: seen without colours, the difference is still there."""
    shown = [show("", view, (800, 480), "zh-CN", appearance) for view in (one, other)]
    assert apart(greys(shown[0]), greys(shown[1])) > 100


def stamps(shown: Dressed) -> set[Stamp]:
    return {laid.mark for laid in shown.scene.laid_out() if isinstance(laid.mark, Stamp)}


def code_of(view: View, size: Size, appearance: str) -> tuple[Dressed, Stamp]:
    """Return the screen, and the mark that is there only if there is a code."""
    nothing = None if isinstance(view, RatingView) else ()
    shown = show("", view, size, "zh-CN", appearance)
    without = show("", view._replace(qr=nothing), size, "zh-CN", appearance)
    (code,) = largest(stamps(shown) - stamps(without))
    return shown, code


def largest(found: Iterable[Stamp]) -> list[Stamp]:
    return sorted(found, key=lambda stamp: stamp.rect.w * stamp.rect.h)[-1:]


@PANELS
@dresses
@pytest.mark.parametrize("view", [matter_question(), thanks()], ids=["question", "thanks"])
def test_codes_are_large_enough_for_a_phone(view: View, size: Size, appearance: str) -> None:
    shown, code = code_of(view, size, appearance)
    assert code.rect.w == code.rect.h
    assert code.rect.w / shown.mm >= CODE_MM
    modules = len(view.qr) + 2 * QUIET
    upright = size[0] > size[1] or size == (720, 1280)
    assert code.rect.w // modules >= (3 if upright else 2)


@dresses
@pytest.mark.parametrize("view", [matter_question(), thanks()], ids=["question", "thanks"])
def test_codes_have_a_white_margin_and_dark_modules(view: View, appearance: str) -> None:
    """ISO/IEC 18004: four modules of quiet zone, dark on light."""
    _, code = code_of(view, (1280, 800), appearance)
    modules = len(view.qr) + 2 * QUIET
    margin = code.rect.w // modules * QUIET
    ring = pygame.Surface(code.rect.size, 0, 32)
    ring.blit(code.image, (0, 0))
    corner = ring.get_at((margin + 2, margin + 2))[:3]
    assert ring.get_at((2, 2))[:3] == (255, 255, 255)
    assert ring.get_at((margin - 2, code.rect.h // 2))[:3] == (255, 255, 255)
    assert luminance(corner) < 0.05


@PANELS
def test_every_change_of_mind_has_its_key(size: Size) -> None:
    """Another level, the question before, a digit, and no call after all."""

    def offered(view: View) -> set[str]:
        scene = show("", view, size, "zh-CN", "standard").scene
        return {target.action.name for target in scene.targets}

    assert "change" in offered(reasons())
    assert "back" in offered(matter_question()._replace(can_go_back=True))
    assert {"nocall"} <= offered(callback("138", saved=True))
    assert offered(callback("138")) & {"erase", "clear"}
    assert "decline" in offered(staff_question())


@PANELS
@dresses
@pytest.mark.parametrize(
    "view",
    [reasons(picked=(510,)), callback("138 0471"), thanks()],
    ids=["reasons", "pad", "thanks"],
)
def test_whoever_uses_keys_finds_everything_where_it_was(
    view: View, size: Size, appearance: str
) -> None:
    """The legend of the keys comes in beside: what can be touched stays in its place."""
    touched, pressed = (show("", each, size, "zh-CN", appearance) for each in (view, by_keys(view)))
    assert [t.action for t in touched.scene.targets] == [t.action for t in pressed.scene.targets]

"""Screens keep looking as they did when somebody last looked at them.

``./run screens`` draws them for you to look at; ``./run screens --refresh`` accepts what it
draws. Look at every changed picture in ``golden/`` before you commit it.
"""

import os
from pathlib import Path

import pygame
import pytest
from golden_pictures import compare, read, side_by_side, write
from goldens import FOLDER, GOLDENS, WHOLE, Golden
from panels import Size, show
from sample_views import GOLDEN, reasons, staff_question

from device.kiosk.views import View


def drawn(view: View, size: Size = (800, 480)) -> pygame.Surface:
    surface = pygame.Surface(size, 0, 32)
    show("", view, size, "zh-CN", "standard").scene.paint(surface)
    return surface


@pytest.mark.parametrize(
    "golden", GOLDENS, ids=[str(golden.path.relative_to(FOLDER)) for golden in GOLDENS]
)
def test_the_screen_looks_as_it_did(golden: Golden, tmp_path: Path) -> None:
    surface = golden.draw()
    if os.environ.get("HAOCHAPING_REFRESH_GOLDEN"):
        write(surface, golden.path)
    assert golden.path.exists(), "no such picture yet; ./run screens --refresh makes it"
    expected = read(golden.path)
    difference = compare(surface, expected)
    if not difference.alike:
        beside = tmp_path / f"{golden.screen}-{golden.path.name}"
        pygame.image.save(side_by_side(surface, expected, difference), beside)
        pytest.fail(
            f"{difference.pixels} pixels differ, {difference.allowed} may: look at {beside} "
            "(now, golden, where); ./run screens --refresh accepts the change"
        )


def test_there_is_no_picture_without_a_screen() -> None:
    assert set(FOLDER.rglob("*.png")) == {golden.path for golden in GOLDENS}


def test_every_screen_has_a_picture() -> None:
    assert {golden.screen for golden in GOLDENS} == GOLDEN.keys()
    assert set(WHOLE) <= GOLDEN.keys()


def test_the_pictures_stay_small_enough_for_the_repository() -> None:
    assert sum(picture.stat().st_size for picture in FOLDER.rglob("*.png")) < 8 << 20


# --- the comparison itself: what it must not overlook -------------------------------------


def test_a_picture_read_back_is_like_what_was_written(tmp_path: Path) -> None:
    surface = drawn(staff_question())
    assert write(surface, tmp_path / "a.png")
    assert compare(surface, read(tmp_path / "a.png")).pixels == 0


def test_the_same_picture_is_not_written_twice(tmp_path: Path) -> None:
    surface = drawn(staff_question())
    write(surface, tmp_path / "a.png")
    assert not write(surface, tmp_path / "a.png")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (staff_question(), staff_question(chosen=1)),
        (staff_question(), staff_question()._replace(step=2)),
        (reasons(picked=(510,)), reasons(picked=())),
        (reasons(level=5)._replace(tags=(517,)), reasons(level=4)._replace(tags=(517,))),
    ],
    ids=["a chosen key", "one digit", "a picked reason", "another face"],
)
def test_a_small_change_is_not_overlooked(before: View, after: View) -> None:
    assert not compare(drawn(before), drawn(after)).alike


def test_a_screen_moved_by_one_pixel_is_not_overlooked() -> None:
    surface = drawn(staff_question())
    moved = surface.copy()
    moved.blit(surface, (1, 0))
    assert not compare(surface, moved).alike


def test_an_edge_painted_a_little_differently_counts_as_alike() -> None:
    surface = drawn(staff_question())
    paler = surface.copy()
    paler.fill((12, 12, 12), special_flags=pygame.BLEND_RGB_SUB)
    assert compare(surface, paler).pixels == 0


def test_pictures_of_other_sizes_are_never_alike() -> None:
    assert not compare(drawn(staff_question()), drawn(staff_question(), (1024, 600))).alike

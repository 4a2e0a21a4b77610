"""What every screen promises: reachable targets, equal levels, and honest repainting."""

import itertools

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_views import (
    CODE,
    EVERY_VIEW,
    MATTER,
    NOTICES,
    TAGS,
    TOPICS,
    chrome,
    idle,
    matter_question,
    notice,
    reasons,
    staff_question,
    thanks,
)

from device.kiosk.actions import Action
from device.kiosk.screens import Look, Scene, compose, warm
from device.kiosk.views import IdleView, RatingView, ReasonsView, ThanksView, View

PIXELS_PER_MM = 5.9
LEAST = 18 * PIXELS_PER_MM
SHARED_LOOK = Look()

views_ids = [f"{type(view).__name__}-{index}" for index, view in enumerate(EVERY_VIEW)]
every_view = pytest.mark.parametrize("view", EVERY_VIEW, ids=views_ids)


def painted(scene: Scene) -> pygame.Surface:
    surface = pygame.Surface((1280, 800), 0, 32)
    scene.paint(surface)
    return surface


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def level_rects(scene: Scene) -> list[tuple[int | str | None, pygame.Rect]]:
    return [(t.action.value, t.rect) for t in scene.targets if t.action.name == "level"]


@every_view
def test_targets_do_not_overlap(view: View, look: Look) -> None:
    targets = compose(view, look).targets
    for index, target in enumerate(targets):
        assert target.hit.contains(target.rect)
        for other in targets[index + 1 :]:
            assert not target.hit.colliderect(other.hit)


@every_view
def test_every_target_lies_on_the_canvas_and_can_be_hit_with_a_thumb(
    view: View, look: Look
) -> None:
    for target in compose(view, look).targets:
        assert pygame.Rect(0, 0, 1280, 800).contains(target.hit)
        assert target.hit.w >= LEAST
        assert target.hit.h >= LEAST
        if target.action.name in {"level", "rate", "submit", "done"}:
            assert target.rect.w >= LEAST
            assert target.rect.h >= LEAST


@every_view
def test_a_touch_anywhere_in_a_target_hits_it(view: View, look: Look) -> None:
    scene = compose(view, look)
    for target in scene.targets:
        assert scene.hit(*target.rect.center) is target
        assert scene.hit(*target.hit.topleft) is target
        assert scene.hit(target.hit.right - 0.5, target.hit.bottom - 0.5) is target


def test_a_touch_between_the_targets_hits_nothing(look: Look) -> None:
    assert compose(staff_question(), look).hit(640, 250) is None


def test_level_keys_keep_their_places_on_both_questions(look: Look) -> None:
    staff = level_rects(compose(staff_question(), look))
    matter = level_rects(compose(matter_question("en"), look))
    assert staff == matter
    assert [level for level, _ in staff] == [5, 4, 3, 2, 1]
    assert [rect.left for _, rect in staff] == sorted(rect.left for _, rect in staff)


def test_level_keys_are_equal_in_size(look: Look) -> None:
    assert len({rect.size for _, rect in level_rects(compose(staff_question(), look))}) == 1


@every_view
def test_pressing_changes_that_target_and_nothing_else(view: View, look: Look) -> None:
    scene = compose(view, look)
    rest = painted(scene)
    for target in scene.targets:
        surface = rest.copy()
        changed = scene.paint_pressed(surface, target)
        assert changed == target.rect
        assert pixels(surface) != pixels(rest)
        surface.blit(rest, target.rect, target.rect)
        assert pixels(surface) == pixels(rest)


@every_view
def test_releasing_brings_back_what_was_there(view: View, look: Look) -> None:
    scene = compose(view, look)
    rest = painted(scene)
    surface = rest.copy()
    for target in scene.targets:
        scene.paint_pressed(surface, target)
        assert scene.paint_released(surface, target) == target.rect
        assert pixels(surface) == pixels(rest)


def test_a_pressed_level_key_looks_alike_for_all_levels(look: Look) -> None:
    """Cap and border move alike; only face and words differ."""
    scene = compose(staff_question(), look)
    surface = painted(scene)
    keys = [target for target in scene.targets if target.action.name == "level"]
    places = [scene.paint_pressed(surface, key) for key in keys]
    edges = {pixels(surface.subsurface((place.x, place.y, 227, 40))) for place in places}
    assert len(edges) == 1


def test_choosing_a_level_changes_that_key_alone(look: Look) -> None:
    before, after = compose(staff_question(), look), compose(staff_question(chosen=2), look)
    surface = painted(before)
    key = dict(level_rects(before))[2]
    assert after.paint_changes(surface, before) == [key]


def test_nothing_is_preselected(look: Look) -> None:
    surface = painted(compose(staff_question(), look))
    for level in (1, 2, 3, 4, 5):
        chosen = painted(compose(staff_question(chosen=level), look))
        assert pixels(chosen) != pixels(surface)


def test_thanks_carry_no_level() -> None:
    assert "level" not in ThanksView._fields


def test_reasons_look_alike_for_all_levels_but_for_face_and_tags(look: Look) -> None:
    scenes = [compose(reasons(level=level), look) for level in TAGS]
    places = {tuple(tuple(target.rect) for target in scene.targets) for scene in scenes}
    assert len(places) == 1
    titles = {pixels(painted(scene).subsurface((0, 132, 960, 100))) for scene in scenes}
    assert len(titles) == 1


def test_reasons_are_in_the_order_given_and_several_can_be_picked(look: Look) -> None:
    scene = compose(reasons(picked=(510, 517)), look)
    tags = [target.action.value for target in scene.targets if target.action.name == "tag"]
    assert tags == list(TAGS[5])


def test_fewer_tags_leave_the_keys_where_they_are(look: Look) -> None:
    few = compose(ReasonsView(chrome(), 5, (510, 511, 512), frozenset()), look)
    assert [t.rect for t in few.targets if t.action == Action("submit")] == [
        t.rect for t in compose(reasons(), look).targets if t.action == Action("submit")
    ]


@every_view
def test_every_screen_offers_every_language(view: View, look: Look) -> None:
    offered = [t.action.value for t in compose(view, look).targets if t.action.name == "language"]
    assert offered == ["zh-CN", "en", "ko"]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_notice_has_no_key_but_the_languages(topic: str, look: Look) -> None:
    names = {target.action.name for target in compose(notice(topic), look).targets}
    assert names == {"language"}


def test_mock_hardware_is_never_hidden(look: Look) -> None:
    for plain, mock in (
        (idle(), idle(mock=True)),
        (notice("closed"), notice("closed")._replace(chrome=chrome(mock=True, staff=None))),
        (thanks(), thanks()._replace(chrome=chrome(mock=True, remaining=0.7))),
        (
            staff_question(),
            staff_question()._replace(chrome=chrome(mock=True, remaining=0.82)),
        ),
        (reasons(), reasons()._replace(chrome=chrome(mock=True, remaining=0.74))),
    ):
        assert pixels(painted(compose(plain, look))) != pixels(painted(compose(mock, look)))


def test_an_idle_screen_without_staff_or_notices_can_be_composed(look: Look) -> None:
    scene = compose(IdleView(chrome(staff=None), "6月18日", "10:24", ()), look)
    assert any(target.action == Action("rate") for target in scene.targets)


def test_the_passing_second_repaints_the_timeout_line_alone(look: Look) -> None:
    before = compose(staff_question(), look)
    after = compose(staff_question()._replace(chrome=chrome(remaining=0.8)), look)
    changed = after.paint_changes(painted(before), before)
    assert changed
    assert all(rect.top == 128 and rect.h <= 3 for rect in changed)


def test_the_passing_minute_repaints_a_small_part(look: Look) -> None:
    before, after = compose(idle(), look), compose(idle()._replace(clock="10:25"), look)
    changed = after.paint_changes(painted(before), before)
    assert sum(rect.w * rect.h for rect in changed) < 1280 * 800 / 20


def test_the_same_view_repaints_nothing(look: Look) -> None:
    scene = compose(idle(), look)
    assert compose(idle(), look).paint_changes(painted(scene), scene) == []


def test_a_key_left_pressed_comes_back_to_rest_with_the_next_scene(look: Look) -> None:
    scene = compose(idle(), look)
    surface = painted(scene)
    rest = pixels(surface)
    scene.paint_pressed(surface, scene.targets[-1])
    changed = compose(idle(), look).paint_changes(surface, scene)
    assert changed == [scene.targets[-1].rect]
    assert pixels(surface) == rest


def test_warming_draws_the_keys_before_the_first_tap() -> None:
    look = Look()
    warm(look, "en")
    scene = compose(staff_question("en"), look)
    target = next(target for target in scene.targets if target.action.name == "level")
    assert target.pressed().picture is target.pressed().picture


chromes = st.builds(
    chrome,
    st.sampled_from(("zh-CN", "en")),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(0, 1),
)
matters = st.sampled_from((None, MATTER, MATTER._replace(cases=1, case="")))
levels = st.integers(1, 5)
some_views = st.one_of(
    st.builds(
        IdleView,
        chromes,
        st.sampled_from(("6月18日 星期三", "6月19日 星期四")),
        st.sampled_from(("10:24", "10:25", "9:59")),
        st.sampled_from((NOTICES, NOTICES[:1], ())),
        st.integers(0, 1),
    ),
    st.builds(
        RatingView,
        chromes,
        st.sampled_from(("staff", "matter")),
        st.just(1),
        st.integers(1, 2),
        matters,
        st.none() | levels,
        st.none() | st.just(CODE),
    ),
    levels.flatmap(
        lambda level: st.builds(
            ReasonsView,
            chromes,
            st.just(level),
            st.integers(3, 8).map(lambda count: TAGS[level][:count]),
            st.frozensets(st.sampled_from(TAGS[level])),
        )
    ),
    st.builds(ThanksView, chromes, st.sampled_from(("7K4M2Q9D", "00000001")), st.just(CODE)),
    st.builds(notice, st.sampled_from(TOPICS)),
)


@given(st.lists(some_views, min_size=2, max_size=3))
@settings(max_examples=40, deadline=None)
def test_painting_changes_gives_the_same_pixels_as_painting_all(sequence: list[View]) -> None:
    scenes = [compose(view, SHARED_LOOK) for view in sequence]
    surface = painted(scenes[0])
    for previous, scene in itertools.pairwise(scenes):
        scene.paint_changes(surface, previous)
        assert pixels(surface) == pixels(painted(scene))

"""What every screen promises: keys that answer, equal levels, and honest repainting.

What can be measured on the layout alone is in test_screens_everywhere.py, secrecy in
test_equal_for_every_level.py.
"""

import itertools

import pygame
import pytest
from goldens import DESIGNS
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import Size, dressed, look_of
from sample_views import (
    CODE,
    GOLDEN,
    MATTER,
    NOTICES,
    TAGS,
    TOPICS,
    callback,
    chrome,
    hall_question,
    idle,
    matter_question,
    notice,
    reasons,
    staff_question,
)

from device.kiosk.actions import Action
from device.kiosk.layout import Kind
from device.kiosk.screens import Look, Scene, compose, warm
from device.kiosk.technician_views import CheckView
from device.kiosk.views import (
    CallbackView,
    DarkView,
    IdleView,
    LoginView,
    MenuView,
    PauseView,
    RatingView,
    ReasonsView,
    SearchView,
    ThanksView,
    View,
)
from device.store.profile import APPEARANCES

LIT = {name: view for name, view in GOLDEN.items() if not isinstance(view, DarkView)}
every_view = pytest.mark.parametrize("view", LIT.values(), ids=LIT.keys())
FOR_STAFF = (LoginView, MenuView, SearchView, PauseView, CheckView)
"""And for technicians: those pages are in the language that was on the screen before."""
CITIZENS = {name: view for name, view in LIT.items() if not isinstance(view, FOR_STAFF)}
every_citizens_view = pytest.mark.parametrize("view", CITIZENS.values(), ids=CITIZENS.keys())
every_design = pytest.mark.parametrize(
    "size", DESIGNS, ids=lambda size: look_of(size, "standard").layout.design.kind.name.lower()
)


def composed(view: View, size: Size = (1280, 800)) -> Scene:
    return compose(view, look_of(size, view.chrome.appearance))


def painted(scene: Scene) -> pygame.Surface:
    surface = pygame.Surface(scene.size, 0, 32)
    scene.paint(surface)
    return surface


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def level_rects(scene: Scene) -> list[tuple[int | str | None, pygame.Rect]]:
    return [(t.action.value, t.rect) for t in scene.targets if t.action.name == "level"]


# --- keys -----------------------------------------------------------------------------------


@every_design
@every_view
def test_a_touch_anywhere_in_a_target_hits_it(view: View, size: Size) -> None:
    scene = composed(view, size)
    for target in scene.targets:
        assert scene.hit(*target.rect.center) is target
        assert scene.hit(*target.hit.topleft) is target
        assert scene.hit(target.hit.right - 0.5, target.hit.bottom - 0.5) is target


@every_design
@every_view
def test_no_two_targets_do_the_same(view: View, size: Size) -> None:
    actions = [target.action for target in composed(view, size).targets]
    assert len(set(actions)) == len(actions)


def test_a_touch_between_the_targets_hits_nothing() -> None:
    assert composed(staff_question()).hit(640, 250) is None


@every_view
def test_pressing_changes_that_target_and_nothing_else(view: View) -> None:
    scene = composed(view, (800, 480))
    rest = painted(scene)
    for target in scene.targets:
        surface = rest.copy()
        assert scene.paint_pressed(surface, target) == target.rect
        assert pixels(surface) != pixels(rest)
        surface.blit(rest, target.rect, target.rect)
        assert pixels(surface) == pixels(rest)


@every_view
def test_releasing_brings_back_what_was_there(view: View) -> None:
    scene = composed(view, (800, 480))
    rest = painted(scene)
    surface = rest.copy()
    for target in scene.targets:
        scene.paint_pressed(surface, target)
        assert scene.paint_released(surface, target) == target.rect
        assert pixels(surface) == pixels(rest)


def test_a_key_left_pressed_comes_back_to_rest_with_the_next_scene() -> None:
    scene = composed(idle())
    surface = painted(scene)
    rest = pixels(surface)
    scene.paint_pressed(surface, scene.targets[-1])
    changed = composed(idle()).paint_changes(surface, scene)
    assert changed == [scene.targets[-1].rect]
    assert pixels(surface) == rest


# --- levels ---------------------------------------------------------------------------------


@every_design
def test_level_keys_keep_their_places_on_every_question(size: Size) -> None:
    places = [
        level_rects(composed(view, size))
        for view in (
            staff_question(),
            matter_question("en"),
            matter_question()._replace(can_go_back=True),
            hall_question(),
        )
    ]
    assert all(place == places[0] for place in places)
    assert [level for level, _ in places[0]] == [5, 4, 3, 2, 1]


@every_design
def test_level_keys_stand_from_the_best_to_the_worst(size: Size) -> None:
    design = look_of(size, "standard").layout.design
    rects = [rect for _, rect in level_rects(composed(staff_question(), size))]
    along = [rect.top if design.kind is Kind.TALL else rect.left for rect in rects]
    assert along == sorted(along)


@every_design
@pytest.mark.parametrize("language", ["zh-CN", "en", "ko"])
def test_level_keys_are_equal_in_size_and_none_shouts(language: str, size: Size) -> None:
    scene = composed(staff_question(language), size)
    assert len({rect.size for _, rect in level_rects(scene)}) == 1
    keys = [rect for _, rect in level_rects(scene)]
    sizes = {
        laid.mark.size
        for laid in scene.laid_out()
        if hasattr(laid.mark, "words") and any(key.contains(laid.mark.rect) for key in keys)
    }
    assert len(sizes) == 1


@every_design
def test_every_screen_has_its_level_keys_in_the_lower_half(size: Size) -> None:
    """They are reached from a chair (docs/screens.md, "Accessibility")."""
    middles = [rect.centery for _, rect in level_rects(composed(staff_question(), size))]
    assert sum(middles) / len(middles) > size[1] / 2


def test_a_pressed_level_key_looks_alike_for_all_levels() -> None:
    """Cap and border move alike; only face and words differ."""
    scene = composed(staff_question())
    surface = painted(scene)
    keys = [target for target in scene.targets if target.action.name == "level"]
    places = [scene.paint_pressed(surface, key) for key in keys]
    edges = {pixels(surface.subsurface((place.x, place.y, place.w, 24))) for place in places}
    assert len(edges) == 1


@every_design
@pytest.mark.parametrize("level", [5, 4, 3, 2, 1])
def test_choosing_a_level_changes_that_key_alone(level: int, size: Size) -> None:
    before, after = (composed(staff_question(chosen=each), size) for each in (None, level))
    surface = painted(before)
    assert after.paint_changes(surface, before) == [dict(level_rects(before))[level]]


def test_nothing_is_preselected() -> None:
    rest = painted(composed(staff_question()))
    keys = [rest.subsurface(rect) for _, rect in level_rects(composed(staff_question()))]
    caps = {pixels(key.subsurface((0, 0, key.get_width(), 24))) for key in keys}
    assert len(caps) == 1
    for level in (1, 2, 3, 4, 5):
        assert pixels(painted(composed(staff_question(chosen=level)))) != pixels(rest)


# --- what screens offer ---------------------------------------------------------------------


@every_design
@every_citizens_view
def test_every_screen_offers_every_language(view: View, size: Size) -> None:
    """All of them side by side, or the next one, where a crowded header has one key alone."""
    offered = [t.action.value for t in composed(view, size).targets if t.action.name == "language"]
    assert offered in (["zh-CN", "en", "ko"], ["en"])


@pytest.mark.parametrize("view", [reasons(), idle(), callback()], ids=["reasons", "idle", "pad"])
@every_design
def test_every_language_can_be_reached_and_left_again(view: View, size: Size) -> None:
    language, seen = "zh-CN", []
    for _ in range(3):
        scene = composed(dressed(view, language, "standard"), size)
        offered = [t.action.value for t in scene.targets if t.action.name == "language"]
        after = offered.index(language) + 1 if language in offered else 0
        language = str(offered[after % len(offered)])
        seen.append(language)
    assert seen == ["en", "ko", "zh-CN"]


@every_design
@every_citizens_view
def test_every_screen_offers_one_other_appearance(view: View, size: Size) -> None:
    offered = [
        t.action.value for t in composed(view, size).targets if t.action.name == "appearance"
    ]
    assert offered == ["large"]


def test_appearances_lead_round_and_back_to_the_first() -> None:
    appearance, seen = "standard", []
    for _ in range(3):
        view = idle()._replace(chrome=chrome()._replace(appearance=appearance))
        (appearance,) = (
            str(t.action.value) for t in composed(view).targets if t.action.name == "appearance"
        )
        seen.append(appearance)
    assert seen == ["large", "contrast", "standard"]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_notice_has_no_key_but_the_one_to_leave_a_visit(topic: str) -> None:
    names = {target.action.name for target in composed(notice(topic)).targets}
    # What is said about one visit can be left by touch; the others go by themselves.
    assert names - {"language", "appearance"} == ({"done"} if topic == "unsaved" else set())


@every_design
@pytest.mark.parametrize("appearance", APPEARANCES)
def test_reasons_are_in_the_order_given_on_as_many_pages_as_they_need(
    appearance: str, size: Size
) -> None:
    view, seen = dressed(reasons(), "zh-CN", appearance), []
    for _ in TAGS[5]:
        targets = composed(view, size).targets
        seen += [t.action.value for t in targets if t.action.name == "tag"]
        following = next((t.action.value for t in targets if t.action.name == "page"), 0)
        if not following:
            break
        view = view._replace(page=following)
    assert seen == list(TAGS[5])


@every_design
def test_picking_reasons_moves_nothing(size: Size) -> None:
    view = dressed(reasons(), "zh-CN", "large")
    picked = view._replace(picked=frozenset(TAGS[5]))
    places = [[t.rect for t in composed(each, size).targets] for each in (view, picked)]
    assert places[0] == places[1]


@every_design
def test_the_number_pad_has_every_digit_and_a_way_out(size: Size) -> None:
    actions = {target.action for target in composed(callback(), size).targets}
    assert {Action("digit", digit) for digit in range(10)} <= actions
    assert {Action("confirm"), Action("nocall")} <= actions
    assert actions & {Action("erase"), Action("clear")}


@every_design
@every_view
def test_mock_hardware_is_never_hidden(view: View, size: Size) -> None:
    plain, mock = (
        composed(view._replace(chrome=view.chrome._replace(mock=mock)), size)
        for mock in (False, True)
    )
    if not view.chrome.touch_out:
        assert pixels(painted(plain)) != pixels(painted(mock))


def test_an_idle_screen_without_staff_or_notices_can_be_composed() -> None:
    scene = composed(IdleView(chrome(staff=None), "6月18日", "10:24", ()))
    assert any(target.action == Action("rate") for target in scene.targets)


def test_where_nobody_can_begin_there_is_no_key_to_begin() -> None:
    scene = composed(idle()._replace(can_begin=False))
    assert not any(target.action == Action("rate") for target in scene.targets)


@every_design
def test_the_dark_screen_is_black_and_a_touch_anywhere_wakes(size: Size) -> None:
    scene = composed(DarkView(chrome()), size)
    assert [(t.action, t.hit.size) for t in scene.targets] == [(Action("wake"), size)]
    assert not any(pixels(painted(scene)))


# --- repainting -----------------------------------------------------------------------------


@every_design
def test_the_passing_second_repaints_the_timeout_line_alone(size: Size) -> None:
    before = composed(staff_question(), size)
    after = composed(staff_question()._replace(chrome=chrome(remaining=0.8)), size)
    changed = after.paint_changes(painted(before), before)
    header = look_of(size, "standard").layout.header
    assert changed
    assert all(rect.top == header.height and rect.h <= header.line for rect in changed)


@every_design
def test_the_passing_minute_repaints_a_small_part(size: Size) -> None:
    before, after = composed(idle(), size), composed(idle()._replace(clock="10:25"), size)
    changed = after.paint_changes(painted(before), before)
    assert sum(rect.w * rect.h for rect in changed) < size[0] * size[1] / 20


@every_view
def test_the_same_view_repaints_nothing(view: View) -> None:
    scene = composed(view)
    assert composed(view).paint_changes(painted(scene), scene) == []


def test_a_typed_digit_repaints_a_small_part() -> None:
    before, after = composed(callback("138 0471")), composed(callback("138 0471 2"))
    changed = after.paint_changes(painted(before), before)
    assert sum(rect.w * rect.h for rect in changed) < 1280 * 800 / 10


def test_warming_draws_the_keys_before_the_first_tap() -> None:
    look = Look()
    warm(look, "en")
    scene = compose(staff_question("en"), look)
    target = next(target for target in scene.targets if target.action.name == "level")
    assert target.pressed().picture is target.pressed().picture


chromes = st.builds(
    lambda dress, *rest: chrome(*rest)._replace(appearance=dress),
    st.sampled_from(("standard", "large", "contrast")),
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
        st.sampled_from(("staff", "matter", "hall")),
        st.just(1),
        st.integers(1, 2),
        matters,
        st.none() | levels,
        st.none() | st.just(CODE),
        st.booleans(),
    ),
    levels.flatmap(
        lambda level: st.builds(
            ReasonsView,
            chromes,
            st.just(level),
            st.integers(3, 8).map(lambda count: TAGS[level][:count]),
            st.frozensets(st.sampled_from(TAGS[level])),
            st.sampled_from((None, False, True)),
        )
    ),
    st.builds(
        CallbackView,
        chromes,
        st.sampled_from(("", "1", "138 0471", "138 0471 2650")),
        st.booleans(),
        st.sampled_from(("", "cb.bad")),
        st.booleans(),
    ),
    st.builds(ThanksView, chromes, st.sampled_from(("7K4M2Q9D", "00000001")), st.just(CODE)),
    st.builds(notice, st.sampled_from(TOPICS)),
    st.builds(DarkView, chromes),
)


@given(st.lists(some_views, min_size=2, max_size=3), st.sampled_from(DESIGNS))
@settings(max_examples=60, deadline=None)
def test_painting_changes_gives_the_same_pixels_as_painting_all(
    sequence: list[View], size: Size
) -> None:
    scenes = [composed(view, size) for view in sequence]
    surface = painted(scenes[0])
    for previous, scene in itertools.pairwise(scenes):
        scene.paint_changes(surface, previous)
        assert pixels(surface) == pixels(painted(scene))

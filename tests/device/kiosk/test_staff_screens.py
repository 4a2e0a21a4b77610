"""What staff see at their device: log-in, menu, search, pause, and the key that leads there."""

import itertools
from collections.abc import Iterator

import pygame
import pytest
from goldens import DESIGNS
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import Size, dressed, look_of
from sample_views import (
    MANY_MATTERS,
    MATTERS,
    REASONS_TO_PAUSE,
    by_keys,
    chrome,
    idle,
    login,
    menu,
    notice,
    pause,
    search,
    staff_question,
    touch_out,
    with_staff_key,
)

from device.core.matter_search import LETTERS
from device.kiosk.actions import Action
from device.kiosk.assets import load_texts
from device.kiosk.screens import Scene, compose
from device.kiosk.screens.marks import Text
from device.kiosk.text import plain
from device.kiosk.views import MatterChoice, MenuView, SearchView, View
from device.store.profile import APPEARANCES
from protocol.limits import MAX_CASES

every_design = pytest.mark.parametrize(
    "size", DESIGNS, ids=lambda size: look_of(size, "standard").layout.design.kind.name.lower()
)
STAFF_PAGES = {"login": login(), "menu": menu(), "search": search(), "pause": pause()}
every_page = pytest.mark.parametrize("view", STAFF_PAGES.values(), ids=STAFF_PAGES.keys())
PAD = {Action("digit", digit) for digit in range(10)} | {Action("erase"), Action("clear")}


def composed(view: View, size: Size = (1280, 800)) -> Scene:
    return compose(view, look_of(size, view.chrome.appearance))


def painted(scene: Scene) -> pygame.Surface:
    surface = pygame.Surface(scene.size, 0, 32)
    scene.paint(surface)
    return surface


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def words(view: View, size: Size = (1280, 800)) -> str:
    """Return everything that is written on a screen, line after line, without the breaks."""
    lines = (laid.mark for laid in composed(view, size).laid_out())
    return "".join(mark.words for mark in lines if isinstance(mark, Text))


def offered(view: View, size: Size = (1280, 800)) -> set[Action]:
    return {target.action for target in composed(view, size).targets}


def named(view: View, name: str, size: Size = (1280, 800)) -> list[int | str | None]:
    """Return the values of all targets that do ``name``, in the order of the screen."""
    return [t.action.value for t in composed(view, size).targets if t.action.name == name]


def text(key: str, **values: object) -> str:
    return plain(load_texts("zh-CN")[key].format(**values))


# --- the key that leads to staff's pages ------------------------------------------------------


@every_design
@pytest.mark.parametrize("view", [idle(), notice("closed"), notice("paused")])
def test_the_key_for_staff_is_there_where_it_is_asked_for_and_nowhere_else(
    view: View, size: Size
) -> None:
    assert Action("staff") not in offered(view, size)
    assert offered(with_staff_key(view), size) == offered(view, size) | {Action("staff")}


@every_design
def test_no_question_has_the_key_for_staff(size: Size) -> None:
    assert Action("staff") not in offered(with_staff_key(staff_question()), size)


@every_design
@pytest.mark.parametrize("notices", [idle().notices, ()], ids=["news", "no news"])
def test_the_key_to_rate_stays_the_largest_beside_the_key_for_staff(
    notices: tuple[str, ...], size: Size
) -> None:
    targets = composed(with_staff_key(idle()._replace(notices=notices)), size).targets
    areas = {target.action.name: target.rect.w * target.rect.h for target in targets}
    assert areas["rate"] == max(areas.values())
    assert areas["rate"] > 2 * areas["staff"]


# --- log-in -----------------------------------------------------------------------------------


@every_design
def test_number_and_pin_are_typed_on_one_pad(size: Size) -> None:
    fields = {Action("field", "staff"), Action("field", "pin")}
    assert offered(login(), size) == PAD | fields | {Action("login"), Action("back")}


@every_design
@given(st.integers(0, 5))
@settings(max_examples=6, deadline=None)
def test_a_typed_digit_of_the_pin_is_a_dot_in_its_field_and_no_character(
    size: Size, typed: int
) -> None:
    before, after = (composed(login(pin=each), size) for each in (typed, typed + 1))
    field = next(t.rect for t in before.targets if t.action == Action("field", "pin"))
    changed = after.paint_changes(painted(before), before)
    button = next(t.rect for t in before.targets if t.action.name == "login")
    assert field in changed
    # The key to log in wakes up with the last one.
    assert set(map(tuple, changed)) <= {tuple(field), tuple(button)}
    assert words(login(pin=typed), size) == words(login(pin=typed + 1), size)


@every_design
def test_whoever_is_locked_out_can_only_go_back(size: Size) -> None:
    view = login()._replace(locked_until="10:39")
    assert offered(view, size) == {Action("back")}
    assert text("lock.sub", time="10:39") in words(view, size)


@every_design
def test_while_the_pin_is_checked_nothing_can_be_typed(size: Size) -> None:
    view = login(pin=6)._replace(checking=True)
    assert offered(view, size) == {Action("back")}
    assert text("login.checking") in words(view, size)


@every_design
@pytest.mark.parametrize("left", [1, 4])
def test_a_wrong_pin_says_how_many_tries_are_left(left: int, size: Size) -> None:
    assert text("login.wrong", n=left) in words(login()._replace(tries_left=left), size)
    assert text("login.wrong", n=left) not in words(login(), size)


@every_design
@pytest.mark.parametrize("problem", ["login.short", "login.busy", "login.card"])
def test_any_other_problem_is_told_in_its_place(problem: str, size: Size) -> None:
    assert text(problem) in words(login()._replace(problem=problem, tries_left=2), size)


@every_design
def test_the_field_that_the_pad_fills_can_be_told_without_colours(size: Size) -> None:
    one, other = (
        pygame.transform.grayscale(painted(composed(login(at_pin=at_pin), size)))
        for at_pin in (True, False)
    )
    alike = pygame.mask.from_threshold(one, (0, 0, 0, 255), (60, 60, 60, 255), other)
    assert size[0] * size[1] - alike.count() > 100


# --- menu -------------------------------------------------------------------------------------


@every_design
@pytest.mark.parametrize("matters", [(), MATTERS[:1], MATTERS], ids=["none", "one", "four"])
def test_a_short_list_is_shown_as_a_whole_with_the_way_to_all_others(
    matters: tuple[MatterChoice, ...], size: Size
) -> None:
    assert named(menu(matters), "matter", size) == [matter.code for matter in matters]
    assert Action("other") in offered(menu(matters), size)


@every_design
@given(chosen=st.sampled_from(MANY_MATTERS), appearance=st.sampled_from(APPEARANCES))
@settings(max_examples=10, deadline=None)
def test_the_chosen_matter_is_on_the_page_however_long_the_list(
    size: Size, chosen: MatterChoice, appearance: str
) -> None:
    view = dressed(menu(MANY_MATTERS, chosen.code), "zh-CN", appearance)
    shown = named(view, "matter", size)
    assert chosen.code in shown
    assert len(set(shown)) == len(shown)


@every_design
@pytest.mark.parametrize(
    ("chosen", "count", "possible"),
    [
        ("", 1, set()),
        ("1", 1, {"more", "finished"}),
        ("1", 2, {"fewer", "more", "finished"}),
        ("1", MAX_CASES, {"fewer", "finished"}),
    ],
)
def test_cases_are_counted_between_one_and_the_most_of_a_chosen_matter(
    chosen: str, count: int, possible: set[str], size: Size
) -> None:
    names = {action.name for action in offered(menu(chosen=chosen, cases=count), size)}
    assert names & {"fewer", "more", "finished"} == possible


@every_design
def test_a_paused_window_resumes_and_cannot_invite(size: Size) -> None:
    both = {"pause", "resume", "invite"}
    serving = {action.name for action in offered(menu(), size)}
    paused = {action.name for action in offered(menu()._replace(paused=True), size)}
    assert serving & both == {"pause", "invite"}
    assert paused & both == {"resume"}
    assert {"logout", "leave-menu"} <= serving & paused


@every_design
def test_staff_see_how_many_were_invited_and_rated(size: Size) -> None:
    assert text("menu.counts", invited=12, rated=9) in words(menu(), size)


@every_design
def test_a_side_of_finished_is_told_without_colours(size: Size) -> None:
    one, other = (
        pygame.transform.grayscale(painted(composed(menu(chosen="1")._replace(finished=f), size)))
        for f in (True, False)
    )
    alike = pygame.mask.from_threshold(one, (0, 0, 0, 255), (60, 60, 60, 255), other)
    assert size[0] * size[1] - alike.count() > 100


# --- search -----------------------------------------------------------------------------------


def pages(view: SearchView, size: Size) -> Iterator[list[int | str | None]]:
    """Walk through the pages by their key until the first comes again."""
    while True:
        yield named(view, "pick", size)
        following = named(view, "page", size)
        if following in ([], [0]):
            return
        view = view._replace(page=int(str(following[0])))


@every_design
@given(count=st.integers(0, 45), appearance=st.sampled_from(APPEARANCES))
@settings(max_examples=25, deadline=None)
def test_every_matter_that_was_found_is_on_one_page_in_its_order(
    size: Size, count: int, appearance: str
) -> None:
    found = tuple(MatterChoice(f"code {place}", "不动产登记") for place in range(count))
    view = dressed(search("23", found), "zh-CN", appearance)
    assert isinstance(view, SearchView)
    assert list(itertools.chain(*pages(view, size))) == [matter.code for matter in found]


@every_design
def test_a_page_that_is_no_more_shows_the_first(size: Size) -> None:
    first, gone = (named(search()._replace(page=page), "pick", size) for page in (0, 7))
    assert first == gone


@every_design
def test_each_digit_shows_the_letters_that_it_stands_for(size: Size) -> None:
    written = words(search(), size)
    assert all(letters.upper() in written for letters in LETTERS.values())
    assert PAD | {Action("back")} <= offered(search(), size)


@every_design
def test_nothing_found_is_said(size: Size) -> None:
    assert text("search.none") in words(search("9999", ()), size)


@every_design
def test_of_a_long_query_the_end_is_seen(size: Size) -> None:
    assert "678901" in words(search("1234567890123456789012345678901"), size)


# --- pause ------------------------------------------------------------------------------------


@every_design
def test_every_reason_for_a_pause_has_its_key(size: Size) -> None:
    assert named(pause(), "reason", size) == list(REASONS_TO_PAUSE)
    assert all(text(reason) in words(pause(), size) for reason in REASONS_TO_PAUSE)


# --- all of them ------------------------------------------------------------------------------


@every_design
@every_page
def test_the_way_back_stands_at_one_place(view: View, size: Size) -> None:
    (place,) = (
        t.rect for t in composed(view, size).targets if t.action.name in ("back", "leave-menu")
    )
    (first,) = (t.rect for t in composed(login(), size).targets if t.action.name == "back")
    assert place == first


@every_design
@every_page
def test_whoever_uses_keys_finds_everything_where_it_was(view: View, size: Size) -> None:
    touched, pressed = composed(view, size).targets, composed(by_keys(view), size).targets
    assert [(t.action, t.rect) for t in touched] == [(t.action, t.rect) for t in pressed]


@every_design
@every_page
def test_the_legend_says_what_the_keys_do(view: View, size: Size) -> None:
    for keyed in (by_keys(view), touch_out(view)):
        written = words(keyed, size)
        assert all(text(f"keys.{name}") in written for name in ("back", "on", "pick", "leave"))
    assert text("keys.on") not in words(view, size)


dresses = st.builds(
    lambda appearance, language, mock, remaining: chrome(language, True, mock, remaining)._replace(
        appearance=appearance
    ),
    st.sampled_from(APPEARANCES),
    st.sampled_from(("zh-CN", "en")),
    st.booleans(),
    st.none() | st.floats(0, 1),
)
staff_views = st.one_of(
    st.builds(
        lambda view, dress, **given: view._replace(chrome=dress, **given),
        st.just(login()),
        dresses,
        staff=st.sampled_from(("", "0317", "123456789012")),
        pin=st.integers(0, 6),
        at_pin=st.booleans(),
        tries_left=st.none() | st.integers(1, 5),
        checking=st.booleans(),
        locked_until=st.sampled_from(("", "", "10:39")),
    ),
    st.builds(
        MenuView,
        dresses,
        st.just("08:56"),
        st.sampled_from(((), MATTERS, MANY_MATTERS)),
        st.sampled_from(("", "1", "4")),
        st.integers(1, MAX_CASES),
        st.booleans(),
        st.booleans(),
        st.integers(0, 99),
        st.integers(0, 99),
        st.sampled_from(("", "menu.busy")),
    ),
    st.builds(
        SearchView,
        dresses,
        st.sampled_from(("", "2", "2390")),
        st.sampled_from(((), MATTERS, MANY_MATTERS)),
        st.integers(0, 3),
    ),
    st.builds(lambda dress: pause()._replace(chrome=dress), dresses),
    st.builds(lambda dress: with_staff_key(idle()._replace(chrome=dress)), dresses),
)


@given(st.lists(staff_views, min_size=2, max_size=3), st.sampled_from(DESIGNS))
@settings(max_examples=40, deadline=None)
def test_painting_changes_gives_the_same_pixels_as_painting_all(
    sequence: list[View], size: Size
) -> None:
    scenes = [composed(view, size) for view in sequence]
    surface = painted(scenes[0])
    for previous, scene in itertools.pairwise(scenes):
        scene.paint_changes(surface, previous)
        assert pixels(surface) == pixels(painted(scene))

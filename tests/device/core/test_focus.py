"""The way through a screen with keys: nothing is preset, nothing is lost, it goes round."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.focus import Focus, cleared, composed, moved, page_changed

PAGE = page_changed(("a", "b", "c"))


def test_nothing_is_in_focus_until_a_key_asks_for_it() -> None:
    assert PAGE.at is None
    assert composed(PAGE, ("a", "b")).at is None


def test_the_first_step_on_leads_to_the_first_and_the_first_step_back_to_the_last() -> None:
    assert moved(PAGE, 1).at == "a"
    assert moved(PAGE, -1).at == "c"


def test_it_goes_round_and_round() -> None:
    assert moved(Focus(PAGE.order, "c"), 1).at == "a"
    assert moved(Focus(PAGE.order, "a"), -1).at == "c"


def test_a_page_composed_anew_keeps_it_wherever_its_target_lies_now() -> None:
    assert composed(Focus(PAGE.order, "b"), ("x", "c", "b")).at == "b"


def test_what_is_gone_passes_it_on_to_the_first() -> None:
    assert composed(Focus(PAGE.order, "b"), ("x", "c")).at == "x"
    assert composed(Focus(PAGE.order, "b"), ()).at is None


def test_a_touch_and_another_page_take_it_away() -> None:
    assert cleared(Focus(PAGE.order, "b")) == PAGE
    assert page_changed(("b",)).at is None


def test_a_page_without_targets_has_nowhere_to_go() -> None:
    assert moved(page_changed(()), 1).at is None


@given(
    st.lists(
        st.one_of(
            st.sampled_from([1, -1]),
            st.lists(st.integers(0, 6), unique=True, max_size=6).map(tuple),
        )
    )
)
def test_whatever_happens_it_is_on_something_that_is_there(steps: list[object]) -> None:
    focus: Focus[int] = page_changed((0, 1, 2))
    for step in steps:
        focus = moved(focus, step) if isinstance(step, int) else composed(focus, step)  # type: ignore[arg-type]
        assert focus.at is None or focus.at in focus.order


@given(st.integers(1, 9))
def test_as_many_steps_as_there_are_targets_visit_each_once(count: int) -> None:
    focus, seen = page_changed(tuple(range(count))), []
    for _ in range(count):
        focus = moved(focus, 1)
        seen.append(focus.at)
    assert seen == list(range(count))

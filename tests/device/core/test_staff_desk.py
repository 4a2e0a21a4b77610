"""The staff's pages: what can be typed and chosen there, and what no log may hold."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.login_pad import LONGEST_NUMBER, PIN_LENGTH, LoginPad, offering
from device.core.staff_desk import LONGEST_QUERY, Choice, Desk, Page, pressed
from protocol.credentials import is_pin
from protocol.limits import MAX_CASES


def typed(pad: LoginPad, text: str) -> LoginPad:
    for character in text:
        pad = pad.typed(character)
    return pad


def test_a_pin_of_six_digits_is_what_the_roster_knows() -> None:
    pad = typed(offering("0317"), "246810")
    assert pad.complete
    assert is_pin(pad.pin)
    assert len(pad.pin) == PIN_LENGTH


def test_the_number_of_whoever_serves_stands_there_and_gives_way_to_another() -> None:
    pad = offering("0317")
    assert pad.at_pin
    assert pad.at("staff").typed("0").typed("4").staff == "04"


def test_erasing_goes_back_from_an_empty_pin_to_the_number() -> None:
    pad = typed(offering("0317"), "12").erased().erased()
    assert (pad.pin, pad.at_pin) == ("", True)
    pad = pad.erased()
    assert (pad.staff, pad.at_pin) == ("0317", False)
    assert pad.erased().staff == "031"


def test_clearing_empties_the_field_and_nothing_else() -> None:
    pad = typed(offering("0317"), "123")
    assert (pad.cleared().staff, pad.cleared().pin) == ("0317", "")
    assert pad.at("staff").cleared().staff == ""


NAMES = """digit letter erase clear field login back matter other fewer more finished invite
    pause resume logout leave-menu pick page reason"""
names = st.sampled_from(NAMES.split())
values = st.one_of(
    st.none(),
    st.integers(-3, 12),
    st.sampled_from(["staff", "pin", "a", "M1", "M2", "pause.lunch"]),
)


@given(st.sampled_from(list(Page)), st.lists(st.tuples(names, values), max_size=80))
def test_whatever_is_pressed_the_desk_stays_within_its_limits(
    page: Page, presses: list[tuple[str, int | str | None]]
) -> None:
    desk = Desk(page)
    for name, value in presses:
        after = pressed(desk, name, value)
        if after is None:
            continue
        assert (after.page is Page.LOGIN) is (desk.page is Page.LOGIN), "nobody gets in by a key"
        assert len(after.pad.pin) <= PIN_LENGTH
        assert len(after.pad.staff) <= LONGEST_NUMBER
        assert len(after.query) <= LONGEST_QUERY
        assert 1 <= after.choice.count <= MAX_CASES
        assert after.choice.code or after.choice == Choice()
        desk = after


@given(st.text("0123456789", min_size=6, max_size=6))
def test_no_digit_of_a_pin_is_in_what_a_log_may_hold(pin: str) -> None:
    pad = typed(offering("staff"), pin)
    desk = Desk(pad=pad)
    for text in (repr(pad), str(pad), repr(desk), f"{desk}"):
        assert pin not in text
        assert text.count("digits") == 1
    assert repr(pad) == repr(typed(offering("staff"), "000000"))


def test_another_matter_begins_with_one_finished_case() -> None:
    desk = Desk(Page.MENU).choosing("M1")
    for name in ("more", "more", "finished"):
        desk = pressed(desk, name) or desk
    assert desk.choice == Choice("M1", 3, finished=False)
    assert desk.choosing("M1").choice == Choice("M1", 3, finished=False)
    assert desk.choosing("M2").choice == Choice("M2")
    again = pressed(desk, "matter", "M1")
    assert again is not None
    assert again.choice == Choice()


def test_what_is_chosen_survives_a_look_at_the_search_and_what_is_typed_does_not() -> None:
    desk = Desk(Page.MENU).choosing("M1")
    for name, value in (("other", None), ("digit", 2), ("letter", "d")):
        desk = pressed(desk, name, value) or desk
    assert (desk.page, desk.query) == (Page.SEARCH, "2d")
    back = pressed(desk, "back")
    assert back == Desk(Page.MENU, choice=Choice("M1"))
    picked = pressed(desk, "pick", "M2")
    assert picked == Desk(Page.MENU, choice=Choice("M2"))

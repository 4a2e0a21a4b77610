"""Notices break where a person would break them."""

from hypothesis import given
from hypothesis import strategies as st

from device.kiosk.paragraph import broken

NOTICE = "6月起，不动产登记窗口周六 9:00–12:00 照常办理，无需预约。"
LONG = (
    "因系统升级，本大厅将于6月20日（星期六）18:00至次日8:00暂停办理所有业务，请您提前安排好时间。"
)


def ems(text: str) -> float:
    """An ideograph is one em wide, everything else about half of one."""
    return sum(1.0 if ord(character) > 0x2E80 else 0.52 for character in text)


def lines(text: str, room: float, rows: int = 12, whole_words: bool = False) -> tuple[str, ...]:
    found = broken(text, ems, room, rows, whole_words)
    assert found is not None
    return found


def test_a_notice_breaks_between_its_phrases() -> None:
    assert lines(NOTICE, 10.9) == (
        "6月起，不动产登记窗口",
        "周六 9:00–12:00",
        "照常办理，无需预约。",
    )
    assert lines(NOTICE, 18) == ("6月起，不动产登记窗口周六", "9:00–12:00 照常办理，无需预约。")


def test_a_text_that_fits_on_one_line_stays_there() -> None:
    assert lines("身份证自助取证机已启用。", 12) == ("身份证自助取证机已启用。",)


def test_a_number_keeps_what_it_counts() -> None:
    for room in range(8, 30):
        whole = lines(LONG, room)
        assert not any(line.endswith(("6", "20", "6月")) for line in whole)


def test_known_words_stay_whole_where_that_is_asked() -> None:
    for room in range(9, 30):
        whole = lines(LONG, room, whole_words=True)
        assert not any(line.endswith(("暂", "安")) for line in whole)
        assert sum("星期六" in line for line in whole) == 1


def test_latin_letters_and_hangul_break_at_spaces_alone() -> None:
    english = "The hall is closed on 1 October for the national holiday."
    assert " ".join(lines(english, 9)) == english
    korean = "국경일에는 운영하지 않습니다. 양해 부탁드립니다."
    assert " ".join(lines(korean, 9)) == korean


def test_a_line_break_in_the_text_stays_one() -> None:
    assert lines("上午办理\n下午休息", 20) == ("上午办理", "下午休息")


def test_what_takes_more_lines_than_there_are_is_refused() -> None:
    assert broken(LONG, ems, 10, 3) is None
    assert broken("pneumonoultramicroscopic", ems, 5, 9) is None


@given(
    st.text(st.sampled_from("办理登记窗口，。（）6月 9:a")), st.floats(4, 20), st.integers(1, 30)
)
def test_nothing_is_lost_and_no_line_is_too_long(text: str, room: float, rows: int) -> None:
    found = broken(text, ems, room, rows)
    if found is None:
        return
    assert len(found) <= rows
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(ems(line) <= room for line in found)


@given(st.text(st.sampled_from("办理登记窗口，。（）6月"), min_size=1), st.floats(4, 20))
def test_no_line_begins_or_ends_with_the_wrong_mark(text: str, room: float) -> None:
    found = broken(text, ems, room, 99)
    for before, after in zip(found or (), (found or ())[1:], strict=False):
        assert after[0] not in "，。）"
        assert not before.endswith("（")

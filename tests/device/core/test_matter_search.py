"""A matter is found by what staff know of it: initials, digits of the code, its name."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.matter_search import LETTERS, Entry, search

DEED = Entry("1121010000000000014210115001000", "不动产转移登记（二手房）", "bdczydjesf", True)
LOAN = Entry("1121010000000000014210115002000", "不动产抵押权登记", "bdcdyqdj")
CARD = Entry("1121010000000000001000100000001", "社会保障卡申领", "shbzksl")
FIRST = Entry("1121010000000000014210115003000", "不动产首次登记", "bdcscdj", True)
ALL = (CARD, LOAN, DEED, FIRST)


def names(query: str, limit: int = 10) -> list[str]:
    return [entry.name for entry in search(ALL, query, limit)]


def test_initials_find_what_begins_so_the_windows_own_first():
    assert names("bdc") == [DEED.name, FIRST.name, LOAN.name]
    assert names("BDCS") == [FIRST.name]


def test_initials_within_the_name_come_after_those_at_its_beginning():
    assert names("dj") == [DEED.name, FIRST.name, LOAN.name]
    assert names("s")[0] == CARD.name


def test_the_keys_of_a_telephone_stand_for_letters():
    assert LETTERS["2"] == "abc"
    assert names("232") == [DEED.name, FIRST.name, LOAN.name]  # b-d-c
    assert names("7429") == [CARD.name]  # s-h-b-z


def test_digits_find_codes_too():
    assert names("15002") == [LOAN.name]


def test_a_piece_of_the_name_finds_it():
    assert names("抵押") == [LOAN.name]
    assert names(" 社会 保障 ") == [CARD.name]


def test_nothing_typed_shows_the_windows_own_or_all_where_it_has_none():
    assert names("") == [DEED.name, FIRST.name]
    assert [entry.name for entry in search((CARD, LOAN), "", 10)] == [CARD.name, LOAN.name]


def test_what_nobody_has_finds_nothing():
    assert names("qqqq") == []
    assert names("99999999") == []


ENTRIES = st.builds(
    Entry,
    st.text("0123456789", min_size=31, max_size=31),
    st.text("不动产登记社会保障", min_size=1, max_size=8),
    st.text("abcdefghijklmnopqrstuvwxyz", max_size=8),
    st.booleans(),
)


@given(st.lists(ENTRIES, max_size=20), st.text("0123456789abcz不动", max_size=4), st.integers(0, 5))
def test_a_search_gives_no_more_than_asked_and_nothing_twice(
    entries: list[Entry], query: str, limit: int
):
    found = search(entries, query, limit)
    assert len(found) <= limit
    assert all(found.count(one) <= entries.count(one) for one in found)


@given(st.lists(ENTRIES, min_size=1, max_size=20), st.data())
def test_whole_initials_always_find_their_matter(entries: list[Entry], data: st.DataObject):
    wanted = data.draw(st.sampled_from(entries))
    if wanted.initials:
        assert wanted in search(entries, wanted.initials, len(entries))

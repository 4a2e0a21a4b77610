"""The five levels and the forty tags are those of docs/codes.md, whatever a rule pack says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.levels import Level
from protocol.tags import BASE_SET, TAGS, tags_of

ALL_CODES = [code for tags in TAGS.values() for code in tags]


def test_points_fall_from_ten_to_none() -> None:
    assert [level.points for level in sorted(Level, reverse=True)] == [10, 8, 6, 3, 0]


@pytest.mark.parametrize(
    ("level", "platform", "national"),
    [
        (Level.VERY_SATISFIED, 5, 1),
        (Level.SATISFIED, 4, 2),
        (Level.FAIRLY_SATISFIED, 3, 3),
        (Level.DISSATISFIED, 2, 4),
        (Level.VERY_DISSATISFIED, 1, 5),
    ],
)
def test_the_national_code_runs_the_other_way_round(
    level: Level, platform: int, national: int
) -> None:
    assert level == platform
    assert level.national_code == national
    assert Level.from_national_code(national) is level


@pytest.mark.parametrize("code", [-1, 0, 6, 10])
def test_there_is_no_sixth_national_code(code: int) -> None:
    with pytest.raises(ValueError, match="not a valid Level"):
        Level.from_national_code(code)


def test_the_two_lowest_levels_oblige_to_call_back() -> None:
    assert {level for level in Level if level.negative} == {
        Level.DISSATISFIED,
        Level.VERY_DISSATISFIED,
    }


def test_there_are_forty_tags_eight_to_a_level() -> None:
    assert set(TAGS) == set(Level)
    assert [len(tags) for tags in TAGS.values()] == [8] * 5
    assert len(set(ALL_CODES)) == 40


@pytest.mark.parametrize("level", list(Level))
def test_a_tag_begins_with_the_digit_of_its_level(level: Level) -> None:
    assert {code // 100 for code in TAGS[level]} == {int(level)}


@pytest.mark.parametrize("level", list(Level))
def test_tags_are_offered_in_the_official_order(level: Level) -> None:
    codes = tags_of(level)
    assert codes == tuple(range(codes[0], codes[0] + 8))


def test_no_two_tags_of_a_level_say_the_same() -> None:
    for tags in TAGS.values():
        assert len(set(tags.values())) == 8
        assert all(wording.strip() == wording and wording for wording in tags.values())


@pytest.mark.parametrize(
    ("code", "wording"),
    [
        (510, "一窗受理一次办结"),
        (413, "服务态度较好"),
        (310, "办事指南指引准确"),
        (212, "在线预约办理后到实体大厅重复取号排队"),
        (115, "服务态度差效率低"),
    ],
)
def test_wording_is_the_official_one(code: int, wording: str) -> None:
    assert TAGS[Level(code // 100)][code] == wording


@pytest.mark.parametrize("level", list(Level))
def test_the_base_set_stays_when_everything_is_switched_off(level: Level) -> None:
    assert tags_of(level, frozenset(ALL_CODES)) == tuple(TAGS[level])[:BASE_SET]
    assert BASE_SET == 3


@given(st.sampled_from(Level), st.frozensets(st.sampled_from(ALL_CODES) | st.integers()))
def test_a_rule_pack_takes_away_and_never_adds(level: Level, off: frozenset[int]) -> None:
    offered = tags_of(level, off)
    base, official = tuple(TAGS[level])[:BASE_SET], tuple(TAGS[level])
    assert set(base) <= set(offered) <= set(official)
    assert not (set(offered) - set(base)) & off
    assert set(official) - set(offered) <= off
    assert list(offered) == sorted(offered)

"""The tour compares what was said on the screen with what central holds, rating by rating."""

from uuid import UUID

from demo.walker import Rated, misheard

VISIT = UUID(int=7)
OTHER = UUID(int=8)
CODE = "7K4M2Q9D"
CODES = {str(VISIT): CODE, str(OTHER): "0000000Z"}
SAID = {CODE: (Rated("staff", 5, frozenset({510})), Rated("matter", 2))}


def held(subject: str, level: int, *tags: int, visit: UUID = VISIT) -> dict[str, object]:
    return {
        "visit": str(visit),
        "subject": subject,
        "level": {"platform": level},
        "tags": list(tags),
    }


def test_what_was_said_is_what_is_held():
    assert not misheard(SAID, [held("matter", 2), held("staff", 5, 510)], CODES)


def test_another_level_is_told():
    (told,) = misheard(SAID, [held("matter", 3), held("staff", 5, 510)], CODES)
    assert CODE in told


def test_a_reason_that_is_lost_or_made_up_is_told():
    assert misheard(SAID, [held("matter", 2), held("staff", 5)], CODES)
    assert misheard(SAID, [held("matter", 2), held("staff", 5, 510, 511)], CODES)


def test_a_rating_that_is_missing_or_doubled_is_told():
    assert misheard(SAID, [held("staff", 5, 510)], CODES)
    assert misheard(SAID, [held("matter", 2), held("matter", 2), held("staff", 5, 510)], CODES)


def test_a_visit_that_never_arrived_is_told():
    (told,) = misheard(SAID, [held("staff", 5, 510, visit=OTHER)], CODES)
    assert "nothing" in told

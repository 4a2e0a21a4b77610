"""Whatever a program sends: a visit that a record can hold, or at least one mistake told."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from device.agent.web import asked
from device.agent.web.asked import Reading
from device.core.visit import cases_of
from protocol.limits import MAX_CASES

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
code = st.from_regex(asked.MATTER_CODE)
matter = st.fixed_dictionaries(
    {"code": code | anything},
    optional={
        "cases": st.lists(st.text(max_size=60) | anything, max_size=60) | anything,
        "count": st.integers(-2, 60) | anything,
        "finished": st.booleans() | anything,
    },
)
nearly = st.fixed_dictionaries(
    {"request": st.text(max_size=70) | anything},
    optional={"matters": st.lists(matter | anything, max_size=25) | anything, "callback": anything},
)


@given(nearly | anything)
def test_what_is_taken_fits_a_record_and_what_is_not_is_told_where(sent: Any):
    reading = Reading()
    visit = asked.visit(sent, reading)
    if reading.mistakes:
        assert all(mistake.path.startswith("$") for mistake in reading.mistakes)
        assert all(mistake.expected for mistake in reading.mistakes)
        return
    assert 1 <= len(visit.request) <= 64
    assert len(visit.matters) <= asked.MAX_MATTERS
    assert cases_of(visit.matters) <= MAX_CASES
    for one in visit.matters:
        assert re.fullmatch(asked.MATTER_CODE, one.code)
        assert all(1 <= len(case) <= 50 for case in one.cases)
        assert len(set(one.cases)) == len(one.cases)


@given(anything)
def test_a_reason_is_one_line_that_says_something(sent: Any):
    reading = Reading()
    reason = asked.reason(sent, reading)
    assert reading.mistakes or (reason == reason.strip() != "" and "\n" not in reason)

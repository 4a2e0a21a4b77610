"""Other people's text on a technician's terminal."""

import json

from hypothesis import given
from hypothesis import strategies as st

from device.core.plain import plain, plain_json


@given(st.text())
def test_nothing_is_left_that_steers_a_terminal(text: str):
    assert all(one.isprintable() or one in "\n\u00a0\u3000" for one in plain(text))
    assert len(plain(text)) == len(text)


def test_what_people_write_stays_as_it_is():
    assert plain("窗口\u300012：网络\nзал") == "窗口\u300012：网络\nзал"


@given(st.dictionaries(st.text(), st.text()))
def test_json_says_the_same_and_steers_nothing(value: dict[str, str]):
    encoded = plain_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(encoded) == value
    assert all(one.isprintable() or one == "\n" for one in encoded)

"""Whatever a channel sends is answered in order, and in any order one rating counts."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from central_rig import MATTER, RunningCentral
from channel_rig import Line, answer_of, chain_is_whole
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from protocol.messages import PROBLEM_TYPE

_SHARED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_STATUSES = {200, 201, 400, 404, 409, 410, 413, 415, 429}


@pytest.fixture(scope="module")
def line(central: RunningCentral) -> Iterator[Line]:
    yield Line(central)


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_text = st.text(max_size=70) | st.sampled_from(["1001", "12", MATTER, "210100-01", "AAAA-1111"])
_fields: dict[str, st.SearchStrategy[Any]] = {
    "reference": _text,
    "visit": st.uuids().map(str) | _text,
    "device": _text,
    "receipt": _text,
    "day": _text | st.dates().map(str),
    "subject": st.sampled_from(["staff", "matter", "hall", "", "court"]),
    "code": _text,
    "question": st.integers(-1, 30),
    "window": _text,
    "staff": _text,
    "cases": st.lists(_text, max_size=3),
    "level": st.dictionaries(
        st.sampled_from(["platform", "gbt39046", "level"]), st.integers(0, 6), max_size=2
    ),
    "tags": st.lists(st.sampled_from([510, 406, 207, 108, -1, 2**70]), max_size=3),
    "comment": st.text(max_size=510),
    "number": st.sampled_from(["13804712600", "", "1", "13804712600 "]),
    "language": st.sampled_from(["zh-CN", "en", "", "x" * 40]),
    "follow_up": st.booleans(),
}
_needed = {"subject": st.just("staff"), "level": st.just({"platform": 5})}


@st.composite
def _nearly(draw: st.DrawFn) -> dict[str, Any]:
    """A rating in which anything may be wrong, but rarely everything."""
    chosen = draw(st.lists(st.sampled_from(sorted(_fields)), max_size=6, unique=True))
    body = {name: draw(strategy) for name, strategy in _needed.items()}
    body |= {name: draw(_fields[name] | _json) for name in chosen}
    return body


def _check(answer: Any) -> None:
    assert answer.status_code in _STATUSES, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == PROBLEM_TYPE
        assert answer.json()["title"]


def _sent(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode()


@_SHARED
@given(body=_nearly() | _json)
def test_any_rating_is_taken_or_refused_in_words(line: Line, body: Any) -> None:
    _check(line.post(_sent(body)))


@_SHARED
@example(body=b'{"\\ud800": 1}', kind="application/json")
@example(body=b'{"subject": "\\ud800"}', kind="application/json")
@example(body=b"[" * 60_000, kind="application/json")
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain", ""]))
def test_any_bytes_are_refused_in_words(line: Line, body: bytes, kind: str) -> None:
    _check(line.post(body, **{"Content-Type": kind}))


@_SHARED
@given(bodies=st.lists(_nearly() | _json, min_size=1, max_size=5))
def test_any_batch_has_as_many_verdicts_as_ratings(line: Line, bodies: list[Any]) -> None:
    answer = line.post(_sent({"ratings": bodies}), "/v1/ratings/batch")
    _check(answer)
    if answer.status_code == 200:
        verdicts = answer.json()["verdicts"]
        assert len(verdicts) == len(bodies)
        assert all(one["status"] in _STATUSES for one in verdicts)


_word = st.tuples(st.integers(0, 2), st.integers(1, 5), st.booleans())
"""Which service, which level, whether it is a follow-up."""


@_SHARED
@given(words=st.lists(_word, min_size=1, max_size=8))
def test_the_first_word_on_a_service_counts_and_one_follow_up_is_kept(
    central: RunningCentral, words: list[tuple[int, int, bool]]
) -> None:
    line = Line(central)
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    for service, level, follow_up in words:
        answer = answer_of(line.rate(level, reference=f"s{service}", follow_up=follow_up))
        held = second if follow_up else first
        if follow_up and service not in first:
            assert answer == (409, "not-rated")
        elif service not in held:
            held[service] = level
            assert answer[0] == 201
        else:
            assert answer[0] == (200 if held[service] == level else 409)
    assert sorted(row.platform_level for row in line.counted()) == sorted(first.values())
    assert len(line.kept()) == len(first) + len(second)


@settings(_SHARED, max_examples=10)
@given(levels=st.lists(st.integers(1, 5), min_size=2, max_size=6), batches=st.booleans())
def test_callers_at_the_same_moment_leave_one_rating(
    central: RunningCentral, levels: list[int], batches: bool
) -> None:
    line = Line(central)
    statuses: list[int] = []

    def call(level: int) -> None:
        one = {"subject": "staff", "code": "1001", "level": {"platform": level}, "reference": "s"}
        if batches:
            said = line.post({"ratings": [one, one]}, "/v1/ratings/batch").json()["verdicts"]
            statuses.extend(verdict["status"] for verdict in said)
        else:
            statuses.append(line.post(one).status_code)

    threads = [threading.Thread(target=call, args=(level,)) for level in levels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = line.counted()
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    same = levels.count(row.platform_level)
    assert statuses.count(200) == (2 * same - 1 if batches else same - 1)
    assert chain_is_whole(central)

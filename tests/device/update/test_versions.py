"""Newer is what follows; a release never goes back by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.update.versions import NotNewer, order, refuse_older
from protocol.releases import Manifest


def release(version: str, issued_ms: int = 1) -> Manifest:
    return Manifest(version, "cp313-linux-aarch64", "0" * 64, 1, 1, issued_ms)


def test_versions_follow_each_other_as_people_count():
    ascending = ["0.2.0rc1", "0.2.0rc2", "0.2.0rc10", "0.2.0", "0.2.0+hall.2", "0.2.1", "0.10.0"]
    ascending += ["1.0"]
    assert sorted(set(ascending), key=lambda version: order(release(version))) == ascending


def test_zeros_at_the_end_mean_nothing():
    assert order(release("1.0")) == order(release("1.0.0"))


def test_of_two_builds_of_one_version_the_later_is_the_newer():
    refuse_older(release("1.0.0", 2), release("1.0.0", 1))
    with pytest.raises(NotNewer, match="haochaping update --force"):
        refuse_older(release("1.0.0", 1), release("1.0.0", 2))


numbers = st.lists(st.integers(0, 99), min_size=2, max_size=4)
suffixes = st.sampled_from(["", "rc1", "+hall", ".dev3", ".post1", "b2"])


@given(numbers, suffixes, numbers, suffixes)
def test_of_any_two_versions_one_can_follow_the_other(one, one_suffix, two, two_suffix):
    first = release(".".join(map(str, one)) + one_suffix)
    second = release(".".join(map(str, two)) + two_suffix)
    assert (order(first) < order(second)) + (order(second) < order(first)) == (
        order(first) != order(second)
    )


@given(numbers, numbers)
def test_numbers_count_as_numbers(one, two):
    padded = [(*parts, 0, 0, 0)[:4] for parts in (one, two)]
    first, second = (order(release(".".join(map(str, parts)))) for parts in (one, two))
    assert (first < second) == (padded[0] < padded[1])

"""Where a call-back may go, and how an address tries to look as if it may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.agent.addresses import may_be_told, place_of

ALLOWED = ("https://oa.example.gov.cn/rating", "http://10.1.2.3:8080/")


@pytest.mark.parametrize(
    "address",
    [
        "https://oa.example.gov.cn/rating",
        "https://oa.example.gov.cn/rating/",
        "https://oa.example.gov.cn/rating/ended?window=12&a=%20b",
        "https://OA.example.gov.cn:443/rating/ended",
        "https://oa.example.gov.cn./rating/x",
        "http://10.1.2.3:8080",
        "http://10.1.2.3:8080/anything/at/all",
    ],
)
def test_the_same_door_and_the_same_path_or_below_may_be_told(address: str):
    assert may_be_told(address, ALLOWED)


@pytest.mark.parametrize(
    "address",
    [
        "http://oa.example.gov.cn/rating",
        "https://oa.example.gov.cn:8443/rating",
        "https://oa.example.gov.cn/",
        "https://oa.example.gov.cn/ratings",
        "https://oa.example.gov.cn/rating/../admin",
        "https://oa.example.gov.cn/rating/%2e%2e/admin",
        "https://oa.example.gov.cn/rating/..%2fadmin",
        "https://oa.example.gov.cn/rating/..;/admin",
        "https://oa.example.gov.cn/rating/..;x=1/admin",
        "https://oa.example.gov.cn/rating/%252e%252e/admin",
        "https://oa.example.gov.cn/rating//evil.example/",
        "https://oa.example.gov.cn/rating\\..\\admin",
        "https://oa.example.gov.cn.evil.example/rating",
        "https://oa.example.gov.cn@evil.example/rating",
        "https://evil.example\\@oa.example.gov.cn/rating",
        "https://evil.example#@oa.example.gov.cn/rating",
        "https://user:word@oa.example.gov.cn/rating",
        "https://oa.example.gov.cn:99999/rating",
        "https://oa.example.gov.cn:/rating#there",
        "https://oa%2eexample.gov.cn/rating",
        "http://10.1.2.3:80801/",
        "http://10.1.2.3:8080.evil.example/",
        "http://10.1.2.3/",
        "http://[::ffff:10.1.2.3]:8080/",
        "file:///etc/passwd",
        "gopher://10.1.2.3:8080/",
        "//10.1.2.3:8080/",
        "https:oa.example.gov.cn/rating",
        "https://oa.example.gov.cn/rating/\r\nHost: x",
        " https://oa.example.gov.cn/rating",
        "https://oa.example.gov.cn/ra\nting",
        "https://oa.example.gov.cn\t/rating",
        "https://oa.example.gov.cn/rating/\u2025/x",
        "",
    ],
)
def test_any_other_door_or_path_may_not(address: str):
    assert not may_be_told(address, ALLOWED)


def test_without_a_configured_address_nobody_is_told():
    assert not may_be_told("https://oa.example.gov.cn/rating", ())
    assert not may_be_told("https://oa.example.gov.cn/rating", ("", "oa.example.gov.cn", "*"))


@given(st.text(max_size=60))
def test_no_text_at_all_leads_past_the_configured_door(rest: str):
    """Whatever is put behind, before or between: the parts that decide are the same."""
    for address in (rest, f"https://oa.example.gov.cn{rest}", f"https://{rest}/rating"):
        if may_be_told(address, ALLOWED[:1]):
            place = place_of(address)
            assert place is not None
            assert place[:3] == ("https", "oa.example.gov.cn", 443)
            assert place.path == "/rating" or place.path.startswith("/rating/")
            assert ".." not in place.path.split("/")

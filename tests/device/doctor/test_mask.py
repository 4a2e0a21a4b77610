"""What is taken out of a text, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.doctor.mask import PERSON, Mask

NAMES = st.text(st.characters(categories=("L", "N")), min_size=3, max_size=8)


@given(st.sets(NAMES, min_size=1, max_size=6), st.text(max_size=20), st.text(max_size=20))
def test_no_known_name_is_left_where_it_stands_alone(names: set[str], before: str, after: str):
    mask = Mask(dict.fromkeys(names, PERSON))
    for name in names:
        text = mask.text(f"{before} {name}. {after}")
        assert f" {name}. " not in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Li in Linux met Li.", "Li in Linux met Li."),
        ("Lin in Linux met Lin.", "<person> in Linux met <person>."),
        ("欧阳修登录", "<person>登录"),
        ("丽丽丽", "<person>丽"),
        ("staff 7 at window 7", "staff <person> at window 7"),
        ("0317 at 10:03:17, 103170 ms", "<person> at 10:03:17, 103170 ms"),
    ],
)
def test_names_are_words_and_not_parts_of_words(text: str, masked: str):
    known = dict.fromkeys(("Lin", "Li", "欧阳", "欧阳修", "丽丽", "7", "0317"), PERSON)
    assert Mask(known).text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "release 0.1.0-1a2b3c4d on cp313-linux-aarch64",
        "2026-11-23T05:10:37Z took 12:30:45, version 2.32.10",
        "listening on 127.0.0.1:8443 and ::1",
        "usb 1-1.2: new device, product 27c6:0113",
        "/usr/lib/python3/dist-packages/haochaping/device/agent/courier.py line 42",
        "EXT4-fs (mmcblk0p3): recovery complete",
        "the token was spent",
        "verdict.quarantined.unreadable 3",
    ],
)
def test_what_support_needs_is_left_as_it_is(text: str):
    assert Mask({}).text(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("call 139 1234 5678", "1234"),
        ("call +86-13912345678.", "139"),
        ("id 11010519491231002x", "1949"),
        ("GET https://a:b@c/", "a:b"),
        ('{"password": "s3cret!"}', "s3cret"),
        ("psk=with", "with"),
        ("peer fe80::1%eth0 and fd00:1::2", "fd00"),
        ("QR d2845843a10127a1044b6863702d303031313232", "d284"),
        ("QR 0oRYQ6EBJ6EES2hjcC0wMDExMjIzMzQ0NTU2Njc3", "0oRY"),
    ],
)
def test_what_looks_personal_or_secret_is_masked(text: str, secret: str):
    assert secret not in Mask({}).text(text)


def test_a_line_that_never_ends_is_masked_before_the_technician_goes_home():
    endless = "a1.-" * 250_000
    assert Mask({}).text(f"{endless} a.b@example.org") == f"{endless} <e-mail>"


def test_numbers_in_json_stay_numbers():
    assert Mask({"2026": PERSON}).value({"2026": [2026, "in 2026", None, True]}) == {
        PERSON: [2026, f"in {PERSON}", None, True]
    }

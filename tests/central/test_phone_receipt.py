"""The page behind the QR code: arrived or not, in three languages, and never the level."""

import logging
import time
from uuid import UUID, uuid4

import pytest
import requests
from central_rig import Device, RunningCentral

from central import devices
from protocol.phone import PhoneToken, receipt_code, sign_token


def token_of(device: Device, visit: UUID, seconds: int = 3600) -> str:
    claims = PhoneToken(device.name, int(time.time()) + seconds, visit)
    return sign_token(claims, device.record_key)


def page(
    place: RunningCentral, token: str, language: str = "en", path: str = "/R/"
) -> requests.Response:
    return requests.get(place.url + path + token, headers={"Accept-Language": language}, timeout=20)


def in_two_groups(code: str) -> str:
    """A receipt code as people read it out."""
    return f"{code[:4]} {code[4:]}"


def test_the_page_says_whether_the_rating_has_arrived(device: Device) -> None:
    visit = device.write_visit()
    token = token_of(device, visit)
    waiting = page(device.place, token)
    assert waiting.status_code == 200
    assert waiting.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "has not arrived yet" in waiting.text
    assert "saved on the device and will be sent" in waiting.text
    device.send()
    arrived = page(device.place, token)
    assert "Your rating has arrived." in arrived.text
    assert in_two_groups(receipt_code(visit)) in arrived.text


def test_the_address_may_be_in_small_letters(device: Device) -> None:
    token = token_of(device, device.write_visit())
    assert page(device.place, token.lower(), path="/r/").status_code == 200


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ("zh-CN,zh;q=0.9", "zh-CN", "您的评价尚未送达"),
        ("ko-KR,en;q=0.5", "ko", "아직 도착하지 않았습니다"),
        ("de, en-GB;q=0.8, zh;q=0.9;x", "en", "has not arrived"),
        ("fr", "en", "has not arrived"),
        ("ug-CN,ru;q=0.5", "en", "has not arrived"),
        ("*", "zh-CN", "尚未送达"),
        ("", "zh-CN", "尚未送达"),
        ("en;q=0, ko;q=0.1", "ko", "평가"),
        (";;;q=,,=", "zh-CN", "尚未送达"),
    ],
)
def test_it_speaks_the_phones_language(
    device: Device, asked: str, language: str, words: str
) -> None:
    answer = page(device.place, token_of(device, uuid4()), asked)
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text


def test_it_needs_no_script_no_cookie_and_nothing_from_elsewhere(device: Device) -> None:
    answer = page(device.place, token_of(device, device.write_visit()))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    for unwanted in ("<script", "http:", "https:", "src=", "satisfied"):
        assert unwanted not in answer.text


def test_an_altered_token_gets_a_page_of_its_own(device: Device, central: RunningCentral) -> None:
    token = token_of(device, uuid4())
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    stranger = Device(central)
    stranger.name = device.name
    nobody = Device(central)
    nobody.name = "nobody"
    strange_name = Device(central)
    strange_name.name = "x\0y"
    for wrong in (
        altered,
        token[:-4],
        "A",
        "0189",
        "%00",
        "é",
        "A" * 600,
        token_of(stranger, uuid4()),
        token_of(nobody, uuid4()),
        token_of(strange_name, uuid4()),
    ):
        answer = page(central, wrong)
        assert answer.status_code == 400, wrong
        assert "cannot be read" in answer.text


def test_an_expired_token_says_so_and_still_gives_the_code(device: Device) -> None:
    visit = device.write_visit()
    answer = page(device.place, token_of(device, visit, seconds=-5))
    assert answer.status_code == 410
    assert "expired" in answer.text
    assert in_two_groups(receipt_code(visit)) in answer.text


def test_a_retired_devices_token_says_so(device: Device) -> None:
    token = token_of(device, uuid4())
    with device.place.database.writing() as connection:
        devices.revoke(connection, device.name, 1)
    answer = page(device.place, token)
    assert answer.status_code == 410
    assert "no longer in use" in answer.text


def test_no_token_reaches_a_log(
    device: Device, caplog: pytest.LogCaptureFixture, central: RunningCentral
) -> None:
    token = token_of(device, uuid4())
    with caplog.at_level(logging.DEBUG):
        page(central, token)
        page(central, token[:-3])
        page(central, token + "/more")
        requests.post(f"{central.url}/r/{token}", timeout=20)
        requests.get(f"{central.url}//r/{token}", timeout=20)
        requests.get(f"{central.url}/v1/records/R/{token}", timeout=20)
        while ours(caplog).count(" /R/- ") < 6:
            time.sleep(0.01)  # a request is noted after it was answered
    assert token[:20] not in ours(caplog)


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What central has logged."""
    return "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("haochaping")
    )

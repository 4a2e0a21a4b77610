"""Halls are imported with every mistake told; configurations grow only when they change."""

from pathlib import Path

import pytest
from central_rig import HALL, Device, RunningCentral

from central.directory import import_hall, read_hall
from central.errors import Mistakes
from protocol import configuration

NO_TAG_999 = (
    "rules.switched_off_tags: there is no tag 999; "
    "known tags are 510-517, 406-413, 307-314, 207-214, 108-115"
)


def fetch(device: Device, etag: str = "") -> tuple[int, str, bytes]:
    headers = {"If-None-Match": etag} if etag else {}
    answer = device.call("GET", "/v1/configuration", headers=headers)
    assert answer.status_code in (200, 304), answer.text
    return answer.status_code, answer.headers["ETag"], answer.content


def bring_in(place: RunningCentral, text: str, file: Path) -> bool:
    file.write_text(text, "utf-8")
    with place.database.writing() as connection:
        return bool(import_hall(connection, read_hall(file), file))


def mistakes(file: Path, text: str) -> list[str]:
    file.write_text(text, "utf-8")
    with pytest.raises(Mistakes) as caught:
        read_hall(file)
    return [one.removeprefix(f"{file}: ") for one in caught.value.mistakes]


def test_a_device_gets_all_it_needs_to_serve(device: Device) -> None:
    answer = device.call("GET", "/v1/configuration")
    assert answer.headers["content-type"] == 'application/cose; cose-type="cose-sign1"'
    content = configuration.verify(answer.content, device.place.central.key.public)
    assert (content.device, content.hall.name) == (device.name, "沈阳市政务服务中心")
    assert content.window == configuration.Window("W12", "12", "1001")
    assert [member.name for member in content.staff] == ["王芳", "李\U00030edd"]
    assert content.rules.rating_seconds == 45
    assert content.phone_url == "https://pj.example.cn"
    assert content.notices == ("今天下午三点停电检修",)


def test_an_unchanged_configuration_is_not_sent_again(device: Device) -> None:
    status, etag, signed = fetch(device)
    assert (status, len(signed) > 100) == (200, True)
    assert fetch(device, etag) == (304, etag, b"")
    assert fetch(device, f'"other", W/{etag}')[0] == 304
    assert fetch(device, '"other"')[0] == 200


def test_a_change_makes_a_new_version_and_no_change_makes_none(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central).enrol()
    _, first_etag, first = fetch(device)
    assert not bring_in(own_central, HALL, tmp_path / "hall.toml")
    assert fetch(device)[1:] == (first_etag, first)
    assert bring_in(own_central, HALL.replace("王芳", "王方"), tmp_path / "hall.toml")
    assert device.beat().configuration == 2
    status, etag, signed = fetch(device, first_etag)
    assert (status, etag != first_etag) == (200, True)
    content = configuration.verify(signed, own_central.central.key.public)
    assert (content.version, content.staff[0].name) == (2, "王方")


def test_a_change_elsewhere_in_the_hall_does_not_touch_a_devices_version(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central).enrol()
    more = HALL + '\n[[windows]]\ncode = "W14"\nnumber = "14"\n'
    assert bring_in(own_central, more, tmp_path / "hall.toml")
    assert device.beat().configuration == 1


def test_a_restored_central_goes_on_above_what_the_device_has(
    own_central: RunningCentral,
) -> None:
    device = Device(own_central).enrol()
    assert device.beat(configuration=9).configuration == 10
    assert device.beat(configuration=10).configuration == 10
    content = configuration.verify(fetch(device)[2], own_central.central.key.public)
    assert content.version == 10
    assert device.beat(configuration=2**53 - 1).configuration == 11


def test_what_is_no_longer_in_the_file_is_gone(own_central: RunningCentral, tmp_path: Path) -> None:
    shorter = HALL.replace('[[windows]]\ncode = "W13"\nnumber = "13"\n', "")
    own_central.token("W13")
    assert bring_in(own_central, shorter, tmp_path / "hall.toml")
    with pytest.raises(LookupError, match="known: W12"):
        own_central.token("W13")


def test_a_window_where_a_device_stands_cannot_go(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central, window="W13").enrol()
    shorter = HALL.replace('[[windows]]\ncode = "W13"\nnumber = "13"\n', "")
    with pytest.raises(Mistakes, match=f"device {device.name} stands there"):
        bring_in(own_central, shorter, tmp_path / "hall.toml")
    assert device.beat().configuration == 1


def test_a_token_for_a_window_that_is_gone_says_so(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    token = own_central.token("W13")
    shorter = HALL.replace('[[windows]]\ncode = "W13"\nnumber = "13"\n', "")
    bring_in(own_central, shorter, tmp_path / "hall.toml")
    answer = Device(own_central).request_enrolment(token)
    assert (answer.status_code, answer.json()["code"]) == (403, "token-unknown")


def test_two_halls_do_not_share_a_window(own_central: RunningCentral, tmp_path: Path) -> None:
    other = HALL.replace("210100-01", "210100-02")
    with pytest.raises(Mistakes, match="belongs to hall 210100-01"):
        bring_in(own_central, other, tmp_path / "other.toml")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    wrong = """
notices = [3]
[hall]
code = ""
nmae = "x"
phone_url = "http://pj.example.cn/path"
[[windows]]
code = "W1"
number = "1"
assigned_staff = "9"
[[windows]]
code = "W1"
number = 2
[[staff]]
number = "8"
name = "x\\u0007"
post = ""
department = ""
[rules]
rating_seconds = 1
switched_off_tags = [510, 999, 514]
[rule]
"""
    assert mistakes(tmp_path / "wrong.toml", wrong) == [
        "rule: unknown key; did you mean 'rules'?",
        "hall.nmae: unknown key; did you mean 'name'?",
        "hall.code: expected str of length >= 1",
        "hall.name: missing",
        "windows[2].number: expected str, got int",
        "staff[1].name: expected one line without control characters",
        "windows[2].code: 'W1' is given twice",
        "windows (code W1).assigned_staff: there is no staff member with number '9'",
        "hall.phone_url: expected https://host, without a path",
        "notices: expected a list of texts of at most 1000 characters",
        "rules.rating_seconds: expected int >= 3",
        "rules.switched_off_tags: 510 is of the base set and stays on",
        NO_TAG_999,
    ]


def test_nobody_is_said_to_be_missing_while_a_staff_number_cannot_be_read(tmp_path: Path) -> None:
    text = HALL.replace('number = "1001"\nname', "number = 1001\nname")
    assert mistakes(tmp_path / "staff.toml", text) == ["staff[1].number: expected str, got int"]


def test_the_base_set_of_tags_stays_on(tmp_path: Path) -> None:
    text = HALL.replace("rating_seconds = 45", "switched_off_tags = [510, 999, 514]")
    assert mistakes(tmp_path / "tags.toml", text) == [
        "rules.switched_off_tags: 510 is of the base set and stays on",
        NO_TAG_999,
    ]


@pytest.mark.parametrize(
    "text", ["[hall", "windows = 3\n[hall]\ncode='a'\nname='b'", "", "hall = 3"]
)
def test_a_file_of_another_shape_is_told_so(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path / "shape.toml", text)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://pj.example.cn", True),
        ("https://pj.example.cn:8443", True),
        ("http://127.0.0.1:8080", True),
        ("http://pj.example.cn", False),
        ("https://pj.example.cn/", False),
        ("https://user@pj.example.cn", False),
        ("https://pj.example.cn:x", False),
        ("https://[", False),
        ("ftp://x", False),
    ],
)
def test_a_phone_url_is_a_host_and_nothing_more(tmp_path: Path, url: str, good: bool) -> None:
    file = tmp_path / "hall.toml"
    file.write_text(HALL.replace("https://pj.example.cn", url), "utf-8")
    if good:
        assert read_hall(file).hall.phone_url == url
    else:
        assert mistakes(file, file.read_text("utf-8")) == [
            "hall.phone_url: expected https://host, without a path"
        ]

"""What the hall file says of staff at their windows reaches the devices, or is refused."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from central_rig import HALL, MATTER, Device, RunningCentral
from PIL import Image

from central import access, schema
from central.directory import import_hall, read_hall
from central.errors import Mistakes
from central.initials import initials_of
from central.photos import make_photo
from central.systems import end_system, make_system
from protocol import configuration, credentials
from protocol.configuration import Configuration, Hours, Window

BADGE = "ab" * 32
CARD = "cd" * 32
VERIFIER = credentials.pin_verifier("246810")
FULL = HALL.replace(
    'assigned_staff = "1001"', f'assigned_staff = "1001"\nmatters = ["{MATTER}"]'
).replace(
    'name = "王芳"',
    f'name = "王芳"\npin_verifier = "{VERIFIER}"\nbadge = "{BADGE}"\ncard = "{CARD}"',
)
FULL += """
[hours]
opens = "08:30"
closes = "17:00"
[texts.zh-CN]
greet = "您好，请坐"
[texts.en]
greet = "Good day"
"""


def bring_in(place: RunningCentral, text: str, file: Path) -> bool:
    file.write_text(text, "utf-8")
    with place.database.writing() as connection:
        return bool(import_hall(connection, read_hall(file), file))


def mistakes(file: Path, text: str) -> list[str]:
    file.write_text(text, "utf-8")
    with pytest.raises(Mistakes) as caught:
        read_hall(file)
    return [one.removeprefix(f"{file}: ") for one in caught.value.mistakes]


def told(device: Device) -> Configuration:
    answer = device.call("GET", "/v1/configuration")
    return configuration.verify(answer.content, device.place.central.key.public)


def give(place: RunningCentral, what: str, value: str, number: str = "1001") -> None:
    with place.database.writing() as connection:
        access.give(connection, "210100-01", number, what, value, editor="t", now_ms=1)


def test_all_of_it_reaches_the_device(own_central: RunningCentral, tmp_path: Path) -> None:
    assert bring_in(own_central, FULL, tmp_path / "hall.toml")
    content = told(Device(own_central).enrol())
    assert content.window == Window("W12", "12", "1001", (MATTER,))
    first, second = content.staff
    assert (first.pin_verifier, first.badge, first.card) == (VERIFIER, BADGE, CARD)
    assert (second.pin_verifier, second.badge, second.card, second.photo) == ("", "", "", "")
    assert content.matters[0].initials == "shbzksl"
    assert content.hours == Hours("08:30", "17:00")
    assert content.texts == {"zh-CN": {"greet": "您好，请坐"}, "en": {"greet": "Good day"}}
    assert not bring_in(own_central, FULL, tmp_path / "hall.toml")


def test_business_systems_reach_the_device_and_end_there(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    with own_central.database.writing() as connection:
        key = make_system(connection, "210100-01", "charts", ["https://a.example"], None, 1)
    (system,) = told(device).systems
    assert (system.name, system.origins, system.callbacks) == (
        "charts",
        ("https://a.example",),
        (),
    )
    assert system.key_hash == hashlib.sha256(key.encode()).hexdigest()
    with own_central.database.writing() as connection:
        end_system(connection, "210100-01", "charts")
    assert told(device).systems == ()


def test_another_windows_short_list_is_nothing_new_for_a_device(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central).enrol()
    changed = HALL.replace('number = "13"', f'number = "13"\nmatters = ["{MATTER}"]')
    assert bring_in(own_central, changed, tmp_path / "hall.toml")
    assert device.beat().configuration == 1


def test_what_the_file_does_not_speak_of_stays_with_its_owner(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    give(own_central, "pin_verifier", VERIFIER)
    give(own_central, "badge", BADGE)
    assert bring_in(own_central, HALL.replace("王芳", "王方"), tmp_path / "hall.toml")
    device = Device(own_central).enrol()
    member = told(device).staff[0]
    assert (member.name, member.pin_verifier, member.badge) == ("王方", VERIFIER, BADGE)
    without = HALL.replace('name = "王芳"', 'name = "王芳"\npin_verifier = ""')
    assert bring_in(own_central, without, tmp_path / "hall.toml")
    member = told(device).staff[0]
    assert (member.pin_verifier, member.badge) == ("", BADGE)


def test_who_leaves_and_comes_back_has_no_pin_any_more(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    give(own_central, "pin_verifier", VERIFIER, "1002")
    assert bring_in(own_central, HALL.replace('"1002"', '"1003"'), tmp_path / "hall.toml")
    assert bring_in(own_central, HALL, tmp_path / "hall.toml")
    assert told(Device(own_central).enrol()).staff[1].pin_verifier == ""


def test_a_badge_in_the_file_that_somebody_else_was_given_is_refused(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    give(own_central, "badge", BADGE, "1002")
    text = HALL.replace('name = "王芳"', f'name = "王芳"\nbadge = "{BADGE}"')
    with pytest.raises(Mistakes, match=r"staff \(number 1002\).badge: this badge is .* 1001's"):
        bring_in(own_central, text, tmp_path / "hall.toml")


def test_a_photo_must_have_been_brought_in(own_central: RunningCentral, tmp_path: Path) -> None:
    text = HALL.replace('name = "王芳"', f'name = "王芳"\nphoto = "{BADGE}"')
    with pytest.raises(Mistakes, match=r"staff \(number 1001\).photo: central holds no such"):
        bring_in(own_central, text, tmp_path / "hall.toml")


def test_every_mistake_about_staff_at_their_window_is_told(tmp_path: Path) -> None:
    text = (
        FULL.replace(VERIFIER, "123456")
        .replace(BADGE, "AB12")
        .replace('"综合受理"\ndepartment', '"综合受理"\npin = "123456"\ndepartment', 1)
        .replace('name = "社会保障卡申领"', 'name = " "\ninitials = "SHBZ"')
        .replace(f'code = "{MATTER}"', 'code = "112101"')
        .replace("17:00", "08:00")
        .replace("[texts.en]\ngreet", "[texts.en]\ngreat")
        .replace("[texts.zh-CN]", "[texts.zh_CN]")
        .replace("rating_seconds = 45", 'rating_seconds = 45\npack = "beijing"')
    )
    assert mistakes(tmp_path / "hall.toml", text) == [
        "staff[1].pin: unknown key; known: number, name, post, department, pin_verifier, "
        "badge, card, photo",
        "staff[1].badge: expected 64 hexadecimal digits, lower case",
        "staff[1].pin_verifier: expected an argon2id verifier: $argon2id$v=19$m=8192,t=2,p=1$...",
        "matters[1].name: expected a name",
        "matters[1].code: expected 31 or 33 letters and digits, not 6 characters",
        "matters[1].initials: expected lower-case letters and digits",
        f"windows (code W12).matters: there is no matter with code '{MATTER}'",
        "rules.pack: there is no pack 'beijing'; known: bozhou, guangdong, liaoning, zhejiang",
        "hours.closes: expected a time after opens, 08:30",
        "texts.zh_CN: unknown language; did you mean 'zh-CN'?",
        "texts.en.great: unknown text; did you mean 'greet'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"q.staff" = "请给五星"', "q.staff: unknown text; known: "),
        ('greet = ""', "greet: expected a text of 1 to 80 characters"),
        ('greet = "{window}"', "greet: expected no { or }: nothing is filled in"),
        ('greet = "a\\nb"', "greet: expected one line without control characters"),
        ("greet = 3", "greet: expected a text of 1 to 80 characters"),
    ],
)
def test_a_hall_cannot_word_what_is_the_nations(tmp_path: Path, text: str, expected: str) -> None:
    found = mistakes(tmp_path / "hall.toml", f"{HALL}\n[texts.zh-CN]\n{text}\n")
    assert [one.startswith(f"texts.zh-CN.{expected}") for one in found] == [True]


@pytest.mark.parametrize("length", [0, 30, 32, 34])
def test_a_matter_has_31_or_33_characters(tmp_path: Path, length: int) -> None:
    text = HALL.replace(MATTER, "1" * length)
    assert mistakes(tmp_path / "hall.toml", text)
    for good in ("1" * 31, "1" * 29 + "Ab" + "2" * 2):
        (tmp_path / "good.toml").write_text(HALL.replace(MATTER, good), "utf-8")
        assert read_hall(tmp_path / "good.toml").matters[0]["code"] == good


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("不动产转移登记（二手房）", "bdczydjesf"),
        ("重庆银行开户", "cqyxkh"),
        ("A3类 食品经营许可（新办）", "a3lspjyxkxb"),
        ("２０２４年ＡＢ", "2024nab"),
        ("", ""),
        ("·—", ""),
    ],
)
def test_initials_are_what_staff_would_type(name: str, initials: str) -> None:
    if name.startswith("重庆"):
        assert initials_of(name).startswith("cq")
    else:
        assert initials_of(name) == initials


def test_initials_given_by_hand_stay(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_text(HALL.replace("社会保障卡申领", '社保卡"\ninitials = "sbk1'), "utf-8")
    assert read_hall(file).matters[0]["initials"] == "sbk1"


def test_a_large_hall_is_issued_whole(own_central: RunningCentral, tmp_path: Path) -> None:
    many = "".join(
        f'[[staff]]\nnumber = "{number}"\nname = "员工{number}"\npost = "a"\ndepartment = "b"\n'
        for number in range(2000, 3200)
    )
    assert bring_in(own_central, HALL + many, tmp_path / "hall.toml")
    assert len(told(Device(own_central).enrol()).staff) == 1202


def test_only_the_newest_configuration_is_kept_whole(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central).enrol()
    bring_in(own_central, HALL.replace("王芳", "王方"), tmp_path / "hall.toml")
    device.beat()
    rows: list[Any] = own_central.rows(schema.configuration)
    assert [(row.version, bool(row.signed)) for row in rows] == [(1, False), (2, True)]


def test_photos_of_those_who_left_are_forgotten(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    out = BytesIO()
    Image.new("RGB", (500, 600), "gray").save(out, "PNG")
    with own_central.database.writing() as connection:
        photo = make_photo(out.getvalue())
        access.give_photo(connection, "210100-01", "1002", photo, editor="t", now_ms=1)
    assert len(own_central.rows(schema.photo)) == 1
    assert bring_in(own_central, HALL.replace('"1002"', '"1003"'), tmp_path / "hall.toml")
    assert own_central.rows(schema.photo) == []

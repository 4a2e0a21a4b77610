"""The device's configuration file: every mistake at once, with what was expected."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import BadConfiguration
from device.store.profile import SETTINGS, check, load, parse_size

GOOD = """\
data_dir = "data"
[storage]
allow_volatile = true
[screen]
size = "1280x800"
rotate = 90
language = "ko"
[buttons]
pins = [17, 27, 22, 23, 24]
factory = "lgpio"
[central]
url = "https://central.example:8443/haochaping/"
ca_file = "ca.pem"
proxy = "http://user:secret@proxy:3128"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "device.toml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(content: dict[str, object]) -> list[str]:
    try:
        check(content, "device.toml")
    except BadConfiguration as error:
        return str(error).splitlines()
    return []


def test_a_file_without_mistakes_says_all_it_was_told(elsewhere: Path):
    profile = load(write(elsewhere, GOOD))
    assert profile.data_dir == elsewhere / "data"
    assert profile.allow_volatile
    assert profile.screen[:3] == ((1280, 800), 90, "ko")
    assert profile.buttons[:2] == ((17, 27, 22, 23, 24), "lgpio")
    assert profile.central.url == "https://central.example:8443/haochaping"
    assert profile.central.ca_file == str(elsewhere / "ca.pem")
    assert profile.central.proxy == "http://user:secret@proxy:3128"


def test_two_keys_are_enough(elsewhere: Path):
    profile = load(write(elsewhere, 'data_dir = "/data"\ncentral.url = "http://central"\n'))
    assert profile.data_dir == Path("/data")
    assert profile.screen == (None, 0, "zh-CN", "standard", 0.0, None)
    assert profile.buttons.pins == ()
    assert not profile.allow_volatile
    assert profile.central.ca_file == ""


def test_every_mistake_is_told_in_one_message(elsewhere: Path):
    file = write(
        elsewhere,
        """
        [screen]
        rotate = 45
        langauge = "zh-CN"
        [buttons]
        pins = [1, 2, 3]
        [central]
        url = "ftp://x"
        [zzz]
        qqq = 1
        """,
    )
    with pytest.raises(BadConfiguration) as told:
        load(file)
    assert str(told.value).splitlines() == [
        f"{file}: buttons.pins = [1, 2, 3]: expected five different BCM pin numbers from 0 to 27,"
        " or []",
        f'{file}: central.url = \'ftp://x\': expected "https://..." or "http://..."',
        f"{file}: data_dir: missing; expected a path in quotes",
        f"{file}: screen.langauge: unknown key; did you mean screen.language?",
        f"{file}: screen.rotate = 45: expected 0, 90, 180 or 270",
        f"{file}: zzz.qqq: unknown key; known are " + ", ".join(s.key for s in SETTINGS),
    ]


BROKEN: dict[str, list[object]] = {
    "data_dir": [3, "a\0b", [], True],
    "storage.allow_volatile": ["yes", 1, 0],
    "screen.size": ["big", "1280", "100x100", "²00x300", f"{'9' * 5000}x300", 7, "١٢٨٠x٨٠٠", "x"],
    "screen.rotate": [45, True, "90", 90.0],
    "screen.language": ["zh", "", 1, [], {}],
    "buttons.pins": [[1, 2, 3], [1, 1, 2, 3, 4], [1, 2, 3, 4, 28], [True, 0, 2, 3, 4], "17", 5],
    "buttons.factory": ["mock", 0],
    "buttons.skip": [28, -2, "5", True, [5]],
    "buttons.next": [28.0, None],
    "buttons.leds": [[1], [1, 1, 2, 3, 4], 5],
    "buttons.buzzer": [[], "no"],
    "buttons.check": [28, "21", None],
    "screen.appearance": ["big", 2, []],
    "screen.diagonal": [1, -7, "7", True, 100],
    "screen.dark": ["18-7", "18:00-18:00", "24:00-07:00", "18:60-07:00", "1８:00-07:00", 18, []],
    "service.mode": ["kiosk", 1],
    "service.matter": [7],
    "sound.volume": [-1, 101, 50.0, True, "60"],
    "sound.voice": [1, "yes"],
    "central.url": ["", "https://", "central", "http://a b", "http://[x", "http://h:99999", 3],
    "central.ca_file": [1, ["x"]],
    "central.proxy": ["socks5://x", "http://", 0],
}


def nested(flat: dict[str, object]) -> dict[str, object]:
    content: dict[str, object] = {}
    for key, value in flat.items():
        table, _, last = key.rpartition(".")
        inside = content.setdefault(table, {}) if table else content
        inside[last] = value  # type: ignore[index]
    return content


@given(
    st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in BROKEN.items()}),
    st.sets(st.sampled_from(["data_dirr", "screen.siez", "x.y", "central.token", "pins"])),
)
def test_as_many_lines_as_mistakes_and_each_names_its_key(
    broken: dict[str, object], unknown: set[str]
):
    good = {"data_dir": "/data", "central.url": "https://central"}
    given_values = good | broken | dict.fromkeys(unknown, 1)
    lines = mistakes(nested(given_values))
    # An empty table holds no key at all: it is no mistake, just nothing.
    wrong = {key for key, value in broken.items() if value != {}} | unknown
    assert len(lines) == len(wrong)
    for key in wrong:
        assert sum(line.startswith(f"device.toml: {key}") for line in lines) >= 1
    assert all("expected" in line or "known" in line or "mean" in line for line in lines)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    ).filter(lambda value: isinstance(value, dict))
)
def test_no_content_whatever_gives_anything_but_a_list_of_mistakes(content: dict[str, object]):
    assert mistakes(content)


@pytest.mark.parametrize("text", ["[screen", "\ufeff=", "a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_told_as_such(elsewhere: Path, text: str):
    with pytest.raises(BadConfiguration, match="cannot be read as TOML"):
        load(write(elsewhere, text))


def test_a_file_that_is_not_there_or_not_text_is_told_as_such(elsewhere: Path):
    with pytest.raises(BadConfiguration, match="there is no such file; give the right one"):
        load(elsewhere / "none.toml")
    (elsewhere / "device.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfiguration, match="cannot be read"):
        load(elsewhere / "device.toml")
    with pytest.raises(BadConfiguration, match="cannot be read"):
        load(elsewhere)


@given(st.text(max_size=12))
def test_a_size_is_two_numbers_of_pixels_or_a_mistake(text: str):
    try:
        width, height = parse_size(text)
    except BadConfiguration:
        assert not re.fullmatch(r"[2-9]\d\dx[2-9]\d\d", text)
    else:
        assert text == f"{text.partition('x')[0]}x{text.partition('x')[2]}"
        assert 200 <= width <= 8000
        assert 200 <= height <= 8000


def test_one_pin_cannot_serve_two_things(tmp_path):
    text = "[buttons]\npins = [5, 6, 13, 19, 26]\nskip = 13\nleds = [1, 2, 3, 4, 5]\n"
    file = write(tmp_path, 'data_dir = "d"\n' + text + '[central]\nurl = "https://c"\n')
    with pytest.raises(BadConfiguration) as caught:
        load(file)
    assert str(caught.value).splitlines() == [
        f"{file}: buttons.leds: pin 5 is already in use for buttons.pins",
        f"{file}: buttons.skip: pin 13 is already in use for buttons.pins",
    ]


def test_a_matter_of_ones_own_is_for_self_service(tmp_path):
    text = 'data_dir = "d"\n[service]\nmatter = "M1"\n[central]\nurl = "https://c"\n'
    with pytest.raises(BadConfiguration, match="only for"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("written_as", "minutes"), [("18:00-07:30", (1080, 450)), ("00:00-23:59", (0, 1439))]
)
def test_dark_hours_are_minutes_after_midnight(tmp_path, written_as, minutes):
    text = f'data_dir = "d"\n[screen]\ndark = "{written_as}"\n[central]\nurl = "https://c"\n'
    assert load(write(tmp_path, text)).screen.dark == minutes

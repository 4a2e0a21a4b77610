"""The setup screen says every state in every language, and follows the file by itself."""

import os
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from goldens import DESIGNS
from panels import Size, show
from sample_views import FINGERPRINT, setting_up

from device.kiosk import assets
from device.kiosk.assets import LANGUAGES, UI_ASSETS
from device.kiosk.screens.marks import Panel, Text
from device.kiosk.screens.setup import meaning_of
from device.kiosk.setup_watch import LOOK_MS, SetupWatch
from device.store.profile import APPEARANCES
from device.store.setup import Kind, SetupState, meanings, write_state

STATES = meanings(UI_ASSETS / "setup_states.toml")
ADDRESS = "eth0 has 10.20.12.31"


def words_on(name: str, size: Size, language: str, appearance: str = "standard") -> list[str]:
    """Return every line of words on the setup screen."""
    shown = show(name, setting_up(name, ADDRESS, 7), size, language, appearance)
    return [laid.mark.words for laid in shown.scene.laid_out() if isinstance(laid.mark, Text)]


def flowing(text: str) -> str:
    return text.replace(" ", "").replace("|", "")


@pytest.mark.parametrize("size", DESIGNS)
@pytest.mark.parametrize("name", STATES)
def test_every_state_is_told_whole_with_its_code(name: str, size: Size) -> None:
    """In every language and appearance; a hint that is cut short would send people home."""
    for language in LANGUAGES:
        for appearance in APPEARANCES:
            words = words_on(name, size, language, appearance)
            said = flowing("".join(words))
            assert STATES[name].code in words
            assert flowing(STATES[name].title[language]) in said
            assert flowing(STATES[name].hint[language]) in said
            assert flowing(ADDRESS) in said
            assert flowing(FINGERPRINT) in said
            assert "hc-binhe-12" in words


def test_whoever_helps_from_afar_finds_the_title_in_english() -> None:
    assert "The clock is behind" in words_on("CLOCK_BEHIND", (1280, 800), "zh-CN")
    assert words_on("CLOCK_BEHIND", (1280, 800), "en").count("The clock is behind") == 1


def test_what_needs_somebody_can_be_told_without_colours() -> None:
    """Its sign has another shape, and words say it."""

    def shape(name: str) -> tuple[int, bool]:
        shown = show(name, setting_up(name), (1280, 800), "zh-CN", "standard")
        sign = next(
            laid.mark
            for laid in shown.scene.laid_out()
            if isinstance(laid.mark, Panel) and laid.mark.rect.collidepoint(190, 252)
        )
        return sign.radius, sign.border is None

    stopped, waits = shape("TOKEN_SPENT"), shape("NO_NETWORK")
    assert stopped[0] != waits[0]
    assert stopped[1] != waits[1]
    assert "需要人工处理" in words_on("TOKEN_SPENT", (1280, 800), "zh-CN")
    assert "等待中，自动重试" in words_on("NO_NETWORK", (1280, 800), "zh-CN")


def test_a_state_of_a_newer_version_is_called_by_its_name() -> None:
    assert meaning_of("OF_TOMORROW").kind is Kind.BUSY
    assert "OF_TOMORROW" in words_on("OF_TOMORROW", (1280, 800), "ko")


@pytest.mark.parametrize("bold", [False, True])
def test_the_shipped_fonts_have_every_character(bold: bool) -> None:
    covered = TTFont(assets.font_path(bold), lazy=True).getBestCmap()
    told = "".join(
        text
        for meaning in STATES.values()
        for texts in (meaning.title, meaning.hint)
        for text in texts.values()
    )
    assert {character for character in told if ord(character) not in covered} == set()


# --- the file -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "setup.json"


def test_a_device_that_nobody_sets_up_has_no_state(file: Path) -> None:
    watch = SetupWatch(file)
    assert not watch.look(0)
    assert watch.state is None


def test_each_new_state_is_seen_once(file: Path) -> None:
    watch = SetupWatch(file)
    watch.look(0)
    write_state(file, SetupState("NO_NETWORK"))
    assert watch.look(LOOK_MS)
    assert watch.state == SetupState("NO_NETWORK")
    assert not watch.look(2 * LOOK_MS)
    write_state(file, SetupState("ENROLLING"))
    assert watch.look(3 * LOOK_MS)
    assert watch.state == SetupState("ENROLLING")


def test_the_file_is_looked_at_once_a_second(file: Path) -> None:
    watch = SetupWatch(file)
    watch.look(0)
    write_state(file, SetupState("ENROLLING"))
    assert not watch.look(LOOK_MS - 1)
    assert watch.look(LOOK_MS)


def test_a_file_that_cannot_be_read_says_nothing(file: Path) -> None:
    watch = SetupWatch(file)
    write_state(file, SetupState("ENROLLING"))
    watch.look(0)
    file.write_text('{"name": "ENROL')
    assert watch.look(LOOK_MS)
    assert watch.state is None


def test_once_it_is_gone_there_is_no_state_any_more(file: Path) -> None:
    watch = SetupWatch(file)
    write_state(file, SetupState("ENROLLING"))
    watch.look(0)
    file.unlink()
    assert watch.look(LOOK_MS)
    assert watch.state is None


def test_a_device_that_is_ready_shows_something_else(file: Path) -> None:
    watch = SetupWatch(file)
    write_state(file, SetupState("READY"))
    watch.look(0)
    assert watch.seen() is None
    assert [name for name, meaning in STATES.items() if meaning.kind is Kind.DONE] == ["READY"]


@pytest.mark.parametrize("before", [None, SetupState("READY", step=9, steps=9)])
def test_a_card_in_another_board_is_told_whatever_the_file_says(
    file: Path, before: SetupState | None
) -> None:
    watch = SetupWatch(file)
    if before is not None:
        write_state(file, before._replace(device="hc-binhe-12"))
    watch.look(0)
    shown = watch.seen("this is board 2")
    assert shown is not None
    assert (shown.name, shown.detail, shown.steps) == ("WRONG_BOARD", "this is board 2", 0)
    assert shown.device == ("hc-binhe-12" if before else "")


def test_what_enrolment_says_of_a_wrong_board_comes_first(file: Path) -> None:
    watch = SetupWatch(file)
    write_state(file, SetupState("WRONG_BOARD", "central knows this board as hc-7"))
    watch.look(0)
    assert watch.seen("this is board 2").detail == "central knows this board as hc-7"


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (None, "REVOKED"),
        ("READY", "REVOKED"),
        ("ENROLLED_NO_CONFIG", "REVOKED"),
        ("NO_NETWORK", "NO_NETWORK"),
        ("REVOKED", "REVOKED"),
    ],
)
def test_a_retired_device_says_so_unless_it_is_being_set_up_anew(
    file: Path, before: str | None, shown: str
) -> None:
    watch = SetupWatch(file)
    if before:
        write_state(file, SetupState(before, "what helps", device="bh-012"))
        watch.look(0)
    state = watch.seen(retired=True)
    assert state is not None
    assert state.name == shown
    assert (state.detail == "what helps") is (before in ("NO_NETWORK", "REVOKED"))
    assert state.device == ("bh-012" if before else "")


def test_the_devices_own_file_is_read_unless_another_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HAOCHAPING_SETUP", str(file))
    write_state(file, SetupState("MIGRATING"))
    watch = SetupWatch()
    watch.look(0)
    assert watch.state == SetupState("MIGRATING")

"""What is heard, taken from the driver; and that nobody waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from disk_audio import DiskAudio, loudest

from device.kiosk.assets import LANGUAGES, sound_path
from device.kiosk.mixer import Mixer, SoundUnavailable
from device.kiosk.sound import Prompt, Sound
from device.store import profile

PATIENCE_S = 20.0
LOUD = profile.Sound(volume=100)


def eventually(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DiskAudio:
    return DiskAudio(tmp_path, monkeypatch)


class Recorder:
    """Stands where the sound device stands, and keeps what it was asked to play."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.speaks = False
        self.fails: list[str] = []
        """Why the next openings fail."""
        self.opened, self.closed = 0, 0
        self.gate = threading.Event()
        """Opening waits for it."""
        self.gate.set()

    def __call__(self, click: Path, volume: int) -> "Recorder":
        self.opened += 1
        self.gate.wait(PATIENCE_S)
        if self.fails:
            raise SoundUnavailable(self.fails.pop(0))
        return self

    def click(self) -> None:
        self.did.append("click")

    def play(self, prompt: Path) -> None:
        if not prompt.exists():
            raise SoundUnavailable(f"{prompt}: no such file")
        self.did.append(f"{prompt.parent.name}/{prompt.stem}")

    def hush(self) -> None:
        if self.did and self.did[-1] != "hush":
            self.did.append("hush")

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def open_sound(recorder: Recorder) -> Iterator[Callable[..., Sound]]:
    every: list[Sound] = []

    def opening(settings: profile.Sound = LOUD, **more: float) -> Sound:
        every.append(Sound(settings, recorder, **more))  # type: ignore[arg-type]
        return every[-1]

    yield opening
    recorder.gate.set()
    for sound in every:
        sound.close(PATIENCE_S)


# --- what leaves the driver -------------------------------------------------------------------


def test_a_click_is_heard_and_is_always_the_same(audio: DiskAudio):
    mixer = Mixer(sound_path("click"), 100)
    clicks = []
    for _ in range(5):
        begin = len(audio.played)
        mixer.click()
        eventually(lambda begin=begin: len(audio.heard(begin)) >= 960 * 2)  # type: ignore[misc]
        end = len(audio.played)
        eventually(lambda end=end: len(audio.played) > end + 8192)  # type: ignore[misc]
        clicks.append(audio.heard(begin))
    mixer.close()
    assert 0.1 < loudest(clicks[0]) < 0.5
    assert clicks == [clicks[0]] * 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_can_be_played_by_the_real_mixer(audio: DiskAudio, language: str):
    mixer = Mixer(sound_path("click"), 100)
    for prompt in Prompt:
        mixer.play(sound_path(prompt, language))
        assert mixer.speaks
    eventually(lambda: loudest(audio.heard()) > 0.1)
    mixer.close()


def test_a_prompt_is_played_to_its_end_and_a_click_does_not_cut_it(audio: DiskAudio):
    mixer = Mixer(sound_path("click"), 100)
    mixer.play(sound_path(Prompt.NUMBER_SAVED, "zh-CN"))
    mixer.click()
    assert mixer.speaks
    eventually(lambda: not mixer.speaks)
    mixer.close()
    assert len(audio.heard()) > 1.0 * 48_000 * 2


def test_a_new_prompt_cuts_the_one_before(audio: DiskAudio):
    mixer = Mixer(sound_path("click"), 100)
    mixer.play(sound_path(Prompt.QUESTION_STAFF, "zh-CN"))
    eventually(lambda: audio.heard())
    mixer.play(sound_path(Prompt.NUMBER_SAVED, "zh-CN"))
    eventually(lambda: not mixer.speaks)
    mixer.close()
    assert len(audio.heard()) < 12 * 48_000 * 2


@pytest.mark.parametrize(
    ("volume", "least", "most"), [(100, 0.4, 0.9), (50, 0.2, 0.45), (1, 0, 0.01)]
)
def test_the_volume_is_the_profiles(audio: DiskAudio, volume: int, least: float, most: float):
    mixer = Mixer(sound_path("click"), volume)
    mixer.play(sound_path(Prompt.NUMBER_SAVED, "zh-CN"))
    eventually(lambda: not mixer.speaks)
    mixer.close()
    assert least <= loudest(audio.played) <= most


def test_a_closed_device_can_be_opened_again(audio: DiskAudio):
    for _ in range(3):
        mixer = Mixer(sound_path("click"), 100)
        mixer.click()
        eventually(lambda: audio.heard())
        mixer.close()


def test_a_missing_sound_device_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SDL_AUDIODRIVER", "no-such-driver")
    with pytest.raises(SoundUnavailable, match="no-such-driver"):
        Mixer(sound_path("click"), 100)


def test_a_recording_that_cannot_be_played_is_named(audio: DiskAudio, tmp_path: Path):
    broken = tmp_path / "thanks.ogg"
    broken.write_bytes(b"OggS and nothing else")
    mixer = Mixer(sound_path("click"), 100)
    for path in (broken, tmp_path / "missing.ogg"):
        with pytest.raises(SoundUnavailable, match=path.name):
            mixer.play(path)
    mixer.close()
    with pytest.raises(SoundUnavailable, match=r"thanks\.ogg"):
        Mixer(broken, 100)


def test_the_whole_way_from_a_wish_to_the_driver(audio: DiskAudio):
    sound = Sound(LOUD)
    sound.say(Prompt.NUMBER_SAVED, "en")
    eventually(lambda: loudest(audio.heard()) > 0.3)
    sound.close(PATIENCE_S)
    assert sound.troubles() == []


# --- who waits for whom -----------------------------------------------------------------------


def test_while_the_device_hangs_nobody_waits_and_only_the_latest_wish_is_kept(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    recorder.gate.clear()
    sound = open_sound()
    sound.say(Prompt.QUESTION_STAFF, "zh-CN")
    eventually(lambda: recorder.opened)
    for prompt in (Prompt.REASONS, Prompt.THANKS):
        sound.say(prompt, "en")
    recorder.gate.set()
    eventually(lambda: "en/thanks" in recorder.did)
    assert "en/reasons" not in recorder.did


def test_a_click_that_would_come_late_is_left_out(
    open_sound: Callable[..., Sound], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("device.kiosk.sound.LATE_S", -1.0)
    sound = open_sound()
    sound.click()
    sound.say(Prompt.THANKS, "en")
    eventually(lambda: "en/thanks" in recorder.did)
    assert "click" not in recorder.did


def test_a_device_that_hangs_is_reported_once(
    open_sound: Callable[..., Sound], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("device.kiosk.sound.HUNG_S", 0.0)
    recorder.gate.clear()
    sound = open_sound()
    sound.click()
    eventually(lambda: recorder.opened)
    found: list[str] = []
    eventually(lambda: found.extend(sound.troubles()) or found)
    assert found == ["the sound device does not answer"]
    assert sound.troubles() == []


def test_closing_leaves_a_device_behind_that_hangs(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    recorder.gate.clear()
    sound = open_sound()
    sound.click()
    eventually(lambda: recorder.opened)
    sound.close(seconds=0.01)
    assert recorder.closed == 0


# --- when it is open --------------------------------------------------------------------------


def test_at_volume_nought_nothing_is_opened_and_no_thread_begun(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    threads = threading.active_count()
    sound = open_sound(profile.Sound(volume=0))
    sound.stay_awake(True)
    sound.click()
    sound.say(Prompt.THANKS, "en")
    assert (threading.active_count(), recorder.opened) == (threads, 0)


def test_the_device_is_given_back_when_it_has_been_silent(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    sound = open_sound(linger_s=0.01)
    for times in (1, 2):
        sound.click()
        eventually(lambda times=times: recorder.closed == times)  # type: ignore[misc]
    assert recorder.opened == 2


def test_the_device_stays_open_as_long_as_a_prompt_is_heard(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    recorder.speaks = True
    sound = open_sound(linger_s=0.01)
    sound.say(Prompt.THANKS, "en")
    eventually(lambda: "en/thanks" in recorder.did)
    time.sleep(0.1)
    assert recorder.closed == 0
    recorder.speaks = False
    eventually(lambda: recorder.closed == 1)


def test_the_device_stays_open_as_long_as_somebody_is_there(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    sound = open_sound(linger_s=0.01)
    sound.stay_awake(True)
    sound.click()
    eventually(lambda: "click" in recorder.did)
    time.sleep(0.1)
    assert (recorder.opened, recorder.closed) == (1, 0)
    sound.stay_awake(False)
    eventually(lambda: recorder.closed == 1)


def test_closing_gives_the_device_back(open_sound: Callable[..., Sound], recorder: Recorder):
    sound = open_sound()
    sound.click()
    eventually(lambda: recorder.did)
    sound.close(PATIENCE_S)
    assert recorder.closed == 1


# --- what goes wrong --------------------------------------------------------------------------


def test_a_device_that_is_not_there_is_reported_once_and_not_tried_at_every_press(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    recorder.fails = ["no device"] * 10
    sound = open_sound()
    found: list[str] = []
    for _ in range(5):
        sound.click()
        eventually(lambda: found.extend(sound.troubles()) or found)
    assert (found, recorder.opened) == (["no device"], 1)


def test_after_a_while_it_is_tried_again_and_works(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    recorder.fails = ["no device", "still none"]
    sound = open_sound(retry_s=0.0)
    found: list[str] = []

    def clicked() -> bool:
        sound.click()
        found.extend(sound.troubles())
        return "click" in recorder.did

    eventually(clicked)
    assert found == ["no device"]
    assert recorder.opened == 3


def test_a_missing_recording_silences_nothing_else(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    sound = open_sound()
    sound.say(Prompt.THANKS, "xx")
    found: list[str] = []
    eventually(lambda: found.extend(sound.troubles()) or found)
    assert "xx/thanks.ogg" in found[0]
    sound.say(Prompt.THANKS, "en")
    eventually(lambda: "en/thanks" in recorder.did)


# --- without a voice --------------------------------------------------------------------------


def test_without_a_voice_clicks_and_the_chime_are_left(
    open_sound: Callable[..., Sound], recorder: Recorder
):
    sound = open_sound(profile.Sound(volume=60, voice=False))
    sound.say(Prompt.QUESTION_STAFF, "zh-CN")
    sound.click()
    eventually(lambda: "click" in recorder.did)
    sound.say(Prompt.THANKS, "zh-CN")
    eventually(lambda: "sounds/thanks" in recorder.did)
    assert [did for did in recorder.did if did != "hush"] == ["click", "sounds/thanks"]
    assert sound.troubles() == []

"""A scripted walk through everything the screen can do, with a picture of each.

Nobody watches, so it also checks: each step waits for the screen to show what the step
expects, and what the screen thanked for must be at central at the end, as it was said.
Everything is touched by what it does, never by what is written on it: the tour is the same
in every language, at every size and in every appearance.
"""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from demo import staff_scene
from demo.stage import SAMPLE, SPARE_WINDOW, Stage, StageError
from demo.walker import RehearsalError, Walker, misheard
from device.core.night import AWAKE_MS
from device.store.moment import clock_quality
from device.store.profile import APPEARANCES, LANGUAGES
from protocol.records import ClockQuality

HOUSE = "1121010000000000014210115001000"
MORTGAGE = "1121010000000000014210115002000"
NUMBER = "13804712650"
"""A mobile number that nobody has; it must be found nowhere on the device."""
CASES = "15010000000068,15010000000069,15010000000070"
SPIKES = 6
"""One more than a panel may make at one point (device/core/gestures.py)."""

Say = Callable[[str], None]


class Tour:
    """The walk. ``screen`` are the profile's options for the panel."""

    def __init__(self, stage: Stage, pictures: Path, screen: Sequence[str], say: Say) -> None:
        self._stage = stage
        self._panel = screen
        self._say = say
        self._citizen = Walker(stage.rehearsal, pictures, say)
        self._language = _option(screen, "--language", LANGUAGES[0])
        self._appearance = _option(screen, "--appearance", APPEARANCES[0])
        self.thanked = self._citizen.thanked
        """What was rated, by the receipt codes that the screen has shown."""

    def play(self) -> None:
        """Set the hall up and walk through it. Raises `RehearsalError` or `StageError`."""
        self._opens_the_window()
        night = _Night(self._stage, self._panel, self._citizen, self._say)
        self._citizen_begins()
        self._staff_invites()
        staff_scene.play(self._citizen, HOUSE)
        self._wants_a_call()
        self._in_other_languages()
        self._says_nothing()
        self._offline()
        self._panel_taps_by_itself()
        self._without_staff("self-service", "--matter", HOUSE)
        self._without_staff("hall")
        night.falls()
        self._looks_for_the_number()

    # --- the scenes -------------------------------------------------------------------------

    def _opens_the_window(self) -> None:
        """From an empty device to an open window."""
        stage, citizen = self._stage, self._citizen
        hall = stage.folder / "unstaffed.toml"
        hall.write_text(
            re.sub(r'assigned_staff = "\d+"\n', "", SAMPLE.read_text(encoding="utf-8")),
            encoding="utf-8",
        )
        stage.make_central(hall)
        staff_scene.give_pin(stage)
        stage.start_central()
        self._say(f"central is at {stage.address}")
        stage.make_device(*self._panel)
        stage.start_kiosk("--mock-gpio")
        citizen.sees("NoticeView", topic="broken")
        citizen.picture("not-enrolled", "before enrolment the screen says what is missing")
        self._say(f"enrolled as {stage.enrol()}")
        agent = stage.start_agent()
        citizen.sees("NoticeView", topic="closed")
        citizen.picture("closed", "nobody is assigned to the window yet")
        stage.import_hall(SAMPLE)
        agent.stop()
        stage.start_agent()
        citizen.sees("IdleView")
        citizen.picture("idle", "the window is open")

    def _citizen_begins(self) -> None:
        """Someone touches the screen, and changes language and appearance on the way."""
        citizen = self._citizen
        citizen.touches("rate")
        citizen.sees("RatingView", subject="staff")
        citizen.picture("rate-staff", "the citizen began by touching the screen")
        self._no_picture_for_support()
        citizen.holds(
            "level", 5,
            lambda: citizen.picture("rate-staff-pressed", "the key sinks under the finger"),
        )  # fmt: skip
        citizen.sees("RatingView", chosen=5)
        citizen.picture("rate-staff-chosen", "the chosen key is shown for a moment")
        citizen.sees("ReasonsView", level=5)
        citizen.picks(510, 517)
        citizen.picture("reasons-positive", "two reasons picked")
        for language in _others(LANGUAGES, self._language):
            citizen.chooses("language", language)
            citizen.sees("ReasonsView", level=5, language=language)
            citizen.picture(f"reasons-in-{language}", "another language, what was picked stays")
        citizen.chooses("language", self._language)
        citizen.sees("ReasonsView", level=5, language=self._language)
        for appearance in _others(APPEARANCES, self._appearance):
            citizen.chooses("appearance", appearance)
            citizen.sees("ReasonsView", level=5)
            citizen.picture(f"reasons-{appearance}", f"the appearance {appearance}")
            if citizen.turns_the_page():
                citizen.picture(f"reasons-{appearance}-next-page", "the other reasons")
        citizen.chooses("appearance", self._appearance)
        citizen.means("staff", 5, 510, 517)
        citizen.touches("submit")
        citizen.reads_the_thanks("thanks")
        picture = self._support_picture()
        self._say(f"a support picture of the idle screen: {picture.stat().st_size} bytes")

    def _staff_invites(self) -> None:
        """Two matters, a physical key, a change of mind, a way back, and "not now"."""
        citizen = self._citizen
        self._stage.invite(f"{HOUSE}={CASES}", MORTGAGE)
        citizen.rates("staff", 4, keys=True)
        citizen.touches("skip")
        citizen.sees("RatingView", subject="matter", step=2)
        citizen.picture("rate-matter", "three cases of one matter are one question")
        citizen.rates("matter", 2, 209)
        citizen.picture("reasons-negative", "a negative level looks and sounds like any other")
        citizen.touches("change")
        citizen.takes_back()
        citizen.rates("matter", 3)
        citizen.picture("reasons-after-change", "the mind was changed: another level")
        citizen.touches("submit")
        citizen.sees("RatingView", subject="matter", step=3)
        citizen.picture("rate-second-matter", "the next matter, and a way back")
        citizen.touches("back")
        citizen.sees("ReasonsView", level=3)
        citizen.picks(307)
        citizen.takes_back()
        citizen.means("matter", 3, 307)
        citizen.picture("reasons-gone-back-to", "back at the reasons of the matter before")
        citizen.touches("submit")
        citizen.sees("RatingView", subject="matter", step=3)
        citizen.touches("decline")
        citizen.reads_the_thanks("thanks-after-declining-the-last")
        visit = self._stage.invite(by="system")
        citizen.sees("RatingView", subject="staff")
        outcome = self._stage.cancel(visit, "办事人已离开")
        self._say(f"an invitation was taken back with a reason: {outcome}")
        citizen.sees("IdleView")

    def _wants_a_call(self) -> None:
        """The number pad, which every level offers alike."""
        citizen = self._citizen
        citizen.touches("rate")
        citizen.rates("staff", 1, 108)
        citizen.touches("callback")
        citizen.sees("CallbackView", digits=0)
        citizen.picture("callback", "a number may be left, whatever the level")
        citizen.types(NUMBER[:6])
        citizen.touches("erase")
        citizen.sees("CallbackView", digits=5)
        citizen.types(NUMBER[5:9])
        if citizen.offers("confirm"):
            citizen.touches("confirm")
        citizen.picture("callback-incomplete", "eleven digits are needed")
        citizen.types(NUMBER[9:])
        citizen.sees("CallbackView", complete=True)
        citizen.picture("callback-complete", "the number, sealed as it is confirmed")
        citizen.touches("confirm")
        citizen.sees("ReasonsView", callback=True)
        citizen.picture("reasons-number-left", "a number has been left; the digits are gone")
        citizen.touches("submit")
        citizen.reads_the_thanks("thanks-with-callback")

    def _in_other_languages(self) -> None:
        citizen = self._citizen
        for language in _others(LANGUAGES, self._language):
            self._stage.invite(f"{HOUSE}=15010000000071")
            citizen.sees("RatingView", subject="staff")
            citizen.chooses("language", language)
            citizen.sees("RatingView", language=language)
            citizen.picture(f"rate-staff-{language}", "the language changes at any moment")
            citizen.rates("staff", 5)
            citizen.touches("skip")
            citizen.rates("matter", 4)
            citizen.picture(f"reasons-{language}", "the reasons in that language")
            citizen.touches("skip")
            citizen.reads_the_thanks(f"thanks-{language}")
            citizen.sees("IdleView", language=self._language)

    def _says_nothing(self) -> None:
        """Declining at the first question rates nothing, and nothing is thanked for."""
        self._citizen.touches("rate")
        self._citizen.sees("RatingView", subject="staff")
        self._citizen.touches("decline")
        self._citizen.sees("IdleView")
        self._say("a citizen declined: nothing is stored but that")

    def _offline(self) -> None:
        citizen, stage = self._citizen, self._stage
        stage.program("central").stop()
        self._say("central is cut off")
        citizen.touches("rate")
        citizen.rates("staff", 1)
        citizen.touches("skip")
        citizen.reads_the_thanks("thanks-offline")
        stage.start_central()
        self._say("central is back")

    def _panel_taps_by_itself(self) -> None:
        """The panel goes out of service; the whole rating is done with physical keys."""
        citizen = self._citizen
        citizen.spikes(SPIKES)
        citizen.picture("touch-out-of-service", "the panel taps by itself: keys go on alone")
        citizen.presses(3)
        citizen.sees("RatingView", subject="staff")
        citizen.picture("rate-by-keys", "any key begins, and casts nothing")
        citizen.rates("staff", 2, keys=True)
        citizen.presses(4)
        citizen.presses(4)
        citizen.picture("reasons-by-keys", "the screen says what each key does here")
        citizen.presses(3)
        citizen.picture("reasons-by-keys-picked", "the second reason is picked with the middle key")
        citizen.takes_back()
        citizen.means("staff", 2, 208)
        citizen.presses(1)
        citizen.reads_the_thanks("thanks-by-keys", keys=True)

    def _without_staff(self, mode: str, *options: str) -> None:
        """The same device for a self-service machine, or for the hall as a whole."""
        citizen, stage = self._citizen, self._stage
        stage.program("kiosk").stop()
        stage.program("agent").stop()
        stage.make_device(*self._panel, "--mode", mode, *options)
        stage.start_agent()
        stage.start_kiosk("--mock-gpio")
        citizen.sees("IdleView", mode=mode)
        citizen.picture(f"idle-{mode}", f"the mode {mode}")
        citizen.touches("rate")
        subject = "hall" if mode == "hall" else "matter"
        citizen.sees("RatingView", subject=subject)
        citizen.picture(f"rate-{mode}", f"what is rated here: the {subject}")
        citizen.rates(subject, 4, 406)
        citizen.touches("submit")
        citizen.reads_the_thanks(f"thanks-{mode}")

    # --- what else is checked ---------------------------------------------------------------

    def _support_picture(self) -> Path:
        picture = self._stage.folder / "support.png"
        self._stage.screenshot(picture)
        return picture

    def _no_picture_for_support(self) -> None:
        try:
            self._support_picture()
        except StageError as refused:
            self._say(f"refused: {str(refused).strip().splitlines()[-1]}")
        else:
            raise RehearsalError("a support picture was taken while a citizen was at the screen")

    def _looks_for_the_number(self) -> None:
        """The number that was confirmed is in no file of the device, and central can read it."""
        for file in self._stage.device_data.rglob("*"):
            if file.is_file() and NUMBER.encode() in file.read_bytes():
                raise RehearsalError(f"the citizen's number lies open in {file.name}")
        self._say("the citizen's number is in no file of the device")

    def told_otherwise(self) -> Sequence[str]:
        """Return what central holds otherwise than it was said on the screen, in words."""
        faults = list(misheard(self.thanked, self._stage.ratings(), self._stage.receipts()))
        if NUMBER not in self._stage.callbacks().replace(" ", ""):
            faults.append("the number for the call-back cannot be read at central")
        return faults


class _Night:
    """A second device, at a window that nobody has opened: by night its screen goes dark."""

    def __init__(self, stage: Stage, panel: Sequence[str], citizen: Walker, say: Say) -> None:
        self._say = say
        self._citizen = citizen
        self._device = stage.beside("night")
        self._began = time.monotonic()
        hour = time.localtime().tm_hour
        hours = f"{hour:02d}:00-{(hour + 2) % 24:02d}:00"
        self._device.make_device(*panel, "--dark", hours)
        self._device.enrol("DEMO-BOARD-2", SPARE_WINDOW)
        self._device.start_agent()
        self._device.start_kiosk("--mock-gpio")

    def falls(self) -> None:
        """Wait for the dark, and wake the screen again."""
        watcher = self._citizen.at(self._device.rehearsal)
        if clock_quality() is not ClockQuality.SYNCED:
            watcher.sees("NoticeView", topic="closed")
            self._say("this machine's clock is not synchronised: no screen goes dark by it")
            return
        left = self._began + AWAKE_MS / 1000 + 2 - time.monotonic()
        self._say(f"waiting for the dark at the second window: {max(0, left):.0f} s")
        time.sleep(max(0.0, left))
        watcher.sees("DarkView")
        watcher.picture("dark", "outside of opening hours nothing is lit")
        watcher.wakes()
        watcher.sees("NoticeView", topic="closed")
        watcher.picture("woken", "whoever touches it lights it, and presses nothing")


def _option(words: Sequence[str], name: str, otherwise: str) -> str:
    return words[words.index(name) + 1] if name in words else otherwise


def _others(values: Sequence[str], usual: str) -> list[str]:
    return [value for value in values if value != usual]


def _after(values: Sequence[str], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]

"""Staff before the real kiosk in a real window: what X and SDL make of a reader that types."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from device_rig import identity as who
from staff_rig import BADGE, MATTERS, PINS, STAFF, WANG

from demo.rehearsal import Rehearsal
from demo.stage import Stage
from device.store.briefing import Briefing
from protocol.configuration import Configuration, Hall, Window


class Desk:
    """The kiosk's screen, and a reader and a keyboard before it."""

    def __init__(self, display: str, stage: Stage) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        self.stage = stage

    @property
    def screen(self) -> Rehearsal:
        return self.stage.rehearsal

    def x(self, *words: str | int) -> None:
        """Have xdotool do something."""
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, env=self._environment, check=True)

    def swipe(self, content: str) -> None:
        """Type as readers do: all of it at once, then Enter."""
        self.x("type", "--delay", 4, "--args", 1, content, "key", "Return")

    def press(self, *names: str) -> None:
        """Press keys as people do."""
        for name in names:
            self.x("key", name)
            time.sleep(0.15)


@pytest.fixture(scope="module")
def desk(display: str, new_home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = new_home()
    document = Configuration(
        device=who().device,
        version=1,
        hall=Hall("BH", "滨河区政务服务中心"),
        window=Window("BH-012", "12", "", ("M1", "M2")),
        staff=STAFF,
        matters=MATTERS,
    )
    with closing(Briefing(home)) as briefing:
        briefing.apply(document, b"signed", "v1")
    stage = Stage(tmp_path_factory.mktemp("kiosk"), {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    stage.device_data, stage.address = home.root, "http://127.0.0.1:9"
    stage.make_device("--size", "1280x800", "--badge-reader")
    stage.start_kiosk()
    yield Desk(display, stage)
    stage.close()
    shutil.rmtree(home.root, ignore_errors=True)


def test_a_badge_logs_in_and_its_digits_rate_nobody(desk: Desk) -> None:
    shown = desk.screen.wait_for_screen("NoticeView", topic="closed")
    assert shown["state"] == "idle"
    desk.swipe(BADGE)
    menu = desk.screen.wait_for_screen("MenuView")
    assert (menu["state"], menu["visit"]) == ("idle", None)
    desk.screen.touch("leave-menu")
    desk.screen.wait_for_screen("IdleView")

    desk.press("3")  # a person: it opens the question, and casts nothing
    desk.screen.wait_for_screen("RatingView")
    time.sleep(1.0)
    desk.swipe("5432154321")
    time.sleep(0.3)
    shown = desk.screen.wait_for_screen("RatingView")
    assert shown["view"]["chosen"] is None
    desk.press("Escape")
    desk.screen.wait_for_screen("IdleView")


def test_number_and_pin_at_the_keyboard_and_a_matter_by_its_letters(desk: Desk) -> None:
    desk.screen.wait_for("a key for staff", lambda shown: "staff" in str(shown["targets"]))
    desk.screen.touch("staff")
    desk.screen.wait_for_screen("LoginView")
    desk.screen.touch("field", "staff")
    desk.screen.touch("clear")
    desk.press(*WANG)
    desk.screen.touch("field", "pin")
    desk.press(*PINS[WANG], "Return")
    desk.screen.wait_for_screen("MenuView")
    desk.screen.touch("other")
    desk.screen.wait_for_screen("SearchView")
    desk.press("d", "y")
    desk.screen.wait_for_screen("SearchView", query="dy")
    desk.press("Return")
    desk.screen.wait_for_screen("MenuView", chosen="M2")
    desk.screen.touch("invite")
    desk.screen.wait_for_screen("RatingView")

"""The real kiosk in a real window: what X and SDL make of a mouse and a keyboard counts once.

One kiosk process under Xvfb for all tests here; the input is XTEST's, which reaches the window
the way a real device's does.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from device_rig import identity as who

from demo.rehearsal import Rehearsal
from demo.stage import Stage
from device.store.briefing import Briefing
from protocol.configuration import Configuration, Hall, StaffMember, Window

REPEATING_S = 1.5
"""X repeats a held key after 0.66 s, 25 times a second."""


class Desk:
    """The kiosk's screen, and a mouse and a keyboard before it."""

    def __init__(self, display: str, screen: Rehearsal) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        self.screen = screen

    def x(self, *words: str | int) -> None:
        """Have xdotool do something."""
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, env=self._environment, check=True)

    def click(self, name: str, value: int | str | None = None) -> None:
        self.x("mousemove", *self.screen.place(name, value), "mousedown", 1, "sleep", 0.06)
        self.x("mouseup", 1)

    def idle(self) -> None:
        """Leave whatever is on the screen."""
        for _ in range(4):
            shown = self.screen.wait_for("a settled page", lambda shown: shown["settled"])
            if shown["screen"] == "IdleView":
                return
            self.x("key", "Escape")
            time.sleep(0.3)
        pytest.fail("the idle screen does not come back")


@pytest.fixture(scope="module")
def kiosk(display: str, new_home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = new_home()
    document = Configuration(
        device=who().device,
        version=1,
        hall=Hall("BH", "滨河区政务服务中心"),
        window=Window("BH-012", "12", "0317"),
        staff=(StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),),
        matters=(),
    )
    with closing(Briefing(home)) as briefing:
        briefing.apply(document, b"signed", "v1")
    stage = Stage(tmp_path_factory.mktemp("kiosk"), {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    stage.device_data, stage.address = home.root, "http://127.0.0.1:9"
    stage.make_device("--size", "1280x800")
    stage.start_kiosk()
    stage.rehearsal.wait_for_screen("IdleView")
    yield Desk(display, stage.rehearsal)
    stage.close()
    shutil.rmtree(home.root, ignore_errors=True)


@pytest.fixture
def desk(kiosk: Desk) -> Desk:
    kiosk.idle()
    return kiosk


def at_the_question(desk: Desk) -> Rehearsal:
    desk.x("key", "Return")
    desk.screen.wait_for_screen("RatingView", chosen=None)
    return desk.screen


def in_focus(desk: Desk) -> list[object] | None:
    found: list[object] | None = desk.screen.look()["focus"]
    return found


def test_a_key_that_is_held_down_is_one_press(desk: Desk):
    at_the_question(desk)
    desk.x("keydown", "Tab", "sleep", REPEATING_S)
    desk.x("keyup", "Tab")
    first = in_focus(desk)
    assert first is not None
    desk.x("key", "Tab")
    assert in_focus(desk) not in (first, None)
    desk.x("key", "shift+Tab")
    assert in_focus(desk) == first


def test_a_level_key_that_is_held_down_is_one_level_and_nothing_after_it(desk: Desk):
    at_the_question(desk)
    desk.x("keydown", "1", "sleep", 2.5)
    desk.x("keyup", "1")
    assert desk.screen.wait_for_screen("ReasonsView")["view"]["level"] == 1
    assert in_focus(desk) is None


def test_a_click_is_a_press_and_its_motion_nothing(desk: Desk):
    at_the_question(desk)
    for name, value in (("level", 5), ("level", 1), ("decline", None)):
        desk.x("mousemove", *desk.screen.place(name, value))
    desk.click("level", 4)
    assert desk.screen.wait_for_screen("ReasonsView")["view"]["level"] == 4


def test_a_click_that_slides_off_its_key_counts_for_nothing(desk: Desk):
    screen = at_the_question(desk)
    desk.x("mousemove", *screen.place("level", 5), "mousedown", 1, "sleep", 0.1)
    desk.x("mousemove", *screen.place("level", 4), "sleep", 0.1, "mouseup", 1)
    time.sleep(0.6)
    assert screen.look()["view"]["chosen"] is None
    assert screen.look()["screen"] == "RatingView"


def test_a_click_that_slides_off_and_comes_back_counts(desk: Desk):
    screen = at_the_question(desk)
    there = screen.place("level", 5)
    desk.x("mousemove", *there, "mousedown", 1, "sleep", 0.1)
    desk.x("mousemove", *screen.place("level", 4), "sleep", 0.1, "mousemove", *there)
    desk.x("sleep", 0.1, "mouseup", 1)
    assert screen.wait_for_screen("ReasonsView")["view"]["level"] == 5


def test_a_click_of_no_length_is_a_spike(desk: Desk):
    screen = at_the_question(desk)
    desk.x("mousemove", *screen.place("level", 5), "click", 1)
    time.sleep(0.6)
    assert screen.look()["screen"] == "RatingView"


def test_a_finger_and_a_mouse_at_one_place_are_one_press(desk: Desk):
    """Some panels give both, whatever SDL was told (SDL#14656)."""
    screen = at_the_question(desk)
    assert screen.look()["appearance"] == "standard"
    x, y = screen.place("appearance", "large")
    screen.ask(do="finger", x=x, y=y, down=True)
    desk.x("mousemove", x, y, "mousedown", 1, "sleep", 0.06)
    screen.ask(do="finger", x=x, y=y, down=False)
    desk.x("mouseup", 1)
    screen.wait_for("larger texts", lambda shown: shown["appearance"] == "large")
    time.sleep(0.3)
    assert screen.look()["appearance"] == "large"

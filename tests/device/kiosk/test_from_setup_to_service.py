"""The real kiosk from its first start on a new device to the first question, and its check screen.

One process throughout: what is being set up around it, it finds by itself.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import enrol_by_hand
from device_rig import identity as who

from demo.stage import Stage
from device.kiosk.support import NoCheck, ask_for_check, take_picture
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.schema import migrate
from device.store.setup import SetupState, write_state
from protocol.configuration import Configuration, Hall, StaffMember, Window

DOCUMENT = Configuration(
    device=who().device,
    version=1,
    hall=Hall("BH", "滨河区政务服务中心"),
    window=Window("BH-012", "12", "0317"),
    staff=(StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),),
    matters=(),
)


@pytest.fixture(scope="module")
def new_device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A kiosk that was started while nothing but its folders is there."""
    folder = tmp_path_factory.mktemp("new")
    setup = folder / "setup.json"
    stage = Stage(folder, {"SDL_VIDEODRIVER": "dummy", "HAOCHAPING_SETUP": str(setup)})
    stage.device_data, stage.address = folder / "data", "http://127.0.0.1:9"
    Home(stage.device_data).prepare()
    stage.make_device("--size", "800x480")
    write_state(setup, SetupState("NO_NETWORK", "eth0 has no carrier", 8, 9))
    stage.start_kiosk("--mock-gpio")
    yield stage
    stage.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_new_device_goes_from_setting_up_to_service_by_itself(new_device: Stage, tmp_path: Path):
    screen, home = new_device.rehearsal, Home(new_device.device_data)
    screen.wait_for_screen("SetupView")

    screen.touch("language", "en")
    screen.wait_for("English", lambda shown: shown["language"] == "en")
    screen.touch("appearance", "large")
    screen.wait_for("large texts", lambda shown: shown["appearance"] == "large")

    # A technician may test the panel before there is a network.
    ask_for_check(home.support, True, 5)
    screen.wait_for_screen("CheckView", page="findings", minutes=5)
    assert screen.look()["language"] == "en"
    take_picture(home.support, tmp_path / "check.png")
    screen.press("check", 2.3)
    screen.wait_for_screen("SetupView")

    migrate(home)
    enrol_by_hand(home)
    write_state(new_device.folder / "setup.json", SetupState("ENROLLED_NO_CONFIG"))
    screen.wait_for("the reception", lambda shown: shown["state"] == "idle")
    assert screen.look()["screen"] == "SetupView"

    with closing(Briefing(home)) as briefing:
        briefing.apply(DOCUMENT, b"signed", "v1")
    screen.wait_for_screen("IdleView")

    screen.touch("rate")
    screen.wait_for_screen("RatingView")
    with pytest.raises(NoCheck, match="somebody is at the screen"):
        ask_for_check(home.support, True)
    assert screen.look()["screen"] == "RatingView"

    # Retired while a citizen is rating: they finish, then nobody is asked any more.
    with closing(Briefing(home)) as briefing:
        briefing.set_online(False, retired=True)
        screen.touch("level", 5)
        screen.wait_for_screen("ReasonsView")
        screen.touch("skip")
        screen.wait_for_screen("ThanksView")
        screen.touch("done")
        screen.wait_for_screen("SetupView")
        take_picture(home.support, tmp_path / "retired.png")
        screen.press(5)
        screen.press("next")
        assert screen.look()["screen"] == "SetupView"
        briefing.set_online(True)
    screen.wait_for_screen("IdleView")

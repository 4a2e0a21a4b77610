"""Names of people and halls are shown whole as long as that is possible."""

import pytest
from panels import UPRIGHT, dressed, look_of
from sample_views import STAFF, idle, notice

from device.kiosk.screens import Scene, compose
from device.kiosk.screens.marks import Text
from device.kiosk.views import StaffCard, View

LONG_HALL = "中国（浙江）自由贸易试验区杭州片区钱塘区块政务服务中心"
UYGHUR = StaffCard("A-0317", "阿卜杜热合曼·买买提依明", "综合窗口", "不动产登记")
ENGLISH = StaffCard("0317", "Christopher Montgomery-Smith", "Adviser", "Foreign experts")

every_panel = pytest.mark.parametrize("size", UPRIGHT, ids="{0[0]}x{0[1]}".format)
every_appearance = pytest.mark.parametrize("appearance", ["standard", "large", "contrast"])


def composed(view: View, size: tuple[int, int], appearance: str) -> Scene:
    return compose(dressed(view, "zh-CN", appearance), look_of(size, appearance))


def words(scene: Scene) -> list[str]:
    return [laid.mark.words for laid in scene.laid_out() if isinstance(laid.mark, Text)]


def with_staff(staff: StaffCard, window: str = "12", hall: str = LONG_HALL) -> View:
    view = idle()
    chrome = view.chrome._replace(staff=staff, window=window, hall=hall)
    return view._replace(chrome=chrome)


@every_panel
@every_appearance
@pytest.mark.parametrize("staff", [STAFF, UYGHUR, ENGLISH], ids=lambda staff: staff.name)
def test_names_on_the_idle_screen_are_never_cut(
    staff: StaffCard, appearance: str, size: tuple[int, int]
) -> None:
    shown = words(composed(with_staff(staff), size, appearance))
    whole = "".join(shown)
    assert staff.name.replace(" ", "") in whole.replace(" ", "")
    assert LONG_HALL in whole
    assert "…" not in whole


@every_panel
@every_appearance
def test_a_transliterated_name_breaks_where_its_parts_meet(
    appearance: str, size: tuple[int, int]
) -> None:
    shown = words(composed(with_staff(UYGHUR), size, appearance))
    assert "阿卜杜热合曼·" in shown
    assert "买买提依明" in shown


@every_panel
@every_appearance
@pytest.mark.parametrize("window", ["1", "A12", "综合3"])
def test_a_windows_number_is_one_line(window: str, appearance: str, size: tuple[int, int]) -> None:
    assert window in words(composed(with_staff(STAFF, window), size, appearance))


@every_panel
@every_appearance
def test_a_hall_with_a_long_name_tells_it_on_notices_too(
    appearance: str, size: tuple[int, int]
) -> None:
    view = notice("closed")
    view = view._replace(chrome=view.chrome._replace(hall=LONG_HALL))
    assert LONG_HALL in "".join(words(composed(view, size, appearance)))


@every_panel
@every_appearance
def test_a_notice_is_shown_whole_and_no_word_of_it_is_broken(
    appearance: str, size: tuple[int, int]
) -> None:
    shown = words(composed(idle(), size, appearance))
    begin = next(index for index, line in enumerate(shown) if line.startswith("6月起"))
    said: list[str] = []
    while "".join(said).replace(" ", "") != idle().notices[0].replace(" ", ""):
        said.append(shown[begin + len(said)])
    assert any("照常办理" in line for line in said)
    assert any("不动产" in line for line in said)

"""Staff say why their window pauses; citizens see that it does, and not why."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.menu import grid
from device.kiosk.screens.names import least
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.screens.staff_page import header, way_back
from device.kiosk.views import PauseView


def compose(view: PauseView, look: Look) -> Scene:
    """Lay the reasons out."""
    sheet, places = Sheet(look, view.chrome.language), look.layout.pause
    header(sheet, view.chrome, "pause")
    room, colours = places.reasons[2], sheet.colours
    sheet.write_fitted(
        sheet.words("pause.why"), places.heading, places.heading_size, colours.ink, room, True,
        least=places.heading_size * 0.6,
    )  # fmt: skip
    words = sheet.words("pause.sub")
    sheet.write_fitted(
        words, places.sub, places.sub_size, colours.ink2, room, rows=2, least=least(sheet, words)
    )
    rows = max(1, -(-len(view.reasons) // places.columns))
    x, y, width, height = places.reasons
    height = min(height, rows * places.tallest + (rows - 1) * places.gap)
    boxes = grid((x, y, width, height), places.columns, rows, places.gap)
    reach = (places.gap / 2, places.gap / 2)
    for reason, box in zip(view.reasons, boxes, strict=False):
        key = word_key(look, sheet.language, reason, box[2:], places.words, rows=2)
        sheet.key(box, Action("reason", reason), key, reach)
    way_back(sheet)
    if is_keyed(view.chrome):
        legend(sheet, view.chrome, "keys.leave", "")
    return sheet.scene("pause")

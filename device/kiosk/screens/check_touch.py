"""The check screen's touch grid: every place can be reached, and the picture is not turned.

The grid fills the whole screen. The card on it moves to the lower half once all cells around
it are reached, so that those under it can be too.
"""

from device.core.corners import CORNERS, Verdict
from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.layout.check import cell_box
from device.kiosk.screens.header import badges
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.names import least
from device.kiosk.screens.sheet import Sheet
from device.kiosk.technician_views import CheckTouch, CheckView

_TURNED = {
    Verdict.TURNED_90: 90,
    Verdict.TURNED_180: 180,
    Verdict.TURNED_270: 270,
}


def grid(sheet: Sheet, view: CheckView) -> None:
    """Draw the cells, where fingers are, and the card."""
    touch, (columns, rows) = view.touch, (view.touch.columns, view.touch.rows)
    asked = _asked_cell(touch)
    for cell in range(columns * rows):
        box = cell_box(sheet.look.layout.size, (columns, rows), cell)
        _cell(sheet, box, cell in touch.reached, cell == asked)
    _crosses(sheet, touch)
    places = sheet.look.layout.check
    x, y, width, height = places.card
    _card(sheet, view, (x, places.card_low if touch.low else y, width, height))
    middle = (sheet.look.layout.size[0] // 2, round(least(sheet)))
    badges(sheet, view.chrome, middle, brief=True)


def _asked_cell(touch: CheckTouch) -> int | None:
    if touch.corner is None:
        return None
    across, down = CORNERS[touch.corner]
    return down * (touch.rows - 1) * touch.columns + across * (touch.columns - 1)


def _cell(sheet: Sheet, box: Box, reached: bool, asked: bool) -> None:
    x, y, width, height = box
    colours, sizes = sheet.colours, sheet.sizes
    inner, middle = (x + 2, y + 2, width - 4, height - 4), (x + width / 2, y + height / 2)
    if asked:
        sheet.panel(inner, sizes.radius // 3, colours.accent)
        sheet.icon("pick", middle, min(width, height) * 0.7, colours.on_accent, 2.4)
    elif reached:
        sheet.panel(inner, sizes.radius // 3, colours.tint, colours.accent, sizes.border)
        sheet.icon("check", middle, min(width, height) * 0.4, colours.accent, 3)
    else:
        sheet.panel(inner, sizes.radius // 3, colours.surface, colours.line, sizes.border)
        side = round(min(width, height) * 0.1)
        dot = (round(middle[0] - side / 2), round(middle[1] - side / 2), side, side)
        sheet.panel(dot, side // 2, colours.line)


def _crosses(sheet: Sheet, touch: CheckTouch) -> None:
    """Draw a cross of lines through each finger, as wide and high as the canvas."""
    width, height = sheet.look.layout.size
    for x, y in touch.points:
        across, down = round(x / sheet.look.unit), round(y / sheet.look.unit)
        sheet.block((0, down - 1, width, 2), sheet.colours.ink)
        sheet.block((across - 1, 0, 2, height), sheet.colours.ink)


def _card(sheet: Sheet, view: CheckView, box: Box) -> None:
    places, sizes, colours, touch = sheet.look.layout.check, sheet.sizes, sheet.colours, view.touch
    x, y, width, height = box
    sheet.panel(box, sizes.radius_card, colours.paper, colours.ink, sizes.border)
    pad = max(12, sizes.gap)
    middle, room = x + width / 2, width - 2 * pad
    key = places.card_key
    upper = height - key - 1.5 * pad
    title, below = _said(sheet, touch)
    words = sheet.fill(title, sizes.body, True, (room, upper * 0.5), 1.2, least(sheet, title))
    under = sheet.fill(below, sizes.smallest, False, (room, upper * 0.36), 1.2, least(sheet, below))
    heights = [text.size * (1 + 1.2 * (len(text.lines) - 1)) for text in (words, under)]
    top = y + pad / 2 + (upper - sum(heights) - 0.5 * under.size) / 2
    at = (middle, top + heights[0] / 2)
    sheet.write_lines(words, at, colours.ink, True, 0.5, spacing=1.2)
    at = (middle, top + heights[0] + 0.5 * under.size + heights[1] / 2)
    sheet.write_lines(under, at, colours.ink2, False, 0.5, spacing=1.2)
    back = (x + width // 4, y + height - key - pad, width // 2, key)
    word = word_key(
        sheet.look, sheet.language, "back", back[2:], sizes.control, raised=False, icon="chevron"
    )
    sheet.key(back, Action("check-page", "findings"), word, (6, 6))


def _said(sheet: Sheet, touch: CheckTouch) -> tuple[str, str]:
    """Return what the card asks for, and what it tells."""
    cells = touch.columns * touch.rows
    reached = sheet.words("check.reached", n=len(touch.reached), all=cells)
    if touch.points:
        reached += f" · {touch.points[-1][0]}, {touch.points[-1][1]}"
    if touch.corner is not None:
        return sheet.words("check.corner", n=touch.corner + 1), reached
    verdict = Verdict(touch.verdict)
    if verdict is Verdict.RIGHT:
        done = len(touch.reached) == cells
        return sheet.words("check.complete" if done else "check.swipe"), reached
    if verdict in _TURNED:
        wrong = sheet.words("check.corner.turned", n=_TURNED[verdict])
    elif verdict is Verdict.UNCLEAR:
        wrong = sheet.words("check.corner.unclear")
    else:
        wrong = sheet.words(f"check.corner.{verdict}")
    return wrong, sheet.words("check.corner.fix")

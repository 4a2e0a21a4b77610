"""The reason tags of the chosen level; several or none, and the way back.

Heading, places and keys are the same for all levels. The chosen level is shown once and
small, beside the key to change it, so that nobody reads it over a shoulder.
"""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import chip, word_key
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.text import above_baseline
from device.kiosk.views import ReasonsView


def compose(view: ReasonsView, look: Look) -> Scene:
    """Lay the tags out."""
    sheet = Sheet(look, view.chrome.language)
    staff_header(sheet, view.chrome)
    _title(sheet)
    _yours(sheet, view.level)
    for tag, box in zip(view.tags, _chip_boxes(look, len(view.tags)), strict=False):
        key = chip(look, sheet.language, tag, box[2:], tag in view.picked)
        reach = (sheet.sizes.gap // 2, look.layout.reasons.row_gap // 2)
        sheet.key(box, Action("tag", tag), key, reach)
    _side_keys(sheet)
    return sheet.scene("reasons")


def _title(sheet: Sheet) -> None:
    places, colours = sheet.look.layout.reasons, sheet.colours
    left, middle = places.title
    right = places.chips[0] + places.chips[2]
    width = sheet.write(sheet.words("why"), places.title, places.title_size, colours.ink, True)
    lower = above_baseline(places.title_size) - above_baseline(28)
    at = left + width + 32
    sheet.write_fitted(sheet.words("why.sub"), (at, middle + lower), 28, colours.ink2, right - at)


def _yours(sheet: Sheet, level: int) -> None:
    places, sizes, colours = sheet.look.layout.reasons, sheet.sizes, sheet.colours
    sheet.stamp(sheet.look.faces.face(level, sizes.face_small), *places.face)
    room = sheet.look.layout.size[0] - sizes.margin - places.yours[0]
    sheet.write_fitted(sheet.words("yours"), places.yours, sizes.smallest, colours.ink2, room)
    sheet.write_fitted(sheet.words(f"level.{level}"), places.level, 28, colours.ink, room, True)


def _chip_boxes(look: Look, count: int) -> list[Box]:
    """Return the places of ``count`` chips, row by row."""
    places, gap = look.layout.reasons, look.theme.sizes.gap
    x, y, w, h = places.chips
    width = (w - gap * (places.columns - 1)) // places.columns
    height = (h - places.row_gap * (places.rows - 1)) // places.rows
    return [
        (
            x + index % places.columns * (width + gap),
            y + index // places.columns * (height + places.row_gap),
            width,
            height,
        )
        for index in range(min(count, places.columns * places.rows))
    ]


def _side_keys(sheet: Sheet) -> None:
    """Place the keys in line with the rows of chips; submitting takes the last two rows."""
    places, sizes = sheet.look.layout.reasons, sheet.sizes
    x, y, width, whole = places.side
    gap = places.row_gap
    row = (whole - gap * (places.rows - 1)) // places.rows
    reach = (sizes.gap // 2, gap // 2)
    change, skip = (x, y, width, row), (x, y + row + gap, width, row)
    top = y + 2 * (row + gap)
    submit = (x, top, width, y + whole - top)
    look, language = sheet.look, sheet.language
    key = word_key(
        look, language, "change", change[2:], sizes.body, raised=False, bold=False, icon="chevron"
    )
    sheet.key(change, Action("change"), key, reach)
    key = word_key(look, language, "skip", skip[2:], sizes.body, raised=False, bold=False)
    sheet.key(skip, Action("skip"), key, reach)
    key = word_key(look, language, "submit", submit[2:], sizes.key, primary=True)
    sheet.key(submit, Action("submit"), key, reach)

"""What the pages for staff share: their header with the way back, and how a problem is told."""

from device.kiosk.actions import Action
from device.kiosk.layout import Box, Kind
from device.kiosk.screens.header import beneath, sign
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed
from device.kiosk.screens.names import least
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import Chrome


def header(sheet: Sheet, chrome: Chrome, title: str = "", right: float = 0) -> float:
    """Show the window's sign and ``title`` (a text's key); return the left edge of the way
    back, for which `way_back` is still to be called.

    The title ends at ``right``, or before the way back. No keys for language and appearance:
    staff have found them on the open window.
    """
    places, sizes = sheet.look.layout.header, sheet.sizes
    left = sheet.look.layout.size[0] - sizes.margin - places.side_width
    sign(sheet, chrome.window)
    if title:
        start = places.hall_left if chrome.window else sizes.margin
        size, room = places.name * (1.15 if sheet.look.layout.design.large else 1.2), right or left
        sheet.write_fitted(
            sheet.words(title), (start, places.single), size, sheet.colours.ink,
            room - sizes.gap - start, True, rows=2, least=least(sheet),
        )  # fmt: skip
    keyed = is_keyed(chrome) or sheet.look.layout.design.kind is Kind.TALL
    beneath(sheet, chrome, keyed)
    return left


def way_back(sheet: Sheet, action: str = "back") -> None:
    """Place the key to go back; last, so that whoever walks by keys comes to it last."""
    places, sizes = sheet.look.layout.header, sheet.sizes
    left = sheet.look.layout.size[0] - sizes.margin - places.side_width
    box = (left, places.control_top, places.side_width, places.control_height)
    header_key(sheet, box, "back", Action(action), "chevron")


def header_key(sheet: Sheet, box: Box, text: str, action: Action, icon: str) -> None:
    """Place a flat key of the header; the sign where there is room for it."""
    places = sheet.look.layout.header
    wide = sheet.look.layout.design.kind is Kind.WIDE
    key = word_key(
        sheet.look, sheet.language, text, box[2:], sheet.sizes.control,
        raised=False, bold=False, icon=icon if wide else "", rows=2,
    )  # fmt: skip
    below = places.height - places.control_top - places.control_height
    sheet.key(box, action, key, (min(8, sheet.sizes.gap / 2), min(below + 4, 16)))


def problem(sheet: Sheet, box: Box, words: str, size: float, icon: str = "exclamation") -> None:
    """Say in ``box`` what is wrong: a frame, a sign and words."""
    sizes, colours = sheet.sizes, sheet.colours
    x, y, width, height = box
    sheet.panel(box, sizes.radius_chip, colours.surface, colours.ink, sizes.border)
    side, pad = size * 1.2, 0.5 * size
    sheet.icon(icon, (x + pad + side / 2, y + height / 2), side, colours.ink)
    left = x + 1.6 * pad + side
    room = (x + width - pad - left, height - 2 * sizes.border - 0.3 * size)
    fitted = sheet.fill(words, size, True, room, 1.25, least(sheet, words))
    sheet.write_lines(fitted, (left, y + height / 2), colours.ink, True, spacing=1.25)

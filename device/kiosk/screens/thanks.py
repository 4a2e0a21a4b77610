"""One identical thank-you for every level: its view carries none."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.codes import code_image
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import ThanksView


def compose(view: ThanksView, look: Look) -> Scene:
    """Lay the thank-you out."""
    sheet = Sheet(look, view.chrome.language)
    places, colours, sizes = look.layout.thanks, sheet.colours, sheet.sizes
    staff_header(sheet, view.chrome)
    x, y, w, h = places.mark
    sheet.icon("done", (x + w // 2, y + h // 2), w, colours.accent)
    right = places.divider[0] + places.divider[2]
    room = right - places.title[0]
    sheet.write_fitted(sheet.words("thx"), places.title, sizes.question, colours.ink, room, True)
    below = "thx.sub" if view.chrome.online else "thx.offline"
    sheet.write_fitted(sheet.words(below), places.subtitle, sizes.body, colours.ink2, room)
    sheet.block(places.divider, colours.hair)
    sheet.write(sheet.words("receipt"), places.receipt, 28, colours.ink2)
    _code(sheet, view.code)
    key = word_key(look, sheet.language, "done", places.done[2:], 46)
    sheet.key(places.done, Action("done"), key)
    sheet.write_fitted(
        sheet.words("auto"), places.auto, 28, colours.ink2, right - places.auto[0], rows=2
    )
    if view.qr:
        _addition(sheet, view)
    return sheet.scene("thanks")


def _code(sheet: Sheet, code: str) -> None:
    """Write the receipt code in two groups, letters apart, as it is read out."""
    places = sheet.look.layout.thanks
    x, y = places.code
    for index, character in enumerate(code):
        if index and index % 4 == 0:
            x += places.code_size // 3
        x += sheet.write(character, (x, y), places.code_size, sheet.colours.ink, True)
        x += places.code_size // 20


def _addition(sheet: Sheet, view: ThanksView) -> None:
    places, colours, sizes = sheet.look.layout.thanks, sheet.colours, sheet.sizes
    x, _, w, _ = places.card
    sheet.panel(places.card, sizes.radius_card, colours.surface, colours.hair)
    left, top, side, _ = places.qr
    image = code_image(sheet.look, view.qr, side)
    inset = (side - image.get_width()) // 2
    sheet.stamp(image, left + inset, top + inset)
    words, room = sheet.words("qr.receipt"), w - 48 - 62
    text = sheet.look.text.fit(words, 40, True, room)
    if text.lines[0] != words:
        text = sheet.look.text.balance(words, sizes.body, True, room, 2)
    widest = max(sheet.look.text.width(line, text.size, True) for line in text.lines)
    at = x + (w - 62 - widest) // 2
    add = places.add - 8 * (len(text.lines) - 1)
    sheet.icon("phone", (at + 22, add), 44, colours.accent)
    sheet.write_set(text, (at + 62, add), colours.ink, True)
    middle = x + w // 2
    sheet.write_fitted(
        sheet.words("valid", days=view.valid_days),
        (middle, places.valid),
        32,
        colours.ink2,
        w - 48,
        align=0.5,
    )

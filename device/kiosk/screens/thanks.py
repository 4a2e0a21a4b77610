"""One identical thank-you for every level: its view carries none."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.codes import code_image
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import ThanksView


def compose(view: ThanksView, look: Look) -> Scene:
    """Lay the thank-you out."""
    sheet = Sheet(look, view.chrome.language)
    places, colours = look.layout.thanks, sheet.colours
    staff_header(sheet, view.chrome, keyed=is_keyed(view.chrome))
    _said(sheet, view.chrome.online, bool(view.qr))
    if view.qr:
        _addition(sheet, view)
    if places.inside and not view.qr:
        _receipt_alone(sheet, view.code)
    else:
        sheet.block(places.divider, colours.hair)
        _receipt(sheet, view.code)
    key = word_key(look, sheet.language, "done", places.done[2:], places.done_size)
    sheet.key(places.done, Action("done"), key)
    at, align = places.auto[0], places.auto_align
    room = places.right - at if not align else places.done[2]
    fitted = sheet.fit(sheet.words("auto"), places.auto_size, False, room, places.auto_rows)
    sheet.write_lines(fitted, places.auto, colours.ink2, align=align)
    legend(sheet, view.chrome, "", "keys.done")
    return sheet.scene("thanks")


def _said(sheet: Sheet, online: bool, beside: bool) -> None:
    """Say thank you, and where the rating is now; ``beside`` a code there is less room."""
    places, colours = sheet.look.layout.thanks, sheet.colours
    x, y, side, _ = places.mark
    sheet.icon("done", (x + side / 2, y + side / 2), side, colours.accent)
    end = places.right if beside else sheet.look.layout.size[0] - sheet.sizes.margin
    room, size = end - places.title[0], places.title_size
    sheet.write_fitted(
        sheet.words("thx"), places.title, size, colours.ink, room, True, least=size * 0.6
    )
    words = sheet.words("thx.sub" if online else "thx.offline")
    sheet.write_fitted(words, places.sub, places.sub_size, colours.ink2, room)


def _receipt(sheet: Sheet, code: str) -> None:
    """Write the receipt code and what it is."""
    places = sheet.look.layout.thanks
    x, y = places.code
    left = x - _code_width(sheet, code) * places.code_align
    _code(sheet, code, left, y)
    room = (left if places.code_align else places.right) - places.receipt[0] - sheet.sizes.gap
    rows = 2 if places.code_align else 1
    fitted = sheet.balance(sheet.words("receipt"), places.receipt_size, False, room, rows)
    sheet.write_lines(fitted, places.receipt, sheet.colours.ink2, spacing=1.15)


def _receipt_alone(sheet: Sheet, code: str) -> None:
    """Show the receipt code where no code for phones stands above it."""
    places, colours, sizes = sheet.look.layout.thanks, sheet.colours, sheet.sizes
    x, top, width, height = places.card
    box = (x, top + height // 4, width, height // 2)
    sheet.panel(box, sizes.radius_card, colours.surface, colours.hair)
    middle = x + width / 2
    at = (middle, top + height * 0.4)
    sheet.write(sheet.words("receipt"), at, places.receipt_size, colours.ink2, align=0.5)
    _code(sheet, code, middle - _code_width(sheet, code) / 2, top + height * 0.57)


def _code_width(sheet: Sheet, code: str) -> float:
    size = sheet.look.layout.thanks.code_size
    letters = sum(sheet.width(character, size, True) for character in code)
    return letters + len(code) * size / 20 + (len(code) - 1) // 4 * size / 3


def _code(sheet: Sheet, code: str, x: float, y: float) -> None:
    """Write the receipt code in two groups, letters apart, as it is read out."""
    size = sheet.look.layout.thanks.code_size
    for index, character in enumerate(code):
        if index and index % 4 == 0:
            x += size / 3
        x += sheet.write(character, (x, y), size, sheet.colours.ink, True) + size / 20


def _addition(sheet: Sheet, view: ThanksView) -> None:
    """Show the code that leads a phone to this receipt, and what it is good for."""
    places, colours, sizes = sheet.look.layout.thanks, sheet.colours, sheet.sizes
    x, _, w, _ = places.card
    sheet.panel(places.card, sizes.radius_card, colours.surface, colours.hair)
    left, top, side, _ = places.qr
    image = code_image(sheet.look, view.qr, side)
    sheet.stamp(image, left + side / 2, top + side / 2, 0.5, 0.5)
    room, valid = w - 2 * sizes.pad, sheet.words("valid", days=view.valid_days)
    phone, gap = round(places.add_size * 1.1), sizes.gap
    fitted = sheet.fit(sheet.words("qr.receipt"), places.add_size, True, room - phone - gap, 2)
    wide = max(sheet.width(line, fitted.size, True) for line in fitted.lines)
    at = x + (w - phone - gap - wide) / 2
    sheet.icon("phone", (at + phone / 2, places.add), phone, colours.accent)
    sheet.write_lines(fitted, (at + phone + gap, places.add), colours.ink, True, spacing=1.2)
    if places.valid:
        middle = (x + w / 2, places.valid)
        sheet.write_fitted(valid, middle, places.valid_size, colours.ink2, room, align=0.5)

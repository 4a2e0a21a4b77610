"""The number for a call-back: the same page whatever the level, and gone when it is left.

The digits are written one by one, from ten pictures that all numbers share: a picture of
the number would stay among the kept ones long after the citizen has gone.
"""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.number_pad import number_pad
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import CallbackView


def compose(view: CallbackView, look: Look) -> Scene:
    """Lay the pad out."""
    sheet = Sheet(look, view.chrome.language)
    staff_header(sheet, view.chrome, side="back", keyed=is_keyed(view.chrome))
    _words(sheet, view.saved)
    _field(sheet, view)
    _note(sheet, view.problem)
    places = look.layout.callback
    number_pad(sheet, places.pad, places.pad_size, places.clear_size, places.reach)
    _keys(sheet, view.complete)
    legend(sheet, view.chrome, "keys.nocall", "keys.confirm")
    return sheet.scene("callback")


def _words(sheet: Sheet, saved: bool) -> None:
    places, colours = sheet.look.layout.callback, sheet.colours
    size, room = places.heading_size, places.right - places.heading[0]
    sheet.write_fitted(
        sheet.words("cb.q"), places.heading, size, colours.ink, room, True, least=size * 0.6
    )
    if places.sub is not None:
        words, room = sheet.words("cb.saved" if saved else "cb.sub"), places.right - places.sub[0]
        fitted = sheet.fit(words, places.sub_size, False, room, 2)
        sheet.write_lines(fitted, places.sub, colours.ink2, spacing=1.2)
    if places.label is not None:
        sheet.write(sheet.words("cb.label"), places.label, places.label_size, colours.ink2)


def _field(sheet: Sheet, view: CallbackView) -> None:
    """Show what has been typed, and where the next digit will stand."""
    places, sizes, colours = sheet.look.layout.callback, sheet.sizes, sheet.colours
    x, y, width, height = places.field
    sheet.panel(places.field, sizes.radius_chip, colours.surface, colours.accent, sizes.border_chip)
    size, middle = places.digits, y + height / 2
    at: float = x + 0.28 * height
    step = sheet.width("0", size, True) * 1.04
    for character in view.digits:
        if character.isdigit():
            sheet.write(character, (at, middle), size, colours.ink, True)
        at += step if character.isdigit() else 0.6 * step
    caret = (round(at + 4), round(middle - size * 0.46), 4, round(size * 0.92))
    sheet.block(caret, colours.accent)
    if view.digits:
        return
    small, left, right = places.label_size, at + 0.4 * height, x + width - sizes.gap
    if view.saved:
        side = small * 1.2
        sheet.icon("check", (left + side / 2, middle), side, colours.ink2)
        left += side + sizes.gap / 2
        sheet.write_fitted(
            sheet.words("callback.done"), (left, middle), small, colours.ink2, right - left
        )
    elif places.label is None:
        sheet.write_fitted(
            sheet.words("cb.label"), (left, middle), small, colours.ink2, right - left
        )


def _note(sheet: Sheet, problem: str) -> None:
    """Say what becomes of the number, or what is wrong with it."""
    places, sizes, colours = sheet.look.layout.callback, sheet.sizes, sheet.colours
    x, y, width, height = places.note
    size, pad = places.note_size, sizes.radius
    if problem:
        sheet.panel(places.note, sizes.radius_chip, colours.surface, colours.ink, sizes.border)
    else:
        sheet.panel(places.note, sizes.radius_chip, colours.tint)
    side = round(size * 1.4)
    sign, ink = ("exclamation", colours.ink) if problem else ("lock", colours.accent)
    sheet.icon(sign, (x + pad + side / 2, y + height / 2), side, ink)
    left = x + pad + side + 0.8 * pad
    room = (x + width - 0.6 * pad - left, height - 8)
    words = sheet.words(problem or "cb.privacy")
    fitted = sheet.fill(words, size, True, room, 1.3, 0.8 * size)
    sheet.write_lines(fitted, (left, y + height / 2), colours.ink, True, spacing=1.3)


def _keys(sheet: Sheet, complete: bool) -> None:
    places, look = sheet.look.layout.callback, sheet.look
    reach = (places.reach, places.reach)
    key = word_key(
        look, sheet.language, "cb.no", places.nocall[2:], places.clear_size,
        raised=False, bold=False, rows=2,
    )  # fmt: skip
    sheet.key(places.nocall, Action("nocall"), key, reach)
    key = word_key(
        look, sheet.language, "cb.ok", places.confirm[2:], places.confirm_size,
        primary=True, idle=not complete,
    )  # fmt: skip
    sheet.key(places.confirm, Action("confirm"), key, reach)

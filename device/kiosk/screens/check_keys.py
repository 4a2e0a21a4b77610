"""The check screen's page of buttons, sound and keyboard."""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.names import least
from device.kiosk.screens.sheet import Sheet
from device.kiosk.technician_views import CheckKey, CheckView

_EXTRAS = ("skip", "next", "check")


def keys(sheet: Sheet, view: CheckView) -> None:
    """Draw every button with what became of it, the key for the sound, and what was typed."""
    places = sheet.look.layout.check
    known = {key.name: key for key in view.keys}
    for level, box in zip(range(5, 0, -1), places.keys, strict=True):
        _button(sheet, known.get(str(level)) or CheckKey(str(level), None), level, box)
    for name, box in zip(_EXTRAS, places.extras, strict=True):
        _extra(sheet, known.get(name) or CheckKey(name, None), box)
    _typed(sheet, view.typed)
    words = sheet.words(view.sound or "check.sound")
    sound = word_key(
        sheet.look, sheet.language, "check.sound", places.sound[2:], sheet.sizes.control,
        raised=False, bold=False, icon="sound", rows=2, words_given=words,
    )  # fmt: skip
    sheet.key(places.sound, Action("check-sound"), sound, (6, 8))


def _frame(sheet: Sheet, key: CheckKey, box: Box) -> None:
    """A button that is held has a thick frame, one that is not wired is flat."""
    colours, sizes = sheet.colours, sheet.sizes
    fill = colours.mute if key.pin is None else colours.tint if key.held else colours.surface
    border = colours.hair if key.pin is None else colours.accent if key.held else colours.line
    thick = sizes.border_chosen if key.held else sizes.border
    sheet.panel(box, sizes.radius, fill, border, thick)


def _said(sheet: Sheet, key: CheckKey) -> tuple[str, str]:
    """Return the sign for what became of a button, and the words."""
    if key.pin is None:
        return "minus", sheet.words("check.unwired")
    if key.stuck_s:
        return "exclamation", sheet.words("check.stuck", n=key.stuck_s)
    if key.held:
        return "pick", sheet.words("check.held")
    if key.presses:
        return "check", sheet.words("check.pressed", n=key.presses)
    return "waits", sheet.words("check.wait")


def _wired(sheet: Sheet, key: CheckKey) -> str:
    return "" if key.pin is None else sheet.words("check.gpio", pin=key.pin)


def _button(sheet: Sheet, key: CheckKey, level: int, box: Box) -> None:
    places, sizes = sheet.look.layout.check, sheet.sizes
    x, y, width, height = box
    _frame(sheet, key, box)
    sign, said = _said(sheet, key)
    bounced = sheet.words("check.bounced", n=key.bounces) if key.bounces else ""
    if places.abreast:
        sheet.face(level, (x + 16 + places.face / 2, y + height / 2), places.face)
        left, room = x + 32 + places.face, width - 48 - places.face
        lines = [_wired(sheet, key), bounced]
        small = "  ".join(filter(None, lines))
        _line(sheet, sign, said, (left, y + height * (0.3 if small else 0.5)), room, 0)
        if small:
            _small(sheet, small, (left, y + height * 0.72), room, 0)
        return
    middle, room = x + width / 2, width - 2 * max(8, sizes.pad)
    sheet.face(level, (middle, y + height * 0.06 + places.face / 2), places.face)
    below = y + height * 0.06 + places.face
    step = (y + height - below) / 4
    _small(sheet, _wired(sheet, key), (middle, below + step * 0.8), room, 0.5)
    _line(sheet, sign, said, (middle, below + step * 1.95), room, 0.5)
    if bounced:
        _small(sheet, bounced, (middle, below + step * 3.1), room, 0.5)


def _extra(sheet: Sheet, key: CheckKey, box: Box) -> None:
    x, y, width, height = box
    _frame(sheet, key, box)
    pad = max(10, sheet.sizes.pad)
    sign, said = _said(sheet, key)
    parts = (sheet.words(f"check.key.{key.name}"), _wired(sheet, key))
    named = "  ".join(filter(None, parts))
    if sheet.look.layout.check.abreast:
        half = width / 2 - pad
        _small(sheet, named, (x + pad, y + height / 2), half, 0)
        _line(sheet, sign, said, (x + width / 2 + pad, y + height / 2), half - pad, 0)
        return
    _small(sheet, named, (x + pad, y + height * 0.3), width - 2 * pad, 0)
    _line(sheet, sign, said, (x + pad, y + height * 0.7), width - 2 * pad, 0)


def _small(sheet: Sheet, words: str, place: tuple[float, float], room: float, align: float) -> None:
    size, smallest = sheet.sizes.smallest, least(sheet, words)
    if words:
        fitted = sheet.fit(words, size, False, room, 1, smallest)
        sheet.write_lines(fitted, place, sheet.colours.ink2, False, align)


def _line(
    sheet: Sheet, sign: str, words: str, place: tuple[float, float], room: float, align: float
) -> None:
    """Write what became of a button, beside its sign."""
    size, colours = sheet.sizes.small, sheet.colours
    side = least(sheet) * 1.2
    fitted = sheet.fit(words, size, True, room - side * 1.3, 1, least(sheet, words))
    wide = side * 1.3 + sheet.width(fitted.lines[0], fitted.size, True)
    left = place[0] - wide * align
    sheet.icon(sign, (left + side / 2, place[1]), side, colours.ink, 2.6)
    sheet.write_lines(fitted, (left + side * 1.3, place[1]), colours.ink, True)


def _typed(sheet: Sheet, typed: str) -> None:
    box, sizes, colours = sheet.look.layout.check.typed, sheet.sizes, sheet.colours
    x, y, width, height = box
    sheet.panel(box, sizes.radius_chip, colours.surface, colours.line, sizes.border)
    words = sheet.words("check.typed", name=typed) if typed else sheet.words("check.typed.none")
    pad, smallest = max(10, sizes.pad), least(sheet, words)
    fitted = sheet.fill(words, sizes.small, False, (width - 2 * pad, height - 24), 1.2, smallest)
    sheet.write_lines(fitted, (x + pad, y + height / 2), colours.ink, spacing=1.2)

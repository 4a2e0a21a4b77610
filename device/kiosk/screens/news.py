"""What is told on the idle screen beside the card: notices, or that only the keys go on."""

from functools import partial

from device.kiosk.screens.names import least, sizes_between, whole
from device.kiosk.screens.sheet import Fitted, Sheet
from device.kiosk.views import IdleView


def notices(sheet: Sheet, view: IdleView) -> None:
    """Show one notice, and by dots how many there are."""
    places, sizes, pad = sheet.look.layout.idle, sheet.sizes, sheet.look.layout.idle.notice_pad
    _, y, _, h = places.notice
    text, shown = view.notices[view.notice % len(view.notices)], view.notice % len(view.notices)
    many = len(view.notices) > 1
    below = many and places.dots_below
    top, bottom = _heading_bottom(sheet), y + h - (pad + sizes.gap * 1.25 if below else pad * 0.7)
    found = _paragraph(sheet, text, bottom - top, 1.38)
    dots = y + h - pad - sizes.gap / 2 if below else _heading(sheet)
    if found is None:
        # What takes all of the room needs no heading; the dots stand at its foot.
        _news_card(sheet, "", "")
        top, dots = y + pad * 0.6, y + h - pad * 0.5
        bottom = y + h - pad * (0.8 if many else 0.6)
        found = _paragraph(sheet, text, bottom - top, 1.28) or _cut(sheet, text, bottom - top)
        below, spacing = False, 1.28
    else:
        _news_card(sheet, "bell", sheet.words("notice"))
        spacing = 1.38
    middle = top + found.size * spacing / 2
    for line in found.lines:
        sheet.write(line, (places.notice[0] + pad, middle), found.size, sheet.colours.ink)
        middle += found.size * spacing
    if many:
        _dots(sheet, len(view.notices), shown, dots, 0 if below else 1)


def _news_card(sheet: Sheet, sign: str, heading: str) -> None:
    """Draw the card of notices with its heading."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    sheet.panel(places.notice, sizes.radius_card, colours.surface, colours.hair)
    if not heading:
        return
    left, middle = places.notice[0] + places.notice_pad, _heading(sheet)
    side, size = sizes.body * 1.1, _heading_size(sheet)
    if sign == "exclamation":
        radius = round(side * 0.55)
        disc = (round(left), round(middle) - radius, 2 * radius, 2 * radius)
        sheet.panel(disc, radius, colours.sign)
        sheet.icon(sign, (left + radius, middle), side * 0.8, colours.on_sign, 2.6)
    else:
        sheet.icon(sign, (left + side / 2, middle), side, colours.ink)
    sheet.write(heading, (left + side * 1.42, middle), size, colours.ink, True)


def _heading_size(sheet: Sheet) -> float:
    return min(sheet.sizes.body, least(sheet) * 1.5)


def _heading(sheet: Sheet) -> float:
    """Return the middle of the heading."""
    places = sheet.look.layout.idle
    return places.notice[1] + places.notice_pad * 0.9 + _heading_size(sheet) * 0.56


def _heading_bottom(sheet: Sheet) -> float:
    """Return where that which is told may begin."""
    return _heading(sheet) + _heading_size(sheet) * 0.9


def _paragraph(sheet: Sheet, text: str, high: float, spacing: float) -> Fitted | None:
    """Set a notice as large as its room allows, body text at most; None if it is too long."""
    from device.kiosk.paragraph import broken

    places, largest = sheet.look.layout.idle, sheet.sizes.body
    room = places.notice[2] - 2 * places.notice_pad
    smallest = least(sheet, text)
    # Words stay whole if the text need not become much smaller for it.
    tries = [(size, True) for size in sizes_between(largest, max(smallest, largest * 0.76))]
    tries += [(size, False) for size in sizes_between(largest, smallest)]
    for size, whole_words in tries:
        rows = max(1, int(high / (size * spacing) + 0.12))
        lines = broken(text, partial(sheet.width, size=size), room, rows, whole_words)
        if lines is not None:
            return Fitted(size, lines)
    return None


def _cut(sheet: Sheet, text: str, high: float) -> Fitted:
    """Set as much of a notice as there is room for."""
    places = sheet.look.layout.idle
    rows = max(1, int(high / (least(sheet) * 1.28) + 0.12))
    room = places.notice[2] - 2 * places.notice_pad
    return sheet.fit(text, least(sheet), False, room, rows, least(sheet))


def _dots(sheet: Sheet, count: int, shown: int, middle: float, align: int) -> None:
    """Show which of the notices this is, at the left end of their card or at the right one."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, _, w, _ = places.notice
    left = x + places.notice_pad + (w - 2 * places.notice_pad) * align
    if count > 6:
        text = f"{shown + 1}/{count}"
        sheet.write(text, (left, middle), least(sheet), colours.ink2, align=align)
        return
    thick, space = max(6, sizes.gap // 2), round(sizes.gap * 0.75)
    wide = 3 * thick
    left -= ((count - 1) * (thick + space) + wide) * align
    for index in range(count):
        # The one that is shown is told by its length too, not by its colour alone.
        across, colour = (wide, colours.ink) if index == shown else (thick, colours.line)
        sheet.panel((left, round(middle - thick / 2), across, thick), thick // 2, colour)
        left += across + space


def touch_out(sheet: Sheet) -> None:
    """Say in place of the notices that the keys go on where the touch panel does not."""
    places = sheet.look.layout.idle
    _news_card(sheet, "exclamation", sheet.words("touch.out.title"))
    top = _heading_bottom(sheet)
    x, y, w, h = places.notice
    pad = places.notice_pad
    room = (w - 2 * pad, y + h - pad * 0.7 - top)
    words = sheet.words("touch.out.text")
    fitted = whole(sheet, words, sheet.sizes.body, room, 1.38) or sheet.fill(
        words, sheet.sizes.body, False, room, 1.2
    )
    step = fitted.size * 1.38
    for row, line in enumerate(fitted.lines):
        sheet.write(line, (x + pad, top + step * (row + 0.5)), fitted.size, sheet.colours.ink)

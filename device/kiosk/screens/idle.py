"""The screen of an open window: which window, who serves, what is new, and how to rate.

A device for self-service, or for the hall as a whole, tells in place of the staff card what
is rated there.
"""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.card import card
from device.kiosk.screens.header import (
    badges,
    controls,
    date_beside_link,
    link_state,
    link_width,
    staff_key,
)
from device.kiosk.screens.keys import PRESSED, REST, cap
from device.kiosk.screens.marks import Picture
from device.kiosk.screens.names import hall_name, least, whole
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Key, Sheet
from device.kiosk.views import IdleView

_SUBTITLES = {
    "self-service": "rate.matter.sub",
    "hall": "rate.hall.sub",
}


def compose(view: IdleView, look: Look) -> Scene:
    """Lay the idle screen out."""
    sheet = Sheet(look, view.chrome.language)
    chrome, places = view.chrome, look.layout.idle
    beside = places.staff_width if chrome.staff_key else 0
    clock_size = _head(sheet, view, controls(sheet, staff=chrome.staff_key and not beside))
    card(sheet, view)
    _clock(sheet, view.clock, clock_size)
    told = bool(view.notices) or chrome.touch_out
    if chrome.touch_out:
        from device.kiosk.screens.news import touch_out

        touch_out(sheet)
    elif view.notices:
        from device.kiosk.screens.news import notices

        notices(sheet, view)
    box = places.rate if told else places.rate_alone
    if beside:
        x, y, w, h = box
        staff_key(sheet, (x + w - beside, y, beside, h - sheet.sizes.edge))
        box = (x, y, w - beside - 16, h)
    if view.can_begin:
        sheet.key(box, Action("rate"), _rate_key(look, sheet.language, view.mode, box, told))
    else:
        _by_invitation(sheet, view, box)
    # The mock badge stands at the foot of the sign, where it covers nothing.
    x, y, _, h = places.card
    size = sheet.sizes.badge
    foot = (x + places.sign_width // 2, y + h - round(size * 1.6))
    badges(sheet, chrome._replace(touch_out=False), foot)
    return sheet.scene("idle")


def _head(sheet: Sheet, view: IdleView, right: float) -> float:
    """Write the hall's name and the date under it, as one block; return the clock's size."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    left, chrome, clock_size = sizes.margin, view.chrome, float(places.clock_size)
    # In hall mode the card shows the hall's name, larger.
    title = sheet.words("idle.hall") if view.mode == "hall" else chrome.hall
    if places.clock_beside:
        right = _beside_clock(sheet, view.clock, clock_size)
        if sheet.width(title, places.hall_size * 0.75, True) > right - sizes.gap - left:
            clock_size *= 0.72
            right = _beside_clock(sheet, view.clock, clock_size)
    room = right - sizes.gap - left
    hall = hall_name(sheet, title, places.hall_size, room, places.hall_rows)
    step = hall.size * (1.2 if len(hall.lines) < 3 else 1.14)
    size, date, chrome = date_beside_link(sheet, view.date, chrome, room, sizes.smallest)
    apart = hall.size * 0.5 + size * (1.05 if len(hall.lines) == 1 else 0.75)
    whole = step * (len(hall.lines) - 1) + apart
    # From the ink's top to the ink's bottom, the block lies around the head's middle.
    y = places.head_middle - (whole + (size - hall.size) * 0.45) / 2
    for line in hall.lines:
        sheet.write(line, (left, y), hall.size, colours.ink, True)
        y += step
    y += apart - step
    width = sheet.write(date, (left, y), size, colours.ink2)
    space = min(size, room - width - link_width(sheet, chrome, size))
    link_state(sheet, chrome, (left + width + max(6, space), y), size)
    return clock_size


def _beside_clock(sheet: Sheet, clock: str, size: float) -> float:
    """Return the right end of what stands beside the clock; it keeps its room at any hour."""
    widest = max(sheet.width(clock, size, True), sheet.width("00:00", size, True))
    return sheet.look.layout.idle.clock[0] - widest - sheet.sizes.gap / 2


def _clock(sheet: Sheet, clock: str, clock_size: float) -> None:
    places, colours = sheet.look.layout.idle, sheet.colours
    width = sheet.write(clock, places.clock, clock_size, colours.ink, True, places.clock_align)
    if not places.open_height:
        return
    left, middle = places.clock
    size, right = places.open_size, places.notice[0] + places.notice[2]
    room = right - left - width - 16 - size * 1.4
    words = sheet.fit(sheet.words("open"), size, True, room, 1, least(sheet, "A"))
    wide = sheet.width(words.lines[0], words.size, True) + size * 1.4
    height = places.open_height
    box = (round(right - wide), middle - 1 - height // 2, round(wide), height)
    sheet.panel(box, height // 2, colours.paper, colours.ink, sheet.sizes.border)
    sheet.write_lines(words, (right - wide / 2, middle - 1), colours.ink, True, 0.5)


def _by_invitation(sheet: Sheet, view: IdleView, box: Box) -> None:
    """Say when the rating opens, where nobody can begin on their own."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, y, w, h = box
    sheet.panel(box, sizes.radius_card, colours.mute, colours.hair)
    key = "about.none" if view.mode == "hall" else "about.invited"
    pad, largest = places.notice_pad, places.rate_size * 0.62
    side, abreast = largest * 1.7, w > 2.4 * h
    # The sign stands over the words, or left of them where the room is low.
    across, down = (side + pad, 0.0) if abreast else (0.0, side * 1.2)
    room = (w - 2 * pad - across, h - 1.4 * pad - down)
    words = sheet.words(key)
    fitted = whole(sheet, words, largest, room, 1.38, bold=True) or sheet.fill(
        words, largest, True, room, 1.2
    )
    step = fitted.size * 1.38
    wide = max(sheet.width(line, fitted.size, True) for line in fitted.lines)
    top = y + (h - down - step * len(fitted.lines)) / 2
    middle = x + w / 2 + across / 2
    if abreast:
        sign = (middle - wide / 2 - pad / 2 - side / 2, y + h / 2)
    else:
        sign = (middle, top + side / 2)
    sheet.icon("document", sign, side, colours.ink2)
    for row, line in enumerate(fitted.lines):
        at = (middle, top + down + step * (row + 0.5))
        sheet.write(line, at, fitted.size, colours.ink, True, 0.5)


def _rate_key(look: Look, language: str, mode: str, box: Box, told: bool) -> Key:
    """Return the key that opens the rating; where it has the room, it shows the faces too."""
    size = box[2:]

    def draw(state: str) -> Picture:
        def make() -> Picture:
            return _rate_picture(look, language, mode, size, state, not told)

        return look.keep(("rate", language, mode, size, state), make)

    return Key(draw(REST), lambda: draw(PRESSED))


def _rate_picture(
    look: Look, language: str, mode: str, size: tuple[int, int], state: str, faces: bool
) -> Picture:
    sheet, places = Sheet(look, language), look.layout.idle
    colours, ink = sheet.colours, sheet.colours.on_accent
    fill = colours.accent_edge if state == PRESSED else colours.accent
    sunk = cap(sheet, size, state, fill, fill, colours.accent_edge)
    middle, room = size[0] / 2, size[0] - 4 * sheet.sizes.pad
    largest = places.rate_size * (1.12 if faces else 1)
    label = sheet.words("rate.hall" if mode == "hall" else "rate.me")
    words = sheet.fit(label, largest, True, room)
    below = sheet.words(_SUBTITLES.get(mode, "rate.me.sub"))
    smallest = least(sheet, below)
    under = sheet.fit(
        below, places.rate_below, False, room, 1, max(smallest, places.rate_below * 0.8)
    )
    if under.lines[0] != below:
        under = sheet.balance(below, max(smallest, places.rate_below * 0.85), False, room, 2)
        words = sheet.fit(label, largest * 0.86, True, room)
    step, gap = under.size * 1.3, words.size * 0.3
    high = words.size + gap + under.size + step * (len(under.lines) - 1)
    face = min(places.rate_face, (size[0] - 2 * sheet.sizes.pad) / 5.96) if faces else 0
    top = (size[1] - sheet.sizes.edge - high - face * 1.75) / 2 + sunk
    if faces:
        _faces(sheet, middle, top + face / 2, face)
        top += face * 1.75
    sheet.write_lines(words, (middle, top + words.size / 2), ink, True, 0.5)
    y = top + words.size + gap + under.size / 2
    for line in under.lines:
        sheet.write(line, (middle, y), under.size, ink, align=0.5)
        y += step
    return sheet.picture(*size, colours.paper)


def _faces(sheet: Sheet, middle: float, y: float, face: float) -> None:
    """Show all five faces alike, for those who cannot read."""
    for index, level in enumerate((5, 4, 3, 2, 1)):
        sheet.face(level, (middle + (index - 2) * face * 1.24, y), face)

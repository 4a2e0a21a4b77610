"""The card of the idle screen: the window's sign, and who serves there or what is rated."""

from device.kiosk.screens.header import portrait
from device.kiosk.screens.names import evened, least, sizes_between, whole
from device.kiosk.screens.sheet import Fitted, Sheet
from device.kiosk.views import IdleView, StaffCard

_LINE = 1.22
"""Spacing of names and values that take two lines."""
_DENSE = 1.12
"""And of values that take three."""
_DOTS = "·•・"
"""What stands between the parts of transliterated names: a line may end after it."""


def card(sheet: Sheet, view: IdleView) -> None:
    """Draw the card."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    sheet.panel(places.card, sizes.radius_card, colours.surface, colours.hair)
    _sign(sheet, view)
    if view.chrome.staff is not None:
        _staff(sheet, view.chrome.staff, view.chrome.photo)
    elif view.mode == "hall":
        _this_hall(sheet, view.chrome.hall)
    elif view.mode == "self-service":
        _self_service(sheet)


def _sign(sheet: Sheet, view: IdleView) -> None:
    """The window's number: rounded on the left, cut straight where the card goes on."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, y, _, h = places.card
    cut, width, window = sizes.radius_card, places.sign_width, view.chrome.window
    sheet.panel((x, y, width, h), cut, colours.sign)
    sheet.block((x + width - cut, y, cut, h), colours.sign)
    middle, ink, caption = (x + width / 2, y + h / 2), colours.on_sign, places.caption
    if not window:
        sheet.icon("hall", middle, width * 0.62, ink, 1.5)
        return
    room = width * 0.84
    number = sheet.fit(window, places.number, True, room, least=places.caption)
    # The caption stands above the number or below it, as the language has it.
    above, below = sheet.words("window.above"), sheet.words("window.below")
    words = sheet.fit(above or below, caption, False, room, 1, least(sheet, "A"))
    apart = number.size * 0.37 + caption * 0.45 + places.number * 0.2
    shift = (caption * 0.9 - number.size * 0.74) / 4
    upper, lower = middle[1] - apart / 2 - shift, middle[1] + apart / 2 - shift
    if above:
        upper, lower = lower + 2 * shift, upper + 2 * shift
    sheet.write_lines(number, (middle[0], upper), ink, True, 0.5)
    sheet.write_lines(words, (middle[0], lower), ink, False, 0.5)


def _staff(sheet: Sheet, staff: StaffCard, photo: str) -> None:
    """Tell who serves here: a portrait beside the name, and what a citizen may want to note."""
    places, sizes = sheet.look.layout.idle, sheet.sizes
    x, y, w, h = places.portrait
    right = places.inner[1]
    room: float = right - x - w - places.name_gap
    name = sheet.fit(staff.name, places.name, True, room, 1, places.name * 0.64)
    if name.lines[0] != staff.name:
        # A long name takes some of the portrait's room, and two lines.
        w, h = round(w * 0.76), round(h * 0.76)
        y += (places.portrait[3] - h) // 2
        room = right - x - w - places.name_gap * 0.75
        name = _long_name(sheet, staff.name, room)
    portrait(sheet, (x, y, w, h), sizes.radius_chip, photo)
    greeting = sheet.words("greet")
    if sheet.width(greeting, places.greet) > room:
        greeting = sheet.words("greet.short")
    below = sheet.fit(greeting, places.greet, False, room)
    _beside(sheet, name, below, right - room, y + h / 2)
    rows = (("post", staff.post), ("dept", staff.department), ("staffno", staff.number))
    _rows(sheet, tuple((sheet.words(key), value) for key, value in rows))


def _long_name(sheet: Sheet, name: str, room: float) -> Fitted:
    """Set a long name on two lines, broken where its parts meet."""
    places = sheet.look.layout.idle
    parts = name
    for dot in _DOTS:
        parts = parts.replace(dot, f"{dot}|")
    start, smallest = places.name * 0.62, least(sheet, name)
    fitted = sheet.fit(parts, start, True, room, 2, smallest)
    if fitted.lines[-1].endswith("…") or "…" in fitted.lines[0]:
        # Its parts are too long for that.
        for mark in " -":
            parts = parts.replace(mark, f"{mark}|")
        fitted = sheet.fit(parts, start * 0.8, True, room, 3, smallest)
    return fitted if parts != name else evened(sheet, name, fitted, room)


def _beside(sheet: Sheet, title: Fitted, below: Fitted, left: float, middle: float) -> None:
    """Write a title and what stands under it as one block around ``middle``."""
    colours = sheet.colours
    step, small = title.size * _LINE, below.size * 1.3
    apart = title.size * 0.5 + below.size * 1.2
    whole = step * (len(title.lines) - 1)
    if below.lines:
        whole += apart + small * (len(below.lines) - 1) + (below.size - title.size) * 0.4
    y = middle - whole / 2
    for line in title.lines:
        sheet.write(line, (left, y), title.size, colours.ink, True)
        y += step
    y += apart - step
    for line in below.lines:
        sheet.write(line, (left, y), below.size, colours.ink2)
        y += small


def _self_service(sheet: Sheet) -> None:
    """Tell that this device rates matters, where nobody sits behind it."""
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, y, w, h = places.portrait
    sheet.panel(places.portrait, sizes.radius_chip, colours.portrait_ground)
    sheet.icon("document", (x + w / 2, y + h / 2), w * 0.66, colours.portrait, 1.7)
    left = x + w + places.name_gap
    room = places.inner[1] - left
    title = sheet.fit(sheet.words("self.title"), places.name, True, room, 1, places.name * 0.5)
    high = places.rows[0] - places.card[1] - title.size - 3 * sizes.gap
    below = _words(sheet, "about.self", (room, high))
    _beside(sheet, title, below, left, y + h / 2)
    _what(sheet, "self-service")


def _this_hall(sheet: Sheet, hall: str) -> None:
    """Tell that this device rates the hall as a whole."""
    places, gap = sheet.look.layout.idle, sheet.sizes.gap
    (left, right), (_, y, _, h) = places.inner, places.portrait
    room = right - left
    high = places.rows[0] - places.card[1] - 2.5 * gap
    below = _words(sheet, "about.hall", (room, high * 0.36))
    name = sheet.fit(hall, places.name, True, room, 1, places.name * 0.66)
    if name.lines[0] != hall:
        name = _several_lines(sheet, hall, room, high - below.size * (1.3 * len(below.lines) + 0.7))
        if name.lines[-1].endswith("…"):
            # The key says too what is rated; the name is said here alone.
            below, name = Fitted(0, ()), _several_lines(sheet, hall, room, high)
    _beside(sheet, name, below, left, y + h / 2)
    _what(sheet, "hall")


def _several_lines(sheet: Sheet, hall: str, room: float, high: float) -> Fitted:
    """Set a hall's name as large as the room and the height allow."""
    places = sheet.look.layout.idle
    for size in sizes_between(places.name * 0.9, least(sheet)):
        rows = max(1, int(high / (size * _LINE)))
        name = sheet.fit(hall, size, True, room, rows, size)
        if not name.lines[-1].endswith("…"):
            break
    return evened(sheet, hall, name, room)


def _words(sheet: Sheet, key: str, room: tuple[float, float]) -> Fitted:
    """Set what stands under a title: on one line, or as large as the room allows."""
    largest, words = sheet.look.layout.idle.greet, sheet.words(key)
    one = sheet.fit(words, largest, False, room[0], 1, max(least(sheet, words), largest * 0.85))
    if not one.lines[0].endswith("…"):
        return one
    return whole(sheet, words, largest, room, 1.3) or Fitted(0, ())


def _what(sheet: Sheet, mode: str) -> None:
    """Tell what is rated, how, and that nobody is asked for a name."""
    words = sheet.words
    _rows(
        sheet,
        (
            (words("about.what"), words(f"about.what.{mode}")),
            (words("about.how"), words("about.how.text")),
            (words("about.name"), words("about.name.text")),
        ),
    )


def _rows(sheet: Sheet, rows: tuple[tuple[str, str], ...]) -> None:
    """Write captions and their values, under one another."""
    places, colours = sheet.look.layout.idle, sheet.colours
    left, right = places.inner
    small = min(
        sheet.fit(
            caption, places.row_caption, False, (right - left) * 0.42, 1, least(sheet, caption)
        ).size
        for caption, _ in rows
    )
    widest = max(sheet.width(caption, small) for caption, _ in rows)
    value_left = max(places.value_left, left + widest + small * 0.8)
    values = [_value(sheet, value, right - value_left) for _, value in rows]
    # Values on one line are of one size: none shouts.
    size = min((each.size for each in values if len(each.lines) == 1), default=0)
    for top, (caption, _), value in zip(places.rows, rows, values, strict=True):
        sheet.block((left, top - 1, right - left, 2), colours.hair)
        middle = top + places.row_height / 2
        lower = sheet.lower(small, places.row_value)
        sheet.write(caption, (left, middle + lower), small, colours.ink2)
        if len(value.lines) == 1:  # on the caption's baseline
            value = value._replace(size=size)
            middle += sheet.lower(size, places.row_value)
        spacing = _LINE if len(value.lines) < 3 else _DENSE
        sheet.write_lines(value, (value_left, middle), colours.ink, True, spacing=spacing)


def _value(sheet: Sheet, value: str, room: float) -> Fitted:
    """Set a value on one line, or on two that its row has room for."""
    places = sheet.look.layout.idle
    size = places.row_value
    smallest = least(sheet, value)
    fitted = sheet.fit(value, size, True, room)
    if fitted.lines[0] == value:
        return fitted
    two = max(smallest, min(size * 0.8, places.row_height * 0.9 / (2 * _LINE)))
    fitted = sheet.fit(value, two, True, room, 2, smallest)
    if "…" in "".join(fitted.lines) and 3 * smallest * _DENSE < places.row_height * 0.94:
        fitted = sheet.fit(value, smallest, True, room, 3, smallest)
    return evened(sheet, value, fitted, room)

"""Staff say who they are: a number and a PIN, of which the screen only knows how long it is."""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.marks import Picture
from device.kiosk.screens.names import least
from device.kiosk.screens.number_pad import number_pad
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Key, Sheet
from device.kiosk.screens.staff_page import header, problem, way_back
from device.kiosk.views import LoginView

PIN_DIGITS = 6


def compose(view: LoginView, look: Look) -> Scene:
    """Lay the log-in out."""
    sheet, places = Sheet(look, view.chrome.language), look.layout.login
    locked = bool(view.locked_until)
    words = "" if locked else _problem(sheet, view)
    in_header = places.note[1] < look.layout.header.height
    header(sheet, view.chrome, "" if words and in_header else "login")
    still = locked or view.checking
    _field(sheet, view, "staff", places.staff, still)
    _field(sheet, view, "pin", places.pin, still)
    number_pad(sheet, places.pad, places.pad_size, places.clear_size, places.reach, still=still)
    if locked:
        _lock(sheet, view.locked_until)
    else:
        if words:
            problem(sheet, places.note, words, places.note_size)
        _login(sheet, view)
    way_back(sheet)
    if is_keyed(view.chrome):
        legend(sheet, view.chrome, "keys.leave", "" if still else "keys.login")
    return sheet.scene("login")


def _problem(sheet: Sheet, view: LoginView) -> str:
    """Return what is to be said about the last try."""
    if view.problem:
        return sheet.words(view.problem)
    if view.tries_left is not None:
        return sheet.words("login.wrong", n=view.tries_left)
    return ""


def _login(sheet: Sheet, view: LoginView) -> None:
    """Place the key to log in; while the PIN is being checked it says so."""
    places, look = sheet.look.layout.login, sheet.look
    box, ready = places.login, bool(view.staff) and view.pin >= PIN_DIGITS
    text = "login.checking" if view.checking else "login.go"
    key = word_key(
        look, sheet.language, text, box[2:], places.login_size,
        primary=True, idle=not ready, still=view.checking,
    )  # fmt: skip
    if view.checking:
        sheet.still(box, key)
    else:
        sheet.key(box, Action("login"), key, (places.reach, places.reach))


def _field(sheet: Sheet, view: LoginView, name: str, box: Box, still: bool) -> None:
    """Show one of the two fields; a touch makes it the one that the pad fills."""
    places = sheet.look.layout.login
    active = not still and view.at_pin == (name == "pin")
    caption = sheet.words("pin" if name == "pin" else "staffno")
    if not places.captions_inside:
        size, left = places.caption_size, box[0]
        middle = box[1] - size * 0.86
        sheet.write_fitted(caption, (left, middle), size, sheet.colours.ink2, box[2])
        caption = ""

    def draw(pressed: bool) -> Picture:
        return _field_picture(sheet, view, name, box[2:], caption, active, still, pressed)

    key = Key(draw(False), lambda: draw(True))
    if still:
        sheet.still(box, key)
    else:
        sheet.key(box, Action("field", name), key, (places.reach, places.field_reach))


def _field_picture(
    page: Sheet,
    view: LoginView,
    name: str,
    size: tuple[int, int],
    caption: str,
    active: bool,
    still: bool,
    pressed: bool,
) -> Picture:
    """Draw a field; never kept, as little of it is ever the same."""
    sheet, places = Sheet(page.look, page.language), page.look.layout.login
    colours, sizes = sheet.colours, sheet.sizes
    fill = colours.mute if still else colours.tint if pressed else colours.surface
    border = colours.hair if still else colours.accent if active else colours.line
    thick = sizes.border_chip if active else sizes.border
    sheet.panel((0, 0, *size), sizes.radius_chip, fill, border, thick)
    left, middle = round(places.digits * 0.5), size[1] / 2
    if caption:
        small = places.caption_size
        sheet.write_fitted(caption, (left, size[1] * 0.22), small, colours.ink2, size[0] - 2 * left)
        middle = size[1] * 0.63
    ink = colours.ink2 if still else colours.ink
    if name == "staff":
        fitted = sheet.fit(
            view.staff, places.digits, True, size[0] - 2 * left - 8, 1, least(sheet, view.staff)
        )
        end = left + sheet.write_lines(fitted, (left, middle), ink, True)
        if active:
            high = round(places.digits * 0.92)
            sheet.block((round(end) + 4, round(middle - high / 2), 4, high), colours.accent)
        return sheet.picture(*size, colours.paper)
    dot = places.dot
    step = min(dot * 3, (size[0] - 2 * left - dot) // (PIN_DIGITS - 1))
    for index in range(PIN_DIGITS):
        place = (left + index * step, round(middle - dot / 2), dot, dot)
        if index < view.pin:
            sheet.panel(place, dot // 2, ink)
        else:
            sheet.panel(place, dot // 2, fill, colours.line, 3)
    return sheet.picture(*size, colours.paper)


def _lock(sheet: Sheet, until: str) -> None:
    """Say that nobody can log in here, and until when."""
    places, sizes, colours = sheet.look.layout.login, sheet.sizes, sheet.colours
    x, y, width, height = places.lock
    size = places.lock_size
    sheet.panel(places.lock, sizes.radius, colours.surface, colours.warn, sizes.border_chip)
    pad, side = size * 0.7, size * 1.4
    left = x + 1.7 * pad + side
    room = x + width - pad - left
    title = sheet.fit(sheet.words("lock"), size, True, room, 1, least(sheet))
    words = sheet.words("lock.sub", time=until)
    high = height - 1.25 * title.size - 2 * sizes.border_chip - 0.3 * size
    small = max(least(sheet, words), size * 0.7)
    below = sheet.fill(words, small, False, (room, high), 1.28, least(sheet, words))
    whole = below.size * 1.28 * (len(below.lines) - 1)
    apart = title.size * 0.85 + below.size * 0.5
    middle = y + (height - title.size - apart - whole) / 2 + title.size * 0.35
    sheet.icon("lock", (x + pad + side / 2, middle + title.size * 0.25), side, colours.warn)
    sheet.write_lines(title, (left, middle), colours.warn, True)
    sheet.write_lines(below, (left, middle + apart + whole / 2), colours.ink, spacing=1.28)

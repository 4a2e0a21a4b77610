"""How far a new device is on its way to its first rating.

For a technician at the counter, perhaps with support on the phone: a code of two digits, what
it means, what to do, and the line that tells an expert more. Where something must be done the
sign, its frame and words say so, and not a colour.
"""

from functools import lru_cache

from device.kiosk.assets import UI_ASSETS
from device.kiosk.look import Look
from device.kiosk.screens.header import badges, hall_header
from device.kiosk.screens.names import least, whole
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Fitted, Sheet
from device.kiosk.technician_views import SetupView
from device.store.setup import LANGUAGES, Kind, Meaning, SetupState, meanings

_SIGNS = {Kind.BUSY: "dots", Kind.WAITS: "waits", Kind.STOPPED: "exclamation", Kind.DONE: "check"}
_TITLE, _TEXT = 1.2, 1.35
"""Spacing of lines."""


def compose(view: SetupView, look: Look) -> Scene:
    """Lay the state out."""
    sheet, state = Sheet(look, view.chrome.language), view.state
    meaning = meaning_of(state.name)
    quiet = view.chrome._replace(
        touch_out=False, mock=False, window="", hall=state.device or view.chrome.hall
    )
    hall_header(sheet, quiet)
    _sign(sheet, meaning)
    _words(sheet, meaning)
    if state.detail:
        _detail(sheet, " ".join(state.detail.split()))
    _footer(sheet, state)
    badges(sheet, view.chrome, look.layout.setup.badge, brief=True)
    return sheet.scene("setup")


def meaning_of(name: str) -> Meaning:
    """Return what the state ``name`` means; one that is not known here is called by its name:
    the card may be written by a newer version."""
    known = _meanings().get(name)
    if known is not None:
        return known
    return Meaning(
        name, "?", Kind.BUSY, dict.fromkeys(LANGUAGES, name), dict.fromkeys(LANGUAGES, "")
    )


@lru_cache(maxsize=1)
def _meanings() -> dict[str, Meaning]:
    return meanings(UI_ASSETS / "setup_states.toml")


def _sign(sheet: Sheet, meaning: Meaning) -> None:
    """Draw a disc with a sign; its frame is open while the device works by itself."""
    places, colours, sizes = sheet.look.layout.setup, sheet.colours, sheet.sizes
    (x, y), radius = places.disc, places.radius
    acts = meaning.kind in (Kind.STOPPED, Kind.DONE)
    if meaning.kind is Kind.STOPPED:
        sheet.panel((x - radius, y - radius, 2 * radius, 2 * radius), radius // 5, colours.sign)
    elif acts:
        sheet.panel((x - radius, y - radius, 2 * radius, 2 * radius), radius, colours.sign)
    else:
        box = (x - radius, y - radius, 2 * radius, 2 * radius)
        sheet.panel(box, radius, colours.surface, colours.ink, sizes.border * 2)
    ink = colours.on_sign if acts else colours.ink
    sheet.icon(_SIGNS[meaning.kind], places.disc, radius * 1.2, ink)
    align = places.align
    sheet.write(sheet.words("setup.code"), places.caption, sizes.small, colours.ink2, False, align)
    sheet.write(meaning.code, places.code, places.code_size, colours.ink, True, align)
    words = sheet.words(f"setup.{meaning.kind}")
    fitted = sheet.fill(words, sizes.small, True, places.kind_room, 1.2, least(sheet))
    sheet.write_lines(fitted, places.kind, colours.ink, True, align, spacing=1.2)


def _words(sheet: Sheet, meaning: Meaning) -> None:
    """Write title, the same in English for whoever helps, and the hint, as one group."""
    places, colours = sheet.look.layout.setup, sheet.colours
    x, y, width, height = places.words
    english = "" if sheet.language == "en" else meaning.title["en"]
    title, under, hint = _fitted(sheet, meaning, english, (width, height))
    top = y + max(0, (height - _height(title, under, hint)) / 2)
    at = top + title.size * 0.5
    for line in title.lines:
        sheet.write(line, (x, at), title.size, colours.ink, True)
        at += title.size * _TITLE
    top += title.size * _TITLE * len(title.lines)
    if under is not None:
        sheet.write(under.lines[0], (x, top + under.size * 0.6), under.size, colours.ink2)
        top += under.size * _TEXT
    if hint is not None:
        at = top + hint.size * 0.85
        for line in hint.lines:
            sheet.write(line, (x, at), hint.size, colours.ink)
            at += hint.size * _TEXT


def _fitted(
    sheet: Sheet, meaning: Meaning, english: str, room: tuple[int, int]
) -> tuple[Fitted, Fitted | None, Fitted | None]:
    """Set title, English title and hint as large as they go into ``room``."""
    places, (width, height) = sheet.look.layout.setup, room
    share = 1.0
    while True:
        largest = max(least(sheet), places.title * share)
        spoken = meaning.title[sheet.language]
        title = sheet.fit(spoken, largest, True, width, 1, largest * 0.8)
        if title.lines[0] != spoken:
            title = sheet.balance(spoken, largest * 0.8, True, width, 3)
        under = None
        if english:
            under = sheet.fit(english, places.english, False, width, 1, least(sheet, english))
        taken = _height(title, under, None)
        words = meaning.hint[sheet.language]
        if not words:
            return title, under, None
        left = height - taken - 0.35 * places.hint
        size = max(least(sheet, words), places.hint * min(1.0, share + 0.1))
        hint = whole(sheet, words, size, (width, left), _TEXT) if left > size else None
        if hint is not None or share < 0.35:
            return title, under, hint
        share -= 0.06


def _height(title: Fitted, under: Fitted | None, hint: Fitted | None) -> float:
    """Return how high the three are together."""
    high = title.size * _TITLE * len(title.lines)
    if under is not None:
        high += under.size * _TEXT
    if hint is not None:
        high += hint.size * (0.35 + _TEXT * len(hint.lines))
    return high


def _detail(sheet: Sheet, detail: str) -> None:
    """Show the line for experts, in a frame."""
    places, sizes, colours = sheet.look.layout.setup, sheet.sizes, sheet.colours
    x, y, w, h = places.detail
    sheet.panel(places.detail, sizes.radius_chip, colours.surface, colours.line, sizes.border)
    side = least(sheet) * 1.6
    sheet.icon("wrench", (x + sizes.gap + side / 2, y + h / 2), side, colours.ink2)
    left = x + 2 * sizes.gap + side
    room, smallest = x + w - sizes.gap - left, least(sheet, detail)
    largest = least(sheet) * 1.1
    fitted = sheet.fit(detail, largest, False, room, 1, smallest)
    for size in (smallest, least(sheet)):  # what even then is cut short ends in no Latin letter
        if "".join(fitted.lines).replace(" ", "") != detail.replace(" ", ""):
            rows = max(1, int((h - 4) / (size * 1.2)))
            fitted = sheet.fit(detail, size, False, room, rows, size)
    sheet.write_lines(fitted, (left, y + h / 2), colours.ink2, spacing=1.2)


def _footer(sheet: Sheet, state: SetupState) -> None:
    """Draw the steps as a line, and write which of them it is, the device and its card."""
    places, sizes, colours = sheet.look.layout.setup, sheet.sizes, sheet.colours
    sheet.rule(places.footer, colours.hair, 4)
    size, ink, step = least(sheet) * 1.05, colours.ink2, ""
    if state.steps > 0:
        done = min(max(state.step, 0), state.steps)
        sheet.rule(places.footer, colours.accent, 4, done / state.steps)
        step = sheet.words("setup.step", i=done, n=state.steps)
        sheet.write(step, places.step, size, ink, False, 1)
    x, y = places.device
    right = places.step[0] - (sheet.width(step, size) + sizes.gap if step else 0)
    device = sheet.fit(state.device, size, False, (right - x) / 2, 1, least(sheet, "A"))
    x_after = x + (sheet.write_lines(device, (x, y), ink) if state.device else -sizes.gap)
    if not state.fingerprint:
        return
    left, y = (x_after + sizes.gap, y) if places.card is None else places.card
    end = right if places.card is None else places.step[0]
    left += sheet.write(sheet.words("setup.card"), (left, y), size, ink) + size * 0.4
    fitted = sheet.fit(state.fingerprint, size, False, end - left, 1, least(sheet, "A"))
    sheet.write_lines(fitted, (left, y), ink)

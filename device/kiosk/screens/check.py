"""The check screen: what a technician tests at the counter, and nothing that is personal.

Three pages: what is found about the device, its buttons and sound, and its touch panel.
"""

from collections.abc import Mapping
from functools import lru_cache

from device.checks.table import Wording, wordings
from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.header import badges
from device.kiosk.screens.keys import toggle, word_key
from device.kiosk.screens.names import least
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Fitted, Sheet
from device.kiosk.screens.staff_page import header_key
from device.kiosk.technician_views import CheckLine, CheckView

PAGES = ("findings", "keys", "touch")
LEVELS = ("fault", "warning", "unknown", "ok")
_SIGNS = {"fault": "cross", "warning": "exclamation", "unknown": "query", "ok": "check"}
_SPACING = 1.25
_MOST_ROWS = 4
"""Of one sentence."""


def compose(view: CheckView, look: Look) -> Scene:
    """Lay the page out."""
    sheet = Sheet(look, view.chrome.language)
    if view.page == "touch":
        from device.kiosk.screens import check_touch

        check_touch.grid(sheet, view)
        return sheet.scene("check touch")
    _header(sheet, view)
    if view.page == "keys":
        from device.kiosk.screens import check_keys

        check_keys.keys(sheet, view)
    else:
        _findings(sheet, view)
    badges(sheet, view.chrome, look.layout.check.badge, brief=True)
    _tabs(sheet, view.page)
    end = look.layout.check.end
    header_key(sheet, end, "check.end", Action("end-check"), "leave")
    return sheet.scene(f"check {view.page}")


def _header(sheet: Sheet, view: CheckView) -> None:
    places, header, colours = sheet.look.layout.check, sheet.look.layout.header, sheet.colours
    x, y, width, height = header.sign
    sheet.panel(header.sign, round(width * 0.13), colours.sign)
    sheet.icon("wrench", (x + width / 2, y + height / 2), width * 0.62, colours.on_sign)
    room, words = places.title_width, sheet.words("check.title")
    sheet.write_fitted(
        words, places.title, header.name, colours.ink, room, True, least=least(sheet, words)
    )
    small = sheet.sizes.smallest
    name = sheet.fit(view.device, small, False, room, 1, least(sheet, view.device))
    sheet.write_lines(name, places.under, colours.ink2)
    sheet.rule(header.height, colours.hair)


def _tabs(sheet: Sheet, page: str) -> None:
    x, y, whole, height = sheet.look.layout.check.tabs
    width = whole // len(PAGES)
    header = sheet.look.layout.header
    below = min(header.height - header.control_top - header.control_height + 4, 16)
    keys = toggle(sheet.look, "check", PAGES, page, (width * len(PAGES), height), sheet.language)
    for index, (name, key) in enumerate(zip(PAGES, keys, strict=True)):
        place = (x + index * width, y, width, height)
        sheet.key(place, Action("check-page", name), key, (0, below))


# --- findings -----------------------------------------------------------------------------------


class _Row:
    """One finding as it is set: its height is known before it is drawn.

    What is well takes one line where the canvas is wide enough: title and sentence abreast.
    """

    def __init__(self, sheet: Sheet, line: CheckLine) -> None:
        places, sizes = sheet.look.layout.check, sheet.sizes
        self._line = line
        self._brief = line.level == "ok" and not places.abreast
        self._left = places.lines[0] + places.mark + sizes.gap
        room = places.lines[0] + places.lines[2] - self._left
        title = title_of(line.code, sheet.language)
        smallest = least(sheet, title)
        if self._brief:
            self._across = room * _TITLE_SHARE
            self._title = sheet.fit(title, sizes.small, True, self._across - sizes.gap, 2, smallest)
            self._texts = [(_set(sheet, line.sentence, room - self._across), sheet.colours.ink2)]
            self._state = ""
            tallest = max(_high(self._title), _high(self._texts[0][0]))
            self.height = max(tallest, places.mark) + sizes.gap * 0.7
            return
        self._state = "" if line.level == "ok" else sheet.words(f"check.level.{line.level}")
        said = sheet.width(self._state, sizes.smallest) + sizes.gap
        self._title = sheet.fit(title, sizes.small, True, room - said, 2, smallest)
        advice = advice_of(line.code, sheet.language) if line.level in LEVELS[:2] else ""
        self._texts = [
            (_set(sheet, text, room), ink)
            for text, ink in ((line.sentence, sheet.colours.ink2), (advice, sheet.colours.ink))
            if text
        ]
        high = _high(self._title) + sum(_high(text) for text, _ in self._texts)
        self.height = max(high, places.mark) + sizes.gap * 0.9

    def draw(self, sheet: Sheet, top: float) -> None:
        """Draw it with its upper edge at ``top``."""
        places, sizes, colours = sheet.look.layout.check, sheet.sizes, sheet.colours
        x, _, width, _ = places.lines
        _mark(sheet, self._line.level, (x, round(top), places.mark, places.mark))
        if self._brief:
            middle, ((text, ink),) = top + places.mark / 2, self._texts
            for fitted, left, colour, bold in (
                (self._title, self._left, colours.ink, True),
                (text, self._left + self._across, ink, False),
            ):
                high = max(middle, top + _high(fitted) / 2)
                sheet.write_lines(fitted, (left, high), colour, bold, spacing=_SPACING)
            return
        end = (x + width, top + self._title.size * _SPACING / 2)
        sheet.write(self._state, end, sizes.smallest, colours.ink2, False, 1)
        for fitted, ink in ((self._title, colours.ink), *self._texts):
            middle = top + _high(fitted) / 2
            bold = fitted is self._title
            sheet.write_lines(fitted, (self._left, middle), ink, bold, spacing=_SPACING)
            top += _high(fitted)


_TITLE_SHARE = 0.34
"""Of a line's width, where title and sentence stand abreast."""


def _high(fitted: Fitted) -> float:
    return fitted.size * _SPACING * len(fitted.lines)


def _set(sheet: Sheet, text: str, room: float) -> Fitted:
    """Break a sentence into as many lines as it takes."""
    size = max(least(sheet, text), sheet.sizes.smallest * (0.88 if text.isascii() else 1))
    return sheet.balance(text, size, False, room, _MOST_ROWS)


def _mark(sheet: Sheet, level: str, box: tuple[int, int, int, int]) -> None:
    """Draw a sign that differs by its shape, and not only by its colour."""
    x, y, side, _ = box
    colours, middle, ink = sheet.colours, (x + side / 2, y + side / 2), sheet.colours.ink
    if level == "fault":
        sheet.panel(box, side // 8, colours.sign)
        ink = colours.on_sign
    elif level == "warning":
        sheet.panel(box, side // 2, colours.warn)
        ink = colours.on_warn
    elif level == "unknown":
        sheet.panel(box, side // 2, colours.surface, colours.line, sheet.sizes.border)
    sheet.icon(_SIGNS[level], middle, side * 0.72, ink, 2.6)


def _findings(sheet: Sheet, view: CheckView) -> None:
    places = sheet.look.layout.check
    rows = [_Row(sheet, line) for line in view.lines]
    parts = _parts(rows, places.lines[3])
    part = min(view.part, len(parts) - 1)
    top: float = places.lines[1]
    for row in parts[part]:
        row.draw(sheet, top)
        top += row.height
    if view.looking:
        x, y, width, height = places.lines
        if not rows:
            middle = (x + width / 2, y + height / 2)
            words = sheet.words("check.looking")
            sheet.write_fitted(words, middle, sheet.sizes.body, sheet.colours.ink, width, True, 0.5)
    _info(sheet, view)
    size = sheet.sizes.control
    again = word_key(
        sheet.look, sheet.language, "check.again", places.again[2:], size, raised=False,
        bold=False, rows=2, idle=view.looking,
    )  # fmt: skip
    sheet.key(places.again, Action("check-again"), again, _reach(sheet))
    if len(parts) > 1:
        words = sheet.words("check.more", i=part + 1, n=len(parts))
        more = word_key(
            sheet.look, sheet.language, "check.more", places.more[2:], size, raised=False,
            bold=False, rows=2, words_given=words,
        )  # fmt: skip
        sheet.key(places.more, Action("check-part", (part + 1) % len(parts)), more, _reach(sheet))


def _reach(sheet: Sheet) -> tuple[float, float]:
    return min(8, sheet.sizes.gap / 2), 8


def _parts(rows: list[_Row], room: float) -> list[list[_Row]]:
    """Share the rows out over as many parts as they need; none is ever torn apart."""
    parts: list[list[_Row]] = [[]]
    left = room
    for row in rows:
        if parts[-1] and row.height > left:
            parts.append([])
            left = room
        parts[-1].append(row)
        left -= row.height
    return parts


def _info(sheet: Sheet, view: CheckView) -> None:
    """Say where the device is reached, what runs on it, and what was found in all."""
    x, y, width, height = sheet.look.layout.check.info
    found = [line.level for line in view.lines]
    counted = [
        sheet.words(f"check.sum.{level}", n=found.count(level))
        for level in LEVELS
        if level in found
    ]
    ends = sheet.words("check.left", n=view.minutes)
    size, colours, apart = sheet.sizes.smallest, sheet.colours, "   "
    rows = [apart.join(view.facts), apart.join([*counted, ends])]
    if height > 3.5 * least(sheet):
        rows[1:] = [apart.join(counted), ends]
    for row, words in enumerate(rows):
        if words:
            place = (x, y + height * (row + 0.5) / len(rows))
            smallest = least(sheet, words)
            sheet.write_fitted(words, place, size, colours.ink2, width, least=smallest)


# --- words --------------------------------------------------------------------------------------


def title_of(code: str, language: str) -> str:
    """Return what the check ``code`` is called; by its code if nobody has worded it."""
    wording = _worded().get(code)
    return wording.title[language] if wording else code


def advice_of(code: str, language: str) -> str:
    """Return what is to be done about it; empty if there is nothing to say."""
    wording = _worded().get(code)
    return wording.hint[language] if wording else ""


@lru_cache(maxsize=1)
def _worded() -> Mapping[str, Wording]:
    return wordings()

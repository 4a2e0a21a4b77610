"""The reason tags of the chosen level; several or none, and the ways on and back.

Heading, places and keys are the same for all levels. The chosen level is shown once and
small, beside the key to change it, so that nobody reads it over a shoulder.
"""

from device.kiosk.actions import Action
from device.kiosk.assets import LANGUAGES
from device.kiosk.layout import Box, Kind
from device.kiosk.look import Look
from device.kiosk.screens.choices import chip
from device.kiosk.screens.header import (
    beneath,
    controls,
    size_key,
    small_key,
    staff_header,
)
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import Chrome, ReasonsView


def compose(view: ReasonsView, look: Look) -> Scene:
    """Lay the tags out."""
    sheet = Sheet(look, view.chrome.language)
    keyed = is_keyed(view.chrome)
    if look.layout.reasons.header:
        staff_header(sheet, view.chrome, keyed=keyed)
    else:
        _plain_header(sheet, view.chrome, view.callback is not None, keyed)
    _title(sheet)
    _yours(sheet, view.level)
    _chips(sheet, view)
    _keys(sheet, view.callback)
    legend(sheet, view.chrome, "keys.skip", "keys.submit")
    return sheet.scene("reasons")


def _plain_header(sheet: Sheet, chrome: Chrome, callback: bool, keyed: bool) -> None:
    """Place the controls of a header that shows the level, and the line under it."""
    places = sheet.look.layout.reasons
    if places.spare:
        size, language = places.spare
        if not callback:
            size, language = places.callback, size
        following = LANGUAGES[(LANGUAGES.index(sheet.language) + 1) % len(LANGUAGES)]
        small_key(sheet, language, f"language.{following}", Action("language", following))
        size_key(sheet, size)
    else:
        controls(sheet, keyed=keyed)
    beneath(sheet, chrome, keyed)


def _title(sheet: Sheet) -> None:
    places, colours = sheet.look.layout.reasons, sheet.colours
    left, middle = places.title
    room = places.title_right - left
    fitted = sheet.fit(
        sheet.words("why"), places.title_size, True, room, least=places.title_size / 2
    )
    width = sheet.write_lines(fitted, places.title, colours.ink, True)
    if not places.sub_size:
        return
    words, small = sheet.words("why.sub"), places.sub_size
    if places.sub is not None:
        sheet.write_fitted(words, places.sub, small, colours.ink2, room)
        return
    at = left + width + 0.6 * fitted.size
    place = (at, middle + sheet.lower(small, fitted.size))
    sheet.write_fitted(words, place, small, colours.ink2, places.title_right - at)


def _yours(sheet: Sheet, level: int) -> None:
    """Say which level was chosen: once, and small."""
    places, sizes, colours = sheet.look.layout.reasons, sheet.sizes, sheet.colours
    sheet.face(level, places.face, sizes.face_small)
    room = places.level_right - places.level[0]
    if places.yours is not None:
        sheet.write_fitted(sheet.words("yours"), places.yours, sizes.smallest, colours.ink2, room)
    fitted = _level(sheet, room, 1 if places.yours is not None else 2)
    words = sheet.words(f"level.{level}")
    lines = sheet.fit(words, fitted, True, room, 1 if places.yours is not None else 2, fitted)
    sheet.write_lines(lines, places.level, colours.ink, True, spacing=1.2)


def _level(sheet: Sheet, room: float, rows: int) -> float:
    """Return one size for the names of all levels: none may be told by it."""
    names = [sheet.words(f"level.{level}") for level in range(1, 6)]
    size, least = sheet.look.layout.reasons.level_size, sheet.sizes.smallest
    if all(name.isascii() for name in names):  # letters may be smaller than ideographs
        least = round(0.875 * least)
    return min(sheet.fit(name, size, True, room, rows, min(size, least)).size for name in names)


def _chips(sheet: Sheet, view: ReasonsView) -> None:
    """Place the tags of this page, and the key to the next one where there are several."""
    places, look = sheet.look.layout.reasons, sheet.look
    pages = max(1, -(-len(view.tags) // places.page))
    page = view.page if view.page < pages else 0  # fewer, since the texts became smaller
    shown = view.tags[page * places.page :][: places.page]
    reach = (places.across / 2, places.down / 2)
    for tag, box in zip(shown, _boxes(sheet, len(view.tags)), strict=False):
        key = chip(look, sheet.language, tag, box[2:], places.tag, tag in view.picked)
        sheet.key(box, Action("tag", tag), key, reach)
    if places.more is None or pages == 1:
        return
    following = (page + 1) % pages
    others = len(view.tags[following * places.page :][: places.page])
    text = "more" if places.more[2] > 8 * places.key else "more.rows"
    words = sheet.words(text, n=others, i=page + 1, m=pages)
    key = word_key(
        look, sheet.language, "more", places.more[2:], places.key,
        raised=False, bold=False, icon=_sign(sheet, "onward"), rows=2, words_given=words,
    )  # fmt: skip
    sheet.key(places.more, Action("page", following), key, reach)


def _boxes(sheet: Sheet, count: int) -> list[Box]:
    """Return the places of ``count`` tags (of one page of them), row by row.

    On every page the same: a page that is not full leaves places free.
    """
    places = sheet.look.layout.reasons
    x, y, w, h = places.chips
    columns, across, down = places.columns, places.across, places.down
    rows = min(places.rows, max(1, -(-count // columns)))
    width = (w - across * (columns - 1)) // columns
    height = (h - down * (places.rows - 1)) // places.rows
    if rows < places.rows and not places.more:
        last = y + h - (height + down if sheet.look.layout.design.kind is Kind.COMPACT else 0)
        height = min(places.tallest, max(height, (last - y - down * (rows - 1)) // rows))
    return [
        (
            x + index % columns * (width + across),
            y + index // columns * (height + down),
            width,
            height,
        )
        for index in range(min(count, rows * columns))
    ]


def _keys(sheet: Sheet, saved: bool | None) -> None:
    """Place the ways on and back, and the call-back where it is offered (not None)."""
    places, look = sheet.look.layout.reasons, sheet.look
    change, skip, submit = places.alone
    reach = (places.across / 2, places.down / 2)
    if saved is not None:
        change, skip, submit = places.change, places.skip, places.submit
        text, sign = ("callback.done", "check") if saved else ("callback", "call")
        _flat_key(sheet, places.callback, text, sign, Action("callback"))
    _flat_key(sheet, change, "change", "chevron", Action("change"))
    _flat_key(sheet, skip, "skip", "", Action("skip"))
    key = word_key(look, sheet.language, "submit", submit[2:], sheet.sizes.key, primary=True)
    sheet.key(submit, Action("submit"), key, reach)


def _flat_key(sheet: Sheet, box: Box, text: str, sign: str, action: Action) -> None:
    places, look = sheet.look.layout.reasons, sheet.look
    if box[1] < look.layout.header.height:
        small_key(sheet, box, text, action)
        return
    key = word_key(
        look, sheet.language, text, box[2:], places.key,
        raised=False, bold=False, icon=_sign(sheet, sign), rows=2,
    )  # fmt: skip
    sheet.key(box, action, key, (places.across / 2, places.down / 2))


def _sign(sheet: Sheet, name: str) -> str:
    """Return the sign of a key where there is room for it beside the words."""
    return name if sheet.look.layout.reasons.header else ""

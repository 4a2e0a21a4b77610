"""The five equal level keys under one question: the same for staff, matter and hall."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.qr import Modules
from device.kiosk.screens.codes import code_image
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import CHOSEN, REST, level_key, word_key
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import MatterLine, RatingView

LEVELS = (5, 4, 3, 2, 1)
"""From left to right, as the physical keys below the screen; or from the top."""


def compose(view: RatingView, look: Look) -> Scene:
    """Lay a question out."""
    sheet = Sheet(look, view.chrome.language)
    # That touch is out of service is said where the hint stands, not over the ticks.
    staff_header(sheet, view.chrome._replace(touch_out=False), side="notnow")
    places, sizes = look.layout.rating, sheet.sizes
    told = _place_of_notice(view, look) if view.chrome.touch_out else None
    left: float = sizes.margin
    right: float = look.layout.size[0] - sizes.margin
    if view.can_go_back:
        left = _back(sheet)
    if view.qr is not None and not (view.can_go_back and places.abreast):
        right = _code(sheet, view.qr)
    if view.subject == "matter" and view.matter is not None:
        if places.matter_step != told:
            _step(sheet, view, places.matter_step, left, right)
        asked = (places.matter_question_size, places.matter_question_rows)
        up = _question(sheet, view, places.matter_question, (left, right), *asked)
        _matter(sheet, view.matter, left, right, up, case=places.matter_case != told)
    else:
        asked = (sizes.question, places.question_rows)
        up = _question(sheet, view, places.question, (left, right), *asked)
        if places.hint is not None and places.hint != told:
            _hint(sheet, view, places.hint - up, left, right)
        if not look.layout.design.large and places.step != told:
            _step(sheet, view, places.step, left, right)
    if told:
        _touch_out(sheet, told, left, right)
    _keys(sheet, view.chosen)
    return sheet.scene("rating")


def _back(sheet: Sheet) -> float:
    """Place the key to the question before; return where the words begin."""
    places, look = sheet.look.layout.rating, sheet.look
    x, _, width, _ = box = places.back
    narrow = width < 5 * sheet.sizes.control
    key = word_key(
        look, sheet.language, "back", box[2:], sheet.sizes.control,
        raised=False, bold=False, icon="" if narrow else "chevron", rows=2,
    )  # fmt: skip
    sheet.key(box, Action("back"), key)
    return x + width + 1.5 * sheet.sizes.gap


def _place_of_notice(view: RatingView, look: Look) -> int | None:
    """Return which line gives way when touch is out of service; None if there is none."""
    places = look.layout.rating
    if view.subject == "matter" and view.matter is not None:
        return places.matter_step or places.matter_case
    return places.hint or (None if look.layout.design.large else places.step)


def _touch_out(sheet: Sheet, middle: int, left: float, right: float) -> None:
    """Say that the keys are to be used."""
    sizes = sheet.sizes
    least, words = sizes.smallest, sheet.words("touch.out")
    if sheet.width(words, least, True) > right - left:
        words = sheet.words("touch.out.title")
    at = (left, middle)
    sheet.write_fitted(words, at, sizes.body, sheet.colours.warn, right - left, True, least=least)


def _step(sheet: Sheet, view: RatingView, middle: int | None, left: float, right: float) -> None:
    """Say which question this is."""
    if view.steps > 1 and middle:
        text = sheet.words("step", i=view.step, n=view.steps)
        small = sheet.sizes.small
        sheet.write_fitted(text, (left, middle), small, sheet.colours.ink2, right - left)


def _hint(sheet: Sheet, view: RatingView, middle: float, left: float, right: float) -> None:
    """Say what to do; where there is no line for it, which question this is comes first."""
    sizes, text = sheet.sizes, sheet.words("hint")
    if view.steps > 1 and not sheet.look.layout.rating.step:
        text = f"{sheet.words('step.short', i=view.step, n=view.steps)} · {text}"
    sheet.write_fitted(text, (left, middle), sizes.body, sheet.colours.ink2, right - left)


def _question(
    sheet: Sheet,
    view: RatingView,
    middle: float,
    ends: tuple[float, float],
    size: int,
    rows: int,
) -> float:
    """Ask; return by how much what stands below may move up."""
    text = sheet.words(f"q.{view.subject}{'.large' if sheet.look.layout.design.large else ''}")
    room, spacing, closes_up = ends[1] - ends[0], 1.27, sheet.look.layout.rating.closes_up
    if rows == 1:
        fitted = sheet.fit(text, size, True, room, 1, size * 0.42)
    elif closes_up:
        height = size * (1 + spacing * (rows - 1))
        fitted = sheet.fill(text, size, True, (room, height), spacing)
    else:
        fitted = sheet.balance(text, size, True, room, rows)
    place = (ends[0], middle)
    sheet.write_lines(fitted, place, sheet.colours.ink, True, spacing=spacing)
    return (rows - len(fitted.lines)) * size * spacing / 2 if closes_up else 0


def _matter(
    sheet: Sheet, matter: MatterLine, start: float, right: float, up: float, *, case: bool
) -> None:
    """Show the matter, and under it which ``case`` it is about."""
    places, sizes, colours = sheet.look.layout.rating, sheet.sizes, sheet.colours
    x, y, w, h = places.matter_icon
    moved = start - sizes.margin
    sheet.icon("document", (x + moved + w / 2, y + h / 2 - up), w, colours.accent)
    left = places.matter_left + moved
    room = right - left
    sheet.write_fitted(
        matter.name, (left, places.matter_name - up), places.matter_size, colours.ink, room, True,
        least=sizes.smallest,
    )  # fmt: skip
    if places.matter_case is None or not case:
        return
    at, middle = float(left), places.matter_case - up
    narrow = places.abreast or not places.matter_step
    if matter.case:
        text = matter.case if narrow else f"{sheet.words('case')} {matter.case}"
        at += sheet.write(text, (at, middle), sizes.small, colours.ink2) + 24
    if matter.cases > 1:
        batch = sheet.words("batch.short" if places.abreast else "batch", n=matter.cases)
        if sheet.width(batch, sizes.smallest, True) > right - at:
            batch = sheet.words("batch.short", n=matter.cases)
        fitted = sheet.fit(batch, sizes.small, True, right - at, 1, sizes.smallest)
        sheet.write_lines(fitted, (at, middle), colours.ink, True)


def _code(sheet: Sheet, modules: Modules) -> float:
    """Show the QR code at the right end; return where it and its words begin.

    Ground and words stand where they do before there are ``modules``: nothing moves when the
    code comes, and no code is cut because it is larger than the one before.
    """
    places, sizes = sheet.look.layout.rating, sheet.sizes
    x, y, w, h = places.qr
    ink = sheet.colours.ink
    sheet.block(places.qr, sheet.colours.code_ground)
    if modules:
        image = code_image(sheet.look, modules, min(w, h))
        sheet.stamp(image, x + w / 2, y + h / 2, 0.5, 0.5)
    if places.qr_words_below:
        text = sheet.fit(sheet.words("qr.rate.short"), sizes.smallest, True, w)
        under, width = y + h + sizes.smallest * 0.53, 0.0
        if under + sizes.smallest * 0.5 < places.keys[0][1]:
            width = sheet.write_lines(text, (x + w, under), ink, True, align=1)
        return x + w - max(w, width) - 24
    gap = sizes.gap
    size = min(sizes.body - 2, sizes.control)
    text = sheet.fill(sheet.words("qr.rate"), size, True, (w * places.qr_words, h), 1.3)
    width = sheet.write_lines(text, (x - gap, y + h / 2), ink, True, align=1)
    return x - 2 * gap - width


def _keys(sheet: Sheet, chosen: int | None) -> None:
    places, sizes = sheet.look.layout.rating, sheet.sizes
    for level, box in zip(LEVELS, places.keys, strict=True):
        state = CHOSEN if level == chosen else REST
        key = level_key(sheet.look, sheet.language, level, box[2:], state)
        sheet.key(box, Action("level", level), key, (sizes.gap / 2, sizes.gap / 2))
    if places.ticks is not None:
        ticks(sheet, places.ticks)


def ticks(sheet: Sheet, top: float) -> None:
    """Draw a tick over each physical key below the screen."""
    for left, _, width, _ in sheet.look.layout.rating.keys:
        tick = sheet.look.icons.icon("tick", sheet.look.px(sheet.sizes.small), sheet.colours.line)
        sheet.stamp(tick, left + width / 2, top, 0.5)


def warm(look: Look, language: str) -> None:
    """Draw the level keys at rest and pressed, so that the first tap costs one blit."""
    for level, (_, _, *size) in zip(LEVELS, look.layout.rating.keys, strict=True):
        level_key(look, language, level, (size[0], size[1]), REST).pressed()

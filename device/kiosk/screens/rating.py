"""The five equal level keys under one question: the same keys for staff and for matter."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.codes import code_image
from device.kiosk.screens.header import staff_header
from device.kiosk.screens.keys import CHOSEN, REST, level_key
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import MatterLine, RatingView

LEVELS = (5, 4, 3, 2, 1)
"""From left to right, as the physical keys below the screen."""


def compose(view: RatingView, look: Look) -> Scene:
    """Lay a question out."""
    sheet = Sheet(look, view.chrome.language)
    staff_header(sheet, view.chrome, decline=True)
    places = look.layout.rating
    right = look.layout.size[0] - sheet.sizes.margin
    if view.qr is not None:
        right = _code(sheet, view.qr)
    if view.subject == "matter" and view.matter is not None:
        _question(sheet, view, "q.matter", places.matter_step, places.matter_question, right)
        _matter(sheet, view.matter, right)
    else:
        question = "q.matter" if view.subject == "matter" else "q.staff"
        _question(sheet, view, question, places.step, places.question, right)
        sheet.write_fitted(
            sheet.words("hint"), (sheet.sizes.margin, places.hint), sheet.sizes.body,
            sheet.colours.ink2, right - sheet.sizes.margin,
        )  # fmt: skip
    _keys(sheet, view.chosen)
    return sheet.scene("rating")


def _question(
    sheet: Sheet, view: RatingView, question: str, step: int, middle: int, right: int
) -> None:
    sizes, colours = sheet.sizes, sheet.colours
    left = sizes.margin
    if view.steps > 1:
        text = sheet.words("step", i=view.step, n=view.steps)
        sheet.write(text, (left, step), sizes.small, colours.ink2)
    sheet.write_fitted(
        sheet.words(question), (left, middle), sizes.question, colours.ink, right - left, True
    )


def _matter(sheet: Sheet, matter: MatterLine, right: int) -> None:
    places, sizes, colours = sheet.look.layout.rating, sheet.sizes, sheet.colours
    x, y, w, h = places.matter_icon
    sheet.icon("document", (x + w // 2, y + h // 2), w, colours.accent)
    left = places.matter_left
    sheet.write_fitted(
        matter.name, (left, places.matter_name), 34, colours.ink, right - left, True, least=24
    )
    at = left
    if matter.case:
        text = f"{sheet.words('case')} {matter.case}"
        at += sheet.write(text, (at, places.matter_case), sizes.small, colours.ink2) + 28
    if matter.cases > 1:
        batch = sheet.words("batch", n=matter.cases)
        sheet.write_fitted(
            batch, (at, places.matter_case), sizes.small, colours.ink, right - at, True
        )


def _code(sheet: Sheet, modules: tuple[tuple[bool, ...], ...]) -> int:
    """Show the QR code at the right end; return where it and its words begin."""
    x, y, w, h = sheet.look.layout.rating.qr
    image = code_image(sheet.look, modules, min(w, h))
    side = image.get_width()
    left = x + w - side
    sheet.stamp(image, left, y + (h - side) // 2)
    text = sheet.look.text.balance(sheet.words("qr.rate"), 28, True, 160, 2)
    width = sheet.write_set(text, (left - 20, y + h // 2), sheet.colours.ink, True, align=1)
    return left - 20 - width - 24


def _keys(sheet: Sheet, chosen: int | None) -> None:
    places, sizes = sheet.look.layout.rating, sheet.sizes
    for level, (left, width) in zip(LEVELS, places.keys, strict=True):
        box = (left, places.keys_top, width, places.key_height)
        state = CHOSEN if level == chosen else REST
        key = level_key(sheet.look, sheet.language, level, box[2:], state)
        sheet.key(box, Action("level", level), key, (sizes.gap // 2, sizes.gap // 2))
        tick = sheet.look.icons.icon("tick", 26, sheet.colours.line)
        sheet.stamp(tick, left + width // 2 - 13, places.ticks_top)


def warm(look: Look, language: str) -> None:
    """Draw the level keys at rest and pressed, so that the first tap costs one blit."""
    places = look.layout.rating
    for level, (_, width) in zip(LEVELS, places.keys, strict=True):
        level_key(look, language, level, (width, places.key_height), REST).pressed()

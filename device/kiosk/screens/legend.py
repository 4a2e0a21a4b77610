"""What each physical key does on a page that has no levels over the keys.

Shown to those who use the keys alone. The order never changes: back, on, pick, leave, go on;
so fingers find again what they found on the page before.
"""

from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import Chrome

_SIGNS = {
    "keys.back": "chevron",
    "keys.on": "onward",
    "keys.pick": "pick",
    "keys.skip": "pass",
    "keys.nocall": "cross",
    "keys.submit": "check",
    "keys.confirm": "check",
    "keys.done": "check",
    "keys.leave": "chevron",
    "keys.login": "check",
    "keys.invite": "check",
    "keys.first": "check",
}
_ALWAYS = ("keys.back", "keys.on", "keys.pick")


def is_keyed(chrome: Chrome) -> bool:
    """Return whether somebody uses the keys, or has nothing else to use."""
    return chrome.by_keys or chrome.touch_out


def legend(sheet: Sheet, chrome: Chrome, leave: str, go_on: str) -> None:
    """Write the strip above the keys; ``leave`` and ``go_on`` are texts for the last two.

    An empty text leaves its key without words.
    """
    if not is_keyed(chrome):
        return
    places, colours, look = sheet.look.layout.legend, sheet.colours, sheet.look
    side, gap = places.sign, places.words * 0.25
    tick = look.icons.icon("tick", look.px(places.tick_width), colours.ink)
    for middle, text in zip(places.middles, (*_ALWAYS, leave, go_on), strict=True):
        if not text:
            continue
        words = sheet.words(text)
        width = sheet.width(words, places.words, True)
        left = middle - width / 2
        if width + side + gap <= places.column - gap:  # else the words alone: none run together
            left = middle - (side + gap + width) / 2
            sheet.icon(_SIGNS[text], (left + side / 2, places.line), side, colours.ink, 2.6)
            left += side + gap
        sheet.write(words, (left, places.line), places.words, colours.ink, True)
        sheet.stamp(tick, middle, places.tick, 0.5)

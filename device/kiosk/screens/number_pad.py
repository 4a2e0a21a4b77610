"""The digits of a pad and the keys to take them back, wherever something is typed."""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.screens.keys import sign_key, word_key
from device.kiosk.screens.sheet import Key, Sheet


def number_pad(
    sheet: Sheet,
    keys: tuple[tuple[str, Box], ...],
    digits: int,
    words: int,
    reach: float,
    *,
    letters: int = 0,
    still: bool = False,
) -> None:
    """Place ``keys``: digits, ``clear`` and ``erase``.

    ``digits`` and ``words`` are sizes; with a size for ``letters``, those of a telephone stand
    under the digits. A ``still`` pad answers to nothing.
    """
    for sign, box in keys:
        key = _key(sheet, sign, box[2:], digits, words, letters, still)
        if still:
            sheet.still(box, key)
        else:
            action = Action("digit", int(sign)) if sign.isdigit() else Action(sign)
            sheet.key(box, action, key, (reach, reach))


def _key(
    sheet: Sheet, sign: str, size: tuple[int, int], digits: int, words: int, letters: int,
    still: bool,
) -> Key:  # fmt: skip
    look, language = sheet.look, sheet.language
    if sign == "clear":
        return word_key(look, language, "cb.clear", size, words, bold=False, still=still)
    if sign == "erase":
        return sign_key(look, language, size, digits, icon="erase", still=still)
    if not letters:
        return sign_key(look, language, size, digits, text=sign, still=still)
    from device.core.matter_search import LETTERS

    under = LETTERS.get(sign, "").upper()
    return sign_key(look, language, size, digits, text=sign, under=under, under_size=letters)

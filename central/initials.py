"""First letters of a matter's pinyin: what staff type to find it.

Made once at central, so that a device needs no dictionary of readings.
"""

import unicodedata

MAX_INITIALS = 128
"""As `protocol.limits.Short` has it."""


def initials_of(name: str) -> str:
    """Return the first letters of the pinyin of ``name``, lower case.

    Digits and Latin letters are kept, full-width ones as plain ones; the rest is left out.
    Characters with several readings are read as their word is (重庆 is cq).
    """
    from pypinyin import Style, lazy_pinyin  # takes a while: only those who need it wait

    plain = unicodedata.normalize("NFKC", name)
    parts = lazy_pinyin(plain, style=Style.FIRST_LETTER, errors="default")
    letters = "".join(parts).lower()
    return "".join(one for one in letters if one.isascii() and one.isalnum())[:MAX_INITIALS]

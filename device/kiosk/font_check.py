"""The self-check of the fonts: what of the roster cannot be printed, where, and what helps.

A name with a hole in it is a small insult to whoever bears it, every day; the technician
shall see it before the citizens do.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from device.kiosk.assets import UI_ASSETS, font_path
from device.kiosk.typefaces import (
    STAND_IN,
    Face,
    Typefaces,
    is_description,
    is_private,
    spelt,
)
from device.store.wordings import Wording

_PLACES_SHOWN = 5


class Report(NamedTuple):
    """What the check found."""

    complete: bool
    """Every character is printed."""
    lines: tuple[str, ...]
    """For people."""


def check(wordings: Sequence[Wording], typefaces: Typefaces) -> Report:
    """Check every character of ``wordings``. Needs no display."""
    lines = ["typefaces, in the order in which they are asked:", *_shipped()]
    for face in typefaces.faces:
        lines += _behind(face)
    lacking = typefaces.unprintable(wording.text for wording in wordings)
    if not wordings:
        lines.append("there is no text to check")
    elif not lacking:
        lines.append(f"{_counted(len(wordings), 'text')}: every character is printed")
    else:
        lines.append(
            f"{_counted(len(wordings), 'text')}: {_counted(len(lacking), 'character')} "
            f"not printed, shown as {STAND_IN}"
        )
    for character in lacking:
        lines.append(f"  {shown(character)}: {_reason(character, typefaces.faces)}")
        lines += _places(character, wordings)
    return Report(not lacking, tuple(lines))


def shown(character: str) -> str:
    """Return ``character`` with its code point, or that alone where there is nothing to see."""
    point = f"U+{ord(character):04X}"
    return point if is_private(character) else f"{character} {point}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shipped() -> Iterator[str]:
    for bold, weight in ((False, "regular"), (True, "bold")):
        yield f"  {font_path(bold).relative_to(UI_ASSETS.parent)} ({weight}): shipped"


def _behind(face: Face) -> Iterator[str]:
    regular, bold, package = face.typeface.regular, face.typeface.bold, face.typeface.package
    lacking = f"not found; apt install {package}"
    weight = "regular" if bold else "regular and bold"
    yield f"  {regular} ({weight}): {'found' if face.found() else lacking}"
    if bold:
        yield f"  {bold} (bold): {'found' if face.found(bold=True) else lacking}"


def _reason(character: str, faces: Iterable[Face]) -> str:
    if is_description(character):
        return "only describes a character, and is left out; write that character itself"
    if is_private(character):
        return "no character of Unicode (private use or broken text); write the one that is meant"
    may = [
        face.typeface.package for face in faces if not face.found() and face.asked_for(character)
    ]
    if may:
        return f"no typeface here has it; apt install {' or '.join(may)} may help"
    return "no typeface has it"


def _places(character: str, wordings: Iterable[Wording]) -> Iterator[str]:
    # What is printed may be put together of characters that the text has one by one.
    places = [
        wording
        for wording in wordings
        if character in wording.text or character in spelt(wording.text)
    ]
    for wording in places[:_PLACES_SHOWN]:
        # No control characters on a technician's terminal.
        yield f"      {wording.place}: {spelt(wording.text)}"
    if len(places) > _PLACES_SHOWN:
        yield f"      and {len(places) - _PLACES_SHOWN} more"

"""What a check found, as values: the doctor prints it, the check screen draws it, central is
told its code.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

Figure = int | float | str | bool | None
_NONE: Mapping[str, Figure] = MappingProxyType({})


class Level(StrEnum):
    """How bad it is; the order is from worst to best."""

    FAULT = "fault"
    """Something does not work, or soon will not; somebody has to do something."""
    WARNING = "warning"
    """It works, and is not as it should be."""
    UNKNOWN = "unknown"
    """It could not be looked at, for the reason that the sentence gives."""
    OK = "ok"


class Finding(NamedTuple):
    """What one check found."""

    code: str
    """Short and stable: ``undervoltage``; the headings of docs/doctor.md."""
    level: Level
    sentence: str
    """What was found, in plain English, without anything personal or secret."""
    what_to_do: str = ""
    """In English; empty where there is nothing to do."""
    figures: Mapping[str, Figure] = _NONE
    """What was measured, for programs."""


def ok(code: str, sentence: str, **figures: Figure) -> Finding:
    """Return that all is well."""
    return Finding(code, Level.OK, sentence, "", figures)


def warning(code: str, sentence: str, what_to_do: str, **figures: Figure) -> Finding:
    """Return that something works and is not as it should be."""
    return Finding(code, Level.WARNING, sentence, what_to_do, figures)


def fault(code: str, sentence: str, what_to_do: str, **figures: Figure) -> Finding:
    """Return that something does not work."""
    return Finding(code, Level.FAULT, sentence, what_to_do, figures)


def unknown(code: str, sentence: str, what_to_do: str = "", **figures: Figure) -> Finding:
    """Return that it cannot be told, and why."""
    return Finding(code, Level.UNKNOWN, sentence, what_to_do, figures)

"""Rule packs: what a province or city prescribes, as data in `ui_assets/rules`.

A hall names one and may set single values otherwise; the result is what its devices get. A
province's change of rules is a change of a file there, never of code.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from central.mistakes import Mistaken, read_toml
from protocol.configuration import Rules
from protocol.limits import Short
from protocol.tags import BASE_SET, TAGS

FOLDER = Path(__file__).parents[1] / "ui_assets" / "rules"
_Days = Annotated[int, Meta(ge=0, le=366)]


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of days."""

    days: _Days
    working: bool
    """Working days; else days of the calendar."""


class Channels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Channel numbers that differ from the national ones; None: as the nation has it."""

    sms: int | None = None
    system_default: int | None = None


class CentralRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What central reckons with; None where the pack prescribes nothing."""

    reminder_hours: Annotated[int, Meta(ge=1, le=720)] | None = None
    invite_after: Period | None = None
    """Those who did not rate are invited again."""
    default_level: Annotated[int, Meta(ge=1, le=5)] | None = None
    """The platform's code of the level that counts where nobody rated."""
    default_after: Period | None = None
    callback_within: Period | None = None
    rectify_within: Period | None = None
    extend_by: Period | None = None
    channels: Channels = Channels()


class Pack(msgspec.Struct, frozen=True):
    """A rule pack that was read without a mistake."""

    name: Short
    """Whose rules these are."""
    device: Rules
    central: CentralRules


def names() -> tuple[str, ...]:
    """Return the packs there are."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


@cache
def pack(name: str) -> Pack:
    """Return the pack ``name``, one of `names`. Raises `Mistakes` if its file has any."""
    file = FOLDER / f"{name}.toml"
    content = read_toml(file)
    mistaken = Mistaken(file)
    mistaken.unknown_keys(content, Pack.__struct_fields__, "")
    device = mistaken.values(Rules, mistaken.table(content, "device"), "device")
    central = mistaken.values(CentralRules, mistaken.table(content, "central"), "central")
    for key, expected in tag_flaws(device.get("switched_off_tags", ())):
        mistaken.add(f"device.{key}", expected)
    mistaken.raise_any()
    return Pack(
        name=content.get("name", name),
        device=Rules(**{**device, "pack": name}),
        central=CentralRules(**central),
    )


def read_rules(mistaken: Mistaken, table: Mapping[str, Any], where: str) -> Rules:
    """Return the pack that ``table`` names, with the values it sets; note every mistake."""
    values = mistaken.values(Rules, table, where)
    chosen = values.pop("pack", "liaoning")
    prefix = f"{where}." if where else ""
    if chosen not in names():
        known = ", ".join(names())
        mistaken.add(f"{prefix}pack", f"there is no pack {chosen!r}; known: {known}")
        chosen = "liaoning"
    for key, expected in tag_flaws(values.get("switched_off_tags", ())):
        mistaken.add(f"{prefix}{key}", expected)
    return msgspec.structs.replace(pack(chosen).device, **values)


def tag_flaws(switched_off: Iterable[int]) -> Iterable[tuple[str, str]]:
    """Yield what cannot be switched off: tags that do not exist, and those of the base set."""
    every = {code for codes in TAGS.values() for code in codes}
    base = {code for codes in TAGS.values() for code in tuple(codes)[:BASE_SET]}
    known = ", ".join(f"{min(codes)}-{max(codes)}" for codes in TAGS.values())
    for code in switched_off:
        if code not in every:
            yield "switched_off_tags", f"there is no tag {code}; known tags are {known}"
        elif code in base:
            yield "switched_off_tags", f"{code} is of the base set and stays on"

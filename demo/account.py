"""Compares what was thanked for with what central holds: each exactly once."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from device.store.backlog import Backlog
from device.store.home import Home
from protocol.records import Rating, VisitClosed, read

LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}

Key = tuple[str, str, str]
"""Visit, subject, code: what one rating is about."""


class Account(NamedTuple):
    """What the device wrote, and how central's holdings differ from it.

    ``doubled`` counts on both sides: a rating or an end of a visit that the device itself
    recorded twice is no better than one that central holds twice.
    """

    ratings: int
    visits: int
    missing: list[Key]
    surplus: list[Key]
    doubled: list[Key]
    altered: list[Key]

    @property
    def exact(self) -> bool:
        """True if central holds every rating of the device exactly once, unaltered."""
        return not (self.missing or self.surplus or self.doubled or self.altered)


def settle(device_data: Path, held: list[dict[str, Any]]) -> Account:
    """Compare the device's signed records with the ratings that central answers with.

    What was given elsewhere, by phone say, is central's own and no part of this account.
    """
    held = [rating for rating in held if rating.get("origin", "screen") == "screen"]
    backlog = Backlog(Home(device_data))
    written: dict[Key, int] = {}
    told: Counter[Key] = Counter()
    ends: Counter[Key] = Counter()
    try:
        after = 0
        while stretch := backlog.after(after, 500, 1 << 22):
            for signed in stretch.records:
                record = read(signed)
                if isinstance(record, Rating):
                    key = (str(record.visit), str(record.subject), record.code)
                    written[key] = int(record.level)
                    told[key] += 1
                if isinstance(record, VisitClosed):
                    ends[(str(record.visit), "visit", str(record.outcome))] += 1
            after = stretch.first + len(stretch.records) - 1
    finally:
        backlog.close()
    keys = Counter(key_of(rating) for rating in held)
    levels = {key_of(rating): rating["level"]["platform"] for rating in held}
    return Account(
        ratings=len(written),
        visits=len(ends),
        missing=sorted(written.keys() - keys.keys()),
        surplus=sorted(keys.keys() - written.keys()),
        doubled=sorted(
            {k for count in (keys, told, ends) for k, times in count.items() if times > 1}
        ),
        altered=sorted(k for k, level in written.items() if k in levels and levels[k] != level),
    )


def key_of(rating: dict[str, Any]) -> Key:
    """Return what a rating from central's JSON is about."""
    return (rating["visit"], rating["subject"], rating["code"])


def table(held: list[dict[str, Any]]) -> str:
    """Return central's ratings as lines for people to read."""
    lines = [f"{'visit':10}{'subject':9}{'code':34}{'level':16}{'tags':14}{'seq':>5}  given by"]
    lines += [
        f"{r['visit'][:8]:10}{r['subject']:9}{r['code']:34}"
        f"{_wide(str(r['level']['platform']) + ' ' + LEVELS[r['level']['platform']], 16)}"
        f"{','.join(map(str, r['tags'])) or '-':14}{r['seq']:>5}  {r['origin']}"
        f"{'' if r['counted'] else ', not counted'}"
        for r in held
    ]
    return "\n".join(lines)


def _wide(text: str, columns: int) -> str:
    """Pad ``text``; a Chinese character takes two columns of a terminal."""
    width = sum(2 if ord(character) > 0x2E7F else 1 for character in text)
    return text + " " * (columns - width)

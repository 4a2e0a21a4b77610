"""What cards have been written, kept for `haochaping provision labels`. No secret is in it.

`haochaping provision cards` adds each card as it is finished; a card that is written anew
takes the place of the one before. Labels cannot be made from the fleet file alone, because
a fingerprint belongs to the card's token.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from provisioning.card import CardNote
from provisioning.errors import BadCard

NAME: Final = "cards.json"
FORMAT: Final = 1
_MAX_BYTES: Final = 64 * 1024 * 1024


class WrittenCard(msgspec.Struct, frozen=True):
    """One card."""

    name: str
    hall: str
    window: str
    fingerprint: str
    written_ms: int = 0
    """When it was written, or found to be as it should, last."""
    central: str = ""
    release: str = ""
    expires_ms: int = 0
    """When its token expires."""


class _Record(msgspec.Struct, frozen=True):
    format: int
    cards: tuple[WrittenCard, ...]


def read_record(path: Path) -> dict[str, WrittenCard]:
    """Return the cards in a record by name; none if there is no such file. Raises `BadCard`."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadCard(f"{path}: larger than a record of cards can be")
        record = msgspec.json.decode(path.read_bytes(), type=_Record)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadCard(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadCard(f"{path}: this is no record of cards: {error}") from error
    if record.format != FORMAT:
        raise BadCard(f"{path}: format {record.format} is not known here: only {FORMAT}")
    return {card.name: card for card in record.cards}


def record_of(note: CardNote, now_ms: int) -> WrittenCard:
    """Return what is recorded of a card that was written at ``now_ms``."""
    return WrittenCard(
        note.name,
        note.hall,
        note.window,
        note.fingerprint,
        now_ms,
        note.central,
        note.release,
        note.expires_ms,
    )


def add_to_record(path: Path, card: WrittenCard) -> None:
    """Put ``card`` into the record; a power cut leaves the old record or the new one.

    Raises `BadCard` if there is another file in its place, or `OSError`.
    """
    write_record(path, {**read_record(path), card.name: card})


def write_record(path: Path, cards: Mapping[str, WrittenCard]) -> None:
    """Write a whole record. Raises `OSError`."""
    content = {"format": FORMAT, "cards": [msgspec.to_builtins(cards[name]) for name in cards]}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

"""What a place held before a card is written to it, and whether a device has used that.

The device takes the token off its card when it has enrolled, so a whole card without a
token belongs to an enrolled device. A card whose writing was cut off has its token already:
that one is used again, for central cannot tell it a second time.
"""

from contextlib import suppress
from typing import NamedTuple

from provisioning.card import CardNote, read_note, token_hash
from provisioning.errors import BadCard


class Previous(NamedTuple):
    """A card that is there already."""

    note: CardNote
    token: str
    """A secret; empty if there is none, or none that belongs to this card."""
    used: bool
    """A device has enrolled with it and taken the token away."""

    def __repr__(self) -> str:
        """Return it without the token."""
        return f"Previous({self.note.name}, {self.note.fingerprint}, used={self.used})"


def read_previous(done: bytes | None, begun: bytes | None, token: bytes | None) -> Previous | None:
    """Return the card that these bytes of ``card.json``, ``card.next`` and ``token`` make.

    Raises `BadCard` if there is a ``card.json`` that is none of ours.
    """
    secret = (token or b"").decode("ascii", "replace").strip()
    notes = []
    if begun is not None:
        with suppress(BadCard):  # cut off before it was whole: the one before it counts
            notes.append(read_note(begun))
    if done is not None:
        notes.append(read_note(done))
    for note in notes:
        if secret and token_hash(secret) == note.token_sha256:
            return Previous(note, secret, used=False)
    if done is None:
        return None
    return Previous(notes[-1], "", used=not secret)

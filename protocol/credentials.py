"""What proves who a staff member is, and how little of it travels.

Central makes the verifiers and devices check against them, offline too. A PIN is short, so
each try is made to cost time and memory (argon2id, RFC 9106); what a badge or a card holds is
looked up by one hash that costs the same, with a salt of the hall, so that 10,000 staff need
no 10,000 tries.
"""

import hashlib
import os
import re
from itertools import pairwise

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 8192
ITERATIONS = 2
"""About 100 ms and 8 MiB on a Pi Zero 2 W."""
PIN = re.compile(r"[0-9]{6}", re.ASCII)
"""What a PIN is made of."""
MIN_CARD, MAX_CARD = 6, 128
"""Characters that a reader types for a badge or a card."""

_NOBODYS = (
    "$argon2id$v=19$m=8192,t=2,p=1$aGFvY2hhcGluZy1ub25l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Checked where there is no such person, so that the answer takes as long."""


def is_pin(text: str) -> bool:
    """True if ``text`` can be a PIN: six digits."""
    return PIN.fullmatch(text) is not None


def is_guessable(pin: str) -> bool:
    """True for the PINs that people try first: one digit six times, or digits in a row."""
    steps = {int(second) - int(first) for first, second in pairwise(pin)}
    return steps in ({0}, {1}, {-1})


def pin_verifier(pin: str) -> str:
    """Return what the roster says of ``pin``: argon2id in its encoded (PHC) form.

    Raises `ValueError` if that is no PIN.
    """
    if not is_pin(pin):
        raise ValueError("a PIN is six digits")
    return _argon2(os.urandom(16)).derive_phc_encoded(pin.encode())


def pin_matches(pin: str, verifier: str) -> bool:
    """True if ``verifier`` was made of ``pin``; takes as long if there is no verifier."""
    try:
        Argon2id.verify_phc_encoded(pin.encode(), verifier or _NOBODYS)
    except (InvalidKey, ValueError):
        return False
    return bool(verifier)


def is_pin_verifier(text: str) -> bool:
    """True if ``text`` is a verifier that a device can afford to check."""
    found = re.fullmatch(
        r"\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$[\w+/]{11,43}\$[\w+/]{22,86}", text
    )
    if found is None:
        return False
    memory, iterations, lanes = map(int, found.groups())
    return 8 * lanes <= memory <= 65536 and 1 <= iterations <= 10 and lanes >= 1


def card_content(typed: str) -> str:
    """Return what a reader typed as it is hashed: readers differ in spaces and case."""
    return "".join(typed.split()).upper()


def card_hash(typed: str, hall: str) -> str:
    """Return the hash of a badge or card in the hall with code ``hall``: 64 digits.

    Raises `ValueError` if nothing of that length is on a card.
    """
    content = card_content(typed)
    if not MIN_CARD <= len(content) <= MAX_CARD:
        raise ValueError(f"a badge or card has {MIN_CARD} to {MAX_CARD} characters")
    salt = hashlib.sha256(b"haochaping/card\0" + hall.encode()).digest()[:16]
    return _argon2(salt).derive(content.encode()).hex()


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=ITERATIONS, lanes=1, memory_cost=MEMORY_KIB)

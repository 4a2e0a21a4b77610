"""Takes out of a text what must not leave the hall: people, citizens' cases, secrets, addresses.

Two nets, since neither is enough: what this device itself knows to be personal or secret (the
roster, the cases of its records, keys, passwords), and what looks like it (numbers of
telephones and identity cards, e-mail, keys, addresses). Rather too much is taken than too
little. The same address gets the same stand-in, so that a log can still be followed.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

PERSON, CASE, SECRET = "<person>", "<case>", "<secret>"
SHORTEST = 3
"""Numbers of fewer characters are masked only beside a word for staff: they would match every
date."""

_USERINFO = re.compile(r"//[^/@\s\"']+@")
_SECRETS_NAME = r"(?i)\b((?:token|psk|passw(?:or)?d|pin|secret|authorization|bearer|api[-_ ]?key)\b"
_SET_SECRET = re.compile(_SECRETS_NAME + r"[\"']?\s*[:=]\s*[\"']?)(?![\s<])([^\"',;\n]+)")
_SAID_SECRET = re.compile(_SECRETS_NAME + r"\s+)(?=[^\s<]*\d)([^\s\"',;<]+)")
_OWN_KEYS = re.compile(r"\bhc[a-z]_[A-Za-z0-9_-]{8,}")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_IDENTITY_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\w)")
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_UUID = re.compile(r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
_MAC = re.compile(r"(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b")
_FOUR = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_SIX = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{28,}")


class Mask:
    """Masks texts; remembers which stand-in an address has."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """``known`` is what this device knows, with what to put in its place."""
        self._known = {word: label for word, label in known.items() if len(word) >= SHORTEST}
        self._known |= {w: label for w, label in known.items() if len(w) == 2 and not w.isascii()}
        self._lengths = sorted({len(word) for word in self._known}, reverse=True)
        firsts = "".join(re.escape(char) for char in sorted({word[0] for word in self._known}))
        self._firsts = re.compile(f"[{firsts}]") if firsts else None
        short = [re.escape(w) for w in known if w not in self._known and w.strip()]
        self._short = (
            re.compile(rf"(?i)\b(staff(?: number| member)?|工号)(\W{{1,3}})(?:{'|'.join(short)})\b")
            if short
            else None
        )
        self._stand_ins: dict[tuple[str, str], str] = {}

    def text(self, text: str) -> str:
        """Return ``text`` with everything personal and secret replaced."""
        text = _EMAIL.sub("<e-mail>", _USERINFO.sub("//***@", text))
        text = self._without_known(text)
        if self._short is not None:
            text = self._short.sub(rf"\1\2{PERSON}", text)
        text = _SAID_SECRET.sub(rf"\1{SECRET}", _SET_SECRET.sub(rf"\1{SECRET}", text))
        text = _OWN_KEYS.sub(SECRET, text)
        text = _UUID.sub(lambda found: self._stand_in("id", found[0].lower()), text)
        text = _IDENTITY_CARD.sub("<identity card>", text)
        text = _TELEPHONE.sub("<telephone>", text)
        text = _MAC.sub(lambda found: self._stand_in("mac", found[0].lower()), text)
        text = _FOUR.sub(self._address, text)
        text = _SIX.sub(self._address, text)
        return _OPAQUE.sub(_opaque, text)

    def value(self, value: Any) -> Any:
        """Return what JSON holds with every text in it masked; numbers stay."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.value(inner) for inner in value]
        return value

    def _without_known(self, text: str) -> str:
        if self._firsts is None:
            return text
        pieces: list[str] = []
        done = 0
        for found in self._firsts.finditer(text):
            start = found.start()
            if start < done:
                continue
            for length in self._lengths:
                word = text[start : start + length]
                if word in self._known and _stands_alone(text, start, start + length):
                    pieces += (text[done:start], self._known[word])
                    done = start + length
                    break
        return "".join((*pieces, text[done:]))

    def _address(self, found: re.Match[str]) -> str:
        try:
            address = ip_address(found[0])
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified:
            return found[0]
        return self._stand_in("private-ip" if address.is_private else "public-ip", str(address))

    def _stand_in(self, kind: str, original: str) -> str:
        known = self._stand_ins
        number = sum(1 for other, _ in known if other == kind) + 1
        return known.setdefault((kind, original), f"<{kind}-{number}>")


def _stands_alone(text: str, start: int, end: int) -> bool:
    """True unless a Latin word or number goes on beyond the match: Li is not in Linux."""

    def goes_on(inside: str, outside: str) -> bool:
        return inside.isascii() and inside.isalnum() and outside.isascii() and outside.isalnum()

    before = start > 0 and goes_on(text[start], text[start - 1])
    after = end < len(text) and goes_on(text[end - 1], text[end])
    return not (before or after)


def _opaque(found: re.Match[str]) -> str:
    """Return a stand-in for what looks like a key in base64 or hexadecimal digits."""
    word = found[0]
    upper, lower = sum(map(str.isupper, word)), sum(map(str.islower, word))
    digits = sum(map(str.isdigit, word))
    base64 = upper >= 3 and lower >= 3 and digits >= 2
    hexadecimal = bool(re.search(r"(?i)(?<![0-9a-z])[0-9a-f]{32,}(?![0-9a-z])", word))
    return "<long>" if base64 or (hexadecimal and digits >= 4) else word


def label(words: Iterable[str], stand_in: str) -> dict[str, str]:
    """Return ``words`` with what to put in their place; empty ones are left out."""
    return {word: stand_in for word in words if word.strip()}

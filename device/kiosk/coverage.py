"""Which characters the shipped fonts have: asked for every text before it is set.

Read from the font file itself, so that it cannot say anything else than what is printed.
`pygame.font` does not tell: it prints an empty box for what it lacks. The rarer rest is the
business of `typefaces`, which few kiosks ever import.
"""

from collections.abc import Iterable
from pathlib import Path


class Coverage:
    """The characters of a font file of ours, by its one cmap (OpenType, format 12).

    The table stays as it lies in the file and is searched there; that takes a microsecond or
    two and needs no module that the first frame would have to wait for.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            head = file.read(512)
            tables = range(12, 12 + 16 * int.from_bytes(head[4:6]), 16)
            entry = next(at for at in tables if head[at : at + 4] == b"cmap")
            file.seek(int.from_bytes(head[entry + 8 : entry + 12]))
            table = file.read(int.from_bytes(head[entry + 12 : entry + 16]))
        start = int.from_bytes(table[8:12])
        if table[start : start + 2] != b"\0\x0c":
            raise ValueError(f"{path}: its characters are not listed in format 12")
        self._groups = table[start + 16 :]
        """Twelve bytes each, in order: first code point, last one, first glyph."""
        self._met: set[str] = set()
        """Characters it has that were asked for: at most all it has."""

    def __contains__(self, character: str) -> bool:
        groups = self._groups
        point = ord(character).to_bytes(4)  # big-endian numbers compare as bytes do
        low, high = 0, len(groups) // 12
        while low < high:
            middle = (low + high) // 2
            if groups[12 * middle : 12 * middle + 4] <= point:
                low = middle + 1
            else:
                high = middle
        return low > 0 and point <= groups[12 * low - 8 : 12 * low - 4]

    def prints(self, text: str) -> bool:
        """True if these fonts print the whole of ``text``, as it stands."""
        met = self._met
        if met.issuperset(text):
            return True
        for character in text:
            if character not in met:
                if character not in self:
                    return False
                met.add(character)
        return True

    def lacks(self, texts: Iterable[str]) -> set[str]:
        """Return the characters of ``texts`` that these fonts do not have."""
        return {character for character in set().union(*texts) if character not in self}

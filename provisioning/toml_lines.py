"""TOML with the line of every value, and every broken statement at once.

A technician who mistypes three of three hundred lines must be told of three lines.
`tomllib` names no line of what it read and stops at the first mistake, so the text is cut
into its statements here, and each is read by `tomllib` alone.
"""

import re
import tomllib
from typing import Any, NamedTuple

Path_ = tuple[str | int, ...]
"""Where a value stands: keys, and the number of a table among those of one name."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|[\[{]|[\]}]|\n"
    r"|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)
_BEGINS = re.compile(r"""\s*(\[|[A-Za-z0-9_."' -]+=)""")
"""What a new statement looks like, after one that does not end."""
_PLACE = re.compile(r"(.*) \(at (?:line ([0-9]+), column [0-9]+|end of document)\)\Z", re.DOTALL)
_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000\u3001\u3002\u201c\u201d\u2018\u2019\u3010\u3011]")


class Leaf(NamedTuple):
    """A value that is no table."""

    value: Any
    line: int


class Slip(NamedTuple):
    """What is wrong, and where."""

    line: int
    text: str
    full_width: bool = False
    """A Chinese input method typed what should be TOML."""


class Read(NamedTuple):
    """A whole file."""

    leaves: dict[Path_, Leaf]
    tables: dict[Path_, int]
    """The line of each table that has a header of its own."""
    slips: list[Slip]


def read(text: str) -> Read:
    """Return everything in ``text``; with slips, what could be read in spite of them."""
    text = text.replace("\r\n", "\n")
    found = _Reading()
    for line, statement in _statements(text):
        found.take(line, statement)
    if not found.slips:
        try:
            tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found.slips.append(_slip(error, 1, ""))
    return Read(found.leaves, found.tables, found.slips)


class _Reading:
    def __init__(self) -> None:
        self.leaves: dict[Path_, Leaf] = {}
        self.tables: dict[Path_, int] = {}
        self.slips: list[Slip] = []
        self._inside: Path_ = ()
        self._many: dict[Path_, int] = {}

    def take(self, line: int, statement: str) -> None:
        try:
            content = tomllib.loads(statement)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.slips.append(_slip(error, line, statement))
            return
        if statement.lstrip().startswith("["):
            self._head(line, content)
        else:
            self._values(self._inside, content, line)

    def _head(self, line: int, content: dict[str, Any]) -> None:
        path: Path_ = ()
        inner: Any = content
        while inner:
            ((key, inner),) = inner.items()
            path = (*path, key)
            if isinstance(inner, list):
                self._many[path] = number = self._many.get(path, -1) + 1
                path, inner = (*path, number), {}
            elif path in self._many:
                path = (*path, self._many[path])
        if path in self.tables:
            self.slips.append(Slip(line, f"this table is in line {self.tables[path]} already"))
        self.tables.setdefault(path, line)
        self._inside = path

    def _values(self, path: Path_, content: dict[str, Any], line: int) -> None:
        for key, value in content.items():
            here = (*path, key)
            if isinstance(value, dict):
                self._values(here, value, line)
            elif here in self.leaves:
                earlier = self.leaves[here].line
                self.slips.append(Slip(line, f"{key} is given in line {earlier} already"))
            else:
                self.leaves[here] = Leaf(value, line)


def _statements(text: str) -> list[tuple[int, str]]:
    """Return each statement and the line in which it begins."""
    found = []
    at, line = 0, 1
    while at < len(text):
        end = _end(text, at)
        statement = text[at:end]
        if "\n" in statement and not _readable(statement):
            end = at + _broken(statement)
            statement = text[at:end]
        if statement.strip():
            found.append((line, statement))
        line += statement.count("\n") + 1
        at = end + 1
    return found


def _end(text: str, at: int) -> int:
    """Return where the statement that begins at ``at`` ends: at a newline outside of brackets."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case "\n" if depth <= 0:
                return token.start()
    return len(text)


def _readable(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _broken(statement: str) -> int:
    """Return how much of a statement without an end is its own: up to what begins another."""
    at = statement.index("\n")
    while at < len(statement):
        if _BEGINS.match(statement, at + 1):
            return at
        at = statement.find("\n", at + 1)
        if at < 0:
            break
    return len(statement)


def _slip(error: Exception, line: int, statement: str) -> Slip:
    placed = _PLACE.match(str(error))
    said = placed[1] if placed else "nested too deeply"
    if placed and placed[2]:
        line += int(placed[2]) - 1
    typed = "".join(dict.fromkeys(_FULL_WIDTH.findall(_without_text(statement))))
    hint = (
        f"; {typed} is full-width, as Chinese input methods type it: switch to English input"
        if typed
        else ""
    )
    return Slip(line, f"this is not TOML: {said[:1].lower()}{said[1:]}{hint}", bool(typed))


def _without_text(statement: str) -> str:
    """Return what stands outside of strings and comments."""
    tokens = _TOKEN.findall(statement)
    return "".join(token for token in tokens if not token.startswith(('"', "'", "#")))

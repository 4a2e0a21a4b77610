"""CSV as spreadsheets write and read it, without their mishaps.

A spreadsheet takes a cell for a formula if it begins like one, drops the zeros before a staff
number and shortens a matter's 31 digits. Cells that it would change are therefore written
with an apostrophe before them, as people mark text there, and read without it. It writes
UTF-8 with a mark at the beginning, or in Chinese the national encoding, GB 18030.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from central.errors import Mistakes

MAX_BYTES = 64 * 1024 * 1024
_FORMULA = "=+-@\t\r＝＋－＠"
_MARKED = re.compile(rf"'(?=[{re.escape(_FORMULA)}'0-9])")
_CHANGED = re.compile(r"[0-9][0-9.,:/\-年月日eE ]*")
_KEPT = re.compile(r"0|[1-9][0-9]{0,10}")
"""A number that comes back as it was."""
_BOM = "\ufeff"


class Line(NamedTuple):
    """A row that is not empty, and where it begins in the file, counted from 1."""

    number: int
    cells: list[str]


def write(rows: Iterable[Sequence[str | float]]) -> bytes:
    """Return ``rows`` as UTF-8 with a byte order mark, safe to open in a spreadsheet.

    A cell that is no text but a number stays one.
    """
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [_guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return (_BOM + out.getvalue()).encode()


def read(file: Path) -> list[Line]:
    """Return the rows in ``file``; cells stripped, empty rows left out.

    Raises `Mistakes` if it is no CSV or of no encoding that is known.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise Mistakes([f"{file}: longer than {MAX_BYTES // 2**20} MiB"])
        content = file.read_bytes()
    except OSError as error:
        raise Mistakes([f"{file}: cannot be read: {error.strerror}"]) from error
    try:
        return _lines(_decoded(content))
    except ValueError as error:
        raise Mistakes([f"{file}: {error}"]) from error


def _lines(text: str) -> list[Line]:
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = []
    begins = 1
    try:
        for cells in reader:
            stripped = [_plain(cell) for cell in cells]
            if any(stripped):
                lines.append(Line(begins, stripped))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"not CSV from line {begins} on: {error}") from error
    return lines


def _decoded(content: bytes) -> str:
    """Return the text in ``content``; raises `ValueError` with what was expected."""
    expected = "expected CSV in UTF-8 or GB 18030"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError(f"{expected}, not UTF-16; save it as CSV UTF-8")
    body = content.removeprefix(_BOM.encode())
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        if len(body) < len(content) or _is_torn_utf8(body):
            raise ValueError(f"{expected}; line {line} is not UTF-8 as the rest is") from error
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{expected}; line {line} is neither") from error


def _is_torn_utf8(content: bytes) -> bool:
    """True if more of it is UTF-8 beyond ASCII than not: GB 18030 hardly ever looks so."""
    text = content.decode(errors="replace")
    broken = text.count("\ufffd")
    return sum(not one.isascii() for one in text) - broken > broken


def _guarded(cell: str) -> str:
    changed = _CHANGED.fullmatch(cell) and not _KEPT.fullmatch(cell)
    return (
        f"'{cell}" if cell[:1] and (cell[0] in _FORMULA or changed or _MARKED.match(cell)) else cell
    )


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if _MARKED.match(text) else text

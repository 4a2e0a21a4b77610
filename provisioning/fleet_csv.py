"""A table of devices as spreadsheets write it: each row a device, each cell with its line.

Excel in Chinese saves GB 18030 and not UTF-8, puts a mark before UTF-8, ends lines its own
way, and keeps digits as they are only behind an apostrophe; all of that is taken. Full-width
commas between cells are a slip that is told.
"""

import csv
import io
from pathlib import Path

from provisioning.findings import Findings, Given, Place, did_you_mean
from provisioning.fleet_keys import (
    DEVICE,
    HEADINGS,
    SAME_EVERYWHERE,
    SHORT,
    from_cell,
    full_name,
)
from provisioning.fleet_typing import narrow, tell, told_as_typed

MAX_BYTES = 16 * 1024 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .ods begin (they are zip files), and .xls."""


class Row(dict[str, Given]):
    """What one device is given, by full key."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


def read_table(path: Path, findings: Findings) -> list[Row]:
    """Return the devices in the CSV file ``path``; whatever is wrong goes to ``findings``."""
    top = Place(path, 1)
    try:
        if path.stat().st_size > MAX_BYTES:
            findings.mistake(top, f"longer than {MAX_BYTES // 2**20} MiB: this is no fleet")
            return []
        content = path.read_bytes()
    except OSError as error:
        findings.mistake(top, f"cannot be read: {error.strerror}")
        return []
    text = _decoded(content, path, findings)
    if text is None:
        return []
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    keys: list[str] | None = None
    begins = 1
    try:
        for cells in reader:
            plain = [_plain(cell) for cell in cells]
            place = Place(path, begins)
            begins = reader.line_num + 1
            if not any(plain) or plain[0].startswith("#"):
                continue
            if keys is None:
                keys = _headings(plain, place, findings)
            else:
                rows.append(_row(keys, plain, place, findings))
    except csv.Error as error:
        findings.mistake(Place(path, begins), f"from here on this is not CSV: {error}")
    if keys is None:
        findings.mistake(top, "there is no row of headings, as hall,window,address")
    return rows


def _decoded(content: bytes, path: Path, findings: Findings) -> str | None:
    if content.startswith(_WORKBOOK):
        findings.mistake(
            Place(path, 1), 'this is a spreadsheet\'s own file; save it as "CSV UTF-8"'
        )
        return None
    if content.startswith(_UTF_16):
        findings.mistake(Place(path, 1), 'this is UTF-16; save it as "CSV UTF-8"')
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as torn:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            line = content.count(b"\n", 0, torn.start) + 1
            findings.mistake(
                Place(path, line), 'neither UTF-8 nor GB 18030; save it as "CSV UTF-8"'
            )
            return None


def _plain(cell: str) -> str:
    """Return what was meant; spreadsheets mark text with an apostrophe before it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") else text


def _headings(cells: list[str], place: Place, findings: Findings) -> list[str]:
    """Return the key of each column; empty for one that is not known."""
    keys: list[str] = []
    for cell in cells:
        key = HEADINGS.get(cell) or full_name(cell.lower())
        if cell and key not in DEVICE:
            if "，" in cell or "；" in cell:
                why = "; the commas between cells are full-width: type them in English input"
            elif key in SAME_EVERYWHERE:
                why = f"; {SAME_EVERYWHERE[key]}"
            else:
                why = did_you_mean(cell, [*DEVICE, *SHORT, *HEADINGS])
            findings.mistake(place, f"column {cell}: unknown{why}")
            key = ""
        elif key and key in keys:
            findings.mistake(place, f"column {cell}: {key} has a column already")
            key = ""
        keys.append(key)
    return keys


def _row(keys: list[str], cells: list[str], place: Place, findings: Findings) -> Row:
    row = Row(place)
    if len(cells) > len(keys) and any(cells[len(keys) :]):
        findings.mistake(
            place, f"{len(cells)} cells, but there are {len(keys)} columns: a comma too many?"
        )
    for key, cell in zip(keys, cells, strict=False):
        if not key or not cell:
            continue
        known = DEVICE[key]
        try:
            value = from_cell(known.kind, cell)
        except ValueError as error:
            if narrow(cell) != cell:
                tell(known, f"{key} = ", cell, place, findings)
            else:
                findings.mistake(place, f"{key} = {cell}: {error} expected")
        else:
            row[key] = Given(told_as_typed(known, key, value, place, findings), place, key)
    return row

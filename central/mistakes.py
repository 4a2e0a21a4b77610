"""Reading what somebody wrote so that every mistake in it is told at once.

Each mistake names the file (if it came in one), the key and what was expected, with a "did
you mean" for a misspelt key. Nothing is read half: one mistake and the caller gets none of it.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from central.errors import Mistakes


class Mistaken:
    """The mistakes found so far, in one file or, without one, in one request."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.found: list[str] = []

    def add(self, key: str, expected: str) -> None:
        """Note that ``key`` is not as ``expected``."""
        self.add_elsewhere(key if self.file is None else f"{self.file}: {key}", expected)

    def add_elsewhere(self, where: str, expected: str) -> None:
        """Note a mistake that is not in the file, as in a variable of the environment."""
        self.found.append(f"{where}: {expected}")

    def raise_any(self) -> None:
        """Raise `Mistakes` if there is one."""
        if self.found:
            raise Mistakes(self.found)

    def table(self, holder: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the table ``key``; empty, and a mistake, if it is something else."""
        value = holder.get(key, {})
        if isinstance(value, dict):
            return value
        self.add(key, f"expected a table [{key}]")
        return {}

    def tables(self, holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """Return the array of tables ``key``; what is no table is a mistake."""
        value = holder.get(key, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        self.add(key, f"expected tables that each begin with [[{key}]]")
        return []

    def unknown_keys(self, holder: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        """Note every key of ``holder`` that is not among ``known``."""
        known = list(known)
        for key in holder:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                self.add(_join(where, key), f"unknown key; {hint}")

    def values(
        self, kind: type[msgspec.Struct], table: Mapping[str, Any], where: str
    ) -> dict[str, Any]:
        """Return those values of ``table`` that are as ``kind`` wants them; note every mistake.

        After `raise_any` they make a ``kind``; before, what could be read can be checked on.
        """
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        self.unknown_keys(table, fields, where)
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name not in table:
                if field.required:
                    self.add(_join(where, name), "missing")
                continue
            try:
                values[name] = msgspec.convert(table[name], field.type)
            except msgspec.ValidationError as error:
                self.add(_join(where, name), _plainly(str(error)))
        return values


def read_toml(file: Path) -> dict[str, Any]:
    """Return what the TOML ``file`` holds. Raises `Mistakes` if it is no TOML at all."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Mistakes([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistakes([f"{file}: not TOML: {error}"]) from error


def phone_url_flaw(url: str) -> str:
    """Return what is wrong with the address a QR code is to begin with; empty if nothing.

    It must be ``https://host`` (plain http only for this very machine) without a path.
    """
    expected = "expected https://host, without a path"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return expected
    local = parts.hostname in ("localhost", "127.0.0.1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return expected
    plain = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port is not None else "")
    return "" if parts.hostname and url == plain else expected


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


_PATTERNS = {
    r"\x1f\x7f": "expected one line without control characters",
    r"[^\x00]": "expected text without a NUL",
    "[0-9a-f]{64}": "expected 64 hexadecimal digits, lower case",
    "[0-5][0-9]": "expected HH:MM",
}
"""What a regular expression of the protocol means, by a part of it."""


def _plainly(message: str) -> str:
    """Turn msgspec's wording, "Expected `str` of length >= 1 - at `$[...]`", into ours."""
    text = message.partition(" - at ")[0].replace("`", "")
    if "matching regex" in text:
        shown = text.replace("\\\\", "\\")
        text = next((said for part, said in _PATTERNS.items() if part in shown), text)
    return text[:1].lower() + text[1:]

"""Writes the configuration file of one device.

The file is checked with the device's own rules before it is written, so that no card
leaves the technician's desk with a mistake the device would find.
"""

import tomllib
from pathlib import Path

from device.core.errors import BadConfiguration
from device.store.profile import check


def render(values: dict[str, object], name: str) -> str:
    """Return the TOML text of a profile with these settings, by dotted key.

    Raises `BadConfiguration` with every mistake; ``name`` stands for the file in it.
    """
    tables: dict[str, list[str]] = {"": []}
    for key, value in values.items():
        table, _, last = key.rpartition(".")
        tables.setdefault(table, []).append(f"{last} = {_literal(value)}")
    lines = tables.pop("")
    for table, entries in tables.items():
        lines += ["", f"[{table}]", *entries]
    text = "\n".join(lines) + "\n"
    check(tomllib.loads(text), name)
    return text


def write(path: Path, values: dict[str, object], *, replace: bool = False) -> None:
    """Write a checked profile to ``path``; refuses to replace one unless told to.

    Raises `BadConfiguration`.
    """
    try:
        content = render(values, str(path)).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadConfiguration(f"{path}: a value cannot be written in UTF-8: {error}") from error
    if path.exists() and not replace:
        raise BadConfiguration(f"{path}: exists already; give --replace to write over it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _literal(value: object) -> str:
    """Return ``value`` in TOML; strings with every control character escaped."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(_literal(item) for item in value) + "]"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            plain = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped)
            return f'"{plain}"'
    raise BadConfiguration(f"{value!r}: a profile holds text, numbers, true, false and lists")

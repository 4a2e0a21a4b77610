"""The table of file systems, edited line by line: what is not ours stays as it is."""


def options_of(text: str, place: str) -> tuple[str, ...] | None:
    """Return the options with which ``place`` is mounted at boot; None if it is not listed."""
    for line in text.splitlines():
        fields = _fields(line)
        if fields and fields[1] == place:
            return tuple(fields[3].split(","))
    return None


def with_entry(text: str, entry: str) -> str:
    """Return ``text`` with ``entry`` as the one line for its mount point."""
    place = entry.split()[1]
    kept = [line for line in text.splitlines() if _place(line) != place]
    if any(_place(line) == place and line == entry for line in text.splitlines()):
        return text
    return "\n".join([*kept, entry, ""])


def with_option(text: str, place: str, option: str, instead_of: str = "") -> str:
    """Return ``text`` with ``option`` on the line of ``place``; unchanged if it has none."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        fields = _fields(line)
        if not fields or fields[1] != place:
            continue
        had = fields[3].split(",")
        has = [one for one in had if one not in (option, instead_of)] + [option]
        if option in had and instead_of not in had:
            continue
        lines[number] = "\t".join([*fields[:3], ",".join(has), *fields[4:]])
    return text if lines == text.splitlines() else "\n".join([*lines, ""])


def _fields(line: str) -> list[str]:
    fields = line.split()
    return fields if len(fields) >= 4 and not fields[0].startswith("#") else []


def _place(line: str) -> str:
    fields = _fields(line)
    return fields[1] if fields else ""

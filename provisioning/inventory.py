"""An Ansible inventory made from a fleet file, for halls that use Ansible.

Fleet-wide work is not ours to invent: the inventory says which devices there are, and a few
short playbooks run the device's own commands over SSH. Nothing secret is in any of it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.fleet import Fleet, Seat

MARK: Final = "Made by haochaping provision ansible."
"""In the first lines of every file that may be made anew."""
INVENTORY: Final = "inventory.yml"
_PLAYBOOKS: Final = Path(__file__).with_name("playbooks")
_SETTINGS: Final = {
    "ansible_python_interpreter": "/usr/bin/python3",
    # The root file system is read-only, the technician's home with it.
    "ansible_remote_tmp": "/tmp/.ansible",  # noqa: S108 - on the device, where it is tmpfs
    "ansible_ssh_common_args": "-o StrictHostKeyChecking=accept-new -o ServerAliveInterval=15",
}


class NotOurs(ProvisioningError, FileExistsError):
    """A file of another's making is where one of ours would be written."""


def make(fleet: Fleet) -> dict[str, str]:
    """Return every file by name."""
    files = {file.name: file.read_text(encoding="utf-8") for file in sorted(_PLAYBOOKS.iterdir())}
    return files | {INVENTORY: "".join(f"{line}\n" for line in _inventory(fleet))}


def write(files: dict[str, str], folder: Path) -> list[str]:
    """Write ``files`` into ``folder``; return the names of those that were not so already.

    Raises `NotOurs` before anything is written, or `OSError`.
    """
    changed = []
    for name, content in files.items():
        file = folder / name
        before = file.read_text(encoding="utf-8", errors="replace") if file.exists() else None
        if before is not None and MARK not in before[:200]:
            raise NotOurs(
                f"{file} was not made by this command; move it away, or take another --out"
            )
        if before != content:
            changed.append(name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        (folder / name).write_text(files[name], encoding="utf-8")
    return changed


def _inventory(fleet: Fleet) -> Iterator[str]:
    yield "---"
    yield f"# {MARK} The same command makes it anew."
    yield "all:"
    yield "  children:"
    yield "    devices:"
    yield "      vars:"
    for key, value in {**_SETTINGS, "ansible_user": fleet.technician.name}.items():
        yield f"        {key}: {_text(value)}"
    yield "      children:"
    for group, hall, seats in _groups(fleet):
        yield f"        {group}:"
        yield "          vars:"
        yield f"            hall: {_text(hall)}"
        if hall in fleet.halls:
            yield f"            hall_name: {_text(fleet.halls[hall])}"
        yield "          hosts:"
        for seat in seats:
            yield f"            {_text(seat.name)}:"
            yield f"              window: {_text(seat.window)}"
            if seat.network.address:
                address = seat.network.address.partition("/")[0]
                yield f"              ansible_host: {_text(address)}"
            if seat.note:
                yield f"              note: {_text(seat.note)}"


def _groups(fleet: Fleet) -> Iterator[tuple[str, str, list[Seat]]]:
    """Yield each hall's group name, code and devices; no two names are the same."""
    halls: dict[str, list[Seat]] = {}
    for seat in fleet.seats:
        halls.setdefault(seat.hall, []).append(seat)
    taken: set[str] = set()
    for hall, seats in halls.items():
        wanted = name = "hall_" + re.sub(r"[^a-z0-9]+", "_", hall.lower()).strip("_")
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name)
        yield name, hall, seats


def _text(value: str) -> str:
    """Return ``value`` as a quoted scalar of YAML that Ansible takes for text and no template."""
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    quoted = "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in plain)
    return f'!unsafe "{quoted}"' if "{" in value else f'"{quoted}"'

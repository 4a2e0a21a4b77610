"""Files below one root, each written whole or not at all, and only if it changes."""

import os
from pathlib import Path

from device.store.disk import sync_folder, write_durably


def same(path: Path, content: bytes | str, mode: int = 0o644) -> bool:
    """True if ``path`` is a plain file with just this content and these rights."""
    wanted = content.encode() if isinstance(content, str) else content
    try:
        return (
            not path.is_symlink()
            and path.read_bytes() == wanted
            and path.stat().st_mode & 0o7777 == mode
        )
    except (FileNotFoundError, NotADirectoryError):
        return False


def put(path: Path, content: bytes | str, mode: int = 0o644) -> bool:
    """Have a file with this content at ``path``, durably; returns whether it was written."""
    if same(path, content, mode):
        return False
    write_durably(path, content.encode() if isinstance(content, str) else content, mode)
    return True


def text(path: Path) -> str:
    """Return the text of a file; empty if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def leads_to(path: Path, target: str) -> bool:
    """True if ``path`` is a symlink to ``target``."""
    return path.is_symlink() and str(path.readlink()) == target


def link(path: Path, target: str) -> bool:
    """Have a symlink to ``target`` at ``path``, durably; returns whether it was made."""
    if leads_to(path, target):
        return False
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)
    sync_folder(path.parent)
    return True


def remove(path: Path) -> bool:
    """Have nothing at ``path``, durably; returns whether something was removed."""
    if not os.path.lexists(path):
        return False
    path.unlink()
    sync_folder(path.parent)
    return True

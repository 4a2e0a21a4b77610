"""How a board that is enrolled anew leaves its past behind: set aside, and never deleted.

A new identity is a new chain with new keys. The old data folder keeps its name with the date
behind it, with every record that central may not have, and can be read with the keys in it.
Done before kiosk and agent start, by `haochaping migrate`: neither may have a file open.
"""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from device.core.errors import DeviceError, NotEnrolled, WrongBoard
from device.store.card import TOKEN, Card, read_card
from device.store.connect import glance
from device.store.disk import sync_folder
from device.store.home import Home
from device.store.identity import load_identity, refuse_other_board, write_durably

_NOTE = "revoked"


def note_revoked(home: Home, token_sha256: str) -> None:
    """Note that central refused this folder's keys for good when they came with this token.

    Only for what central has signed: with this the next start ends an identity.
    """
    write_durably(home.root / _NOTE, token_sha256.encode() + b"\n", 0o644)


def to_be_left(home: Home, folder: Path, board: str | None = None) -> str:
    """Return why the folder of ``home`` is to be set aside for the card in ``folder``.

    Empty if it is not. See `replaces`; or central has revoked the keys that came with the
    card's token (`note_revoked`).
    """
    try:
        card = read_card(folder)
    except DeviceError:
        return ""
    if not (folder / TOKEN).exists():
        return ""
    if card.token_sha256 and card.token_sha256 == _noted(home):
        return "central has revoked its keys, and the card has a token for new ones"
    return "the card is for a new one" if replaces(home, card, board) else ""


def replaces(home: Home, card: Card, board: str | None = None) -> bool:
    """True if ``card`` is to end the identity that is in ``home``.

    Its token is another than the one that identity was made with, and it says so (``replace``)
    or the identity is another board's: then the token is this board's own.
    """
    try:
        identity = load_identity(home)
        if identity.token_sha256 == card.token_sha256:
            return False
        refuse_other_board(identity, board)
    except WrongBoard:
        return True
    except NotEnrolled:
        return False
    return card.replace


def set_aside(home: Home) -> tuple[Path, int]:
    """Give the data folder another name; returns that, and how many records were not sent.

    Raises `OSError`. A power cut leaves it where it was or where it goes.
    """
    unsent = _unsent(home)
    stem = f"{home.root.name}.{time.strftime('%Y%m%d-%H%M%S')}"
    aside, number = home.root.with_name(stem), 1
    while aside.exists():
        number += 1
        aside = home.root.with_name(f"{stem}-{number}")
    folders = [folder for folder in home.agent_db.parent.glob("*/") if not folder.is_symlink()]
    home.root.rename(aside)
    sync_folder(aside.parent)
    home.prepare()
    for folder in folders:  # what the system's own rules made: the inbox
        folder.mkdir(mode=0o750, exist_ok=True)
    return aside, unsent


def _noted(home: Home) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return (home.root / _NOTE).read_text("ascii").strip()
    return ""


def _unsent(home: Home) -> int:
    """Return how many records lie behind central's last receipt; 0 where that cannot be read."""

    def number(path: Path, query: str) -> int:
        with suppress(sqlite3.Error, OSError):
            return int(glance(path, lambda db: db.execute(query).fetchone())[0] or 0)
        return 0

    last = number(home.kiosk_db, "SELECT max(seq) FROM record")
    through = number(home.agent_db, "SELECT max(through) FROM receipt")
    return max(0, last - through)

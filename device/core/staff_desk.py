"""What staff do at the device's own screen: which page they are at, and what they chose there.

Pure: whoever shows the pages decides when one opens, and carries out what is asked for there
(log-in, invitation, pause, log-out). Nothing in here knows a rating.
"""

from enum import StrEnum

import msgspec

from device.core.login_pad import LoginPad
from protocol.limits import MAX_CASES

LONGEST_QUERY = 33
"""Characters of the longest matter code."""
PAUSE_REASONS = {
    "pause.lunch": "午休",
    "pause.away": "临时离开",
    "pause.system": "系统故障",
    "pause.other": "其他",
}
"""Why a window pauses: the key of the text on the screen, and what the record says. A record
has one language, whatever the screen's is."""


class Page(StrEnum):
    """What staff see."""

    LOGIN = "login"
    MENU = "menu"
    SEARCH = "search"
    PAUSE = "pause"


class Choice(msgspec.Struct, frozen=True):
    """The matter that an invitation will name."""

    code: str = ""
    """Empty: none, the staff member alone is rated."""
    count: int = 1
    """How many cases of it, 1 to `MAX_CASES`."""
    finished: bool = True

    def more(self, by: int) -> "Choice":
        """Return the choice with so many more cases, or fewer, within its limits."""
        return Choice(self.code, min(max(self.count + by, 1), MAX_CASES), self.finished)


class Desk(msgspec.Struct, frozen=True):
    """One page, and everything typed or chosen since the first."""

    page: Page = Page.LOGIN
    pad: LoginPad = LoginPad()
    choice: Choice = Choice()
    query: str = ""
    part: int = 0
    """Which part of what was found is shown."""

    def to(self, page: Page) -> "Desk":
        """Return the desk at another page; what was chosen stays, what was typed goes."""
        return Desk(page, choice=self.choice)

    def choosing(self, code: str) -> "Desk":
        """Return the menu with this matter chosen; another one begins with one case."""
        choice = self.choice if self.choice.code == code else Choice(code)
        return Desk(Page.MENU, choice=choice)


def pressed(desk: Desk, name: str, value: int | str | None = None) -> Desk | None:
    """Return the desk after a key of its page, by the names in `device.kiosk.actions`.

    None where the key means nothing on this page, or something that is to be carried out.
    """
    match desk.page:
        case Page.LOGIN:
            pad = _typed(desk.pad, name, value)
            return None if pad is None else msgspec.structs.replace(desk, pad=pad)
        case Page.MENU:
            return _in_menu(desk, name, value)
        case Page.SEARCH:
            return _in_search(desk, name, value)
        case Page.PAUSE if name == "back":
            return desk.to(Page.MENU)
    return None


def _typed(pad: LoginPad, name: str, value: int | str | None) -> LoginPad | None:
    match name, value:
        case ("digit", int(digit)) if 0 <= digit <= 9:
            return pad.typed(str(digit))
        case ("letter", str(letter)) if not pad.at_pin:
            return pad.typed(letter)
        case ("erase", _):
            return pad.erased()
        case ("clear", _):
            return pad.cleared()
        case ("field", "staff" | "pin"):
            return pad.at(str(value))
    return None


def _in_menu(desk: Desk, name: str, value: int | str | None) -> Desk | None:
    chosen = desk.choice
    match name, value:
        case ("matter", str(code)):
            return desk.choosing("" if code == chosen.code else code)
        case ("other", _):
            return desk.to(Page.SEARCH)
        case ("pause", _):
            return desk.to(Page.PAUSE)
        case ("fewer", _) if chosen.code:
            return msgspec.structs.replace(desk, choice=chosen.more(-1))
        case ("more", _) if chosen.code:
            return msgspec.structs.replace(desk, choice=chosen.more(1))
        case ("finished", _) if chosen.code:
            turned = Choice(chosen.code, chosen.count, not chosen.finished)
            return msgspec.structs.replace(desk, choice=turned)
    return None


def _in_search(desk: Desk, name: str, value: int | str | None) -> Desk | None:
    match name, value:
        case ("digit", int(digit)) if 0 <= digit <= 9:
            return _looking_for(desk, desk.query + str(digit))
        case ("letter", str(letter)):
            return _looking_for(desk, desk.query + letter)
        case ("erase", _):
            return _looking_for(desk, desk.query[:-1])
        case ("clear", _):
            return _looking_for(desk, "")
        case ("page", int(part)) if part >= 0:
            return msgspec.structs.replace(desk, part=part)
        case ("pick", str(code)):
            return desk.choosing(code)
        case ("back", _):
            return desk.to(Page.MENU)
    return None


def _looking_for(desk: Desk, query: str) -> Desk:
    return msgspec.structs.replace(desk, query=query[:LONGEST_QUERY], part=0)

"""The pages on which staff log in, invite and pause, at the device's own screen.

Open only between visits: an invitation, from wherever it comes, closes them. What is typed
as a PIN stays in the pad and goes to the usher's check, and nowhere else.
"""

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

from device.core import matter_search, staff_desk
from device.core.login_pad import offering
from device.core.matter_search import Entry
from device.core.session import Paused, Resumed, SessionState
from device.core.staff_desk import PAUSE_REASONS, Choice, Desk, Page
from device.core.visit import Invited
from device.kiosk.actions import Action
from device.kiosk.duty import Duty
from device.kiosk.usher import Admitted, Answer, LockedOut, Matters, Refused, Unsure, Usher
from device.store.duty import Duty as Row
from protocol.configuration import Rules
from protocol.records import InvitedBy, MatterHandled

FOUND_MOST = 60
"""So many matters of a search are offered; whoever wants another types one key more."""


class Notes(NamedTuple):
    """What a page says of the last try."""

    tries_left: int | None = None
    locked_until: str = ""
    """``HH:MM`` of the wall clock."""
    locked_until_ms: int = 0
    problem: str = ""
    """Key of a text."""


class StaffPage(NamedTuple):
    """What is to be seen of the desk now."""

    desk: Desk
    notes: Notes
    checking: bool
    entries: tuple[Entry, ...]
    """The window's own matters; while somebody searches, what was found."""
    row: Row
    """The session as the ledger had it when the menu opened."""
    remaining: float
    """Share of the page's time that is left."""


class StaffDesk:
    """What staff are at, if anything; ``invite`` begins a visit."""

    def __init__(
        self,
        duty: Duty,
        usher: Usher,
        count: Callable[[str], None],
        invite: Callable[[Invited | None, int], None],
    ) -> None:
        self._duty = duty
        self._usher = usher
        self._count = count
        self._invite = invite
        self.rules = Rules()
        self._desk: Desk | None = None
        self._notes = Notes()
        self._ticket = 0
        self._asked: int | None = None
        """The question that the usher has not answered yet."""
        self._entries: tuple[Entry, ...] = ()
        self._found: tuple[Entry, ...] = ()
        self._row = Row()
        self._serving_number = ""
        """Whose menu it is."""
        self._by_card = False
        self._since_ms = 0
        self._until_ms = 0

    @property
    def page(self) -> Page | None:
        """The page that is open, None if none is."""
        return self._desk.page if self._desk else None

    @property
    def takes_letters(self) -> bool:
        """True where letters of a keyboard mean something."""
        return self.page in (Page.LOGIN, Page.SEARCH)

    # --- what happens -----------------------------------------------------------------------

    def open(self, now_ms: int) -> None:
        """Somebody pressed the key for staff: ask who they are."""
        self.close()
        self._show(Desk(pad=offering(self._duty.session.staff)), now_ms)

    def close(self) -> None:
        """Leave whatever page is open, and forget what was typed there."""
        self._desk, self._notes, self._asked = None, Notes(), None
        self._entries, self._found, self._row = (), (), Row()

    def take_card(self, typed: str, now_ms: int) -> None:
        """A badge or a card was read."""
        if self._asked is not None:
            self._count("card.surplus")
            return
        if self.page is not Page.LOGIN:
            self.open(now_ms)
        self._begin_check(now_ms, by_card=True)
        self._usher.check_card(self._ticket, typed)

    def act(self, action: Action, now_ms: int) -> bool:
        """Do what a key of the open page stands for; False if it means nothing now."""
        desk = self._desk
        if desk is None:
            return False
        still = desk.page is Page.LOGIN and (self._asked is not None or self._notes.locked_until)
        if still and action.name != "back":
            return False
        after = staff_desk.pressed(desk, action.name, action.value)
        if after is not None:
            self._notes = Notes()
            self._show(after, now_ms)
            return True
        done = self._carry_out(desk, action, now_ms)
        if done and self._desk is not None:
            self._stay(now_ms)
        return done

    def _carry_out(self, desk: Desk, action: Action, now_ms: int) -> bool:
        match desk.page, action:
            case (Page.LOGIN, Action("login")):
                self._log_in(desk, now_ms)
            case (Page.LOGIN, Action("back")) | (Page.MENU, Action("leave-menu")):
                self.close()
            case (Page.MENU, Action("invite")):
                self._ask_to_rate(desk.choice, now_ms)
            case (Page.MENU, Action("resume")):
                self._duty.change(Resumed())
            case (Page.MENU, Action("logout")):
                self.close()
                self._duty.log_out("by staff")
                self._duty.staff_the_window(now_ms)
            case (Page.PAUSE, Action("reason", str(key))) if key in PAUSE_REASONS:
                self.close()
                self._duty.change(Paused(PAUSE_REASONS[key]))
            case _:
                return False
        return True

    def hear(self, now_ms: int) -> None:
        """Take up what the usher found out."""
        for answer in self._usher.answers():
            if answer.ticket != self._asked:
                continue  # they have left the page meanwhile
            self._asked = None
            if answer.verdict is None:
                self._offer(answer.matters)
            else:
                self._decide(answer, now_ms)

    def roster_changed(self) -> None:
        """Read the matters again, for whoever is choosing one; close what is no longer theirs."""
        if self.page not in (None, Page.LOGIN):
            if self._serving_number != self._duty.session.staff:
                self.close()
                return
            self._ticket += 1
            self._asked = self._ticket
            self._usher.bring_matters(self._ticket)

    def pass_time(self, now_ms: int) -> None:
        """Close a page that was left alone; end a lock-out that is over."""
        if self._desk is None:
            return
        if self._notes.locked_until and now_ms >= self._notes.locked_until_ms:
            self._notes = Notes()
        theirs = self.page is Page.LOGIN or self._serving_number == self._duty.session.staff
        if now_ms >= self._until_ms or not theirs:
            self.close()

    def due_ms(self, now_ms: int) -> int | None:
        """Return when the page will next look different by itself."""
        if self._desk is None:
            return None
        left = self._until_ms - now_ms
        return now_ms + (left % 1000 or 1000)

    def seen(self, now_ms: int) -> StaffPage | None:
        """Return what is to be seen; None while no page is open."""
        if self._desk is None:
            return None
        whole_s = -(-(self._until_ms - now_ms) // 1000)
        share = whole_s * 1000 / (self._until_ms - self._since_ms)
        return StaffPage(
            self._desk,
            self._notes,
            self._asked is not None and self.page is Page.LOGIN,
            self._found if self.page is Page.SEARCH else self._entries,
            self._row,
            max(0.0, min(1.0, share)),
        )

    # --- within -----------------------------------------------------------------------------

    def _show(self, desk: Desk, now_ms: int) -> None:
        searching = desk.page is Page.SEARCH
        before = self._desk
        if searching and (before is None or before.query != desk.query or not self._found):
            self._found = tuple(matter_search.search(self._entries, desk.query, FOUND_MOST))
        self._desk = desk
        self._stay(now_ms)

    def _stay(self, now_ms: int) -> None:
        """Somebody is there: the time starts again."""
        seconds = self.rules.login_seconds if self.page is Page.LOGIN else self.rules.menu_seconds
        self._since_ms, self._until_ms = now_ms, now_ms + seconds * 1000

    def _begin_check(self, now_ms: int, by_card: bool) -> None:
        self._ticket += 1
        self._by_card = by_card
        self._asked, self._notes = self._ticket, Notes()
        self._stay(now_ms)

    def _log_in(self, desk: Desk, now_ms: int) -> None:
        pad = desk.pad
        if not pad.complete:
            short = pad.at("pin" if pad.staff else "staff")
            self._show(Desk(pad=short), now_ms)
            if pad.at_pin == short.at_pin:  # else it only went on to the other field
                self._notes = Notes(problem="login.short")
            return
        self._begin_check(now_ms, by_card=False)
        self._usher.check_pin(self._ticket, pad.staff, pad.pin)
        self._show(Desk(pad=pad.again()), now_ms)

    def _decide(self, answer: Answer, now_ms: int) -> None:
        self._stay(now_ms)
        match answer.verdict:
            case Admitted(member, means):
                again = member.number == self._duty.session.staff
                if not self._duty.log_in(member.number, means, now_ms):
                    self._notes = Notes(problem="login.busy")
                    return
                self._open_menu(answer.matters, again, now_ms)
            case Refused(tries_left):
                self._notes = (
                    Notes(problem="login.card") if self._by_card else Notes(tries_left=tries_left)
                )
            case LockedOut(remaining_ms):
                # A minute is shown: after it, not in it, the lock-out is over.
                until_s = time.time() + remaining_ms / 1000 + 59
                until = time.strftime("%H:%M", time.localtime(until_s))
                self._notes = Notes(locked_until=until, locked_until_ms=now_ms + remaining_ms)
            case Unsure():
                self._notes = Notes(problem="login.busy")

    def _open_menu(self, matters: Matters | None, again: bool, now_ms: int) -> None:
        self._serving_number = self._duty.session.staff
        began = Row(since_wall_ms=time.time_ns() // 1_000_000)
        self._row = matters.duty if matters and again else began
        self._entries = matters.entries if matters else ()
        self._show(Desk(Page.MENU), now_ms)

    def _offer(self, matters: Matters | None) -> None:
        """Take up the matters of another roster."""
        desk = self._desk
        if matters is None or desk is None:
            return
        self._entries = matters.entries
        if desk.page is Page.SEARCH:
            self._found = tuple(matter_search.search(self._entries, desk.query, FOUND_MOST))
        code = desk.choice.code
        if code and all(entry.code != code for entry in self._entries):
            self._desk = Desk(desk.page, query=desk.query)

    def _ask_to_rate(self, choice: Choice, now_ms: int) -> None:
        matters: tuple[MatterHandled, ...] = ()
        if choice.code:
            # One case is what a matter is anyway; only more of them are a batch.
            count = choice.count if choice.count > 1 else 0
            matters = (MatterHandled(choice.code, finished=choice.finished, count=count),)
        terms = self.rules.rate_unfinished
        invited = (
            self._duty.invitation(uuid4(), InvitedBy.STAFF, matters, rate_unfinished=terms)
            if self._duty.session.state is SessionState.READY
            else None
        )
        self._invite(invited, now_ms)
        if self._desk is not None:
            self._notes = Notes(problem="menu.busy")

"""Receives citizens: brings events to the rules, carries out what they decide, says what
is to be seen.

Knows the session, the visit and the roster, and nothing about pixels: the loop asks for
`view` and paints it. Times are milliseconds of the clock that never jumps.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

from device.core import visit as rules
from device.core.errors import IllegalEvent
from device.core.visit import State, Times, Visit
from device.kiosk import number_desk
from device.kiosk.actions import Action
from device.kiosk.answers import (
    Answer,
    CannotStart,
    NotStored,
    PhoneLink,
    Ready,
    VisitBegun,
    VisitStored,
)
from device.kiosk.duty import Duty
from device.kiosk.number_desk import NumberDesk
from device.kiosk.orders import Orders
from device.kiosk.portrayal import SAVING_MS, Chosen, Standing, portray
from device.kiosk.scribe import Scribe
from device.kiosk.staff_desk import StaffDesk
from device.kiosk.usher import Usher
from device.kiosk.views import DarkView, View
from device.kiosk.vigil import Vigil
from device.kiosk.wall_clock import Wall, wall_clock
from device.kiosk.wishes import Wishes
from device.store.briefing import BriefingReader, UnreadableBriefing
from device.store.home import Home
from device.store.profile import Service, Staff
from protocol.configuration import Rules
from protocol.levels import Level
from protocol.subjects import Subject

_DONE = {"submit": "done", "change": "done", "leave": "done"}
WAYS = {
    State.IDLE: {"submit": "rate"},
    State.RATING: {"change": "back", "leave": "decline"},
    State.REASONS: {"submit": "submit", "change": "change", "leave": "skip"},
    State.CALLBACK: {"submit": "confirm", "change": "erase", "leave": "back"},
    State.THANKS: _DONE,
    State.UNSAVED: _DONE,
}
"""What Enter, Backspace and Escape stand for where no target on the screen says so."""
LOOK_MS = 1000
"""How often the wall clock is asked whether the window closes."""
CHOSEN_MS = 350
"""How long the chosen key is shown before the page changes (docs/screens.md, "Motion")."""


class Reception:
    """One window's session and visit, live."""

    def __init__(
        self,
        scribe: Scribe,
        home: Home,
        briefing: BriefingReader,
        was_opened: Callable[[UUID], bool],
        wishes: Wishes,
        mock: bool,
        now_ms: int,
        service: Service = Service(),  # noqa: B008 - an immutable value
        dark: tuple[int, int] | None = None,
        *,
        staff: Staff = Staff(),  # noqa: B008 - an immutable value
        usher: Usher | None = None,
        wall: Callable[[], Wall] = wall_clock,
    ) -> None:
        self._scribe = scribe
        self._home = home
        self._duty = Duty(scribe, home, service, wall)
        self._desk_key = staff.screen and service.mode == "window"
        usher = usher or Usher(home, scribe, lambda: None)
        self._staff_desk = StaffDesk(self._duty, usher, scribe.count, self.invite)
        self._orders = Orders(briefing, self._duty, scribe, home, was_opened, self)
        self._looked_ms = now_ms
        self._acknowledged = 0
        self._version = 0
        """Of the configuration that was taken up last."""
        self._desk = NumberDesk(scribe.device, scribe.note_fault)
        self._briefing = briefing
        self.stale = True
        """What the agent has written must be taken up (again): ask `refresh`."""
        self._mock = mock
        self._started_ms = now_ms
        self._visit = Visit()
        self._wishes = wishes
        self._vigil = Vigil(dark, now_ms)
        self._trouble = ""
        self._ready = False
        self._chosen: Chosen | None = None
        self._page = 0
        """Of the reasons, where they do not fit on one."""
        self._qr: tuple[tuple[bool, ...], ...] | None = None
        """The code of this visit; none yet (empty), or none at all."""
        self._receipt = ""
        self._codes_expected = False
        self._codeless = ""
        """A phone address that is too long for a code: no place is kept for one."""
        self._rules = Rules()
        self._times = Times()
        self._last_view: View | None = None

    @property
    def language(self) -> str:
        """The language on the screen now."""
        return self._wishes.language

    @property
    def ready(self) -> bool:
        """True once the ledger is open: until then nobody can be asked anything."""
        return self._ready

    @property
    def visit(self) -> Visit:
        """The visit as it stands."""
        return self._visit

    @property
    def place(self) -> tuple[State, int, str | None]:
        """Where people are: what a citizen is shown and at which question, or the staff's page."""
        return self._visit.state, self._visit.asked, self._staff_desk.page

    @property
    def configured(self) -> bool:
        """True once central has told which hall this is."""
        return bool(self._duty.roster.hall)

    @property
    def retired(self) -> bool:
        """True once central has said that it takes nothing of this device any more."""
        return self._duty.roster.retired

    @property
    def asking(self) -> bool:
        """True while a citizen is being asked, until their visit is closed."""
        return self._visit.state in (*rules.OPEN, State.CLOSING)

    @property
    def staffed(self) -> bool:
        """True while a page of the staff's is open."""
        return self._staff_desk.page is not None

    @property
    def takes_letters(self) -> bool:
        """True where letters of a keyboard mean something."""
        return self._staff_desk.takes_letters

    @property
    def own_texts(self) -> str:
        """The hall's own wording, as JSON: language, key of the text, the wording."""
        return self._duty.roster.texts

    # --- what happens -----------------------------------------------------------------------

    def refresh(self, now_ms: int) -> None:
        """Take up what the agent has written: roster, rules, instructions.

        Raises `DeviceError` if that cannot be read now; `stale` then stays True.
        """
        self.stale = True
        self._duty.read_roster()
        with suppress(UnreadableBriefing):  # the last rules that could be read stay
            self._rules = self._briefing.rules()
        self._staff_desk.rules = self._rules
        if self._duty.roster.phone_url and not self._codes_expected:
            self._codes_expected = True
            self._scribe.expect_codes()
        self._times = Times(
            rating=self._rules.rating_seconds * 1000,
            reasons=self._rules.reasons_seconds * 1000,
            callback=self._rules.callback_seconds * 1000,
            thanks=self._rules.thanks_seconds * 1000,
        )
        if not self._ready:
            self.stale = False
            return
        self._acknowledged = self._briefing.acknowledged()
        self._staff_the_window(now_ms)
        version = self._briefing.version()
        if version != self._version:
            self._version = version
            self._staff_desk.roster_changed()
        self._orders.take_up(self._rules.rate_unfinished, now_ms)
        self.stale = False

    def hear(self, answers: Sequence[Answer], now_ms: int) -> None:
        """Take up what the scribe answered."""
        for answer in answers:
            match answer:
                case Ready():
                    self._ready, self._trouble = True, ""
                    if answer.fresh:
                        self._duty.resume(answer, now_ms)
                    self.stale = True
                case CannotStart(detail):
                    self._ready, self._trouble = False, detail
                    self._staff_desk.close()  # what is wrong must be seen
                    self._try(rules.StoreFailed(), now_ms)
                case VisitBegun(visit, receipt, qr):
                    if self._is_open(visit):
                        self._receipt = receipt
                        self._take_code(qr)
                case VisitStored(visit):
                    if self._is_open(visit):
                        self._try(rules.Stored(), now_ms)
                case NotStored(visit):
                    if self._is_open(visit):
                        self._try(rules.StoreFailed(), now_ms)

    def act(self, action: Action, now_ms: int) -> None:
        """Do what a touched target stands for."""
        if self.staffed and action.name not in ("language", "appearance"):
            self.wake(now_ms)  # it is not dark for whoever has just left the page
            if not self._staff_desk.act(action, now_ms):
                self.ignore_press(now_ms)
            return
        match action:
            case Action("staff"):
                if self._open_to_staff and self._visit.state is State.IDLE:
                    self._staff_desk.open(now_ms)
            case Action("rate"):
                self._begin(now_ms)
            case Action("level", int(level)):
                self.press_level(Level(level), now_ms)
            case Action("tag", int(tag)):
                self._happen(rules.TagToggled(tag), now_ms)
            case Action("page", int(page)):
                if self._happen(rules.Touched(), now_ms):
                    self._page = page
            case Action("submit"):
                self._happen(rules.ReasonsGiven(), now_ms)
            case Action("skip"):
                self._happen(rules.ReasonsSkipped(), now_ms)
            case Action("change"):
                self._happen(rules.ChangeAsked(), now_ms)
            case Action("back"):
                self._happen(rules.BackAsked(), now_ms)
            case Action(name) if name in number_desk.NAMES:
                self._use_desk(action, now_ms)
            case Action("decline"):
                self._happen(rules.Declined(), now_ms)
            case Action("done"):
                self._happen(rules.Done(), now_ms)
            case Action("language", str(language)):
                self._wishes.speak(language, now_ms)
                self._try(rules.Touched(), now_ms)
            case Action("appearance", str(appearance)):
                self._wishes.appear(appearance, now_ms)
                self._try(rules.Touched(), now_ms)

    def press_level(self, level: Level, now_ms: int) -> None:
        """One of the five levels was pressed, on the screen, on a key or on a button.

        Where nobody is asked yet it opens the visit and casts nothing.
        """
        if self.staffed:
            self.ignore_press(now_ms)
        elif self._visit.state is State.IDLE:
            self._begin(now_ms)
        elif self._visit.state is State.RATING:
            could_go_back = self._visit.can_go_back
            if self._happen(rules.LevelTapped(level), now_ms):
                self._chosen = Chosen(level, now_ms + CHOSEN_MS, could_go_back)
        else:
            self.ignore_press(now_ms)

    def command(self, name: str, now_ms: int) -> None:
        """Enter, Backspace or Escape was pressed."""
        if self.staffed:
            return  # what a key means there stands on the screen
        way = WAYS.get(self._visit.state, {}).get(name)
        if way:
            self.act(Action(way), now_ms)

    def take_card(self, typed: str, now_ms: int) -> None:
        """A reader typed what stands on a badge or a card; never while a citizen is there."""
        if not self._ready:
            self._scribe.count("card.too-early")
        elif self.retired:
            self._scribe.count("card.retired")
        elif self._visit.state is not State.IDLE:
            self._scribe.count("card.during-visit")
        elif self._duty.service.mode == "window":
            self._staff_desk.take_card(typed, now_ms)
        else:
            self._scribe.count("card.unused")

    def ignore_press(self, now_ms: int) -> None:
        """A press that counts for nothing."""
        if not self._try(rules.PressIgnored(), now_ms):
            self._scribe.count("press.surplus")

    def pass_time(self, now_ms: int) -> None:
        """Let deadlines have their effect."""
        self._staff_desk.hear(now_ms)
        self._staff_desk.pass_time(now_ms)
        if self._visit.state is State.IDLE:
            if not self.staffed:  # their pages have no key for the language
                self._wishes.pass_time(now_ms)
            if self._ready and now_ms - self._looked_ms >= LOOK_MS:
                self._looked_ms = now_ms
                self._duty.keep_hours(now_ms)
        if rules.is_due(self._visit, now_ms):
            self._happen(rules.TimedOut(), now_ms)

    def next_due_ms(self, now_ms: int) -> int | None:
        """Return when the screen will next change by itself, None if it will not."""
        moments = [] if (due := self._staff_desk.due_ms(now_ms)) is None else [due]
        if self._chosen is not None and self._chosen.until_ms > now_ms:
            moments.append(self._chosen.until_ms)
        if self._visit.state is State.CLOSING:
            moments.append(self._visit.since_ms + SAVING_MS)
        if self._visit.deadline_ms is not None:
            left = self._visit.deadline_ms - now_ms
            moments.append(now_ms + (left % 1000 or 1000))
        return min((moment for moment in moments if moment > now_ms), default=None)

    @property
    def busy(self) -> bool:
        """True while the chosen key is being shown and no press counts."""
        return self._chosen is not None

    # --- what is to be seen -------------------------------------------------------------------

    def view(self, now_ms: int, wall: time.struct_time, date: str) -> View:
        """Return what the screen should show now; ``date`` is already worded."""
        if self._chosen is not None and now_ms >= self._chosen.until_ms:
            self._chosen = None
        standing = self._standing(now_ms, wall)
        self._last_view = view = portray(standing, wall, date, self._last_view)
        return view

    def _standing(self, now_ms: int, wall: time.struct_time) -> Standing:
        return Standing(
            visit=self._visit,
            session=self._duty.session,
            roster=self._duty.roster,
            rules=self._rules,
            service=self._duty.service,
            language=self._wishes.language,
            appearance=self._wishes.appearance,
            dark=self._visit.state is State.IDLE and self._vigil.is_dark(now_ms, wall),
            mock=self._mock,
            ready=self._ready,
            trouble=self._trouble,
            chosen=self._chosen,
            page=self._page,
            pad=self._desk.pad,
            qr=self._qr,
            receipt=self._receipt,
            matter_name=self._briefing.matter_name,
            started_ms=self._started_ms,
            now_ms=now_ms,
            staff_page=self._staff_desk.seen(now_ms),
            staff_key=self._open_to_staff,
            photo=self._photo(),
            waiting=self._waiting(),
        )

    def _photo(self) -> str:
        """Return the file of the staff member's photograph, once the agent has fetched it."""
        digest = self._duty.roster.photo
        path = self._home.photo(digest) if digest else None
        return str(path) if path and path.exists() else ""

    def _waiting(self) -> int:
        """Return how many records wait for the centre while it does not answer."""
        if self._duty.roster.online:
            return 0
        return max(0, self._scribe.head - self._acknowledged)

    @property
    def asleep(self) -> bool:
        """True while the screen is dark: whoever touches it now only wakes it."""
        return isinstance(self._last_view, DarkView)

    def wake(self, now_ms: int) -> None:
        """Somebody is there: light the screen."""
        self._vigil.wake(now_ms)

    # --- within -------------------------------------------------------------------------------

    def _begin(self, now_ms: int) -> None:
        """The citizen begins on their own."""
        invited = self._duty.own_invitation() if self._ready else None
        if invited is not None:
            self.invite(invited, now_ms)

    def invite(self, invited: rules.Invited | None, now_ms: int) -> None:
        """Begin a visit that somebody asked for; one that cannot begin is counted."""
        ready = self._ready and not self.retired
        if invited is None or not ready or not self._try(invited, now_ms):
            self._scribe.count("invitation.refused")

    @property
    def _open_to_staff(self) -> bool:
        return self._desk_key and self._ready and not self.retired

    def cancel(self, visit: UUID, reason: str, now_ms: int) -> None:
        """Take an invitation back, if that visit is open and nothing was tapped."""
        if self._is_open(visit):
            self._try(rules.Cancelled(reason), now_ms)

    def rated_by_phone(
        self, visit: UUID, subjects: tuple[tuple[Subject, str], ...], now_ms: int
    ) -> None:
        """A phone has rated these subjects: nothing is left to ask about them here.

        Once the visit is over that changes nothing: central holds both, and knows which counts.
        """
        if not self._is_open(visit):
            return
        asked = {(question.subject, question.code) for question in self._visit.questions}
        if not asked.issuperset(subjects):
            self._scribe.count("phone.unknown-subject")
        self._try(rules.RatedByPhone(subjects), now_ms)

    def _take_code(self, qr: tuple[tuple[bool, ...], ...]) -> None:
        if not qr and self._qr is not None:
            self._codeless = self._duty.roster.phone_url
        self._qr = qr or None

    def _staff_the_window(self, now_ms: int) -> None:
        if self._visit.state is State.IDLE:
            self._duty.staff_the_window(now_ms)

    def _use_desk(self, action: Action, now_ms: int) -> None:
        event = self._desk.event_of(action, self._visit, self._duty.roster.sealing_key)
        if event is None:
            self.ignore_press(now_ms)
        else:
            self._happen(event, now_ms)

    def _happen(self, event: rules.Event, now_ms: int) -> bool:
        """Let ``event`` happen; what the rules do not allow counts as a surplus press."""
        if self._try(event, now_ms):
            return True
        self.ignore_press(now_ms)
        return False

    def _try(self, event: rules.Event, now_ms: int) -> bool:
        next_citizen = isinstance(event, rules.Invited) and self._visit.state is State.THANKS
        try:
            after, effects = rules.step(self._visit, event, now_ms, self._times)
        except IllegalEvent:
            return False
        self._visit = after
        if after.state is not State.IDLE:
            self._staff_desk.close()
        if next_citizen:
            self._wishes.forget()
        if after.state is not State.REASONS:
            self._page = 0
        if after.state is not State.CALLBACK and self._desk.wipe():
            self._last_view = None  # the picture of the digits goes with them
        link = PhoneLink(self._duty.roster.phone_url, self._rules.followup_days)
        language = self._wishes.language
        if isinstance(event, rules.Invited):
            self._receipt = ""
            self._qr = () if link.url and link.url != self._codeless else None
        for effect in effects:
            assert after.invitation is not None  # noqa: S101 - effects belong to a visit
            self._scribe.carry_out(effect, after.invitation.visit, language, now_ms, link)
        if not self.asking:
            self._orders.visit_ended(now_ms)
        if after.state is State.IDLE:
            self._wishes.forget()
            self.wake(now_ms)
            self._staff_the_window(now_ms)
            self._duty.keep_hours(now_ms)
        return True

    def _is_open(self, visit: UUID) -> bool:
        return self._visit.invitation is not None and self._visit.invitation.visit == visit

"""Receives citizens: brings events to the rules, carries out what they decide, says what
is to be seen.

Knows the session, the visit and the roster, and nothing about pixels: the loop asks for
`view` and paints it. Times are milliseconds of the clock that never jumps.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from device.core import session as staff_session
from device.core import visit as rules
from device.core.errors import DeviceError, IllegalEvent
from device.core.session import LoggedIn, LoggedOut, Session, SessionState
from device.core.visit import REASONS, State, Times, Visit
from device.kiosk.actions import Action
from device.kiosk.scribe import (
    Answer,
    CannotStart,
    NotStored,
    PhoneLink,
    Ready,
    Scribe,
    VisitStored,
)
from device.kiosk.views import (
    Chrome,
    IdleView,
    MatterLine,
    NoticeView,
    RatingView,
    ReasonsView,
    StaffCard,
    ThanksView,
    View,
)
from device.store import roster
from device.store.briefing import (
    INSTRUCTION_MS,
    BriefingReader,
    CancelOrder,
    Instruction,
    InviteOrder,
    UnreadableBriefing,
    read_order,
)
from device.store.roster import Roster
from protocol.configuration import Rules
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import InvitedBy, MatterHandled
from protocol.subjects import Subject
from protocol.tags import tags_of

CHOSEN_MS = 350
"""How long the chosen key is shown before the page changes (docs/screens.md, "Motion")."""
SAVING_MS = 400
"""A commit that takes longer than this shows "saving"; a normal one never flickers."""
IDLE_LANGUAGE_MS = 60_000
"""A language chosen on the idle screen goes back after this long without a touch."""
NOTICE_MS = 12_000
"""How long each notice stands on the idle screen (docs/screens.md, "Time")."""


class Reception:
    """One window's session and visit, live."""

    def __init__(
        self,
        scribe: Scribe,
        agent_db: Path,
        briefing: BriefingReader,
        was_opened: Callable[[UUID], bool],
        language: str,
        mock: bool,
        now_ms: int,
    ) -> None:
        self._scribe = scribe
        self._agent_db = agent_db
        self._roster = Roster()
        self._briefing = briefing
        self._was_opened = was_opened
        self.stale = True
        """What the agent has written must be taken up (again): ask `refresh`."""
        self._default_language = language
        self._mock = mock
        self._started_ms = now_ms
        self._session = Session()
        self._visit = Visit()
        self._language = language
        self._language_until_ms = now_ms
        self._trouble = ""
        self._ready = False
        self._chosen: tuple[Level, int] | None = None
        self._qr: tuple[tuple[bool, ...], ...] = ()
        self._seen_instruction = 0
        self._seen_generation = 0
        self._rules = Rules()
        self._times = Times()
        self._last_view: View | None = None

    @property
    def language(self) -> str:
        """The language on the screen now."""
        return self._language

    @property
    def ready(self) -> bool:
        """True once the ledger is open: until then nobody can be asked anything."""
        return self._ready

    @property
    def visit(self) -> Visit:
        """The visit as it stands."""
        return self._visit

    # --- what happens -----------------------------------------------------------------------

    def refresh(self, now_ms: int) -> None:
        """Take up what the agent has written: roster, rules, instructions.

        Raises `DeviceError` if that cannot be read now; `stale` then stays True.
        """
        self.stale = True
        self._read_roster()
        with suppress(UnreadableBriefing):  # the last rules that could be read stay
            self._rules = self._briefing.rules()
        self._times = Times(
            rating=self._rules.rating_seconds * 1000,
            reasons=self._rules.reasons_seconds * 1000,
            thanks=self._rules.thanks_seconds * 1000,
        )
        if not self._ready:
            self.stale = False
            return
        self._staff_the_window()
        if self._briefing.generation != self._seen_generation:
            self._seen_generation, self._seen_instruction = self._briefing.generation, 0
        for instruction in self._briefing.instructions(self._seen_instruction):
            self._seen_instruction = instruction.id
            try:
                self._obey(instruction, now_ms)
            except UnreadableBriefing:
                self._scribe.count("instruction.unreadable")
        self.stale = False

    def hear(self, answers: Sequence[Answer], now_ms: int) -> None:
        """Take up what the scribe answered."""
        for answer in answers:
            match answer:
                case Ready():
                    self._ready, self._trouble = True, ""
                    self.stale = True
                case CannotStart(detail):
                    self._ready, self._trouble = False, detail
                    self._try(rules.StoreFailed(), now_ms)
                case VisitStored(visit, qr):
                    self._qr = qr
                    if self._is_open(visit):
                        self._try(rules.Stored(), now_ms)
                case NotStored(visit):
                    if self._is_open(visit):
                        self._try(rules.StoreFailed(), now_ms)

    def act(self, action: Action, now_ms: int) -> None:
        """Do what a touched target stands for."""
        match action:
            case Action("rate"):
                self._begin(now_ms)
            case Action("level", int(level)):
                self.press_level(Level(level), now_ms)
            case Action("tag", int(tag)):
                self._happen(rules.TagToggled(tag), now_ms)
            case Action("submit"):
                self._happen(rules.ReasonsGiven(), now_ms)
            case Action("skip"):
                self._happen(rules.ReasonsSkipped(), now_ms)
            case Action("change"):
                self._happen(rules.ChangeAsked(), now_ms)
            case Action("decline"):
                self._happen(rules.Declined(), now_ms)
            case Action("done"):
                self._happen(rules.Done(), now_ms)
            case Action("language", str(language)):
                self._language = language
                self._language_until_ms = now_ms + IDLE_LANGUAGE_MS
                self._try(rules.Touched(), now_ms)

    def press_level(self, level: Level, now_ms: int) -> None:
        """One of the five levels was pressed, on the screen, on a key or on a button.

        Where nobody is asked yet it opens the visit and casts nothing.
        """
        if self._visit.state is State.IDLE:
            self._begin(now_ms)
        elif self._visit.state in rules.RATING:
            if self._happen(rules.LevelTapped(level), now_ms):
                self._chosen = (level, now_ms + CHOSEN_MS)
        else:
            self.ignore_press(now_ms)

    def command(self, name: str, now_ms: int) -> None:
        """Enter, Backspace or Escape was pressed."""
        state = self._visit.state
        if state is State.IDLE and name == "submit":
            self._begin(now_ms)
        elif state in REASONS:
            ways = {"submit": "submit", "change": "change", "leave": "skip"}
            self.act(Action(ways[name]), now_ms)
        elif state in rules.RATING and name == "leave":
            self.act(Action("decline"), now_ms)
        elif state in (State.THANKS, State.UNSAVED):
            self.act(Action("done"), now_ms)

    def ignore_press(self, now_ms: int) -> None:
        """A press that counts for nothing."""
        if not self._try(rules.PressIgnored(), now_ms):
            self._scribe.count("press.surplus")

    def pass_time(self, now_ms: int) -> None:
        """Let deadlines have their effect."""
        if self._visit.state is State.IDLE and now_ms >= self._language_until_ms:
            self._language = self._default_language
        if rules.is_due(self._visit, now_ms):
            self._happen(rules.TimedOut(), now_ms)

    def next_due_ms(self, now_ms: int) -> int | None:
        """Return when the screen will next change by itself, None if it will not."""
        moments = []
        if self._chosen is not None and self._chosen[1] > now_ms:
            moments.append(self._chosen[1])
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
        if self._chosen is not None and now_ms >= self._chosen[1]:
            self._chosen = None
        self._last_view = view = self._choose_view(now_ms, wall, date)
        return view

    def _choose_view(self, now_ms: int, wall: time.struct_time, date: str) -> View:
        visit, chrome = self._visit, self._chrome(now_ms)
        match visit.state:
            case State.RATING_STAFF | State.RATING_MATTER:
                return self._rating_view(chrome, None)
            case State.STAFF_REASONS | State.MATTER_REASONS:
                if self._chosen is not None:
                    return self._rating_view(chrome, self._chosen[0])
                return self._reasons_view(chrome)
            case State.CLOSING:
                if self._last_view is None or now_ms - visit.since_ms >= SAVING_MS:
                    return NoticeView(chrome, "saving")
                return self._last_view
            case State.THANKS if visit.invitation is not None:
                code = receipt_code(visit.invitation.visit)
                return ThanksView(chrome, code, self._qr, self._rules.followup_days)
            case State.UNSAVED:
                return NoticeView(chrome, "unsaved")
        if self._trouble:
            return NoticeView(chrome, "broken", self._trouble)
        if self._session.state is SessionState.PAUSED:
            return NoticeView(chrome, "paused")
        if self._session.state is SessionState.CLOSED and self._ready:
            return NoticeView(chrome, "closed")
        notice = (now_ms - self._started_ms) // NOTICE_MS % max(1, len(self._roster.notices))
        return IdleView(chrome, date, time.strftime("%H:%M", wall), self._roster.notices, notice)

    def _chrome(self, now_ms: int) -> Chrome:
        member = self._roster.member
        remaining = None
        deadline = self._visit.deadline_ms
        if deadline is not None and deadline > self._visit.since_ms:
            whole_s = -(-(deadline - now_ms) // 1000)
            remaining = max(0.0, min(1.0, whole_s * 1000 / (deadline - self._visit.since_ms)))
        return Chrome(
            hall=self._roster.hall,
            window=self._roster.window,
            staff=StaffCard(*member) if member else None,
            language=self._language,
            online=self._roster.online,
            mock=self._mock,
            remaining=remaining,
        )

    def _rating_view(self, chrome: Chrome, chosen: Level | None) -> RatingView:
        visit = self._visit
        question = visit.question
        matter = None
        if question.subject is Subject.MATTER:
            matter = MatterLine(
                name=self._briefing.matter_name(question.code),
                case=masked(question.cases[0]) if question.cases else "",
                cases=len(question.cases),
            )
        return RatingView(
            chrome=chrome,
            subject=str(question.subject),
            step=visit.asked + 1,
            steps=len(visit.questions),
            matter=matter,
            chosen=chosen,
        )

    def _reasons_view(self, chrome: Chrome) -> ReasonsView:
        draft = self._visit.draft
        level = draft.level if draft else Level.VERY_SATISFIED
        tags = tags_of(level, frozenset(self._rules.switched_off_tags))
        return ReasonsView(chrome, level, tags, frozenset(draft.tags if draft else ()))

    # --- within -------------------------------------------------------------------------------

    def _begin(self, now_ms: int) -> None:
        """The citizen begins on their own: the staff member alone can be rated."""
        if not self._ready or self._session.state is not SessionState.READY:
            return
        self._invite(uuid4(), InvitedBy.CITIZEN, (), now_ms)

    def _invite(
        self, visit: UUID, by: InvitedBy, matters: tuple[MatterHandled, ...], now_ms: int
    ) -> None:
        invited = rules.Invited(visit, by, self._roster.window, self._session.staff, matters)
        if not self._try(invited, now_ms):
            self._scribe.count("invitation.refused")

    def _obey(self, instruction: Instruction, now_ms: int) -> None:
        if instruction.age_ms is None or instruction.age_ms > INSTRUCTION_MS:
            return
        if instruction.kind == "invite":
            order = read_order(instruction.body, InviteOrder)
            if self._session.state is SessionState.READY and not self._was_opened(order.visit):
                self._invite(order.visit, order.invited_by, order.matters, now_ms)
        elif instruction.kind == "cancel":
            revoked = read_order(instruction.body, CancelOrder)
            if self._is_open(revoked.visit):
                self._try(rules.Cancelled(revoked.reason), now_ms)

    def _staff_the_window(self) -> None:
        """Bring the session in line with who is assigned to this window.

        Never while somebody is being asked: the citizen finishes with the staff member
        they began with.
        """
        assigned = self._roster.assigned_staff
        if assigned == self._session.staff or self._visit.state is not State.IDLE:
            return
        event = LoggedIn(assigned, "assigned") if assigned else LoggedOut("no longer assigned")
        self._session, effects = staff_session.step(self._session, event)
        for effect in effects:
            self._scribe.note_session(effect)
        self._read_roster()

    def _read_roster(self) -> None:
        """Take up the roster; the last good one stays while there is none.

        A file that replaced a damaged one is empty until central has answered. That is no
        reason to send the staff member home. Raises `DeviceError`.
        """
        page = roster.read(self._agent_db, self._session.staff)
        if page.window or not self._roster.window:
            self._roster = page

    def _happen(self, event: rules.Event, now_ms: int) -> bool:
        """Let ``event`` happen; what the rules do not allow counts as a surplus press."""
        if self._try(event, now_ms):
            return True
        self.ignore_press(now_ms)
        return False

    def _try(self, event: rules.Event, now_ms: int) -> bool:
        if isinstance(event, rules.Invited) and self._visit.state is State.THANKS:
            self._language = self._default_language  # this is the next citizen
        try:
            after, effects = rules.step(self._visit, event, now_ms, self._times)
        except IllegalEvent:
            return False
        self._visit = after
        link = PhoneLink(self._roster.phone_url, self._rules.followup_days)
        for effect in effects:
            assert after.invitation is not None  # noqa: S101 - effects belong to a visit
            self._scribe.carry_out(effect, after.invitation.visit, self._language, now_ms, link)
        if after.state is State.IDLE:
            self._language = self._default_language
            with suppress(DeviceError):  # read again when the agent next writes
                self._staff_the_window()
        return True

    def _is_open(self, visit: UUID) -> bool:
        return self._visit.invitation is not None and self._visit.invitation.visit == visit


def masked(case: str) -> str:
    """Return a case number as bystanders may see it: both ends, four stars between."""
    return case if len(case) <= 8 else f"{case[:4]}****{case[-4:]}"

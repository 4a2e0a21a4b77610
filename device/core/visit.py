"""The visit: one citizen, and whom or what they are asked about.

That is the staff member and the matters that were finished, or the hall as a whole.

This file is the whole rule book of a rating. `TABLE` says which event is allowed in which
state and where it may lead; the diagram in docs/architecture.md is generated from it. An
event that the table does not list raises `IllegalEvent` and changes nothing.

Times are milliseconds of a clock that never jumps; they come in as arguments.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

import protocol.questions
from device.core.errors import IllegalEvent
from protocol.levels import Level
from protocol.limits import MAX_CASES
from protocol.questions import Question
from protocol.records import InvitedBy, MatterHandled, Outcome
from protocol.subjects import Subject
from protocol.tags import TAGS


class State(StrEnum):
    """Where a visit stands, which is also what the citizen sees."""

    IDLE = "idle"
    RATING = "rating"
    """Five levels for the present question's subject; so are the reasons."""
    REASONS = "reasons"
    CALLBACK = "callback"
    """The number pad for a call-back, opened from the reasons of any level."""
    CLOSING = "closing"
    """The records are being written; nothing has been claimed yet."""
    THANKS = "thanks"
    UNSAVED = "unsaved"
    """The records could not be written, and the screen says so."""


OPEN = (State.RATING, State.REASONS, State.CALLBACK)
"""States in which a citizen is being asked."""


# --- events: one per fact -----------------------------------------------------------


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class Invited(Event, frozen=True):
    """A visit begins: staff, the business system or the citizen asked for it."""

    visit: UUID
    invited_by: InvitedBy
    window: str
    staff: str
    """Staff number; empty where no staff member is rated."""
    matters: tuple[MatterHandled, ...] = ()
    hall: str = ""
    """The hall's code where the hall as a whole is rated."""
    rate_unfinished: bool = False
    """The rule pack has matters rated at every visit, not only when they are finished."""
    system: str = ""
    """Name of the business system that invited; empty if none did."""


class LevelTapped(Event, frozen=True):
    """One of the five keys was pressed and released."""

    level: Level


class TagToggled(Event, frozen=True):
    """A reason was picked, or put back."""

    tag: int


class ReasonsGiven(Event, frozen=True):
    """The citizen is done with the reasons (提交)."""


class ReasonsSkipped(Event, frozen=True):
    """The citizen gives no reasons (跳过)."""


class ChangeAsked(Event, frozen=True):
    """The citizen wants to choose another level (更改)."""


class BackAsked(Event, frozen=True):
    """The citizen goes back one step (返回); what was tapped stays."""


class CallbackAsked(Event, frozen=True):
    """The citizen wants to leave a number for a call-back (希望回访)."""


class CallbackGiven(Event, frozen=True):
    """A number was confirmed; nobody on this device can read it any more."""

    sealed: bytes
    """For central's key alone, see `protocol.sealing`."""


class CallbackWithdrawn(Event, frozen=True):
    """The citizen wants no call-back (不用回访)."""


class Declined(Event, frozen=True):
    """The citizen does not want to rate now (暂不评价)."""


class Cancelled(Event, frozen=True):
    """Staff took the invitation back; allowed only until the first tap."""

    reason: str


class RatedByPhone(Event, frozen=True):
    """Central holds ratings of these subjects that were given on a phone.

    Never how they were rated: the device has no use for it, and cannot tell what it does not
    know. What is no subject of this visit is passed over.
    """

    subjects: tuple[tuple[Subject, str], ...]


class Touched(Event, frozen=True):
    """Someone is there: the time starts again."""


class PressIgnored(Event, frozen=True):
    """A press that counts for nothing: a second finger, a mashed key."""


class TimedOut(Event, frozen=True):
    """Nobody did anything for as long as the state allows."""


class Broke(Event, frozen=True):
    """The device cannot go on with this visit."""

    detail: str


class Stored(Event, frozen=True):
    """The records of this visit are on disk."""


class StoreFailed(Event, frozen=True):
    """The records, or a draft, could not be written."""


class Done(Event, frozen=True):
    """The citizen has read the thank-you."""


# --- effects: what the caller is to carry out ----------------------------------------


class Draft(msgspec.Struct, frozen=True):
    """A tapped level: on disk at once, a signed record when the visit closes."""

    subject: Subject
    code: str
    cases: tuple[str, ...]
    level: Level
    tapped_ms: int
    tags: tuple[int, ...] = ()
    changes: int = 0


class KeepCallback(msgspec.Struct, frozen=True):
    """Write or replace the sealed number of the visit; empty bytes take it back."""

    sealed: bytes


class OpenVisit(msgspec.Struct, frozen=True):
    """Write `visit_opened`."""

    invitation: Invited


class KeepDraft(msgspec.Struct, frozen=True):
    """Write or replace the draft of one subject."""

    draft: Draft


class CloseVisit(msgspec.Struct, frozen=True):
    """Turn the drafts into ratings and write `visit_closed`."""

    visit: UUID
    drafts: tuple[Draft, ...]
    outcome: Outcome
    reason: str
    asked: int
    first_tap_ms: int | None
    surplus: int
    callback: bytes = b""
    """The sealed number; empty if no call-back is wanted."""
    by_phone: int = 0
    """Subjects that were rated by phone and not here."""


Effect = OpenVisit | KeepDraft | KeepCallback | CloseVisit


# --- the visit itself ----------------------------------------------------------------


class Times(msgspec.Struct, frozen=True):
    """How long each state waits for the citizen, in milliseconds."""

    rating: int = 60_000
    reasons: int = 40_000
    callback: int = 90_000
    thanks: int = 15_000

    def of(self, state: State) -> int | None:
        """Return how long ``state`` may last, None if it has no limit."""
        match state:
            case State.RATING:
                return self.rating
            case State.REASONS:
                return self.reasons
            case State.CALLBACK:
                return self.callback
            case State.THANKS | State.UNSAVED:
                return self.thanks
        return None


class Visit(msgspec.Struct, frozen=True):
    """A visit as a value; `step` returns the next one."""

    state: State = State.IDLE
    invitation: Invited | None = None
    asked: int = 0
    """Index of the question the citizen is at."""
    drafts: tuple[Draft, ...] = ()
    by_phone: tuple[tuple[Subject, str], ...] = ()
    """Subjects that were rated by phone, each once; drafts of the same stay."""
    callback: bytes = b""
    """The sealed number: one call-back, however many questions."""
    opened_ms: int = 0
    first_tap_ms: int | None = None
    """From the invitation to the first tapped level."""
    surplus: int = 0
    since_ms: int = 0
    """When the present wait began."""
    deadline_ms: int | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """The subjects asked about, in order."""
        if self.invitation is None:
            return ()
        return questions_of(self.invitation)

    @property
    def question(self) -> Question:
        """The subject asked about now."""
        return self.questions[self.asked]

    @property
    def draft(self) -> Draft | None:
        """What was tapped for the present question, if anything."""
        return self._draft_of(self.question)

    @property
    def can_go_back(self) -> bool:
        """True if there is a step before this question: its own reasons, or another's."""
        return self.step_back is not None

    @property
    def step_back(self) -> int | None:
        """Index of the question whose reasons come before this page; None if there is none.

        What was rated by phone alone has none to go back to.
        """
        answered = (i for i in range(self.asked, -1, -1) if self._draft_of(self.questions[i]))
        return next(answered, None)

    @property
    def left(self) -> int | None:
        """Index of the first question without an answer, here or by phone; None if all have."""
        open_ones = (i for i, one in enumerate(self.questions) if not self._is_answered(one))
        return next(open_ones, None)

    @property
    def only_by_phone(self) -> int:
        """How many questions were answered by phone and not here."""
        drafted = {(draft.subject, draft.code) for draft in self.drafts}
        return sum(subject not in drafted for subject in self.by_phone)

    def _is_answered(self, question: Question) -> bool:
        by_phone = (question.subject, question.code) in self.by_phone
        return by_phone or self._draft_of(question) is not None

    def _draft_of(self, question: Question) -> Draft | None:
        key = (question.subject, question.code)
        return next((d for d in self.drafts if (d.subject, d.code) == key), None)

    def with_draft(self, draft: Draft) -> "Visit":
        """Return the visit with ``draft`` in place of the one for the same subject."""
        key = (draft.subject, draft.code)
        others = tuple(d for d in self.drafts if (d.subject, d.code) != key)
        return msgspec.structs.replace(self, drafts=(*others, draft))


def questions_of(invitation: Invited) -> tuple[Question, ...]:
    """Return what ``invitation`` asks about (`protocol.questions`)."""
    return protocol.questions.questions_of(
        invitation.staff,
        invitation.matters,
        invitation.hall,
        rate_unfinished=invitation.rate_unfinished,
    )


def cases_of(matters: tuple[MatterHandled, ...]) -> int:
    """Return how many cases ``matters`` have together, by number or not."""
    return sum(len(matter.cases) or matter.count for matter in matters)


# --- what each event does ------------------------------------------------------------

Step = tuple[Visit, tuple[Effect, ...]]
Act = Callable[[Visit, Event, int], Step]


def _invite(visit: Visit, event: Event, now_ms: int) -> Step:
    assert isinstance(event, Invited)  # noqa: S101 - TABLE pairs acts with events
    if not questions_of(event):
        raise IllegalEvent("an invitation must ask about somebody or something")
    if cases_of(event.matters) > MAX_CASES:
        raise IllegalEvent(f"an invitation names at most {MAX_CASES} cases")
    fresh = Visit(invitation=event, opened_ms=now_ms)
    return _ask(fresh, 0), (OpenVisit(event),)


def _tap(visit: Visit, event: Event, now_ms: int) -> Step:
    assert isinstance(event, LevelTapped)  # noqa: S101
    before, question = visit.draft, visit.question
    draft = Draft(question.subject, question.code, question.cases, event.level, now_ms)
    if before is not None:
        same = before.level == event.level
        draft = msgspec.structs.replace(
            draft, tags=before.tags if same else (), changes=before.changes + (not same)
        )
    first = now_ms - visit.opened_ms if visit.first_tap_ms is None else visit.first_tap_ms
    tapped = msgspec.structs.replace(visit.with_draft(draft), first_tap_ms=first)
    return _goto(tapped, State.REASONS), (KeepDraft(draft),)


def _toggle(visit: Visit, event: Event, _now_ms: int) -> Step:
    assert isinstance(event, TagToggled)  # noqa: S101
    draft = visit.draft
    if draft is None:
        raise IllegalEvent("reasons need a level first")
    if event.tag not in TAGS[draft.level]:
        raise IllegalEvent(f"reason {event.tag} does not belong to level {draft.level}")
    if event.tag in draft.tags:
        tags = tuple(tag for tag in draft.tags if tag != event.tag)
    else:
        tags = (*draft.tags, event.tag)
    changed = msgspec.structs.replace(draft, tags=tags)
    return visit.with_draft(changed), (KeepDraft(changed),)


def _go_on(visit: Visit, _event: Event, _now_ms: int) -> Step:
    """Ask what is left; what came before the present question is answered, here or by phone."""
    if visit.left is not None:
        return _ask(visit, visit.left), ()
    return _close(visit, Outcome.TIMED_OUT)


def _reconsider(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return _ask(visit, visit.asked), ()


def _go_back(visit: Visit, _event: Event, _now_ms: int) -> Step:
    """Return to the reasons of this question if it was answered, else of the one before."""
    if visit.step_back is None:
        raise IllegalEvent("there is nothing before the first question")
    return _goto(msgspec.structs.replace(visit, asked=visit.step_back), State.REASONS), ()


def _open_pad(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return _goto(visit, State.CALLBACK), ()


def _close_pad(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return _goto(visit, State.REASONS), ()


def _keep_number(visit: Visit, event: Event, _now_ms: int) -> Step:
    assert isinstance(event, CallbackGiven)  # noqa: S101
    if not event.sealed:
        raise IllegalEvent("a call-back needs a sealed number")
    return _with_callback(visit, event.sealed), (KeepCallback(event.sealed),)


def _drop_number(visit: Visit, _event: Event, _now_ms: int) -> Step:
    forgotten = (KeepCallback(b""),) if visit.callback else ()
    return _with_callback(visit, b""), forgotten


def _with_callback(visit: Visit, sealed: bytes) -> Visit:
    return _goto(msgspec.structs.replace(visit, callback=sealed), State.REASONS)


def _take_phone(visit: Visit, event: Event, now_ms: int) -> Step:
    """Note what a phone has rated, and ask what is left: mostly the question on the screen.

    A question that was answered here stays until the citizen is done with it: nobody's page
    changes while they pick reasons, type a number or think again.
    """
    assert isinstance(event, RatedByPhone)  # noqa: S101
    subjects = [(question.subject, question.code) for question in visit.questions]
    by_phone = tuple(one for one in subjects if one in event.subjects or one in visit.by_phone)
    noted = msgspec.structs.replace(visit, by_phone=by_phone)
    return (noted, ()) if visit.draft is not None else _go_on(noted, event, now_ms)


def _decline(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return _close(visit, Outcome.DECLINED)


def _give_up(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return _close(visit, Outcome.TIMED_OUT)


def _cancel(visit: Visit, event: Event, _now_ms: int) -> Step:
    assert isinstance(event, Cancelled)  # noqa: S101
    if visit.first_tap_ms is not None:
        raise IllegalEvent("the citizen has already tapped; the visit can no longer be cancelled")
    if visit.by_phone:
        raise IllegalEvent("the citizen has rated by phone; the visit can no longer be cancelled")
    if not event.reason.strip():
        raise IllegalEvent("cancelling an invitation needs a reason")
    return _close(visit, Outcome.CANCELLED, event.reason)


def _break(visit: Visit, event: Event, _now_ms: int) -> Step:
    assert isinstance(event, Broke)  # noqa: S101
    return _close(visit, Outcome.DEVICE_FAULT, event.detail)


def _stay(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return visit, ()


def _count(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return msgspec.structs.replace(visit, surplus=visit.surplus + 1), ()


def _settle(visit: Visit, _event: Event, _now_ms: int) -> Step:
    return (_goto(visit, State.THANKS) if visit.drafts or visit.by_phone else Visit()), ()


def _admit(visit: Visit, _event: Event, _now_ms: int) -> Step:
    """Say that nothing could be written, unless a phone gave all there is: that is at central."""
    effects: tuple[Effect, ...] = ()
    if visit.state is not State.CLOSING:
        visit, effects = _close(visit, Outcome.DEVICE_FAULT, "not stored")
    lost = visit.drafts or not visit.by_phone
    return _goto(visit, State.UNSAVED if lost else State.THANKS), effects


def _rest(_visit: Visit, _event: Event, _now_ms: int) -> Step:
    return Visit(), ()


def _goto(visit: Visit, state: State) -> Visit:
    return msgspec.structs.replace(visit, state=state)


def _ask(visit: Visit, number: int) -> Visit:
    return _goto(msgspec.structs.replace(visit, asked=number), State.RATING)


def outcome_of(rated: int, asked: int, otherwise: Outcome) -> Outcome:
    """Return how a visit ended: what was tapped counts, whatever ended it.

    ``rated`` counts the subjects that were, here or by phone. A device fault stays one: its
    ratings are kept, but the visit was not as it should be.
    """
    if otherwise is Outcome.DEVICE_FAULT or not rated:
        return otherwise
    return Outcome.RATED if rated == asked else Outcome.PARTLY


def _close(visit: Visit, otherwise: Outcome, reason: str = "") -> Step:
    assert visit.invitation is not None  # noqa: S101 - only open visits close
    asked = len(visit.questions)
    close = CloseVisit(
        visit=visit.invitation.visit,
        drafts=visit.drafts,
        outcome=outcome_of(len(visit.drafts) + visit.only_by_phone, asked, otherwise),
        reason=reason,
        asked=asked,
        first_tap_ms=visit.first_tap_ms,
        surplus=visit.surplus,
        callback=visit.callback,
        by_phone=visit.only_by_phone,
    )
    return _goto(visit, State.CLOSING), (close,)


# --- the table -----------------------------------------------------------------------


class Arrow(NamedTuple):
    """What an event does in a state, and the states it may lead to."""

    act: Act
    to: tuple[State, ...]


_OPEN_ALWAYS: dict[type[Event], tuple[Act, tuple[State, ...] | None]] = {
    Touched: (_stay, None),
    PressIgnored: (_count, None),
    Broke: (_break, (State.CLOSING,)),
    StoreFailed: (_admit, (State.UNSAVED, State.THANKS)),
}


def _open_state(state: State, arrows: dict[type[Event], Arrow]) -> dict[type[Event], Arrow]:
    common = {event: Arrow(act, to or (state,)) for event, (act, to) in _OPEN_ALWAYS.items()}
    return arrows | common


_NEXT = (State.RATING, State.CLOSING)

TABLE: dict[State, dict[type[Event], Arrow]] = {
    State.IDLE: {Invited: Arrow(_invite, (State.RATING,))},
    State.RATING: _open_state(
        State.RATING,
        {
            LevelTapped: Arrow(_tap, (State.REASONS,)),
            BackAsked: Arrow(_go_back, (State.REASONS,)),
            Declined: Arrow(_decline, (State.CLOSING,)),
            Cancelled: Arrow(_cancel, (State.CLOSING,)),
            RatedByPhone: Arrow(_take_phone, _NEXT),
            TimedOut: Arrow(_give_up, (State.CLOSING,)),
        },
    ),
    State.REASONS: _open_state(
        State.REASONS,
        {
            TagToggled: Arrow(_toggle, (State.REASONS,)),
            ReasonsGiven: Arrow(_go_on, _NEXT),
            ReasonsSkipped: Arrow(_go_on, _NEXT),
            TimedOut: Arrow(_go_on, _NEXT),
            ChangeAsked: Arrow(_reconsider, (State.RATING,)),
            CallbackAsked: Arrow(_open_pad, (State.CALLBACK,)),
            RatedByPhone: Arrow(_take_phone, (State.REASONS,)),
        },
    ),
    State.CALLBACK: _open_state(
        State.CALLBACK,
        {
            CallbackGiven: Arrow(_keep_number, (State.REASONS,)),
            CallbackWithdrawn: Arrow(_drop_number, (State.REASONS,)),
            BackAsked: Arrow(_close_pad, (State.REASONS,)),
            RatedByPhone: Arrow(_take_phone, (State.CALLBACK,)),
            TimedOut: Arrow(_close_pad, (State.REASONS,)),
        },
    ),
    State.CLOSING: {
        Stored: Arrow(_settle, (State.THANKS, State.IDLE)),
        StoreFailed: Arrow(_admit, (State.UNSAVED, State.THANKS)),
        PressIgnored: Arrow(_stay, (State.CLOSING,)),
    },
    State.THANKS: {
        Done: Arrow(_rest, (State.IDLE,)),
        TimedOut: Arrow(_rest, (State.IDLE,)),
        Invited: Arrow(_invite, (State.RATING,)),
        Touched: Arrow(_stay, (State.THANKS,)),
    },
    State.UNSAVED: {
        Done: Arrow(_rest, (State.IDLE,)),
        TimedOut: Arrow(_rest, (State.IDLE,)),
        Touched: Arrow(_stay, (State.UNSAVED,)),
    },
}

_KEEPS_TIME = (PressIgnored, RatedByPhone)
"""Events that do not start the wait again unless they bring another page: mashing keys, or a
phone far away, must not hold a screen for ever."""


def step(visit: Visit, event: Event, now_ms: int, times: Times) -> Step:
    """Return the visit after ``event``, and the effects to carry out in order.

    Raises `IllegalEvent`, with nothing changed, if the state does not allow the event or a
    `TimedOut` comes before its time.
    """
    arrow = TABLE[visit.state].get(type(event))
    if arrow is None:
        raise IllegalEvent(f"{type(event).__name__} is not allowed in state {visit.state}")
    if isinstance(event, TimedOut) and not is_due(visit, now_ms):
        raise IllegalEvent("the time has not run out yet")
    after, effects = arrow.act(visit, event, now_ms)
    same_page = after.state is visit.state and after.asked == visit.asked
    if same_page and isinstance(event, _KEEPS_TIME):
        return after, effects
    limit = times.of(after.state)
    deadline = None if limit is None else now_ms + limit
    return msgspec.structs.replace(after, since_ms=now_ms, deadline_ms=deadline), effects


def is_due(visit: Visit, now_ms: int) -> bool:
    """True once the present state has waited as long as it may."""
    return visit.deadline_ms is not None and now_ms >= visit.deadline_ms


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for docs/architecture.md."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for state, arrows in TABLE.items():
        events: dict[State, list[str]] = {}
        for event, arrow in arrows.items():
            for target in arrow.to:
                events.setdefault(target, []).append(event.__name__)
        for target, names in events.items():
            lines.append(f"    {state} --> {target}: {' / '.join(names)}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())

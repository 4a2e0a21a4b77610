"""Whatever happens in whatever order, no rating is doubled and no outcome is missing."""

from copy import deepcopy
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device.core.errors import IllegalEvent
from device.core.visit import (
    OPEN,
    TABLE,
    BackAsked,
    Broke,
    CallbackAsked,
    CallbackGiven,
    CallbackWithdrawn,
    Cancelled,
    ChangeAsked,
    CloseVisit,
    Declined,
    Done,
    Draft,
    Effect,
    Event,
    Invited,
    KeepCallback,
    KeepDraft,
    LevelTapped,
    OpenVisit,
    PressIgnored,
    RatedByPhone,
    ReasonsGiven,
    ReasonsSkipped,
    State,
    Stored,
    StoreFailed,
    TagToggled,
    TimedOut,
    Times,
    Touched,
    Visit,
    is_due,
    questions_of,
    step,
)
from protocol.levels import Level
from protocol.records import InvitedBy, MatterHandled, Outcome
from protocol.subjects import Subject
from protocol.tags import TAGS

TIMES = Times(rating=60_000, reasons=40_000, callback=90_000, thanks=15_000)
NOBODY = UUID(int=0)

matters = st.lists(
    st.builds(
        MatterHandled,
        code=st.sampled_from(["1024", "licence", "hukou"]),
        cases=st.lists(st.sampled_from(["A-1", "A-2", "A-3"]), max_size=3).map(tuple),
        finished=st.booleans(),
    ),
    max_size=4,
).map(tuple)
invitations = st.builds(
    Invited,
    visit=st.just(NOBODY),
    invited_by=st.sampled_from(InvitedBy),
    window=st.just("12"),
    staff=st.sampled_from(["1024", "1031", ""]),
    matters=matters,
    hall=st.sampled_from(["", "BH"]),
)
subjects = st.one_of(
    st.tuples(st.just(Subject.STAFF), st.sampled_from(["1024", "1031", "somebody else"])),
    st.tuples(st.just(Subject.MATTER), st.sampled_from(["1024", "licence", "hukou", "none"])),
    st.tuples(st.just(Subject.HALL), st.just("BH")),
)
BY_TYPE: dict[type[Event], st.SearchStrategy[Event]] = {
    Invited: invitations,
    LevelTapped: st.builds(LevelTapped, st.sampled_from(Level)),
    TagToggled: st.builds(TagToggled, st.sampled_from([t for tags in TAGS.values() for t in tags])),
    Cancelled: st.builds(Cancelled, st.sampled_from(["群众已离开", "误操作", "", " "])),
    Broke: st.just(Broke("touch lost")),
    RatedByPhone: st.builds(RatedByPhone, st.lists(subjects, max_size=4).map(tuple)),
    CallbackGiven: st.builds(CallbackGiven, st.sampled_from([b"sealed", b"sealed anew", b""])),
    **{
        event: st.builds(event)
        for event in (
            ReasonsGiven,
            ReasonsSkipped,
            ChangeAsked,
            BackAsked,
            CallbackAsked,
            CallbackWithdrawn,
            Declined,
            Touched,
            PressIgnored,
            TimedOut,
            Stored,
            StoreFailed,
            Done,
        )
    },
}
waits = st.integers(0, 3_000) | st.integers(0, 70_000)


def test_the_machine_knows_every_event() -> None:
    assert set(BY_TYPE) == set(Event.__subclasses__())


class AnyDay(RuleBasedStateMachine):
    """A device to which anything may happen at any time, and a notebook beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.visit = Visit()
        self.now_ms = 0
        self.invited = 0
        self.open: Invited | None = None
        self.closes: list[CloseVisit] = []
        self.opened: list[UUID] = []
        self.tapped: dict[tuple[Subject, str], list[Level]] = {}
        """Every level tapped in this visit, by what it was tapped for."""
        self.disk: dict[tuple[Subject, str], Draft] = {}
        """The drafts as the effects left them."""
        self.by_phone: set[tuple[Subject, str]] = set()
        """What a phone has rated of this visit, while it was open."""
        self.mashed = 0
        self.number = b""
        """The sealed number as the effects left it."""

    # --- what happens ---

    @rule(data=st.data(), event_type=st.sampled_from(list(BY_TYPE)), wait_ms=waits)
    def anything_at_all(self, data: st.DataObject, event_type: type[Event], wait_ms: int) -> None:
        self.feed(data.draw(BY_TYPE[event_type]), wait_ms)

    @rule(data=st.data(), wait_ms=waits)
    def something_expected(self, data: st.DataObject, wait_ms: int) -> None:
        expected = data.draw(st.sampled_from(list(TABLE[self.visit.state])))
        self.feed(data.draw(BY_TYPE[expected]), wait_ms)

    @precondition(lambda self: self.visit.deadline_ms is not None)
    @rule(late_ms=st.integers(0, 5_000))
    def nobody_does_anything(self, late_ms: int) -> None:
        assert self.visit.deadline_ms is not None
        before = self.visit.state
        self.feed(TimedOut(), max(0, self.visit.deadline_ms - self.now_ms) + late_ms)
        assert self.visit.state is not before

    @precondition(lambda self: self.visit.state is State.REASONS)
    @rule(data=st.data())
    def a_fitting_reason_is_picked(self, data: st.DataObject) -> None:
        draft = self.visit.draft
        assert draft is not None
        self.feed(TagToggled(data.draw(st.sampled_from(list(TAGS[draft.level])))), 500)

    @precondition(lambda self: self.visit.state is State.REASONS)
    @rule(number=st.sampled_from([b"sealed", b"sealed anew"]), leave=st.booleans())
    def the_pad_is_opened(self, number: bytes, leave: bool) -> None:
        drafts, question = self.visit.drafts, self.visit.question
        self.feed(CallbackAsked(), 500)
        self.feed(BackAsked() if leave else CallbackGiven(number), 5_000)
        assert (self.visit.drafts, self.visit.question) == (drafts, question)

    @precondition(lambda self: self.visit.state is State.REASONS)
    @rule(level=st.sampled_from(Level), wait_ms=st.integers(0, 3_000))
    def the_citizen_thinks_again(self, level: Level, wait_ms: int) -> None:
        self.feed(ChangeAsked(), wait_ms)
        self.feed(LevelTapped(level), wait_ms)

    @precondition(lambda self: self.visit.state in OPEN)
    @rule(data=st.data(), wait_ms=waits)
    def a_phone_rates_something_that_is_asked_about(
        self, data: st.DataObject, wait_ms: int
    ) -> None:
        asked = [(question.subject, question.code) for question in self.visit.questions]
        rated = data.draw(st.lists(st.sampled_from(asked), min_size=1, max_size=3))
        before = self.visit
        self.feed(RatedByPhone(tuple(rated)), wait_ms)
        assert self.visit.drafts == before.drafts, "a phone changed what was tapped here"
        if before.draft is not None:
            assert (self.visit.state, self.visit.asked) == (before.state, before.asked)
            assert self.visit.deadline_ms == before.deadline_ms

    # --- carrying it out, and noting it down ---

    def feed(self, event: Event, wait_ms: int) -> None:
        if isinstance(event, Invited):
            self.invited += 1
            event = Invited(
                UUID(int=self.invited),
                event.invited_by,
                event.window,
                event.staff,
                event.matters,
                event.hall,
            )
        self.now_ms += wait_ms
        before, untouched = self.visit, deepcopy(self.visit)
        try:
            after, effects = step(before, event, self.now_ms, TIMES)
        except IllegalEvent:
            assert before == untouched
            assert self.must_be_refused(event)
            return
        assert before == untouched
        assert after.state in TABLE[before.state][type(event)].to
        assert not self.must_be_refused(event)
        self.note(before, event)
        for effect in effects:
            self.carry_out(effect)
        self.visit = after
        if isinstance(event, LevelTapped):
            assert isinstance(effects[0], KeepDraft)
            assert effects[0].draft.level == event.level
            assert effects[0].draft.tapped_ms == self.now_ms
        same_page = (after.state, after.asked) == (before.state, before.asked)
        if same_page and isinstance(event, PressIgnored | RatedByPhone):
            assert after.deadline_ms == before.deadline_ms
        else:
            assert after.since_ms == self.now_ms

    def must_be_refused(self, event: Event) -> bool:
        """True if the rule book forbids ``event`` now."""
        if type(event) not in TABLE[self.visit.state]:
            return True
        match event:
            case TimedOut():
                return not is_due(self.visit, self.now_ms)
            case Cancelled(reason):
                return bool(self.tapped) or bool(self.by_phone) or not reason.strip()
            case Invited():
                return not questions_of(event)
            case BackAsked() if self.visit.state is State.RATING:
                seen = self.visit.questions[: self.visit.asked + 1]
                return not any((question.subject, question.code) in self.disk for question in seen)
            case CallbackGiven(sealed):
                return not sealed
            case TagToggled(tag):
                draft = self.visit.draft
                return draft is None or tag not in TAGS[draft.level]
        return False

    def note(self, before: Visit, event: Event) -> None:
        match event:
            case Invited():
                self.tapped, self.disk, self.mashed, self.number = {}, {}, 0, b""
                self.by_phone = set()
            case RatedByPhone(rated):
                asked = {(question.subject, question.code) for question in before.questions}
                self.by_phone |= asked & set(rated)
            case LevelTapped(level):
                question = before.question
                self.tapped.setdefault((question.subject, question.code), []).append(level)
            case PressIgnored() if before.state in OPEN:
                self.mashed += 1

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case OpenVisit(invitation):
                assert self.open is None, "a visit was opened while another had no outcome"
                assert invitation.visit not in self.opened
                self.open = invitation
                self.opened.append(invitation.visit)
            case KeepDraft(draft):
                assert self.open is not None, "a draft outside of any visit"
                self.disk[draft.subject, draft.code] = draft
            case KeepCallback(sealed):
                assert self.open is not None, "a number outside of any visit"
                self.number = sealed
            case CloseVisit():
                assert self.open is not None, "an outcome without a visit, or a second one"
                assert effect.visit == self.open.visit
                self.check_outcome(effect, self.open)
                self.closes.append(effect)
                self.open = None

    def check_outcome(self, close: CloseVisit, invitation: Invited) -> None:
        assert {(d.subject, d.code): d for d in close.drafts} == self.disk
        assert close.asked == len(questions_of(invitation))
        assert close.surplus == self.mashed
        assert close.callback == self.number
        assert (close.first_tap_ms is None) == (not self.tapped)
        assert close.by_phone == len(self.by_phone - self.disk.keys())
        rated = len(self.by_phone | self.disk.keys())
        match close.outcome:
            case Outcome.RATED:
                assert rated == close.asked
            case Outcome.PARTLY:
                assert 0 < rated < close.asked
            case Outcome.DEVICE_FAULT:
                assert close.reason
            case Outcome.CANCELLED:
                assert close.reason.strip()
                assert not self.tapped
                assert not self.by_phone
            case Outcome.DECLINED | Outcome.TIMED_OUT:
                assert not rated

    # --- what always holds ---

    @invariant()
    def no_subject_of_a_visit_is_rated_twice(self) -> None:
        ratings = [(c.visit, d.subject, d.code) for c in self.closes for d in c.drafts]
        assert len(ratings) == len(set(ratings))

    @invariant()
    def every_visit_before_the_present_one_has_its_outcome(self) -> None:
        unfinished = [self.open.visit] if self.open else []
        assert [close.visit for close in self.closes] + unfinished == self.opened
        assert (self.visit.state in OPEN) == (self.open is not None)

    @invariant()
    def the_last_level_tapped_for_a_subject_is_never_lost(self) -> None:
        if self.visit.state is State.IDLE:
            return
        drafts = {(draft.subject, draft.code): draft for draft in self.visit.drafts}
        assert drafts == self.disk
        assert {key: draft.level for key, draft in drafts.items()} == {
            key: levels[-1] for key, levels in self.tapped.items()
        }

    @invariant()
    def a_number_stays_until_it_is_changed_or_taken_back(self) -> None:
        if self.visit.state is not State.IDLE:
            assert self.visit.callback == self.number

    @invariant()
    def changes_of_mind_are_counted(self) -> None:
        for key, draft in self.disk.items():
            levels = self.tapped[key]
            assert draft.changes == sum(a != b for a, b in pairwise(levels))

    @invariant()
    def reasons_belong_to_the_level_and_stand_once(self) -> None:
        for draft in self.visit.drafts:
            assert set(draft.tags) <= set(TAGS[draft.level])
            assert len(draft.tags) == len(set(draft.tags))

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        timed = self.visit.state not in (State.IDLE, State.CLOSING)
        assert (self.visit.deadline_ms is not None) == timed
        assert TIMES.of(self.visit.state) == (
            self.visit.deadline_ms - self.visit.since_ms if timed else None
        )

    @invariant()
    def the_screen_asks_about_what_the_state_says(self) -> None:
        if self.visit.state in OPEN:
            assert self.visit.asked < len(self.visit.questions)
        if self.visit.state in (State.REASONS, State.CALLBACK):
            assert self.visit.draft is not None
        if self.visit.state is State.THANKS:
            assert self.visit.drafts or self.by_phone, "thanked for nothing"
        if self.visit.state is State.UNSAVED:
            assert self.visit.drafts or not self.by_phone, "what central holds is not lost"
        if self.visit.state is State.IDLE:
            assert self.visit == Visit(since_ms=self.visit.since_ms)

    @invariant()
    def nobody_is_asked_what_was_rated_already(self) -> None:
        """What was tapped here may be thought over; what a phone rated is not asked again."""
        if self.visit.state not in OPEN:
            return
        keys = [(question.subject, question.code) for question in self.visit.questions]
        answered = self.by_phone | self.disk.keys()
        assert answered.issuperset(keys[: self.visit.asked]), "a question was passed over"
        if self.visit.draft is None:
            assert keys[self.visit.asked] not in self.by_phone

    @invariant()
    def a_phone_leaves_no_level_on_the_device(self) -> None:
        assert set(self.visit.by_phone) == (
            set() if self.visit.state is State.IDLE else self.by_phone
        )

    def teardown(self) -> None:
        """Everybody goes home: time alone must bring every visit to its outcome."""
        for _ in range(50):
            if self.visit.state is State.IDLE:
                break
            if self.visit.state is State.CLOSING:
                self.feed(Stored(), 10)
            else:
                assert self.visit.deadline_ms is not None
                self.feed(TimedOut(), max(0, self.visit.deadline_ms - self.now_ms))
        assert self.visit.state is State.IDLE
        assert self.open is None
        assert [close.visit for close in self.closes] == self.opened


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)

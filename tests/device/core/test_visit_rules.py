"""Each way a visit can go, told as it happens at the counter."""

from uuid import UUID

import pytest

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
    Question,
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
    diagram,
    is_due,
    outcome_of,
    questions_of,
    step,
)
from protocol.levels import Level
from protocol.records import InvitedBy, MatterHandled, Outcome
from protocol.subjects import Subject

TIMES = Times(rating=60_000, reasons=40_000, callback=90_000, thanks=15_000)
VISIT = UUID(int=1)
WANG = "1024"
LICENCE, HUKOU = "11210000463", "11210000999"
GOOD, BAD = Level.VERY_SATISFIED, Level.DISSATISFIED


def invitation(
    *matters: MatterHandled, staff: str = WANG, by: InvitedBy = InvitedBy.STAFF, visit: UUID = VISIT
) -> Invited:
    return Invited(visit, by, "12", staff, matters)


class Counter:
    """A counter at which things happen, a second apart unless said otherwise."""

    def __init__(self) -> None:
        self.visit = Visit()
        self.now_ms = 1_000_000
        self.effects: list[Effect] = []

    def happens(self, *events: Event, after_ms: int = 1000) -> "Counter":
        for event in events:
            self.now_ms += after_ms
            self.visit, effects = step(self.visit, event, self.now_ms, TIMES)
            self.effects += effects
        return self

    def refuses(self, event: Event, after_ms: int = 1000) -> None:
        before = self.visit
        with pytest.raises(IllegalEvent):
            step(self.visit, event, self.now_ms + after_ms, TIMES)
        assert self.visit == before

    @property
    def closed(self) -> CloseVisit:
        (close,) = (effect for effect in self.effects if isinstance(effect, CloseVisit))
        return close

    @property
    def levels(self) -> dict[str, Level]:
        return {draft.code: draft.level for draft in self.closed.drafts}


def at_the_counter(*matters: MatterHandled, staff: str = WANG) -> Counter:
    return Counter().happens(invitation(*matters, staff=staff))


def rated(level: Level = GOOD) -> tuple[Event, ...]:
    return LevelTapped(level), ReasonsSkipped()


# --- invitations ---------------------------------------------------------------------


@pytest.mark.parametrize("by", list(InvitedBy))
def test_whoever_invites_the_visit_is_opened_and_the_staff_member_asked_about(
    by: InvitedBy,
) -> None:
    invited = invitation(by=by)
    counter = Counter().happens(invited)
    assert counter.effects == [OpenVisit(invited)]
    assert counter.visit.state is State.RATING
    assert counter.visit.question == Question(Subject.STAFF, WANG)
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.rating


def test_nothing_is_chosen_beforehand() -> None:
    assert at_the_counter().visit.draft is None


def test_an_invitation_that_asks_about_nothing_is_refused() -> None:
    Counter().refuses(invitation(staff=""))
    Counter().refuses(invitation(MatterHandled(LICENCE, finished=False), staff=""))


def test_a_second_invitation_waits_until_the_citizen_is_done() -> None:
    at_the_counter().refuses(invitation(visit=UUID(int=2)))
    at_the_counter().happens(LevelTapped(GOOD)).refuses(invitation(visit=UUID(int=2)))


# --- what is asked -------------------------------------------------------------------


def test_the_staff_member_comes_first_then_each_finished_matter() -> None:
    invited = invitation(MatterHandled(LICENCE, ("A-1",)), MatterHandled(HUKOU))
    assert questions_of(invited) == (
        Question(Subject.STAFF, WANG),
        Question(Subject.MATTER, LICENCE, ("A-1",)),
        Question(Subject.MATTER, HUKOU),
    )


def test_several_cases_of_one_matter_are_one_question() -> None:
    batch = MatterHandled(LICENCE, ("A-1", "A-2")), MatterHandled(LICENCE, ("A-2", "A-3", "A-3"))
    assert questions_of(invitation(*batch, staff="")) == (
        Question(Subject.MATTER, LICENCE, ("A-1", "A-2", "A-3")),
    )


def test_an_unfinished_matter_is_not_asked_about() -> None:
    invited = invitation(MatterHandled(LICENCE, finished=False), MatterHandled(HUKOU))
    assert [question.code for question in questions_of(invited)] == [WANG, HUKOU]


def test_of_a_batch_only_the_finished_cases_are_asked_about() -> None:
    batch = MatterHandled(LICENCE, ("A-1",)), MatterHandled(LICENCE, ("A-2",), finished=False)
    assert questions_of(invitation(*batch))[1].cases == ("A-1",)


def test_where_nobody_is_logged_in_only_the_matter_is_rated() -> None:
    counter = at_the_counter(MatterHandled(LICENCE), staff="")
    assert counter.visit.question == Question(Subject.MATTER, LICENCE)
    counter.happens(*rated(), Stored())
    assert counter.closed.outcome is Outcome.RATED
    assert counter.closed.asked == 1


def test_the_hall_as_a_whole_is_one_question() -> None:
    invited = Invited(VISIT, InvitedBy.CITIZEN, "", "", hall="BH")
    assert questions_of(invited) == (Question(Subject.HALL, "BH"),)
    counter = Counter().happens(invited, *rated(BAD))
    (draft,) = counter.closed.drafts
    assert (draft.subject, draft.code, draft.level) == (Subject.HALL, "BH", BAD)


def test_idle_asks_nothing() -> None:
    assert Visit().questions == ()


# --- rating --------------------------------------------------------------------------


def test_a_tap_is_kept_at_once_and_reasons_are_offered() -> None:
    counter = at_the_counter().happens(LevelTapped(GOOD))
    draft = Draft(Subject.STAFF, WANG, (), GOOD, counter.now_ms)
    assert counter.effects[1:] == [KeepDraft(draft)]
    assert counter.visit.draft == draft
    assert counter.visit.state is State.REASONS
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.reasons


def test_staff_only_one_tap_and_the_visit_is_rated() -> None:
    counter = at_the_counter().happens(*rated(BAD))
    assert counter.visit.state is State.CLOSING
    close = counter.closed
    assert (close.visit, close.outcome, close.asked, close.reason) == (VISIT, Outcome.RATED, 1, "")
    assert close.first_tap_ms == 1000
    assert counter.levels == {WANG: BAD}


def test_staff_and_two_matters_are_asked_about_one_after_the_other() -> None:
    counter = at_the_counter(MatterHandled(LICENCE, ("A-1",)), MatterHandled(HUKOU))
    asked = []
    for level in (GOOD, BAD, Level.SATISFIED):
        assert counter.visit.state is State.RATING
        asked.append((counter.visit.question.subject, counter.visit.question.code))
        counter.happens(*rated(level))
    assert asked == [
        (Subject.STAFF, WANG),
        (Subject.MATTER, LICENCE),
        (Subject.MATTER, HUKOU),
    ]
    assert counter.closed.outcome is Outcome.RATED
    assert counter.levels == {WANG: GOOD, LICENCE: BAD, HUKOU: Level.SATISFIED}
    assert [draft.cases for draft in counter.closed.drafts] == [(), ("A-1",), ()]


def test_a_batch_gets_one_rating_with_all_its_cases() -> None:
    batch = MatterHandled(LICENCE, ("A-1",)), MatterHandled(LICENCE, ("A-2",))
    counter = at_the_counter(*batch).happens(*rated(), *rated())
    assert [draft.cases for draft in counter.closed.drafts] == [(), ("A-1", "A-2")]


@pytest.mark.parametrize("end", [ReasonsGiven(), ReasonsSkipped()])
def test_reasons_may_be_given_or_skipped(end: Event) -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207), TagToggled(214), end)
    assert counter.closed.drafts[0].tags == (207, 214)
    assert counter.closed.outcome is Outcome.RATED


def test_a_reason_tapped_twice_is_put_back() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207), TagToggled(207))
    assert counter.visit.draft is not None
    assert counter.visit.draft.tags == ()


def test_each_picked_reason_is_kept_at_once() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207))
    assert counter.effects[-1] == KeepDraft(counter.visit.drafts[0])
    assert counter.visit.drafts[0].tags == (207,)


@pytest.mark.parametrize("tag", [517, 106, 999, 0, -1])
def test_a_reason_of_another_level_is_refused(tag: int) -> None:
    at_the_counter().happens(LevelTapped(BAD)).refuses(TagToggled(tag))


def test_reasons_and_change_are_for_after_the_tap() -> None:
    for early in (TagToggled(207), ReasonsGiven(), ReasonsSkipped(), ChangeAsked()):
        at_the_counter().refuses(early)


# --- a change of mind ----------------------------------------------------------------


def test_the_last_level_counts_and_changes_are_counted() -> None:
    counter = at_the_counter().happens(LevelTapped(GOOD))
    counter.happens(ChangeAsked(), LevelTapped(BAD), ChangeAsked())
    counter.happens(*rated(Level.FAIRLY_SATISFIED))
    (draft,) = counter.closed.drafts
    assert (draft.level, draft.changes) == (Level.FAIRLY_SATISFIED, 2)
    assert counter.closed.first_tap_ms == 1000


def test_the_same_level_again_is_no_change_and_keeps_its_reasons() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207), ChangeAsked())
    counter.happens(LevelTapped(BAD))
    assert counter.visit.draft is not None
    assert (counter.visit.draft.changes, counter.visit.draft.tags) == (0, (207,))


def test_another_level_takes_its_reasons_away() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207), ChangeAsked())
    counter.happens(LevelTapped(GOOD))
    assert counter.visit.draft is not None
    assert counter.visit.draft.tags == ()


def test_who_asked_to_change_and_walked_off_keeps_the_level_tapped() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), ChangeAsked())
    counter.happens(TimedOut(), after_ms=TIMES.rating)
    assert counter.levels == {WANG: BAD}
    assert counter.closed.outcome is Outcome.RATED


def test_a_change_is_about_the_present_question_only() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*rated(GOOD), LevelTapped(BAD))
    counter.happens(ChangeAsked())
    assert counter.visit.question.code == LICENCE
    counter.happens(*rated(GOOD))
    assert [draft.changes for draft in counter.closed.drafts] == [0, 1]


def test_back_from_a_question_leads_to_the_reasons_of_the_one_before() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(BAD), TagToggled(207))
    counter.happens(ReasonsGiven(), BackAsked())
    assert (counter.visit.state, counter.visit.question.code) == (State.REASONS, WANG)
    assert counter.visit.draft is not None
    assert (counter.visit.draft.level, counter.visit.draft.tags) == (BAD, (207,))
    counter.happens(ReasonsSkipped(), *rated(GOOD))
    assert counter.levels == {WANG: BAD, LICENCE: GOOD}


def test_who_asked_to_change_and_goes_back_has_changed_nothing() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*rated(), LevelTapped(BAD))
    counter.happens(TagToggled(207), ChangeAsked(), BackAsked())
    assert (counter.visit.state, counter.visit.question.code) == (State.REASONS, LICENCE)
    assert counter.visit.draft is not None
    assert (counter.visit.draft.tags, counter.visit.draft.changes) == ((207,), 0)


def test_there_is_nothing_before_the_first_question() -> None:
    counter = at_the_counter()
    assert not counter.visit.can_go_back
    counter.refuses(BackAsked())


# --- the call-back -------------------------------------------------------------------


SEALED, OTHER = b"sealed number", b"another one"


def at_the_pad(*before: Event, level: Level = BAD) -> Counter:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*before, LevelTapped(level))
    return counter.happens(CallbackAsked())


@pytest.mark.parametrize("level", list(Level))
def test_the_pad_opens_from_the_reasons_of_every_level(level: Level) -> None:
    counter = at_the_pad(level=level)
    assert counter.visit.state is State.CALLBACK
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.callback


def test_before_a_level_is_tapped_there_is_no_pad() -> None:
    at_the_counter().refuses(CallbackAsked())
    at_the_counter().refuses(CallbackGiven(SEALED))


def test_a_confirmed_number_is_kept_at_once_and_the_reasons_come_back() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(BAD), TagToggled(207))
    reasons = counter.visit
    counter.happens(CallbackAsked(), CallbackGiven(SEALED))
    assert counter.effects[-1] == KeepCallback(SEALED)
    assert counter.visit.state is State.REASONS
    assert (counter.visit.question, counter.visit.drafts) == (reasons.question, reasons.drafts)


def test_the_number_goes_with_the_end_of_the_visit() -> None:
    counter = at_the_pad().happens(CallbackGiven(SEALED), ReasonsGiven(), Declined())
    assert counter.closed.callback == SEALED
    assert counter.closed.outcome is Outcome.PARTLY


def test_a_visit_without_a_number_asks_for_no_call() -> None:
    assert at_the_counter().happens(*rated()).closed.callback == b""


def test_there_is_one_call_however_many_questions() -> None:
    counter = at_the_pad().happens(CallbackGiven(SEALED), ReasonsGiven(), LevelTapped(GOOD))
    assert counter.visit.callback == SEALED
    counter.happens(CallbackAsked(), CallbackGiven(OTHER), ReasonsGiven())
    assert counter.closed.callback == OTHER


def test_a_number_can_be_taken_back() -> None:
    counter = at_the_pad().happens(CallbackGiven(SEALED), CallbackAsked(), CallbackWithdrawn())
    assert counter.effects[-1] == KeepCallback(b"")
    assert counter.visit.state is State.REASONS
    counter.happens(ReasonsGiven(), Declined())
    assert counter.closed.callback == b""


def test_without_a_number_there_is_nothing_to_take_back() -> None:
    counter = at_the_pad()
    written = len(counter.effects)
    counter.happens(CallbackWithdrawn())
    assert len(counter.effects) == written


def test_another_level_leaves_the_call_back_as_it_is() -> None:
    counter = at_the_pad().happens(CallbackGiven(SEALED), ChangeAsked(), LevelTapped(GOOD))
    assert counter.visit.callback == SEALED


@pytest.mark.parametrize("leaving", [BackAsked(), TimedOut()])
def test_who_leaves_the_pad_keeps_what_was_sealed_before_and_what_was_tapped(
    leaving: Event,
) -> None:
    counter = at_the_pad().happens(CallbackGiven(SEALED), CallbackAsked())
    counter.happens(leaving, after_ms=TIMES.callback)
    assert counter.visit.state is State.REASONS
    assert counter.visit.callback == SEALED
    assert counter.visit.draft is not None
    assert counter.visit.draft.level is BAD
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.reasons


def test_typing_starts_the_time_again() -> None:
    counter = at_the_pad().happens(Touched(), after_ms=TIMES.callback - 1)
    counter.refuses(TimedOut(), after_ms=TIMES.callback - 1)


def test_a_number_that_was_not_sealed_is_refused() -> None:
    at_the_pad().refuses(CallbackGiven(b""))


def test_a_level_key_does_nothing_while_the_pad_is_open() -> None:
    at_the_pad().refuses(LevelTapped(GOOD))


# --- rated by phone ------------------------------------------------------------------


def by_phone(*codes: str) -> RatedByPhone:
    return RatedByPhone(tuple((Subject.STAFF if c == WANG else Subject.MATTER, c) for c in codes))


def test_a_visit_that_was_rated_by_phone_ends_with_the_same_thanks() -> None:
    counter = at_the_counter().happens(by_phone(WANG))
    assert counter.visit.state is State.CLOSING
    close = counter.closed
    assert (close.outcome, close.drafts, close.by_phone, close.asked) == (Outcome.RATED, (), 1, 1)
    assert close.first_tap_ms is None
    counter.happens(Stored())
    assert counter.visit.state is State.THANKS
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.thanks


def test_what_a_phone_has_rated_is_not_asked_any_more() -> None:
    counter = at_the_counter(MatterHandled(LICENCE), MatterHandled(HUKOU)).happens(by_phone(WANG))
    assert (counter.visit.state, counter.visit.question.code) == (State.RATING, LICENCE)
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.rating
    counter.happens(*rated(BAD))
    assert counter.visit.question.code == HUKOU
    counter.happens(by_phone(WANG, HUKOU))
    assert (counter.closed.outcome, counter.closed.by_phone) == (Outcome.RATED, 2)
    assert counter.levels == {LICENCE: BAD}


def test_a_question_further_on_that_a_phone_rated_is_passed_over() -> None:
    counter = at_the_counter(MatterHandled(LICENCE), MatterHandled(HUKOU))
    counter.happens(by_phone(LICENCE))
    assert (counter.visit.state, counter.visit.question.code) == (State.RATING, WANG)
    counter.happens(*rated(GOOD))
    assert counter.visit.question.code == HUKOU
    counter.happens(Declined())
    assert (counter.closed.outcome, counter.closed.by_phone) == (Outcome.PARTLY, 1)


def test_who_gives_reasons_is_not_disturbed_by_a_phone() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(BAD), TagToggled(207))
    counter.happens(by_phone(WANG, LICENCE))
    assert (counter.visit.state, counter.visit.question.code) == (State.REASONS, WANG)
    counter.happens(TagToggled(214), ReasonsGiven())
    assert counter.visit.state is State.CLOSING
    assert counter.closed.drafts[0].tags == (207, 214)
    assert (counter.closed.outcome, counter.closed.by_phone) == (Outcome.RATED, 1)


def test_who_types_a_number_is_not_disturbed_by_a_phone() -> None:
    counter = at_the_pad().happens(by_phone(WANG, LICENCE))
    assert counter.visit.state is State.CALLBACK
    counter.happens(CallbackGiven(SEALED), ReasonsGiven())
    assert counter.closed.callback == SEALED


def test_who_thinks_again_is_not_disturbed_by_a_phone() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), ChangeAsked(), by_phone(WANG))
    assert (counter.visit.state, counter.visit.question.code) == (State.RATING, WANG)
    counter.happens(*rated(GOOD))
    assert counter.levels == {WANG: GOOD}


def test_what_was_tapped_stays_a_fact_though_a_phone_rated_the_same() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), by_phone(WANG), ReasonsSkipped())
    assert counter.levels == {WANG: BAD}
    assert (counter.closed.outcome, counter.closed.by_phone) == (Outcome.RATED, 0)


def test_going_back_leads_past_what_a_phone_rated() -> None:
    matters = MatterHandled(LICENCE), MatterHandled(HUKOU)
    counter = at_the_counter(*matters).happens(*rated(BAD), by_phone(LICENCE))
    assert counter.visit.question.code == HUKOU
    counter.happens(BackAsked())
    assert (counter.visit.state, counter.visit.question.code) == (State.REASONS, WANG)


def test_where_a_phone_rated_all_that_came_before_there_is_no_way_back() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(by_phone(WANG))
    assert not counter.visit.can_go_back
    counter.refuses(BackAsked())


def test_a_visit_rated_by_phone_can_no_longer_be_cancelled() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(by_phone(WANG))
    counter.refuses(Cancelled("误操作"))
    counter.happens(TimedOut(), after_ms=TIMES.rating)
    assert counter.closed.outcome is Outcome.PARTLY


@pytest.mark.parametrize("subjects", [(), ((Subject.MATTER, WANG),), ((Subject.HALL, "BH"),)])
def test_what_is_no_subject_of_the_visit_changes_nothing(
    subjects: tuple[tuple[Subject, str], ...],
) -> None:
    counter = at_the_counter()
    before = counter.visit
    counter.happens(RatedByPhone(subjects))
    assert counter.visit == before
    counter.happens(Cancelled("误操作"))


def test_a_phone_does_not_hold_a_page() -> None:
    counter = at_the_counter(MatterHandled(LICENCE))
    counter.happens(by_phone(LICENCE), by_phone(LICENCE), after_ms=20_000)
    counter.happens(TimedOut(), after_ms=20_000)
    assert counter.closed.outcome is Outcome.PARTLY


def test_hearing_of_it_twice_counts_once() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(by_phone(WANG), by_phone(WANG))
    assert counter.happens(by_phone(LICENCE, WANG)).closed.by_phone == 2


@pytest.mark.parametrize("end", [(), (Stored(),), (Stored(), Done())])
def test_once_the_visit_is_over_a_phone_changes_nothing_here(end: tuple[Event, ...]) -> None:
    at_the_counter().happens(*rated(), *end).refuses(by_phone(WANG))


def test_nothing_is_said_to_be_lost_that_central_holds() -> None:
    at_the_disk = at_the_counter().happens(by_phone(WANG), StoreFailed())
    assert at_the_disk.visit.state is State.THANKS
    in_between = at_the_counter(MatterHandled(LICENCE)).happens(by_phone(WANG), StoreFailed())
    assert in_between.visit.state is State.THANKS
    assert in_between.closed.outcome is Outcome.DEVICE_FAULT


def test_what_was_tapped_here_is_said_to_be_lost_whatever_a_phone_rated() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(BAD), by_phone(LICENCE))
    assert counter.happens(ReasonsGiven(), StoreFailed()).visit.state is State.UNSAVED


# --- declined, timed out, cancelled, broken ------------------------------------------


def test_who_declines_at_once_leaves_an_outcome_and_no_rating() -> None:
    counter = at_the_counter().happens(Declined())
    assert counter.closed.outcome is Outcome.DECLINED
    assert counter.closed.drafts == ()
    assert counter.closed.first_tap_ms is None
    assert counter.happens(Stored()).visit.state is State.IDLE


def test_who_declines_after_rating_the_staff_member_has_rated_partly() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*rated(BAD), Declined())
    assert counter.closed.outcome is Outcome.PARTLY
    assert counter.levels == {WANG: BAD}
    assert counter.happens(Stored()).visit.state is State.THANKS


def test_who_does_nothing_times_out() -> None:
    counter = at_the_counter().happens(TimedOut(), after_ms=TIMES.rating)
    assert counter.closed.outcome is Outcome.TIMED_OUT
    assert counter.happens(Stored()).visit.state is State.IDLE


def test_who_walks_off_between_two_questions_has_rated_partly() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*rated())
    counter.happens(TimedOut(), after_ms=TIMES.rating)
    assert counter.closed.outcome is Outcome.PARTLY


def test_who_lingers_at_the_reasons_has_rated_all_the_same() -> None:
    counter = at_the_counter().happens(LevelTapped(BAD), TagToggled(207))
    counter.happens(TimedOut(), after_ms=TIMES.reasons)
    assert counter.closed.outcome is Outcome.RATED
    assert counter.closed.drafts[0].tags == (207,)


def test_when_the_reasons_time_out_the_next_question_is_asked() -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(GOOD))
    counter.happens(TimedOut(), after_ms=TIMES.reasons)
    assert (counter.visit.state, counter.visit.question.code) == (State.RATING, LICENCE)
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.rating


def test_time_does_not_run_out_before_its_time() -> None:
    counter = at_the_counter()
    assert not is_due(counter.visit, counter.now_ms + TIMES.rating - 1)
    counter.refuses(TimedOut(), after_ms=TIMES.rating - 1)
    assert is_due(counter.visit, counter.now_ms + TIMES.rating)


def test_a_touch_starts_the_time_again() -> None:
    counter = at_the_counter().happens(Touched(), after_ms=59_000)
    counter.refuses(TimedOut(), after_ms=TIMES.rating - 1)
    counter.happens(TimedOut(), after_ms=TIMES.rating)


def test_mashing_the_keys_does_not() -> None:
    counter = at_the_counter().happens(PressIgnored(), PressIgnored(), after_ms=20_000)
    counter.happens(TimedOut(), after_ms=20_000)
    assert counter.closed.outcome is Outcome.TIMED_OUT


def test_surplus_presses_are_counted() -> None:
    counter = at_the_counter().happens(PressIgnored(), LevelTapped(GOOD), PressIgnored())
    counter.happens(ReasonsSkipped())
    assert counter.closed.surplus == 2
    counter.happens(PressIgnored())
    assert counter.visit.state is State.CLOSING


def test_staff_may_take_an_invitation_back_and_must_say_why() -> None:
    counter = at_the_counter().happens(Cancelled("群众已离开"))
    assert counter.closed.outcome is Outcome.CANCELLED
    assert counter.closed.reason == "群众已离开"
    assert counter.happens(Stored()).visit.state is State.IDLE


@pytest.mark.parametrize("reason", ["", " ", "\t\u3000"])
def test_a_cancellation_without_a_reason_is_refused(reason: str) -> None:
    at_the_counter().refuses(Cancelled(reason))


def test_after_the_first_tap_nobody_can_cancel() -> None:
    late = Cancelled("误操作")
    counter = at_the_counter(MatterHandled(LICENCE)).happens(LevelTapped(BAD))
    counter.refuses(late)
    counter.happens(ChangeAsked()).refuses(late)
    counter.happens(*rated(BAD)).refuses(late)
    counter.happens(Declined()).refuses(late)
    counter.happens(Stored()).refuses(late)


@pytest.mark.parametrize(
    ("before", "kept"),
    [((), 0), ((LevelTapped(BAD),), 1), (rated(BAD), 1), ((*rated(BAD), LevelTapped(GOOD)), 2)],
)
def test_when_the_device_breaks_what_was_tapped_is_kept(
    before: tuple[Event, ...], kept: int
) -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*before, Broke("touch lost"))
    assert counter.visit.state is State.CLOSING
    assert counter.closed.outcome is Outcome.DEVICE_FAULT
    assert counter.closed.reason == "touch lost"
    assert len(counter.closed.drafts) == kept


@pytest.mark.parametrize(
    ("otherwise", "counted", "outcome"),
    [
        (Outcome.DECLINED, 0, Outcome.DECLINED),
        (Outcome.DECLINED, 1, Outcome.PARTLY),
        (Outcome.DECLINED, 2, Outcome.RATED),
        (Outcome.TIMED_OUT, 0, Outcome.TIMED_OUT),
        (Outcome.TIMED_OUT, 1, Outcome.PARTLY),
        (Outcome.TIMED_OUT, 2, Outcome.RATED),
        (Outcome.CANCELLED, 0, Outcome.CANCELLED),
        (Outcome.DEVICE_FAULT, 0, Outcome.DEVICE_FAULT),
        (Outcome.DEVICE_FAULT, 1, Outcome.DEVICE_FAULT),
        (Outcome.DEVICE_FAULT, 2, Outcome.DEVICE_FAULT),
    ],
)
def test_what_was_tapped_counts_whatever_ended_the_visit(
    otherwise: Outcome, counted: int, outcome: Outcome
) -> None:
    assert outcome_of(counted, 2, otherwise) is outcome


# --- storing -------------------------------------------------------------------------


def test_nobody_is_thanked_before_the_rating_is_stored() -> None:
    counter = at_the_counter().happens(*rated())
    assert counter.visit.state is State.CLOSING
    assert counter.visit.deadline_ms is None
    counter.refuses(Done())
    counter.happens(Stored())
    assert counter.visit.state is State.THANKS
    assert counter.visit.deadline_ms == counter.now_ms + TIMES.thanks


@pytest.mark.parametrize("late", [Stored(), StoreFailed(), Broke("x"), Declined(), *rated()])
def test_after_the_thank_you_nothing_about_the_visit_can_happen(late: Event) -> None:
    at_the_counter().happens(*rated(), Stored()).refuses(late)
    at_the_counter().happens(*rated(), Stored(), Done()).refuses(late)


def test_if_the_records_cannot_be_written_the_screen_says_so() -> None:
    counter = at_the_counter().happens(*rated(), StoreFailed())
    assert counter.visit.state is State.UNSAVED
    counter.refuses(Stored())
    counter.refuses(invitation(visit=UUID(int=2)))
    assert counter.closed.drafts
    counter.happens(Touched(), Done())
    assert counter.visit.state is State.IDLE


@pytest.mark.parametrize(
    "before",
    [
        (),
        (LevelTapped(BAD),),
        rated(BAD),
        (*rated(BAD), LevelTapped(GOOD)),
        (LevelTapped(BAD), CallbackAsked()),
    ],
    ids=["rating", "reasons", "second_rating", "second_reasons", "callback"],
)
def test_if_a_draft_cannot_be_written_the_visit_ends_as_a_device_fault(
    before: tuple[Event, ...],
) -> None:
    counter = at_the_counter(MatterHandled(LICENCE)).happens(*before)
    assert counter.visit.state in OPEN
    kept = counter.visit.drafts
    counter.happens(StoreFailed())
    assert counter.visit.state is State.UNSAVED
    assert counter.closed.outcome is Outcome.DEVICE_FAULT
    assert counter.closed.drafts == kept
    counter.happens(TimedOut(), after_ms=TIMES.thanks)
    assert counter.visit.state is State.IDLE


# --- thanks --------------------------------------------------------------------------


def test_the_thank_you_ends_when_it_has_been_read() -> None:
    assert at_the_counter().happens(*rated(), Stored(), Done()).visit.state is State.IDLE


def test_the_thank_you_ends_by_itself() -> None:
    counter = at_the_counter().happens(*rated(), Stored())
    counter.refuses(TimedOut(), after_ms=TIMES.thanks - 1)
    assert counter.happens(TimedOut(), after_ms=TIMES.thanks).visit.state is State.IDLE


def test_the_next_citizen_need_not_wait_for_the_thank_you_to_end() -> None:
    counter = at_the_counter().happens(*rated(), PressIgnored(), Stored())
    counter.happens(invitation(visit=UUID(int=2)))
    visit = counter.visit
    assert visit.state is State.RATING
    assert (visit.drafts, visit.surplus, visit.first_tap_ms) == ((), 0, None)
    counter.happens(Declined())
    last = counter.effects[-1]
    assert isinstance(last, CloseVisit)
    assert (last.visit, last.outcome) == (UUID(int=2), Outcome.DECLINED)


def test_nothing_of_one_citizen_is_left_for_the_next() -> None:
    counter = at_the_counter().happens(*rated(BAD), Stored(), Done())
    fresh = Visit(since_ms=counter.now_ms)
    assert counter.visit == fresh


# --- the table -----------------------------------------------------------------------


def test_the_diagram_shows_every_state_and_every_event() -> None:
    drawn = diagram()
    assert drawn.startswith("stateDiagram-v2")
    for state in State:
        assert f"    {state} --> " in drawn
        assert f"--> {state}:" in drawn
    for event in Event.__subclasses__():
        assert event.__name__ in drawn


def test_every_arrow_of_the_table_is_drawn_once() -> None:
    arrows = sum(len(arrow.to) for arrows in TABLE.values() for arrow in arrows.values())
    drawn = [line.split(": ")[1].split(" / ") for line in diagram().splitlines()[2:]]
    assert sum(len(names) for names in drawn) == arrows


def test_the_table_has_a_row_for_every_state_and_a_use_for_every_event() -> None:
    assert set(TABLE) == set(State)
    assert {event for row in TABLE.values() for event in row} == set(Event.__subclasses__())


@pytest.mark.parametrize("state", OPEN)
def test_wherever_a_citizen_is_asked_faults_touches_and_surplus_are_allowed(state: State) -> None:
    assert {Touched, PressIgnored, Broke, StoreFailed, TimedOut} <= set(TABLE[state])

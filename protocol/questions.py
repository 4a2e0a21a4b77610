"""What a visit asks about: the staff member, each finished matter, the hall.

The device asks it on its screen, central on a phone; both must come to the same questions in
the same order, or a phone's answer would be bound to the wrong subject.
"""

from collections.abc import Iterable
from typing import NamedTuple

from protocol.records import MatterHandled, VisitOpened
from protocol.subjects import Subject


class Question(NamedTuple):
    """One subject of a visit."""

    subject: Subject
    code: str
    cases: tuple[str, ...] = ()
    unnumbered: int = 0
    """How many more cases there are, whose numbers are not known."""

    @property
    def case_count(self) -> int:
        """How many cases; 0 where that was not said."""
        return len(self.cases) + self.unnumbered


class Asks(NamedTuple):
    """How many questions of each kind there are: all that a phone's token may say."""

    staff: int = 0
    """1 if a staff member is rated, else 0."""
    matters: int = 0
    hall: int = 0
    """1 if the hall as a whole is rated, else 0."""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects in the order of `questions_of`."""
        return (
            (Subject.STAFF,) * self.staff
            + (Subject.MATTER,) * self.matters
            + (Subject.HALL,) * self.hall
        )


def questions_of(
    staff: str, matters: Iterable[MatterHandled], hall: str, *, rate_unfinished: bool
) -> tuple[Question, ...]:
    """Return the questions of a visit; an empty ``staff`` or ``hall`` is not asked about.

    Cases of the same matter are a batch and get one question (docs/codes.md, "Liaoning's
    rules"); an unfinished matter gets none, unless the rule pack says otherwise.
    """
    batches: dict[str, tuple[tuple[str, ...], int]] = {}
    for matter in matters:
        if matter.finished or rate_unfinished:
            cases, unnumbered = batches.get(matter.code, ((), 0))
            more = matter.count if not matter.cases else 0
            batches[matter.code] = (
                tuple(dict.fromkeys(cases + matter.cases)),
                unnumbered + more,
            )
    return (
        *((Question(Subject.STAFF, staff),) if staff else ()),
        *(
            Question(Subject.MATTER, code, cases, unnumbered)
            for code, (cases, unnumbered) in batches.items()
        ),
        *((Question(Subject.HALL, hall),) if hall else ()),
    )


def questions_opened(opened: VisitOpened) -> tuple[Question, ...]:
    """Return the questions of a visit as its record says; those of older ones are as asked then.

    Version 1 wrote a hyphen where no staff member was rated.
    """
    staff = "" if opened.staff == "-" else opened.staff
    return questions_of(staff, opened.matters, opened.hall, rate_unfinished=opened.rate_unfinished)


def asks_of(questions: Iterable[Question]) -> Asks:
    """Return how many of each kind ``questions`` are."""
    subjects = [question.subject for question in questions]
    return Asks(*(subjects.count(one) for one in (Subject.STAFF, Subject.MATTER, Subject.HALL)))

"""What a citizen is asked on a phone, and what they answered, whichever code led them there.

The code at the device, the printed code of a window and the follow-up of a receipt ask in the
same words and on the same pages; they differ in where the questions come from and in what
becomes of the answers.
"""

from typing import NamedTuple

from protocol.levels import Level
from protocol.subjects import Subject


class Asked(NamedTuple):
    """One subject to be rated."""

    subject: Subject
    code: str = ""
    """Staff number, the matter's code or the hall's; empty while the visit is not known."""
    question: int | None = None
    """Its place among the visit's questions, from 0; None for a visit without a device."""
    name: str = ""
    """The matter's name; empty for other subjects and while it is not known."""
    case: str = ""
    """First case number, masked (``1501****0068``); empty if there is none."""
    cases: int = 0
    """How many cases are rated at once; 0 where that was not said."""


class Answer(NamedTuple):
    """What was answered for one subject."""

    asked: Asked
    level: Level
    tags: tuple[int, ...] = ()


class Questionnaire(NamedTuple):
    """All that is asked behind one code."""

    hall: str
    """Name of the hall; empty if it is not known."""
    window: str
    """Number of the window; empty if it is not known."""
    asked: tuple[Asked, ...]
    action: str
    """Path that takes the form, e.g. ``/R/ABC``; it is in no log."""
    seal: str
    """What the form's own seal is made for (visit, window code ...): a form that was opened for
    one thing cannot be sent in for another."""
    switched_off_tags: frozenset[int] = frozenset()
    takes_number: bool = False
    """A number for a call-back may be left: there is a key to seal it for."""
    follows_up: bool = False
    """A follow-up rating (追加评价)."""
    hidden: tuple[tuple[str, str], ...] = ()
    """Fields that the form must bring back, e.g. the receipt code."""
    rated: int = 0
    """How many other subjects of the visit have been rated already."""
    offered: tuple[Answer, ...] = ()
    """Answers that are filled in when the form is opened; the citizen may change them."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What the form's fields for each subject are named after.

        By the place among the visit's questions, if it has one: that stays the same while some
        of them are rated elsewhere and the form is open.
        """
        return tuple(
            str(place if one.question is None else one.question)
            for place, one in enumerate(self.asked)
        )


class Answers(NamedTuple):
    """A questionnaire that was filled in and checked."""

    answers: tuple[Answer, ...]
    """At least one; a subject may be left out."""
    comment: str = ""
    """At most `protocol.remote.MAX_COMMENT` characters, of the last subject answered."""
    number: str = ""
    """A mobile number in plain text, to be sealed at once and kept nowhere."""
    language: str = "zh-CN"

    def __repr__(self) -> str:
        """Return how many were answered: neither comment nor number may reach a log."""
        return f"Answers({len(self.answers)})"

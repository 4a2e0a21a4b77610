"""Says what is to be seen: from how things stand at the window to the view of a screen.

Apart from the reception, which lets things happen: nothing in here changes anything.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from device.core.number_pad import NumberPad
from device.core.session import Session, SessionState
from device.core.visit import State, Visit
from device.kiosk.staff_desk import StaffPage
from device.kiosk.staff_portrayal import portray_staff
from device.kiosk.views import (
    CallbackView,
    Chrome,
    DarkView,
    IdleView,
    MatterLine,
    NoticeView,
    RatingView,
    ReasonsView,
    StaffCard,
    ThanksView,
    View,
)
from device.store.profile import Service
from device.store.roster import Roster
from protocol.configuration import Rules
from protocol.levels import Level
from protocol.subjects import Subject
from protocol.tags import tags_of

SAVING_MS = 400
"""A commit that takes longer than this shows "saving"; a normal one never flickers."""
NOTICE_MS = 12_000
"""How long each notice stands on the idle screen (docs/screens.md, "Time")."""


class Chosen(NamedTuple):
    """The level that was just tapped, while its key is still being shown."""

    level: Level
    until_ms: int
    could_go_back: bool
    """There was a key to go back when it was tapped; nothing else may change meanwhile."""


class Standing(NamedTuple):
    """How things stand at one window, at one moment."""

    visit: Visit
    session: Session
    roster: Roster
    rules: Rules
    service: Service
    language: str
    appearance: str
    dark: bool
    """It is night, and nobody is there."""
    mock: bool
    ready: bool
    """The ledger is open."""
    trouble: str
    """Why it is not; empty if nothing is wrong."""
    chosen: Chosen | None
    page: int
    """Of the reasons."""
    pad: NumberPad
    qr: tuple[tuple[bool, ...], ...] | None
    """The visit's code; empty while it is being made, None where there is none."""
    receipt: str
    """The visit's receipt code; empty until it is on disk."""
    matter_name: Callable[[str], str]
    started_ms: int
    now_ms: int
    staff_page: StaffPage | None = None
    """What staff are at, between visits."""
    staff_key: bool = False
    """Staff may come to their pages from here."""
    photo: str = ""
    """File of the staff member's photograph."""
    waiting: int = 0
    """Records that wait for the centre."""


def portray(standing: Standing, wall: time.struct_time, date: str, before: View | None) -> View:
    """Return what the screen should show; ``date`` is worded, ``before`` was shown last."""
    visit, chrome = standing.visit, _chrome(standing)
    match visit.state:
        case State.RATING:
            return _rating(standing, chrome)
        case State.REASONS if standing.chosen is not None:
            return _rating(standing, chrome)
        case State.REASONS:
            return _reasons(standing, chrome)
        case State.CALLBACK:
            return _callback(standing, chrome)
        case State.CLOSING:
            if before is None or standing.now_ms - visit.since_ms >= SAVING_MS:
                return NoticeView(chrome, "saving")
            return before
        case State.THANKS if visit.invitation is not None:
            days = standing.rules.followup_days
            return ThanksView(chrome, standing.receipt, standing.qr or (), days)
        case State.UNSAVED:
            return NoticeView(chrome, "unsaved")
    if standing.staff_page is not None:
        return portray_staff(standing.staff_page, standing.session, chrome)
    if standing.dark:
        return DarkView(chrome)
    return _between_visits(standing, chrome, wall, date)


def _between_visits(standing: Standing, chrome: Chrome, wall: time.struct_time, date: str) -> View:
    clock = time.strftime("%H:%M", wall)
    if standing.trouble:
        return NoticeView(chrome, "broken", standing.trouble, date, clock)
    chrome = chrome._replace(staff_key=standing.staff_key)
    if standing.session.state is SessionState.PAUSED:
        return NoticeView(chrome, "paused", "", date, clock)
    if standing.session.state is SessionState.CLOSED and standing.ready:
        return NoticeView(chrome, "closed", "", date, clock)
    notices = standing.roster.notices
    return IdleView(
        chrome=chrome,
        date=date,
        clock=clock,
        notices=notices,
        notice=(standing.now_ms - standing.started_ms) // NOTICE_MS % max(1, len(notices)),
        mode=standing.service.mode,
        can_begin=_can_begin(standing),
    )


def _can_begin(standing: Standing) -> bool:
    """True where there is something that a citizen who begins on their own is asked about."""
    match standing.service.mode:
        case "self-service":
            return bool(standing.service.matter)
        case "hall":
            return bool(standing.roster.hall_code)
    return True


def _chrome(standing: Standing) -> Chrome:
    visit, roster = standing.visit, standing.roster
    member = roster.member
    if member and standing.ready and member.number != standing.session.staff:
        member = None  # whoever is assigned, and has left
    attended = standing.service.mode == "window"
    remaining = None
    if visit.deadline_ms is not None and visit.deadline_ms > visit.since_ms:
        whole_s = -(-(visit.deadline_ms - standing.now_ms) // 1000)
        remaining = max(0.0, min(1.0, whole_s * 1000 / (visit.deadline_ms - visit.since_ms)))
    return Chrome(
        hall=roster.hall,
        window=roster.window,
        staff=StaffCard(*member) if member and attended else None,
        language=standing.language,
        online=roster.online,
        mock=standing.mock,
        remaining=remaining,
        appearance=standing.appearance,
        waiting=standing.waiting,
        photo=standing.photo if member and attended else "",
    )


def _rating(standing: Standing, chrome: Chrome) -> RatingView:
    visit, chosen = standing.visit, standing.chosen
    question = visit.question
    matter = None
    if question.subject is Subject.MATTER:
        matter = MatterLine(
            name=standing.matter_name(question.code),
            case=masked(question.cases[0]) if question.cases else "",
            cases=question.case_count,
        )
    return RatingView(
        chrome=chrome,
        subject=str(question.subject),
        step=visit.asked + 1,
        steps=len(visit.questions),
        matter=matter,
        chosen=chosen.level if chosen else None,
        qr=standing.qr,
        can_go_back=chosen.could_go_back if chosen else visit.can_go_back,
    )


def _reasons(standing: Standing, chrome: Chrome) -> ReasonsView:
    draft = standing.visit.draft
    level = draft.level if draft else Level.VERY_SATISFIED
    return ReasonsView(
        chrome=chrome,
        level=level,
        tags=tags_of(level, frozenset(standing.rules.switched_off_tags)),
        picked=frozenset(draft.tags if draft else ()),
        callback=bool(standing.visit.callback) if standing.roster.sealing_key else None,
        page=standing.page,
    )


def _callback(standing: Standing, chrome: Chrome) -> CallbackView:
    pad = standing.pad
    return CallbackView(
        chrome=chrome,
        digits=pad.grouped,
        complete=pad.complete,
        problem=pad.problem,
        saved=bool(standing.visit.callback),
    )


def masked(case: str) -> str:
    """Return a case number as bystanders may see it: both ends, four stars between."""
    return case if len(case) <= 8 else f"{case[:4]}****{case[-4:]}"

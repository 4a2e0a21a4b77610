"""Says what staff see at their pages: from what they are at to the view of a screen."""

import time

from device.core.matter_search import Entry
from device.core.session import Session, SessionState
from device.core.staff_desk import PAUSE_REASONS, Page
from device.kiosk.staff_desk import StaffPage
from device.kiosk.views import (
    Chrome,
    LoginView,
    MatterChoice,
    MenuView,
    PauseView,
    SearchView,
)


def portray_staff(
    page: StaffPage, session: Session, chrome: Chrome
) -> LoginView | MenuView | SearchView | PauseView:
    """Return what the screen should show of the staff's page."""
    desk, chrome = page.desk, chrome._replace(remaining=page.remaining)
    match desk.page:
        case Page.LOGIN:
            return LoginView(
                chrome=chrome,
                staff=desk.pad.staff,
                pin=len(desk.pad.pin),
                at_pin=desk.pad.at_pin,
                tries_left=page.notes.tries_left,
                checking=page.checking,
                locked_until=page.notes.locked_until,
                problem=page.notes.problem,
            )
        case Page.SEARCH:
            return SearchView(chrome, desk.query, _choices(page.entries), desk.part)
        case Page.PAUSE:
            return PauseView(chrome, tuple(PAUSE_REASONS))
    return _menu(page, session, chrome)


def _menu(page: StaffPage, session: Session, chrome: Chrome) -> MenuView:
    chosen, row = page.desk.choice, page.row
    short_list = tuple(entry for entry in page.entries if entry.of_window)
    if chosen.code and all(entry.code != chosen.code for entry in short_list):
        found = tuple(entry for entry in page.entries if entry.code == chosen.code)
        short_list = (*found, *short_list)
    return MenuView(
        chrome=chrome,
        since=time.strftime("%H:%M", time.localtime(row.since_wall_ms / 1000)),
        matters=_choices(short_list),
        chosen=chosen.code,
        cases=chosen.count,
        finished=chosen.finished,
        paused=session.state is SessionState.PAUSED,
        invited=row.invited,
        rated=row.rated,
        problem=page.notes.problem,
    )


def _choices(entries: tuple[Entry, ...]) -> tuple[MatterChoice, ...]:
    return tuple(MatterChoice(entry.code, entry.name) for entry in entries)

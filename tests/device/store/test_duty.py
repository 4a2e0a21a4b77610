"""Who serves now is kept in step with the chain, and outlives the process but not the boot."""

from uuid import uuid4

from device_rig import DEED, GOOD, WANG, chain, draft, invitation, open_ledger, rate

from device.core.session import (
    ServicePaused,
    Session,
    SessionState,
    StaffArrived,
    StaffLeft,
)
from device.store import moment
from device.store.backlog import Backlog
from device.store.duty import Duty
from device.store.home import Home
from device.store.ledger import Ledger
from protocol.records import Fault, InvitedBy, Login, Logout, VisitOpened

READY, PAUSED = Session(SessionState.READY, WANG), Session(SessionState.PAUSED, WANG)


def duty(home: Home) -> Duty:
    backlog = Backlog(home)
    try:
        return backlog.duty()
    finally:
        backlog.close()


def log_in(ledger: Ledger, means: str = "pin") -> None:
    ledger.note_session((StaffArrived(WANG, means),), READY)


def test_nobody_serves_before_the_first_log_in(home: Home):
    assert duty(home) == Duty()
    assert duty(home).state is SessionState.CLOSED


def test_the_agent_sees_who_logged_in_how_and_by_which_record(home: Home, ledger: Ledger):
    ledger.note_boot("0.1.0")
    log_in(ledger, "badge")
    seen = duty(home)
    assert (seen.state, seen.staff, seen.means, seen.login_seq) == ("ready", WANG, "badge", 2)
    assert isinstance(chain(home)[1], Login)


def test_a_pause_keeps_its_reason_and_the_counts(home: Home, ledger: Ledger):
    log_in(ledger)
    rate(ledger)
    ledger.note_session((ServicePaused(WANG, True, "午休"),), PAUSED)
    assert duty(home)[:4] == ("paused", WANG, "pin", "午休")
    ledger.note_session((ServicePaused(WANG, False),), READY)
    assert duty(home)[:4] == ("ready", WANG, "pin", "")
    assert (duty(home).invited, duty(home).rated) == (1, 1)


def test_invitations_and_rated_visits_are_counted_and_begin_anew_with_the_next(
    home: Home, ledger: Ledger
):
    log_in(ledger)
    rate(ledger)
    rate(ledger, draft(), draft(DEED, GOOD))
    ledger.open_visit(invitation(), "zh-CN", 0)
    assert (duty(home).invited, duty(home).rated) == (3, 2)
    ledger.note_session((StaffLeft(WANG, ""), StaffArrived("0322", "pin")), READY)
    assert (duty(home).invited, duty(home).rated) == (0, 0)


def test_a_visit_that_the_citizen_began_is_no_invitation(home: Home, ledger: Ledger):
    from msgspec.structs import replace

    log_in(ledger)
    ledger.open_visit(replace(invitation(), invited_by=InvitedBy.CITIZEN), "zh-CN", 0)
    assert duty(home).invited == 0


def test_the_visit_of_somebody_else_is_not_counted(home: Home, ledger: Ledger):
    log_in(ledger)
    ledger.open_visit(invitation(staff="0322"), "zh-CN", 0)
    assert duty(home).invited == 0


def test_the_agent_sees_the_visit_that_is_open_and_whether_it_was_tapped(
    home: Home, ledger: Ledger
):
    backlog = Backlog(home)
    assert backlog.open_visit() is None
    invited = invitation(DEED)
    ledger.open_visit(invited, "zh-CN", 0)
    assert backlog.open_visit() == (invited.visit, invited, False)
    ledger.keep_draft(invited.visit, draft())
    assert backlog.open_visit() == (invited.visit, invited, True)
    backlog.close()


def test_the_system_that_invited_is_in_the_record(home: Home, ledger: Ledger):
    from msgspec.structs import replace

    ledger.open_visit(replace(invitation(), system="不动产登记系统"), "zh-CN", 0)
    (opened,) = chain(home)
    assert isinstance(opened, VisitOpened)
    assert opened.system == "不动产登记系统"


def test_a_restart_of_the_process_changes_nothing(home: Home, ledger: Ledger):
    log_in(ledger)
    ledger.note_session((ServicePaused(WANG, True, "午休"),), PAUSED)
    ledger.close()
    again = open_ledger(home)
    assert again.resume_session() == PAUSED
    again.close()
    assert len(chain(home)) == 2


def test_after_a_reboot_whoever_served_is_logged_out(home: Home, ledger: Ledger):
    """Three seconds without power look like a night: yesterday's staff must not get today's
    ratings."""
    log_in(ledger)
    ledger.close()
    rebooted = moment.now()._replace(boot_id=uuid4())
    again = open_ledger(home, now=lambda: rebooted)
    assert again.resume_session() == Session()
    assert again.resume_session() == Session()
    again.close()
    assert duty(home).state is SessionState.CLOSED
    left = [record for record in chain(home) if isinstance(record, Logout)]
    assert [(one.staff, one.reason) for one in left] == [(WANG, "restart")]


def test_a_lockout_is_a_record_that_says_who_where_and_for_how_long(home: Home, ledger: Ledger):
    ledger.note_lockout(WANG, "screen", 5, 60)
    ledger.note_lockout("", "console", 20, 60)
    faults = [record for record in chain(home) if isinstance(record, Fault)]
    assert [(one.code, one.detail) for one in faults] == [
        ("login-locked", "staff=0317 place=screen failures=5 seconds=60"),
        ("login-locked", "staff=* place=console failures=20 seconds=60"),
    ]


def test_a_row_that_is_lost_is_made_anew_of_what_the_chain_says(home: Home, ledger: Ledger):
    """As when the file was damaged while somebody served."""
    ledger.note_boot("0.1.0")
    log_in(ledger, "badge")
    ledger._db.execute("DELETE FROM duty")
    ledger.note_session((), PAUSED)
    seen = duty(home)
    assert (seen.state, seen.staff, seen.means, seen.login_seq) == ("paused", WANG, "badge", 2)

"""Who is let in: a PIN, a badge or a card against the roster, at both doors, offline."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import NamedTuple

import msgspec
import pytest
from device_rig import CENTRAL_KEY, RECORD_KEY, WANG, configuration, open_ledger

from device.store import lockouts, moment, salvage
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.gate import Admitted, Gate, Locked, LockedOut, Refused
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.roll import Roll
from protocol import configuration as configurations
from protocol.configuration import StaffMember
from protocol.credentials import card_hash, pin_verifier

PIN, BADGE, CARD = "314159", "0012345678", "HCP7K4M2Q9DX"
LI = "0322"
STAFF = (
    StaffMember(
        *(WANG, "王晓燕", "综合窗口", "不动产登记", pin_verifier(PIN)),
        badge=card_hash(BADGE, "BH"),
        card=card_hash(CARD, "BH"),
    ),
    StaffMember(LI, "李国强", "综合窗口", "不动产登记"),
)


class Doors(NamedTuple):
    """Both doors of one device, and what they reported."""

    screen: Gate
    console: Gate
    reported: list[Locked]


def open_doors(home: Home, ledger: Ledger, stack: ExitStack) -> Doors:
    briefing = stack.enter_context(closing(Briefing(home)))
    document = msgspec.structs.replace(configuration(), staff=STAFF)
    briefing.apply(document, configurations.sign(document, CENTRAL_KEY), "v1")
    roll = stack.enter_context(closing(Roll(home)))
    screen, console = stack.enter_context(closing(Backlog(home))), briefing.lockouts()
    reported: list[Locked] = []
    return Doors(
        Gate(roll, ledger.lockouts(), (roll, screen), reported.append),
        Gate(roll, console, (console, screen), reported.append),
        reported,
    )


@pytest.fixture
def doors(home: Home, ledger: Ledger) -> Iterator[Doors]:
    with ExitStack() as stack:
        yield open_doors(home, ledger, stack)


def fail(gate: Gate, times: int, staff: str = WANG) -> list[object]:
    return [gate.check_pin(staff, "000000") for _ in range(times)]


def test_the_right_pin_is_admitted_at_both_doors(doors: Doors):
    for gate in (doors.screen, doors.console):
        assert gate.check_pin(WANG, PIN) == Admitted(STAFF[0], "pin")


def test_a_badge_and_a_card_are_known_by_what_the_reader_types(doors: Doors):
    assert doors.screen.check_card(BADGE) == Admitted(STAFF[0], "badge")
    assert doors.screen.check_card(CARD.lower()) == Admitted(STAFF[0], "card")


def test_an_unknown_number_and_a_wrong_pin_get_the_same_answer(doors: Doors):
    assert fail(doors.screen, 1) == fail(doors.screen, 1, "9999") == [Refused(4)]


def test_somebody_without_a_pin_cannot_log_in_with_one(doors: Doors):
    assert isinstance(doors.screen.check_pin(LI, ""), Refused)
    assert isinstance(doors.screen.check_pin(LI, PIN), Refused)


def test_the_fifth_failure_locks_and_is_reported(doors: Doors):
    assert fail(doors.screen, 5) == [
        *(Refused(left) for left in (4, 3, 2, 1)),
        LockedOut(60_000),
    ]
    assert doors.reported == [Locked(WANG, 5, 60)]


def test_who_is_locked_out_is_so_at_both_doors_and_with_the_right_pin_too(doors: Doors):
    fail(doors.screen, 5)
    for gate in (doors.screen, doors.console):
        verdict = gate.check_pin(WANG, PIN)
        assert isinstance(verdict, LockedOut)
        assert 0 < verdict.remaining_ms <= 60_000
    assert isinstance(doors.console.check_pin(LI, PIN), Refused), "others may still try"


def test_the_right_pin_takes_earlier_failures_back(doors: Doors):
    fail(doors.screen, 4)
    doors.screen.check_pin(WANG, PIN)
    assert fail(doors.screen, 1) == [Refused(4)]


def test_a_lockout_survives_the_process(home: Home, doors: Doors, ledger: Ledger):
    fail(doors.screen, 5)
    ledger.close()
    again = open_ledger(home)
    with ExitStack() as stack:
        stack.callback(again.close)
        assert isinstance(open_doors(home, again, stack).screen.check_pin(WANG, PIN), LockedOut)


def test_a_lockout_survives_a_damaged_file(home: Home, doors: Doors, ledger: Ledger):
    fail(doors.screen, 5)
    ledger.close()
    salvage.rescue_ledger(home, RECORD_KEY.public, 0)
    again = open_ledger(home)
    with ExitStack() as stack:
        stack.callback(again.close)
        assert isinstance(open_doors(home, again, stack).screen.check_pin(WANG, PIN), LockedOut)


def test_a_lockout_survives_a_reboot_from_its_beginning(
    home: Home, doors: Doors, monkeypatch: pytest.MonkeyPatch
):
    from uuid import uuid4

    fail(doors.screen, 5)
    later = moment.now()._replace(boot_id=uuid4(), monotonic_ms=8_000)
    monkeypatch.setattr(lockouts.moment, "now", lambda: later)
    assert doors.screen.check_pin(WANG, PIN) == LockedOut(52_000)


def test_a_try_is_counted_before_it_is_checked(
    home: Home, doors: Doors, monkeypatch: pytest.MonkeyPatch
):
    """Whoever pulls the plug before the answer has used up a try."""

    class PlugPulled(Exception):
        pass

    def pulled(pin: str, verifier: str) -> bool:
        raise PlugPulled

    monkeypatch.setattr("protocol.credentials.pin_matches", pulled)
    for _ in range(5):
        with pytest.raises(PlugPulled):
            doors.screen.check_pin(WANG, "000000")
    monkeypatch.undo()
    assert isinstance(doors.screen.check_pin(WANG, PIN), LockedOut)


def test_guessing_over_many_numbers_locks_the_door(doors: Doors):
    verdicts = [doors.screen.check_pin(f"{number:04}", "000000") for number in range(20)]
    assert all(isinstance(verdict, Refused) for verdict in verdicts[:-1])
    assert verdicts[-1] == LockedOut(60_000)
    assert doors.reported == [Locked("", 20, 60)]
    assert isinstance(doors.screen.check_pin(WANG, PIN), LockedOut)


def test_who_logs_in_between_guesses_clears_the_way_for_none(doors: Doors):
    """Four guesses a colleague, and one's own PIN now and then, would lock nobody out."""
    verdicts = []
    for number in range(25):
        verdicts.append(doors.screen.check_pin(f"{number:04}", "000000"))
        doors.screen.check_pin(WANG, PIN)
    assert verdicts.index(LockedOut(60_000)) == 19


def test_who_mistypes_takes_back_their_own_failures_and_no_others(doors: Doors):
    for number in range(12):
        doors.screen.check_pin(f"{number:04}", "000000")
    fail(doors.screen, 4)
    assert isinstance(doors.screen.check_pin(WANG, PIN), Admitted)
    verdicts = [doors.screen.check_pin(f"{number:04}", "000000") for number in range(20, 28)]
    assert all(isinstance(verdict, Refused) for verdict in verdicts[:-1])
    assert verdicts[-1] == LockedOut(60_000)


def test_a_right_pin_after_a_lock_out_of_everybody_locks_nobody_again(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
):
    for number in range(20):
        doors.screen.check_pin(f"{number:04}", "000000")
    later = moment.now()._replace(monotonic_ms=moment.now().monotonic_ms + 61_000)
    monkeypatch.setattr(lockouts.moment, "now", lambda: later)
    for _ in range(2):
        assert isinstance(doors.screen.check_pin(WANG, PIN), Admitted)


@pytest.mark.parametrize(("hours", "locks"), [(0, True), (1, False)])
def test_failures_of_nobody_in_particular_fade_one_an_hour(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, hours: int, locks: bool
):
    for number in range(19):
        doors.screen.check_pin(f"{number:04}", "000000")
    later = moment.now()._replace(monotonic_ms=moment.now().monotonic_ms + hours * 3_600_000)
    monkeypatch.setattr(lockouts.moment, "now", lambda: later)
    doors.screen.check_pin(WANG, PIN)  # logging in makes nothing fade twice
    assert isinstance(doors.screen.check_pin("0100", "000000"), LockedOut) is locks
    assert isinstance(doors.screen.check_pin("0101", "000000"), LockedOut)


def test_guessing_over_the_network_does_not_close_the_counter(doors: Doors):
    for number in range(20):
        doors.console.check_pin(f"{number:04}", "000000")
    assert isinstance(doors.console.check_pin(WANG, PIN), LockedOut)
    assert isinstance(doors.screen.check_card(BADGE), Admitted)
    assert isinstance(doors.screen.check_pin(WANG, PIN), Admitted)


def test_guessing_at_the_screen_closes_the_console_too(doors: Doors):
    for number in range(20):
        doors.screen.check_pin(f"{number:04}", "000000")
    assert isinstance(doors.console.check_pin(WANG, PIN), LockedOut)


def test_a_badge_that_two_people_have_lets_nobody_in(home: Home, ledger: Ledger):
    with ExitStack() as stack:
        gate = open_doors(home, ledger, stack).screen
        with closing(sqlite3.connect(home.agent_db)) as db, db:
            db.execute("UPDATE staff SET badge = ?", (card_hash(BADGE, "BH"),))
        assert isinstance(gate.check_card(BADGE), Refused)


def test_nothing_of_a_pin_is_on_disk(home: Home, doors: Doors):
    doors.screen.check_pin(WANG, "271828")
    doors.console.check_pin(WANG, "271828")
    for path in home.root.rglob("*"):
        if path.is_file():
            assert b"271828" not in path.read_bytes(), path

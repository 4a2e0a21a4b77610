"""The sealed number of a visit: on disk as it is confirmed, gone with the visit's end."""

import sqlite3
from contextlib import closing
from uuid import uuid4

import msgspec
import pytest
from device_rig import (
    CENTRAL_KEY,
    GOOD,
    RECORD_KEY,
    WANG,
    chain,
    closing_of,
    configuration,
    copy_of,
    draft,
    invitation,
    open_ledger,
    rows,
    signed_records,
)

from device.core.errors import VisitNotOpen
from device.core.visit import CloseVisit
from device.store import roster, salvage
from device.store.briefing import Briefing
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.schema import migrate
from protocol import configuration as configurations
from protocol import records
from protocol.records import Outcome, VisitClosed

SEALED, OTHER = b"\1" + bytes(80), b"\1" + bytes(range(80))


@pytest.fixture
def visit(ledger: Ledger) -> CloseVisit:
    """A visit under way with one tapped level, and how it will be closed."""
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft())
    return closing_of(invited.visit, draft())


def held(home: Home) -> list[tuple]:
    return rows(home.kiosk_db, "SELECT sealed FROM callback")


def last(home: Home) -> VisitClosed:
    closed = chain(home)[-1]
    assert isinstance(closed, VisitClosed)
    return closed


def test_a_number_is_kept_at_once_and_goes_with_the_visits_end(
    home: Home, ledger: Ledger, visit: CloseVisit
):
    ledger.keep_callback(visit.visit, SEALED)
    assert held(home) == [(SEALED,)]
    ledger.close_visit(msgspec.structs.replace(visit, callback=SEALED), "zh-CN")
    assert last(home).callback == SEALED
    assert held(home) == []


def test_a_new_number_takes_the_place_of_the_old_and_none_takes_it_back(
    home: Home, ledger: Ledger, visit: CloseVisit
):
    ledger.keep_callback(visit.visit, SEALED)
    ledger.keep_callback(visit.visit, OTHER)
    assert held(home) == [(OTHER,)]
    ledger.keep_callback(visit.visit, b"")
    assert held(home) == []


def test_a_visit_that_has_ended_takes_no_number(home: Home, ledger: Ledger, visit: CloseVisit):
    ledger.close_visit(visit, "zh-CN")
    for ended in (visit.visit, uuid4()):
        with pytest.raises(VisitNotOpen):
            ledger.keep_callback(ended, SEALED)
    assert last(home).callback == b""
    assert held(home) == []


def test_a_crash_after_the_number_was_confirmed_loses_neither_it_nor_the_level(
    home: Home, ledger: Ledger, visit: CloseVisit, tmp_path
):
    ledger.keep_callback(visit.visit, SEALED)
    crashed = copy_of(home, tmp_path / "crashed")
    again = open_ledger(crashed)
    assert again.recover() == visit.visit
    again.close()
    closed = last(crashed)
    assert (closed.callback, closed.recovered, closed.rated) == (SEALED, True, 1)
    assert held(crashed) == []


def test_the_number_of_one_visit_never_ends_up_in_another(
    home: Home, ledger: Ledger, visit: CloseVisit
):
    ledger.keep_callback(visit.visit, SEALED)
    ledger.open_visit(invitation(), "zh-CN", 0)
    ledger.recover()
    first, second = (record for record in chain(home) if isinstance(record, VisitClosed))
    assert (first.visit, first.callback) == (visit.visit, SEALED)
    assert (second.outcome, second.callback) == (Outcome.DEVICE_FAULT, b"")


def test_a_damaged_file_gives_its_number_back(home: Home, ledger: Ledger, visit: CloseVisit):
    ledger.keep_callback(visit.visit, SEALED)
    ledger.close()
    salvage.rescue_ledger(home, RECORD_KEY.public, 0)
    again = open_ledger(home)
    again.recover()
    again.close()
    kept = [records.read(signed) for signed in signed_records(home).values()]
    (closed,) = (record for record in kept if isinstance(record, VisitClosed))
    assert (closed.visit, closed.callback) == (visit.visit, SEALED)


# --- files of the version before ------------------------------------------------------------


LATER = {
    "kiosk": ("callbacks", "duty", "lockouts"),
    "agent": ("hall_and_seal", "staff_at_the_window", "lockouts", "endings"),
}
"""The migrations that a device of the first version has not seen."""


def as_before(home: Home) -> None:
    """Take back what the migrations since the first version did."""
    for path, (name, _), undo in (
        (
            home.kiosk_db,
            KIOSK_SCHEMA,
            ["DROP TABLE callback", "DROP TABLE duty", "DROP TABLE lockout"],
        ),
        (
            home.agent_db,
            AGENT_SCHEMA,
            [
                *("DROP INDEX staff_badge", "DROP INDEX staff_card"),
                *("DROP TABLE window_matter", "DROP TABLE business_system"),
                *("DROP TABLE lockout", "DROP TABLE ending"),
                *(f"ALTER TABLE staff DROP COLUMN {c}" for c in ("badge", "card", "photo")),
                "ALTER TABLE matter DROP COLUMN initials",
                *(
                    f"ALTER TABLE configuration DROP COLUMN {column}"
                    for column in ("hall_code", "sealing_key", "opens", "closes", "texts", "layout")
                ),
            ],
        ),
    ):
        with closing(sqlite3.connect(path)) as db:
            for statement in undo:
                db.execute(statement)
            for migration in LATER[name]:
                db.execute(
                    "DELETE FROM _sqlite_migrations WHERE migration_set = ? AND name = ?",
                    (name, migration),
                )
            db.commit()


def test_files_of_the_version_before_are_brought_up_to_date(home: Home):
    document = configuration()
    briefing = Briefing(home)
    briefing.apply(document, configurations.sign(document, CENTRAL_KEY), "v1")
    briefing.close()
    ledger = open_ledger(home)
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft(WANG, GOOD))
    ledger.close()
    as_before(home)

    assert migrate(home) == [
        *(f"kiosk.db: {name}" for name in LATER["kiosk"]),
        *(f"agent.db: {name}" for name in LATER["agent"]),
    ]

    page = roster.read(home.agent_db)
    assert (page.hall, page.hall_code, page.sealing_key) == ("滨河区", "BH", b"")
    ledger = open_ledger(home)
    assert ledger.recover() == invited.visit
    ledger.close()
    assert (last(home).callback, last(home).rated) == (b"", 1)


def test_an_unreadable_configuration_is_no_reason_not_to_migrate(home: Home):
    briefing = Briefing(home)
    briefing.apply(configuration(), b"damaged", "v1")
    briefing.close()
    as_before(home)
    migrate(home)
    assert roster.read(home.agent_db).hall_code == ""

"""Central, an agent and a counter for real: a phone rates, and the visit at the device ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from counter_staff import CounterStaff, counter_staff
from device_rig import DEED, WANG, invitation, rows, soon
from test_agent_process import TERM_S, Process, agent_process
from test_with_the_real_central import enrolled, fresh  # noqa: F401 - fixtures

from central import devices, remote_ratings
from central.remote_ratings import Given, Place, Way
from central.service import Central, now_ms
from central.settings import read_settings
from demo.stage import Stage
from device.store.briefing import RatedOrder
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.ledger import Ledger
from protocol.levels import Level
from protocol.records import Outcome, VisitClosed, read
from protocol.subjects import Channel, Subject

STAFF = (Subject.STAFF, WANG)
MATTER = (Subject.MATTER, DEED)


@pytest.fixture
def people(enrolled: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[CounterStaff]:  # noqa: F811
    """Somebody behind the counter of an enrolled device."""
    device, key = load_identity(enrolled).device, load_key(enrolled.record_key)
    monkeypatch.setattr("counter_staff.open_ledger", lambda home: Ledger(home, device, key))
    with counter_staff(enrolled) as there:
        yield there


@pytest.fixture
def hall(stage: Stage) -> Iterator[Central]:
    """Another process of the same central, which the phones come in by."""
    opened = Central.open(read_settings(stage.central_data))
    yield opened
    opened.close()


def rate(hall: Central, home: Home, visit: UUID, *given: Given) -> None:
    """A phone rates by the code that the device shows."""
    with hall.database.writing() as connection:
        device = devices.find(connection, load_identity(home).device, lock=True)
        assert device is not None
        known = remote_ratings.questions_known(connection, device.id, visit)
        if not known:
            given = tuple(
                one._replace(code="", question=0 if one.subject is Subject.STAFF else 1)
                for one in given
            )
        place, way = Place("BH", visit, device.id, device.name), Way(Channel.QR, "zh-CN")
        remote_ratings.take(connection, hall.key, place, way, given, now_ms())


def of(key: tuple[Subject, str]) -> Given:
    return Given(key[0], Level.SATISFIED, code=key[1])


def invite(people: CounterStaff, *matters: str) -> UUID:
    invited = invitation(*matters)
    people.invite(invited)
    return invited.visit


@contextmanager
def running(home: Home, url: str, folder: Path) -> Iterator[Process]:
    """An agent that has its configuration; without one there is no code to be scanned."""
    with agent_process(home, url, folder) as agent:
        assert soon(lambda: rows(home.agent_db, "SELECT 1 FROM configuration")), agent.said
        yield agent


def closing(home: Home) -> VisitClosed:
    """Return the last visit's end, which the kiosk writes once it has been told."""
    query = "SELECT signed FROM record WHERE kind = 'visit_closed' ORDER BY seq DESC LIMIT 1"
    assert soon(lambda: rows(home.kiosk_db, query)), "the visit has not ended"
    record = read(rows(home.kiosk_db, query)[0][0])
    assert isinstance(record, VisitClosed)
    return record


def test_subjects_rated_one_after_the_other_end_the_visit(
    stage: Stage,
    enrolled: Home,  # noqa: F811
    hall: Central,
    people: CounterStaff,
    elsewhere: Path,
):
    with running(enrolled, stage.address, elsewhere) as agent:
        visit = invite(people, DEED)
        rate(hall, enrolled, visit, of(STAFF))
        assert soon(lambda: len(people.told) == 1), agent.said
        rate(hall, enrolled, visit, of(MATTER))
        assert soon(lambda: len(people.told) == 2), agent.said
        assert agent.stop(seconds=TERM_S) == 0
        assert "Traceback" not in agent.said
        assert str(visit) not in agent.said
    assert people.told == [RatedOrder(visit, (STAFF,)), RatedOrder(visit, (STAFF, MATTER))]
    closed = closing(enrolled)
    assert (closed.visit, closed.outcome, closed.by_phone) == (visit, Outcome.RATED, 2)


def test_what_was_rated_while_the_device_was_cut_off_comes_when_it_is_back(
    stage: Stage,
    enrolled: Home,  # noqa: F811
    hall: Central,
    people: CounterStaff,
    elsewhere: Path,
):
    with running(enrolled, stage.address, elsewhere) as agent:
        assert stage.program("central").stop() == 0
        visit = invite(people, DEED)
        online = "SELECT online FROM link"
        assert soon(lambda: rows(enrolled.agent_db, online) == [(0,)]), agent.said
        rate(hall, enrolled, visit, of(STAFF), of(MATTER))
        assert people.told == []
        stage.start_central()
        assert soon(lambda: people.told, 60), agent.said
    assert people.told == [RatedOrder(visit, (STAFF, MATTER))]
    assert closing(enrolled).by_phone == 2


def test_an_agent_that_starts_again_in_mid_visit_says_it_again(
    stage: Stage,
    enrolled: Home,  # noqa: F811
    hall: Central,
    people: CounterStaff,
    elsewhere: Path,
):
    with running(enrolled, stage.address, elsewhere) as agent:
        visit = invite(people, DEED)
        rate(hall, enrolled, visit, of(STAFF))
        assert soon(lambda: people.told), agent.said
        agent.process.kill()
        agent.process.wait()
    rate(hall, enrolled, visit, of(MATTER))
    with running(enrolled, stage.address, elsewhere) as agent:
        assert soon(lambda: len(people.told) == 2), agent.said
    assert people.told == [RatedOrder(visit, (STAFF,)), RatedOrder(visit, (STAFF, MATTER))]
    assert closing(enrolled).outcome is Outcome.RATED

"""A file that nobody writes is read as it lies, and never taken for one that somebody does."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import configuration
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import DamagedFile, DeviceError
from device.store import connect, roster
from device.store.briefing import Briefing, BriefingReader
from device.store.connect import at_rest, glance
from device.store.home import Home

VERSION = "SELECT version FROM configuration"


class Writer:
    """The agent, which comes, writes, folds its WAL in, and goes."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._open: Briefing | None = None
        self.version = 0

    def come(self) -> None:
        self._open = self._open or Briefing(self._home)

    def write(self) -> None:
        self.come()
        self.version += 1
        self._open.apply(configuration(self.version), b"signed", "")

    def fold(self) -> None:
        if self._open:
            self._open.checkpoint()

    def go(self) -> None:
        if self._open:
            self._open.close()
        self._open = None


STEPS = st.lists(st.sampled_from(["come", "write", "fold", "go", "look", "ask"]), max_size=14)


@given(STEPS)
def test_whatever_the_writer_does_a_reader_sees_its_last_commit(new_home, steps: list[str]):
    home = new_home()
    writer = Writer(home)
    with closing(BriefingReader(home)) as reader:
        looked_at = -1
        for step in steps:
            if step == "look":
                changed = reader.changed()
                assert changed or writer.version == looked_at
                looked_at = writer.version
            elif step != "ask":
                getattr(writer, step)()
            assert reader.version() == writer.version
            assert glance(home.agent_db, lambda db: db.execute(VERSION).fetchone()) == (
                (writer.version,) if writer.version else None
            )
        assert reader.generation == 1
    writer.go()


def test_a_reader_of_a_file_at_rest_makes_no_file_beside_it(home: Home):
    before = sorted(home.agent_db.parent.iterdir())
    with closing(BriefingReader(home)) as reader:
        assert reader.version() == 0
        roster.read(home.agent_db)
        assert sorted(home.agent_db.parent.iterdir()) == before


def taken_up(home: Home) -> Callable[[sqlite3.Connection], list[int]]:
    """Return a question during which somebody comes, writes, folds in, and goes."""
    versions = iter(range(1, 99))

    def question(db: sqlite3.Connection) -> list[int]:
        seen = [row[0] for row in db.execute(VERSION)]
        if len(asked) < 2:
            with closing(Briefing(home)) as briefing:
                briefing.apply(configuration(next(versions)), b"signed", "")
        asked.append(1)
        return seen

    asked: list[int] = []
    return question


def test_what_is_written_while_it_is_read_is_read_again(home: Home):
    assert glance(home.agent_db, taken_up(home)) == [2]


def test_so_it_is_through_a_reader_that_stays(home: Home):
    with closing(BriefingReader(home)) as reader:
        assert reader._ask(taken_up(home)) == [2]


def test_a_file_that_never_rests_is_said_to_be_so(home: Home, monkeypatch):
    numbers = iter(range(10_000))

    def restless(path: Path) -> connect.Rest:
        return connect.Rest(1, 1, next(numbers))

    monkeypatch.setattr(connect, "at_rest", restless)
    with pytest.raises(DeviceError, match="changed each time"):
        roster.read(home.agent_db)


def test_only_a_file_without_a_wal_is_at_rest(home: Home):
    assert at_rest(home.agent_db.with_name("missing.db")) is None
    rest = at_rest(home.agent_db)
    assert rest is not None
    with closing(Briefing(home)) as briefing:
        assert at_rest(home.agent_db) is None
        briefing.apply(configuration(1), b"signed", "")
    assert at_rest(home.agent_db) not in (None, rest)


def test_nobody_waits_at_a_pipe_that_lies_where_the_file_was(home: Home):
    home.agent_db.unlink()
    os.mkfifo(home.agent_db)
    with pytest.raises(sqlite3.DatabaseError, match="plain file"):
        glance(home.agent_db, lambda db: db.execute(VERSION).fetchone())
    with pytest.raises(DamagedFile, match="plain file"):
        connect.open_reader(home.agent_db, connect.AGENT_SCHEMA)

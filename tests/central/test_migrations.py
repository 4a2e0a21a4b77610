"""The migrations lead to exactly the tables in the code, and nothing is served on others."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from central_rig import MakeDatabase
from sqlalchemy import inspect, select, text, update

from central.database import Database, _alembic, sqlite_url
from central.errors import SchemaMismatch
from central.remote_ratings import Given, Place, Way, take
from central.schema import Bytes, device, enrolment_token, matter, metadata, visit
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.subjects import Channel, Subject

A_DEVICE: dict[str, Any] = {
    **{column.name: b"" for column in device.columns if isinstance(column.type, Bytes)},
    "name": "hcp-1",
    "board": "b",
    "window": "W1",
    "software": "s",
    **dict.fromkeys(("id", "algorithm", "enrolled_ms", "head", "contact_ms"), 1),
}


def test_the_migrated_schema_is_the_one_in_the_code(make_database: MakeDatabase) -> None:
    database = Database(make_database())
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        indexes = {
            index["name"]
            for table in metadata.sorted_tables
            for index in inspect(connection).get_indexes(table.name)
        }
    assert {"ix_record_unsettled_time", "ix_rating_unsettled_time"} <= indexes
    database.close()


def test_migrating_twice_changes_nothing(make_database: MakeDatabase) -> None:
    database = Database(make_database())
    database.migrate()
    database.check_schema()
    database.close()


def test_devices_of_the_first_schema_are_kept(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "central.db"))
    database.migrate("0001")
    with database.writing() as connection:
        connection.execute(device.insert().values(**A_DEVICE))
    assert database.devices_held() == 1
    with pytest.raises(SchemaMismatch, match="run `haochaping central migrate`"):
        database.check_schema()
    database.migrate()
    database.check_schema()
    with database.reading() as connection:
        assert connection.execute(select(device.c.name, device.c.issued_ms)).all() == [("hcp-1", 0)]
    database.close()


def test_matters_of_an_older_schema_get_their_initials(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "central.db"))
    database.migrate("0003")
    with database.writing() as connection:
        connection.execute(text("INSERT INTO hall VALUES ('H', 'h', '', '[]', '{}', 1)"))
        connection.execute(text("INSERT INTO matter VALUES ('H', 'M1', '医保缴费')"))
    database.migrate()
    with database.reading() as connection:
        rows = connection.execute(select(matter.c.code, matter.c.initials)).all()
    assert rows == [("M1", "ybjf")]
    database.close()


def test_visits_of_an_older_schema_get_the_codes_that_their_citizens_took_away(
    make_database: MakeDatabase,
) -> None:
    database = Database(make_database())
    visits = [uuid4() for _ in range(2500)]
    insert = "INSERT INTO visit (device_id, visit, opened_seq) VALUES (:device, :visit, 1)"
    with database.writing() as connection:
        connection.execute(device.insert().values(**A_DEVICE))
        command.downgrade(_alembic(connection), "0005")
        connection.execute(text(insert), [{"device": 1, "visit": one.bytes} for one in visits])
    database.migrate()
    with database.reading() as connection:
        found = dict(connection.execute(select(visit.c.visit, visit.c.receipt)).all())
    assert found == {one.bytes: receipt_code(one) for one in visits}
    database.close()


def test_what_came_by_phone_goes_with_the_schema_that_could_hold_it(
    make_database: MakeDatabase,
) -> None:
    database = Database(make_database())
    with database.writing() as connection:
        place, key = Place("H", uuid4(), window="1"), SigningKey.generate()
        way, given = Way(Channel.QR, "en"), Given(Subject.HALL, Level.SATISFIED, code="H")
        take(connection, key, place, way, [given], 1)
        command.downgrade(_alembic(connection), "0005")
        assert connection.execute(text("SELECT count(*) FROM rating")).scalar_one() == 0
    database.migrate()
    database.check_schema()
    with database.writing() as connection:
        take(connection, key, place, way, [given], 2)
    database.close()


def test_tokens_and_devices_of_an_older_schema_are_kept(make_database: MakeDatabase) -> None:
    database = Database(make_database())
    spent = "INSERT INTO enrolment_token VALUES (:hash, 'W1', 1, 2, :device)"
    with database.writing() as connection:
        command.downgrade(_alembic(connection), "0006")
        columns = [name for name in A_DEVICE if name != "id"]
        holders = ", ".join(f":{name}" for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(
            text(f"INSERT INTO device (id, {names}) VALUES (1, {holders})"),  # noqa: S608
            A_DEVICE,
        )
        connection.execute(text(spent), [{"hash": b"a", "device": 1}])
        connection.execute(text(spent), [{"hash": b"b", "device": None}])
    database.migrate()
    database.check_schema()
    tokens = enrolment_token.c
    with database.writing() as connection:
        connection.execute(update(enrolment_token).where(tokens.hash == b"b").values(replaces=1))
        rows = connection.execute(
            select(tokens.hash, tokens.device_id, tokens.replaces, tokens.name).order_by(
                tokens.hash
            )
        ).all()
        assert connection.execute(select(device.c.host, device.c.replaced_by)).all() == [("", None)]
    assert rows == [(b"a", 1, None, ""), (b"b", None, 1, "")]
    database.close()


def test_an_empty_database_is_not_served(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "empty.db"))
    with pytest.raises(SchemaMismatch, match="run `haochaping central migrate`"):
        database.check_schema()
    database.close()


def test_a_schema_from_the_future_is_not_served(make_database: MakeDatabase) -> None:
    database = Database(make_database())
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="migrated by a newer version"):
        database.check_schema()
    database.close()


def test_a_halls_file_is_as_durable_as_its_receipts_promise(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "central.db"))
    database.migrate()
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()

"""Who is rated behind a printed code: whoever certainly serves at the window, else nobody."""

from itertools import count
from typing import NamedTuple
from uuid import UUID

import pytest
from central_rig import HALL, MATTER, Device, RunningCentral
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from central import at_window, devices, schema
from central.at_window import AtWindow
from central.directory import import_hall, read_hall
from central.phone import window_scan
from central.phone.window_scan import Scan
from central.service import now_ms
from protocol.keys import SigningKey
from protocol.records import Boot, ClockQuality, Login, Logout

HALL_CODE = "210100-01"
MINUTE = 60_000
UP = 3000 * MINUTE
_halls = count(100)


class Window(NamedTuple):
    """A window without an assigned staff member, in a hall of its own."""

    place: RunningCentral
    hall: str
    code: str
    number: str

    def device(self) -> Device:
        device = Device(self.place, window=self.code)
        device.booted_ms = now_ms() - UP
        return device.enrol()

    def look(self, minutes_on: float = 0, offset_minutes: int = 480) -> AtWindow:
        now = now_ms() + round(minutes_on * MINUTE)
        with self.place.database.reading() as connection:
            return at_window.look(connection, self.hall, self.code, now, offset_minutes)

    def staff(self) -> str:
        """Who serves, in a zone where it is noon: no test comes to midnight."""
        minutes_of_day = now_ms() // MINUTE % 1440
        return self.look(offset_minutes=720 - minutes_of_day).staff


@pytest.fixture
def window(central: RunningCentral) -> Window:
    number = str(next(_halls))
    hall = HALL.replace('code = "210100-01"', f'code = "H{number}"')
    hall = hall.replace('"W12"', f'"A{number}"').replace('"W13"', f'"B{number}"')
    file = central.central.settings.data / f"hall-{number}.toml"
    file.write_text(hall, "utf-8")
    with central.database.writing() as connection:
        import_hall(connection, read_hall(file), file)
    return Window(central, f"H{number}", f"B{number}", "13")


def log_in(device: Device, staff: str = "1002", minutes_ago: float = 5, means: str = "pin") -> None:
    device.ticks = count(UP - round(minutes_ago * MINUTE), 10)
    device.write(Login, staff=staff, means=means)
    device.send()


def test_an_assigned_staff_member_serves_whoever_is_logged_in(window: Window) -> None:
    table = schema.service_window
    with window.place.database.writing() as connection:
        connection.execute(
            update(table).where(table.c.code == window.code).values(assigned_staff="1001")
        )
    log_in(window.device())
    assert window.staff() == "1001"


def test_whoever_has_logged_in_there_serves(window: Window) -> None:
    assert window.staff() == ""
    device = window.device()
    assert window.staff() == ""
    log_in(device)
    assert window.staff() == "1002"
    device.write(Logout, staff="1002", reason="staff")
    device.send()
    assert window.staff() == ""


def test_yesterdays_log_in_says_nothing_of_today(window: Window) -> None:
    log_in(window.device(), minutes_ago=60)
    assert window.staff() == "1002"
    minutes_of_day = now_ms() // MINUTE % 1440
    just_after_midnight = 30 - minutes_of_day
    assert window.look(offset_minutes=just_after_midnight).staff == ""


def test_of_two_devices_the_later_word_holds(window: Window) -> None:
    first, second = window.device(), window.device()
    log_in(first, "1001", minutes_ago=3)
    log_in(second, "1002", minutes_ago=5)
    assert window.staff() == "1001"
    second.ticks = count(UP - MINUTE, 10)
    second.write(Logout, staff="1002", reason="staff")
    second.send()
    assert window.staff() == ""


def test_who_has_since_logged_in_elsewhere_serves_there(window: Window) -> None:
    log_in(window.device())
    other = Device(window.place, window="A" + window.code[1:])
    other.booted_ms = now_ms() - UP
    log_in(other.enrol(), minutes_ago=2)
    assert window.staff() == ""


def test_a_log_in_of_an_unknown_time_names_nobody(window: Window) -> None:
    device = window.device()
    device.clock = ClockQuality.UNSYNCED
    device.write(Boot, software="x")
    log_in(device)
    assert window.staff() == ""


@pytest.mark.parametrize("means", ["assigned"])
def test_who_was_only_assigned_once_does_not_serve_for_ever(window: Window, means: str) -> None:
    log_in(window.device(), means=means)
    assert window.staff() == ""


def test_retired_and_frozen_devices_name_nobody(window: Window) -> None:
    device = window.device()
    log_in(device)
    with window.place.database.writing() as connection:
        connection.execute(
            update(schema.device).where(schema.device.c.name == device.name).values(frozen_ms=1)
        )
    assert window.staff() == ""
    other = window.device()
    log_in(other)
    assert window.staff() == "1002"
    with window.place.database.writing() as connection:
        devices.revoke(connection, other.name, 1)
    assert window.staff() == ""


def test_somebody_who_is_no_longer_on_the_roll_is_not_rated(window: Window) -> None:
    log_in(window.device())
    table = schema.staff_member
    with window.place.database.writing() as connection:
        connection.execute(
            delete(table).where(table.c.hall == window.hall, table.c.number == "1002")
        )
    assert window.staff() == ""


def test_the_short_list_keeps_its_order(window: Window) -> None:
    assert window.look().matters == ()
    table = schema.service_window
    second = MATTER[:-1] + "2"
    with window.place.database.writing() as connection:
        connection.execute(
            schema.matter.insert().values(hall=window.hall, code=second, name="医保", initials="yb")
        )
        connection.execute(
            update(table)
            .where(table.c.code == window.code)
            .values(matters=f'["{second}", "{MATTER}", "gone"]')
        )
    assert window.look().matters == ((second, "医保"), (MATTER, "社会保障卡申领"))
    assert window.look().number == "13"
    assert window.look().hall_name == "沈阳市政务服务中心"


# --- what travels in the form -------------------------------------------------------------------

KEY, OTHER = SigningKey.generate(), SigningKey.generate()
SCAN = Scan("7K3M9QXT2B4CVWZ8", UUID(int=7), "1001", 1_795_399_000_000)


def test_a_scan_comes_back_as_it_was() -> None:
    assert window_scan.opened(window_scan.seal(SCAN, KEY), KEY) == SCAN
    begun = [Scan.begin(SCAN.code, "", 1) for _ in range(2)]
    assert begun[0].visit != begun[1].visit


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_an_altered_scan_is_none(place: int, change: int) -> None:
    import base64

    raw = bytearray(base64.urlsafe_b64decode(window_scan.seal(SCAN, KEY) + "==="))
    raw[place % len(raw)] ^= change
    assert window_scan.opened(base64.urlsafe_b64encode(raw).decode(), KEY) is None


@given(st.text(max_size=1200))
def test_whatever_else_is_sent_is_none(text: str) -> None:
    assert window_scan.opened(text, KEY) is None


def test_another_centrals_scan_is_none() -> None:
    assert window_scan.opened(window_scan.seal(SCAN, OTHER), KEY) is None

"""What a power cut or a dying card does to a device in the middle of its life."""

import pytest
from actors import Citizen, codes_at_central, eventually

from demo.stage import Stage
from device.store.home import Home

pytestmark = pytest.mark.timeout(180)


def test_a_device_with_a_destroyed_ledger_takes_ratings_again(hall: Stage, citizen: Citizen):
    hall.start_agent()
    kiosk = hall.start_kiosk()
    citizen.rates_the_staff(5)
    eventually("the first rating at central", lambda: len(hall.ratings()) == 1)

    kiosk.kill()
    ledger = Home(hall.device_data).kiosk_db
    with ledger.open("r+b") as file:
        file.write(b"\xff" * 100)  # SQLite's header
    hall.start_kiosk()
    citizen.rates_the_staff(2)

    eventually("the second rating at central", lambda: len(hall.ratings()) == 2)
    assert codes_at_central(hall) == citizen.codes
    assert len(list(ledger.parent.glob("kiosk.damaged-*.db"))) == 1
    (device,) = hall.ask_central("/v1/devices")["devices"]
    assert [alert["kind"] for alert in device["alerts"]] == ["gap"]


def test_a_device_with_a_destroyed_briefing_gets_its_roster_back(hall: Stage, citizen: Citizen):
    agent = hall.start_agent()
    hall.start_kiosk()
    citizen.rates_the_staff(5)

    agent.kill()
    briefing = Home(hall.device_data).agent_db
    briefing.write_bytes(b"\0" * 8192)
    hall.start_agent()
    eventually(
        "the roster in the new file",
        lambda: (
            citizen.screen.look()["screen"] == "IdleView"
            and len(list(briefing.parent.glob("agent.damaged-*.db"))) == 1
        ),
    )
    citizen.rates_the_staff(4)

    eventually("both ratings at central", lambda: len(hall.ratings()) == 2)
    assert codes_at_central(hall) == citizen.codes


def test_a_device_without_identity_says_so_and_goes_on_once_it_has_one(
    hall: Stage, citizen: Citizen
):
    identity = Home(hall.device_data).identity
    kept = identity.read_bytes()
    identity.unlink()
    kiosk = hall.start_kiosk()
    shown = citizen.screen.wait_for_screen("NoticeView", topic="broken")
    assert "enrol" in shown["view"]["detail"]

    identity.write_bytes(kept)

    citizen.screen.wait_for_screen("IdleView")
    assert kiosk.running

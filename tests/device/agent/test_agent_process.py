"""The agent as systemd runs it: one at a time, ending when told to, whatever central does."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from agent_rig import Memory, http, listening
from counter_staff import counter_staff
from described import Described
from device_rig import (
    CENTRAL_KEY,
    DEVICE,
    configuration,
    fill,
    open_ledger,
    rows,
    signed_records,
    soon,
)
from web_rig import KEY, hall

from demo.stage import free_port
from device.agent.control import State, ask
from device.agent.web.business import visit_of
from device.core.errors import DeviceError
from device.store.briefing import Briefing
from device.store.home import Home
from protocol import configuration as configurations
from provisioning.profile_file import write

TERM_S = 2.0


class Process:
    def __init__(self, home: Home, url: str, folder: Path, **more: object) -> None:
        profile = folder / "device.toml"
        values: dict[str, object] = {"data_dir": str(home.root), "central.url": url}
        values |= {key.replace("__", "."): value for key, value in more.items()}
        write(profile, values | {"storage.allow_volatile": True}, replace=True)
        self.log = folder / "agent.log"
        words = [sys.executable, "-m", "haochaping", "agent", "--config", str(profile)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stderr=log, stdin=subprocess.DEVNULL)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self, number: int = signal.SIGTERM, seconds: float = 10.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def agent_process(home: Home, url: str, folder: Path, **more: object) -> Iterator[Process]:
    process = Process(home, url, folder, **more)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.wait()


def acknowledged(home: Home) -> int:
    query = "SELECT through FROM receipt ORDER BY issued_ms DESC LIMIT 1"
    return next((row[0] for row in rows(home.agent_db, query)), 0)


def test_it_sends_what_is_there_and_what_comes_and_ends_in_order(home: Home, elsewhere: Path):
    ledger = open_ledger(home)
    fill(ledger, 3)
    with listening(Memory()) as central, agent_process(home, central.url, elsewhere) as agent:
        assert soon(lambda: acknowledged(home) == 3), agent.said
        fill(ledger, 2)
        assert soon(lambda: acknowledged(home) == 5), agent.said
        assert central.answer.held == signed_records(home)
        assert ask(home.control, State()) == {"rating": False}
        assert agent.stop() == 0
        assert not home.control.exists()
        assert "agent ends" in agent.said
        assert "Traceback" not in agent.said
    assert not home.agent_db.with_name("agent.db-wal").exists()
    ledger.close()


def test_a_second_agent_on_the_same_folder_is_refused(home: Home, elsewhere: Path):
    with listening(Memory()) as central, agent_process(home, central.url, elsewhere) as first:
        assert soon(home.control.exists), first.said
        other = elsewhere / "other"
        other.mkdir()
        with agent_process(home, central.url, other) as second:
            assert second.process.wait(10) == 1
            assert "another one is running" in second.said
            assert "Traceback" not in second.said
        assert ask(home.control, State()) == {"rating": False}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_while_central_hangs(
    home: Home, elsewhere: Path, number: signal.Signals
):
    ledger = open_ledger(home)
    fill(ledger, 3)
    with listening(lambda _: None) as central, agent_process(home, central.url, elsewhere) as agent:
        assert soon(lambda: central.calls), agent.said
        assert agent.stop(number, TERM_S) == 0
        assert "Traceback" not in agent.said
    assert acknowledged(home) == 0
    ledger.close()


def test_it_waits_for_a_kiosk_that_has_not_run_yet(home: Home, elsewhere: Path, new_home):
    hidden = home.kiosk_db.rename(home.kiosk_db.with_name("later.db"))
    with listening(Memory()) as central, agent_process(home, central.url, elsewhere) as agent:
        assert soon(lambda: "run haochaping migrate" in agent.said)
        assert agent.process.poll() is None
        os.link(hidden, home.kiosk_db)
        ledger = open_ledger(home)
        fill(ledger, 2)
        assert soon(lambda: acknowledged(home) == 2), agent.said
        ledger.close()


def test_it_outlives_a_kiosk_file_that_cannot_be_read(home: Home, elsewhere: Path):
    ledger = open_ledger(home)
    fill(ledger, 2)
    away = elsewhere / "away"
    away.mkdir()
    with listening(Memory()) as central, agent_process(home, central.url, elsewhere) as agent:
        assert soon(lambda: acknowledged(home) == 2), agent.said
        for part in list(home.kiosk_db.parent.glob("kiosk.db*")):
            part.rename(away / part.name)
        home.kiosk_db.write_bytes(b"not a database" * 1000)
        assert soon(lambda: "cannot be read now" in agent.said), agent.said
        for part in away.iterdir():
            part.replace(home.kiosk_db.parent / part.name)
        fill(ledger, 1)
        assert soon(lambda: acknowledged(home) == 3), agent.said
        assert "Traceback" not in agent.said
    counted = dict(rows(home.agent_db, "SELECT reason, count FROM counter"))
    assert counted["kiosk-db.unreadable"] >= 1
    ledger.close()


def test_a_portals_page_keeps_it_waiting_and_central_gets_all_afterwards(
    home: Home, elsewhere: Path
):
    ledger = open_ledger(home)
    fill(ledger, 2)
    portal = http(b"<html>Wi-Fi</html>", Content_Type="text/html")
    with listening(lambda _: portal) as place, agent_process(home, place.url, elsewhere) as agent:
        assert soon(lambda: "something else than JSON" in agent.said)
        place.answer = Memory()
        assert soon(lambda: acknowledged(home) == 2), agent.said
        assert "central answers again" in agent.said
    ledger.close()


def test_its_own_damaged_file_is_replaced_at_its_start(home: Home, elsewhere: Path):
    briefing = Briefing(home)
    signed = configurations.sign(configuration(3), CENTRAL_KEY)
    briefing.apply(configuration(3), signed, "")
    briefing.close()
    with home.agent_db.open("r+b") as file:
        file.write(b"\xff" * home.agent_db.stat().st_size)
    with listening(Memory()) as central, agent_process(home, central.url, elsewhere) as agent:
        assert soon(home.control.exists), agent.said
        assert "set aside and replaced" in agent.said
        assert agent.stop() == 0


def test_without_an_identity_it_says_so_and_ends(elsewhere: Path, home: Home):
    home.identity.unlink()
    with agent_process(home, "http://127.0.0.1:1", elsewhere) as agent:
        assert agent.process.wait(10) == 1
        assert "haochaping enrol" in agent.said
        assert "Traceback" not in agent.said
    with pytest.raises(DeviceError):
        ask(home.control, State())


# --- the web server ---------------------------------------------------------------------------


@contextmanager
def agent_with_console(home: Home, folder: Path) -> Iterator[tuple[Process, str]]:
    with closing(Briefing(home)) as briefing:
        briefing.apply(hall(), b"signed", "")
    port = free_port()
    listen = [f"127.0.0.1:{port}"]
    with (
        listening(Memory()) as central,
        agent_process(home, central.url, folder, console__listen=listen) as agent,
    ):
        assert soon(lambda: "the console is at" in agent.said), agent.said
        yield agent, f"http://127.0.0.1:{port}"


def test_with_an_address_the_agent_serves_business_systems(home: Home, elsewhere: Path):
    with counter_staff(home), agent_with_console(home, elsewhere) as (agent, url):
        api = Described(url, KEY)
        answer = api.post("/v1/visits", json={"request": "R-1"})
        assert answer.status_code == 201, answer.text
        visit = visit_of(DEVICE, "counter", "R-1")
        assert ask(home.control, State(visit)) == {"rating": True, "visit": str(visit)}
        assert agent.stop() == 0
        assert "Traceback" not in agent.said
        assert KEY not in agent.said


def test_it_ends_within_two_seconds_while_programs_wait(home: Home, elsewhere: Path):
    with counter_staff(home), agent_with_console(home, elsewhere) as (agent, url):
        where = Described(url, KEY).post("/v1/visits", json={"request": "R-1"}).headers["Location"]
        with ThreadPoolExecutor(3) as crowd:
            waiting = [crowd.submit(Described(url, KEY).get, f"{where}?wait=60") for _ in range(3)]
            silent = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
            assert agent.stop(signal.SIGTERM, TERM_S) == 0
            for one in waiting:
                with suppress(requests.ConnectionError):  # it was still on its way in
                    assert one.result(10).json()["state"] == "invited"
            silent.close()
        assert "Traceback" not in agent.said


def test_an_agent_without_a_console_loads_no_web_framework():
    script = (
        "import sys, device.agent.service; "
        "sys.exit([name for name in ('litestar', 'uvicorn', 'h11') if name in sys.modules] != [])"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

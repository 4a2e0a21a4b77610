"""A blank device and its card: what it does with central, and what it says of it."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from agent_rig import Call, http, listening, notice
from device_rig import CENTRAL_KEY, open_ledger, rate

from demo.stage import WINDOW, Stage
from device import cli
from device.agent import card_enrolment, service
from device.agent.card_enrolment import ATTENDED_CAP_S, CardEnrolment, Standing, standing_of
from device.agent.setup_sign import SetupSign
from device.core.errors import DamagedFile, NotEnrolled, StorageFull, WrongBoard
from device.store import board, preparation
from device.store.card import token_hash
from device.store.home import Home
from device.store.identity import (
    Identity,
    load_identity,
    load_key,
    refuse_other_board,
    save_identity,
)
from device.store.profile import Profile, load
from device.store.setup import SetupState, read_state
from protocol.keys import SigningKey
from protocol.messages import (
    PROBLEM_TYPE,
    EnrolmentReply,
    EnrolmentRequest,
    Problem,
    device_name,
)
from provisioning.profile_file import write
from tests.gateway import halls_own_gateway

NUMBERS = count(1)
STATES = Path(__file__).parents[3] / "ui_assets/setup_states.toml"
SECRET = "5ec2e7" * 5


class Device(NamedTuple):
    """A blank device with a card in it."""

    home: Home
    card: Path
    setup: Path

    def put(self, **said: object) -> None:
        """Write the card anew, with this in ``card.json``."""
        token = str(said.pop("token", SECRET))
        note = {
            "format": 1,
            "name": "bh-012",
            "issued_ms": int(time.time() * 1000),
            "fingerprint": "ABCD-EFGH",
            "central_key": None,
            "replace": False,
            "token_sha256": token_hash(token),
        }
        self.card.mkdir(exist_ok=True)
        (self.card / "card.json").write_text(json.dumps(note | said))
        (self.card / "token").write_text(token + "\n")
        (self.card / "setup_states.toml").write_bytes(STATES.read_bytes())

    def profile(self, url: str, **values: object) -> Profile:
        file = self.card.parent / f"device-{next(NUMBERS)}.toml"
        write(file, {"data_dir": str(self.home.root), "central.url": url, **values}, replace=True)
        return load(file)

    def enrolment(
        self,
        url: str,
        board: str = "board",
        network: Callable[[str], str] | None = None,
        **v: object,
    ) -> CardEnrolment:
        sign = SetupSign(self.setup, self.card)
        without_network = network or (lambda _: "")
        return CardEnrolment(self.profile(url, **v), self.card, board, sign.show, without_network)

    def try_once(self, url: str, **values: object) -> Standing:
        enrolment = self.enrolment(url, **values)  # type: ignore[arg-type]
        standing = enrolment.once()
        enrolment.say(standing)
        return standing

    @property
    def text(self) -> str:
        return (self.card / "STATE.txt").read_text(encoding="utf-8-sig")


@pytest.fixture
def device(home: Home, tmp_path: Path) -> Device:
    for file in (home.identity, home.record_key, home.transport_key):
        file.unlink()
    device = Device(home, tmp_path / "card", tmp_path / "run" / "setup.json")
    device.put()
    return device


@pytest.fixture(autouse=True)
def this_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SOURCES", ())


def token(stage: Stage, *more: str) -> str:
    file = stage.folder / f"token-{next(NUMBERS)}"
    words = ("token", "--window", WINDOW, "--out", str(file), "--data", str(stage.central_data))
    stage.command("central", *words, *more)
    return file.read_text(encoding="utf-8").strip()


def refusing(status: int, code: str, said: bytes = b"", **headers: str) -> Callable[[Call], bytes]:
    problem = Problem(title="No", status=status, code=code, detail="for a reason", notice=said)
    body = msgspec.json.encode(problem)
    return lambda _: http(body, status, Content_Type=PROBLEM_TYPE, **headers)


def retiring(key: SigningKey = CENTRAL_KEY, device: str = "") -> Callable[[Call], bytes]:
    """Tell whoever asks, or ``device``, that it was retired, signed with ``key``."""

    def answer(call: Call) -> bytes:
        asked = msgspec.json.decode(call.body, type=EnrolmentRequest)
        said = notice(device or device_name(asked.record_key), key)
        return refusing(403, "device-revoked", said)(call)

    return answer


# --- central that answers as it should -----------------------------------------------------------


def test_the_card_makes_a_device_and_the_token_is_gone(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    assert device.try_once(stage.address).name == "READY"
    identity = load_identity(device.home)
    assert read_state(device.setup) == SetupState(
        "READY", identity.device, 0, 0, "bh-012", "ABCD-EFGH"
    )
    assert device.text.startswith("00  READY")
    assert not (device.card / "token").exists()
    load_key(device.home.record_key)
    load_key(device.home.transport_key)
    # At every later start there is nothing to be done, whether central is there or not.
    assert device.try_once("http://127.0.0.1:1").done


def test_a_card_with_the_very_token_it_was_enrolled_with_changes_nothing(
    stage: Stage, device: Device
):
    once = token(stage, "--beside")
    device.put(token=once)
    device.try_once(stage.address)
    before = device.home.identity.read_bytes()
    device.put(token=once)
    assert device.try_once("http://127.0.0.1:1").name == "READY"
    assert device.home.identity.read_bytes() == before
    assert not (device.card / "token").exists()


def test_a_new_token_moves_the_device_and_its_keys_stay(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    device.try_once(stage.address)
    first = load_identity(device.home)
    again = token(stage, "--beside")
    device.put(token=again)
    assert device.try_once(stage.address).name == "READY"
    second = load_identity(device.home)
    assert second.device == first.device
    assert second.token_sha256 == token_hash(again) != first.token_sha256


def test_a_device_that_serves_does_not_wait_for_ever_to_be_moved(device: Device):
    save_identity(device.home, Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm))
    enrolment = device.enrolment("http://127.0.0.1:1")
    standings = [enrolment.once() for _ in range(card_enrolment.TRIES_WHEN_ENROLLED)]
    assert [one.done for one in standings] == [False] * 4 + [True]
    assert standings[-1].detail == "the card's new token: CENTRAL_UNREACHABLE"
    with listening(refusing(409, "token-spent")) as central:
        assert device.try_once(central.url).done


def test_the_whole_of_it_as_systemd_runs_it(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    device.profile(stage.address)
    (config,) = device.card.parent.glob("device-*.toml")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "haochaping", "enrol", "--config", str(config)),
            *("--card-dir", str(device.card)),
        ],
        env={**os.environ, "HAOCHAPING_SETUP": str(device.setup)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert load_identity(device.home).device in done.stderr
    state = read_state(device.setup)
    assert state is not None
    assert state.name == "READY"


def test_a_token_is_taken_from_one_place_only(device: Device, capsys: pytest.CaptureFixture[str]):
    device.profile("http://127.0.0.1:1")
    (config,) = device.card.parent.glob("device-*.toml")
    words = ["--config", str(config), "--card", "--token-file", str(device.card / "token")]
    with pytest.raises(SystemExit):
        cli.main("enrol", words)
    assert "leave --token-file out" in capsys.readouterr().err


# --- a new life ------------------------------------------------------------------------------


def test_a_card_that_replaces_sets_the_past_aside_and_gets_new_keys(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    device.try_once(stage.address)
    old = load_identity(device.home)
    ledger = open_ledger(device.home)
    rate(ledger)
    ledger.close()
    device.put(token=token(stage, "--beside"), replace=True)
    # Kiosk and agent may have files open: only before they start can the folder be moved.
    assert device.try_once(stage.address).name == "STEP_FAILED"
    said, applied = preparation.prepare(device.home, device.card)
    assert applied
    assert "3 records were not sent" in said[0]
    (aside,) = device.home.root.parent.glob(f"{device.home.root.name}.*")
    assert Home(aside).identity.exists()
    assert Home(aside).kiosk_db.exists()
    assert device.try_once(stage.address).name == "READY"
    new = load_identity(device.home)
    assert new.device != old.device
    assert preparation.prepare(device.home, device.card) == ([], [])


def test_keys_that_central_revoked_are_set_aside_for_a_card_with_a_new_token(
    stage: Stage, device: Device
):
    device.put(token=token(stage, "--beside"))
    device.try_once(stage.address)
    old = load_identity(device.home).device
    stage.command("central", "revoke", old, "--data", str(stage.central_data))
    device.put(token=token(stage, "--beside"))
    standing = device.try_once(stage.address)
    assert (standing.name, standing.stopped) == ("REVOKED", True)
    assert "off and on" in device.text
    preparation.prepare(device.home, device.card)
    assert device.try_once(stage.address).name == "READY"
    assert load_identity(device.home).device != old


PINNED = {
    "algorithm": CENTRAL_KEY.algorithm,
    "key": base64.b64encode(CENTRAL_KEY.public.raw).decode(),
}


def test_what_central_has_signed_ends_the_keys_of_a_card_that_knows_its_key(device: Device):
    """Also before there is an identity: an answer may have been lost on the way."""
    device.put(central_key=PINNED)
    with listening(retiring()) as central:
        assert device.try_once(central.url).name == "REVOKED"
    keys = device.home.record_key.read_bytes()
    assert preparation.prepare(device.home, device.card)[0]
    assert not device.home.record_key.exists()
    (aside,) = device.home.root.parent.glob(f"{device.home.root.name}.*")
    assert Home(aside).record_key.read_bytes() == keys


def test_an_enrolled_device_knows_centrals_key_without_the_card(device: Device):
    save_identity(device.home, Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm))
    with listening(retiring()) as central:
        assert device.try_once(central.url).name == "REVOKED"
    assert preparation.prepare(device.home, device.card)[0]


FORGED = {
    "unsigned": refusing(403, "device-revoked"),
    "signed by somebody else": retiring(SigningKey.from_seed(b"x" * 32)),
    "another device's": retiring(device="hcp-ffffffffffffffff"),
}


@pytest.mark.parametrize("answer", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("pinned", [PINNED, None], ids=["by the card", "by the identity"])
def test_nobody_on_the_way_can_end_an_identity(
    device: Device, answer: Callable[[Call], bytes], pinned: dict[str, object] | None
):
    """It is tried again, and in the end the device serves on as what it was."""
    save_identity(device.home, Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm))
    device.put(central_key=pinned)
    with listening(answer) as central:
        enrolment = device.enrolment(central.url)
        standings = [enrolment.once() for _ in range(card_enrolment.TRIES_WHEN_ENROLLED)]
    assert [one.done for one in standings] == [False] * 4 + [True]
    assert standings[0].name == "CENTRAL_REFUSES"
    assert preparation.prepare(device.home, device.card)[0] == []
    assert load_identity(device.home).device == "hcp-1"


def test_where_centrals_key_is_not_known_yet_nothing_is_believed(device: Device):
    with listening(retiring()) as central:
        assert device.try_once(central.url).name == "CENTRAL_REFUSES"
    assert preparation.prepare(device.home, device.card)[0] == []


def test_without_a_card_for_another_life_nothing_is_set_aside(stage: Stage, device: Device):
    assert preparation.prepare(device.home, device.card)[0] == []
    device.put(replace=True)
    assert preparation.prepare(device.home, device.card)[0] == []  # no identity to be replaced
    save_identity(
        device.home,
        Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm, "", token_hash(SECRET)),
    )
    assert preparation.prepare(device.home, device.card)[0] == []  # this very card made it
    device.put(token="another-token", replace=True)
    (device.card / "token").unlink()
    assert preparation.prepare(device.home, device.card)[0] == []  # spent
    (device.card / "card.json").write_text("{")
    assert preparation.prepare(device.home, device.card)[0] == []


# --- another board ------------------------------------------------------------------------------


def test_a_card_that_was_put_into_another_board_says_so_and_serves_nobody(device: Device):
    identity = Identity(
        "hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm, "board-1", token_hash(SECRET)
    )
    save_identity(device.home, identity)
    standing = device.try_once("http://127.0.0.1:1", board="board-2")
    assert (standing.name, standing.stopped) == ("WRONG_BOARD", True)
    assert "53  WRONG_BOARD" in device.text
    assert device.try_once("http://127.0.0.1:1", board="board-1").done
    with pytest.raises(WrongBoard, match=r"hcp-1 in board board-1.*board board-2"):
        refuse_other_board(load_identity(device.home), "board-2")
    assert issubclass(WrongBoard, NotEnrolled)


def test_the_agent_sends_nothing_in_another_devices_name(
    device: Device, monkeypatch: pytest.MonkeyPatch
):
    identity = Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm, "board-1")
    save_identity(device.home, identity)
    monkeypatch.setattr(board, "SOURCES", (device.card / "serial",))
    (device.card / "serial").write_text("board-2")
    profile = device.profile("http://127.0.0.1:1", **{"storage.allow_volatile": True})
    with pytest.raises(WrongBoard):
        service.run(profile)


@pytest.mark.parametrize(("kept", "here"), [("", "b"), ("a", ""), ("a", "a")])
def test_what_is_not_known_of_a_board_refuses_nobody(kept: str, here: str):
    refuse_other_board(Identity("hcp-1", b"", -8, kept), here)


def test_an_identity_from_before_boards_were_kept_is_read(device: Device):
    device.home.identity.write_text(
        json.dumps({"device": "hcp-1", "central_key": "AAAA", "central_algorithm": -8})
    )
    assert load_identity(device.home) == Identity("hcp-1", b"\0\0\0", -8)


def test_a_card_of_its_own_gives_the_other_board_a_life_of_its_own(
    stage: Stage, device: Device, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(board, "SOURCES", (device.card / "serial",))
    device.put(token=token(stage, "--beside"))
    (device.card / "serial").write_text("board-1")
    device.try_once(stage.address, board="board-1")
    assert load_identity(device.home).board == "board-1"
    (device.card / "serial").write_text("board-2")
    device.put(token=token(stage, "--beside"))
    assert preparation.prepare(device.home, device.card)[0]
    assert device.try_once(stage.address, board="board-2").name == "READY"
    assert load_identity(device.home).board == "board-2"


# --- what stands in the way --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "name", "stopped"),
    [
        (409, "token-spent", "TOKEN_SPENT", True),
        (403, "token-expired", "TOKEN_EXPIRED", True),
        (403, "token-unknown", "TOKEN_UNKNOWN", True),
        (409, "wrong-board", "WRONG_BOARD", True),
        (403, "device-revoked", "CENTRAL_REFUSES", False),
        (409, "key-known", "KEY_KNOWN", True),
        (403, "bad-proof", "CENTRAL_REFUSES", False),
        (503, "busy", "CENTRAL_REFUSES", False),
    ],
)
def test_each_refusal_has_a_state(device: Device, status: int, code: str, name: str, stopped: bool):
    with listening(refusing(status, code, Retry_After="7")) as central:
        enrolment = device.enrolment(central.url)
        standing = enrolment.once()
    assert (standing.name, standing.stopped) == (name, stopped)
    assert "for a reason" in standing.detail
    assert (device.card / "token").exists()
    if stopped:
        assert 150 <= enrolment.wait_s(standing, 0.0) <= enrolment.wait_s(standing, 1.0) <= 300
    else:
        assert 7 <= enrolment.wait_s(standing, 0.0) <= enrolment.wait_s(standing, 1.0) <= 9


def test_a_portal_that_answers_with_a_page_is_not_trusted(device: Device):
    page = b"<html>Please log in</html>"
    for answer in (
        http(page, 200, Content_Type="text/html"),
        http(page, 302, Content_Type="text/html", Location="http://portal.example/"),
        http(b'{"device": 1}'),
    ):
        with listening(lambda _, answer=answer: answer) as portal:
            assert device.try_once(portal.url).name == "CENTRAL_UNTRUSTED"
    assert not device.home.identity.exists()


def test_a_gateway_whose_central_is_down_is_no_stranger(device: Device):
    with listening(lambda _: http(b"<html>", 502, Content_Type="text/html")) as proxy:
        assert device.try_once(proxy.url).name == "CENTRAL_UNREACHABLE"


def test_nobody_there_and_no_such_name_are_the_same_to_a_technician(device: Device):
    assert device.try_once("http://127.0.0.1:1").name == "CENTRAL_UNREACHABLE"
    assert "refused" in device.text
    assert device.try_once("http://central.invalid").name == "CENTRAL_UNREACHABLE"


def test_without_a_network_central_is_not_even_asked(device: Device):
    with listening(lambda _: http(b"{}")) as central:
        standing = device.try_once(central.url, network=lambda _: "no address yet (eth0 down)")
        assert central.calls == []
    assert standing.name == "NO_NETWORK"
    assert "eth0 down" in device.text


def test_a_central_with_another_key_than_the_card_names_gets_no_device(
    stage: Stage, device: Device
):
    other = {"algorithm": CENTRAL_KEY.algorithm, "key": base64.b64encode(bytes(32)).decode()}
    once = token(stage, "--beside")
    device.put(token=once, central_key=other)
    assert device.try_once(stage.address).name == "CENTRAL_UNTRUSTED"
    assert not device.home.identity.exists()
    # The same keys and the same token: mending the card is enough.
    device.put(token=once)
    device.try_once(stage.address)
    known = load_identity(device.home)
    pinned = base64.b64encode(known.central_key).decode()
    device.put(
        token=token(stage, "--beside"),
        central_key={"algorithm": known.central_algorithm, "key": pinned},
    )
    assert device.try_once(stage.address).name == "READY"


def test_a_central_without_a_configuration_yet_gives_an_identity_all_the_same(device: Device):
    reply = EnrolmentReply("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm, b"")
    with listening(lambda _: http(msgspec.json.encode(reply), 201)) as central:
        assert device.try_once(central.url).name == "ENROLLED_NO_CONFIG"
    assert load_identity(device.home).device == "hcp-1"


def test_tls_is_checked_against_the_cards_authority_and_the_clock(
    stage: Stage, device: Device, tmp_path: Path
):
    port = int(stage.address.rpartition(":")[2])
    for name in ("good", "future", "past", "other"):
        (tmp_path / name).mkdir()
    device.put(token=token(stage, "--beside"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with halls_own_gateway(port, tmp_path / "future", "127.0.0.1", tomorrow) as future:
        url = f"https://127.0.0.1:{future.port}"
        values: dict[str, object] = {"central.ca_file": str(future.certificate)}
        assert device.try_once(url, **values).name == "CLOCK_BEHIND"
        assert "the device's clock says" in device.text
        assert "the card is from" in device.text
    last_year = datetime.now(UTC) - timedelta(days=400)
    with halls_own_gateway(port, tmp_path / "past", "127.0.0.1", last_year) as past_it:
        url = f"https://127.0.0.1:{past_it.port}"
        values = {"central.ca_file": str(past_it.certificate)}
        assert device.try_once(url, **values).name == "CENTRAL_UNTRUSTED"
        # What a technician reads aloud: whom it asked, what is wrong, and what day it believes in.
        assert f"{url}: the certificate is not accepted: certificate has expired" in device.text
        assert f"clock says {datetime.now(UTC):%Y-}" in device.text
        assert "HTTPSConnectionPool" not in device.text
    with halls_own_gateway(port, tmp_path / "good", "127.0.0.1") as good:
        url = f"https://127.0.0.1:{good.port}"
        assert device.try_once(url).name == "CENTRAL_UNTRUSTED"
        values = {"central.ca_file": str(good.certificate)}
        assert not device.home.identity.exists()
        assert device.try_once(url, **values).name == "READY"


def test_a_clock_before_the_cards_own_date_asks_nobody(device: Device):
    device.put(issued_ms=int((time.time() + 86_400) * 1000))
    with listening(lambda _: http(b"{}")) as central:
        assert device.try_once(central.url).name == "CLOCK_BEHIND"
        assert central.calls == []


def test_a_card_without_a_token_or_without_anything_makes_no_device(device: Device):
    (device.card / "token").unlink()
    assert device.try_once("http://127.0.0.1:1").name == "NO_PROFILE"
    (device.card / "card.json").write_text('{"name": 1}')
    assert device.try_once("http://127.0.0.1:1").name == "NO_PROFILE"
    save_identity(device.home, Identity("hcp-1", CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm))
    assert device.try_once("http://127.0.0.1:1").done


def test_what_is_wrong_on_the_device_itself_is_said_as_such():
    assert standing_of(StorageFull("full")).name == "DISK_FULL"
    assert standing_of(OSError(28, "No space left on device")).name == "DISK_FULL"
    assert standing_of(DamagedFile("agent.db: broken")).name == "STEP_FAILED"


# --- for ever ------------------------------------------------------------------------------------


def test_it_goes_on_until_central_is_there(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    slept: list[float] = []
    said: list[str] = []
    enrolment = device.enrolment("http://127.0.0.1:1")
    enrolment._show = lambda state: said.append(state.name)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 40:
            enrolment._profile = device.profile(stage.address)

    enrolment.run(sleep, lambda: 1.0)
    assert said[-1] == "READY"
    assert said[:2] == ["ENROLLING", "CENTRAL_UNREACHABLE"]
    assert said.count("ENROLLING") == 1
    # After 2, 4, 8, 16, 30 seconds, in looks of two; the sixth was still waiting.
    assert said.count("CENTRAL_UNREACHABLE") == 6


def test_whoever_has_mended_the_network_does_not_wait_before_the_device(device: Device):
    enrolment = device.enrolment("http://127.0.0.1:1")
    enrolment._failures = 1000
    assert enrolment.wait_s(Standing("CENTRAL_UNREACHABLE"), 1.0) == ATTENDED_CAP_S <= 30
    # Central's own word counts all the same.
    busy = Standing("CENTRAL_REFUSES", retry_after_s=120)
    assert enrolment.wait_s(busy, 0.0) == 120


def test_when_the_network_comes_or_the_clock_is_set_it_does_not_wait_any_longer(device: Device):
    plugged = [False]
    tried: list[str] = []
    enrolment = device.enrolment(
        "http://127.0.0.1:1", network=lambda _: "" if plugged[0] else "no cable"
    )

    class Enough(Exception):
        pass

    def sleep(seconds: float) -> None:
        tried.append(enrolment._said[0])
        if len(tried) == 3:
            plugged[0] = True
        if len(tried) > 4:
            raise Enough

    enrolment._failures = 30
    with pytest.raises(Enough):
        enrolment.run(sleep, lambda: 1.0)
    assert tried == ["NO_NETWORK"] * 4 + ["CENTRAL_UNREACHABLE"]


def test_the_card_is_written_only_when_something_changes_and_never_for_a_moment(device: Device):
    enrolment = device.enrolment("http://127.0.0.1:1")
    written = []
    for _ in range(3):
        enrolment.say(enrolment.once())
        written.append((device.card / "STATE.txt").stat().st_mtime_ns)
    assert len(set(written)) == 1
    enrolment.say(Standing("ENROLLING"))
    assert "CENTRAL_UNREACHABLE" in device.text
    state = read_state(device.setup)
    assert state is not None
    assert state.name == "ENROLLING"


def test_the_token_and_a_proxys_password_are_said_nowhere(
    device: Device, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level("DEBUG")
    device.try_once("http://127.0.0.1:1", **{"central.proxy": "http://hall:hush-hush@127.0.0.1:1"})
    with listening(refusing(409, "token-spent")) as central:
        device.try_once(central.url)
    said = device.text + device.setup.read_text() + caplog.text + "".join(capfd.readouterr())
    assert SECRET not in said
    assert "hush-hush" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_boot_partition_is_opened_for_the_moment(stage: Stage, device: Device):
    device.put(token=token(stage, "--beside"))
    mounts = f"""
        mount --bind {device.card} {device.card} && mount -o remount,bind,ro {device.card} &&
        ! touch {device.card}/x 2>/dev/null &&
        {sys.executable} -m haochaping enrol --config $0 --card-dir {device.card} &&
        ! touch {device.card}/x 2>/dev/null
    """
    device.profile(stage.address)
    (config,) = device.card.parent.glob("device-*.toml")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounts, str(config)],
        env={**os.environ, "HAOCHAPING_SETUP": str(device.setup)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (device.card / "token").exists()
    assert "READY" in device.text

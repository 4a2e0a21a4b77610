"""Device and central together: enrolment, exactly once, refill, and a card that was copied."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import requests
from agent_rig import Agent, Call, Listener, agent_of, listening
from device_rig import BAD, DEED, WANG, copy_of, draft, fill

from demo.account import key_of, settle
from demo.stage import SAMPLE, WINDOW, Stage
from device.agent.central import Refused, Retired
from device.agent.enrolment import enrol
from device.core.errors import CentralError, CentralUnreachable
from device.store import lock, roster, salvage
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.ledger import Ledger
from device.store.profile import Profile, load
from provisioning.profile_file import write

NUMBERS = count(1)


def token(stage: Stage) -> str:
    file = stage.folder / f"token-{next(NUMBERS)}"
    words = ("token", "--window", WINDOW, "--beside", "--out", str(file))
    stage.command("central", *words, "--data", str(stage.central_data))
    return file.read_text(encoding="utf-8").strip()


def page_of(stage: Stage, home: Home) -> str:
    """What central tells of the device."""
    name = load_identity(home).device
    return stage.command("central", "devices", "show", name, "--data", str(stage.central_data))


def profile_of(home: Home, url: str) -> Profile:
    file = home.root / "device.toml"
    values: dict[str, object] = {"data_dir": str(home.root), "central.url": url}
    write(file, values, replace=True)
    return load(file)


@pytest.fixture
def fresh(home: Home) -> Home:
    """A migrated device that is not enrolled."""
    for file in (home.identity, home.record_key, home.transport_key):
        file.unlink()
    return home


@pytest.fixture
def enrolled(stage: Stage, fresh: Home) -> Home:
    """A device that the real central knows."""
    enrol(profile_of(fresh, stage.address), token(stage), f"board-{next(NUMBERS)}")
    return fresh


@pytest.fixture
def ledger(enrolled: Home) -> Iterator[Ledger]:
    opened = ledger_of(enrolled)
    yield opened
    opened.close()


def ledger_of(home: Home) -> Ledger:
    return Ledger(home, load_identity(home).device, load_key(home.record_key))


def rate_some(ledger: Ledger, visits: int) -> None:
    from device_rig import rate

    for _ in range(visits):
        rate(ledger, draft(WANG), draft(DEED, BAD, (207,)))


def account(stage: Stage, home: Home):
    """What central holds of this device against what is on its disk."""
    device = load_identity(home).device
    held = [one for one in stage.ratings() if one["device"] == device]
    return settle(home.root, held)


def beat(agent: Agent) -> None:
    agent.courier._next_beat = 0.0
    agent.work()


def forward(stage: Stage, call: Call) -> bytes:
    """Pass a request on as a gateway does, to wherever central is now."""
    with requests.Session() as session:
        session.trust_env = False
        kept = {k: v for k, v in call.headers.items() if k not in ("host", "connection")}
        answer = session.request(
            call.method, stage.address + call.path, data=call.body, headers=kept, timeout=20
        )
    head = "".join(
        f"{name}: {value}\r\n"
        for name, value in answer.headers.items()
        if name.lower() not in ("transfer-encoding", "content-length", "connection")
    )
    length = f"Content-Length: {len(answer.content)}\r\nConnection: close\r\n\r\n"
    first = f"HTTP/1.1 {answer.status_code} Whatever\r\n"
    return (first + head + length).encode("latin-1") + answer.content


@pytest.fixture
def gateway(stage: Stage) -> Iterator[Listener]:
    """Between device and central, and able to lose what passes."""
    with listening(lambda call: forward(stage, call)) as listener:
        yield listener


# --- enrolment ----------------------------------------------------------------------------------


def test_enrolment_gives_identity_and_configuration_and_repeating_it_is_harmless(
    stage: Stage, fresh: Home
):
    once = token(stage)
    profile = profile_of(fresh, stage.address)
    identity = enrol(profile, once, "board-x")
    assert load_identity(fresh) == identity
    page = roster.read(fresh.agent_db)
    assert (page.hall, page.window) == ("滨河区政务服务中心", "12")
    assert page.member is not None
    assert page.member.number == WANG
    assert enrol(profile, once, "board-x") == identity
    with pytest.raises(Refused, match="wrong-board"):
        enrol(profile, once, "another board")
    assert load_identity(fresh) == identity


def test_a_device_that_central_retires_believes_it_on_either_way(stage: Stage, fresh: Home):
    profile = profile_of(fresh, stage.address)
    device = enrol(profile, token(stage), "board-retired").device
    stage.command("central", "revoke", device, "--data", str(stage.central_data))
    with agent_of(fresh, stage.address) as agent:
        with pytest.raises(Retired, match=f"{device} was retired") as refused:
            agent.courier.once()
        agent.courier._failed(refused.value)
        assert agent.briefing.retired()
    with pytest.raises(Retired, match="it needs new keys"):
        enrol(profile, token(stage), "board-retired")


def test_a_board_with_new_keys_retires_what_it_was_before(
    stage: Stage, fresh: Home, tmp_path: Path
):
    anew = copy_of(fresh, tmp_path / "anew")
    enrol(profile_of(fresh, stage.address), token(stage), "board-twice")
    with agent_of(fresh, stage.address) as agent:
        agent.work()
        successor = enrol(profile_of(anew, stage.address), token(stage), "board-twice")
        with pytest.raises(Retired):
            beat(agent)
    assert f"replaced by {successor.device}" in page_of(stage, fresh)


def test_a_token_that_central_did_not_make_leaves_no_identity(stage: Stage, fresh: Home):
    with pytest.raises(Refused, match="token-unknown"):
        enrol(profile_of(fresh, stage.address), "0" * 32, "board")
    assert not fresh.identity.exists()
    with pytest.raises(CentralUnreachable):
        enrol(profile_of(fresh, "http://127.0.0.1:1"), "0" * 32, "board")
    assert not fresh.identity.exists()


def test_a_lost_answer_to_an_enrolment_costs_nothing(stage: Stage, fresh: Home, gateway: Listener):
    once = token(stage)
    profile = profile_of(fresh, gateway.url)
    whole = gateway.answer

    def losing(call: Call) -> bytes:
        whole(call)
        return b""

    gateway.answer = losing
    with pytest.raises(CentralUnreachable):
        enrol(profile, once, "board-lost")
    gateway.answer = whole
    identity = enrol(profile, once, "board-lost")
    assert load_identity(fresh) == identity
    first, second = gateway.to("/v1/enrolments")
    assert first.body == second.body


def test_nobody_is_enrolled_under_a_running_agent(stage: Stage, fresh: Home):
    held = lock.hold(fresh.agent_lock)
    with pytest.raises(lock.AlreadyRunning):
        enrol(profile_of(fresh, stage.address), "0" * 32, "board")
    os.close(held)


# --- exactly once -------------------------------------------------------------------------------


def test_every_rating_reaches_central_exactly_once(stage: Stage, enrolled: Home, ledger: Ledger):
    with agent_of(enrolled, stage.address) as agent:
        for _ in range(3):
            rate_some(ledger, 4)
            agent.work()
        assert agent.head == ledger.head
    settled = account(stage, enrolled)
    assert settled.exact, settled
    assert (settled.visits, settled.ratings) == (12, 24)


def test_lost_answers_give_no_duplicates(
    stage: Stage, enrolled: Home, ledger: Ledger, gateway: Listener
):
    rate_some(ledger, 5)
    whole, lost = gateway.answer, []

    def losing(call: Call) -> bytes:
        said = whole(call)
        if len(lost) < 3:
            lost.append(call)
            return b""
        return said

    gateway.answer = losing
    with agent_of(enrolled, gateway.url) as agent:
        for _ in range(3):
            with pytest.raises(CentralUnreachable):
                agent.courier.once()
        agent.work()
        assert agent.head == ledger.head
    assert len(lost) == 3
    settled = account(stage, enrolled)
    assert settled.exact, settled
    assert settled.ratings == 10


def test_a_long_backlog_arrives_whole(stage: Stage, enrolled: Home, ledger: Ledger):
    fill(ledger, 600)
    rate_some(ledger, 160)
    assert ledger.head > 1200
    with agent_of(enrolled, stage.address) as agent:
        agent.work()
        assert agent.head == ledger.head
    assert account(stage, enrolled).exact


def test_after_damage_the_chain_goes_on_and_the_gap_is_known(
    stage: Stage, enrolled: Home, ledger: Ledger
):
    rate_some(ledger, 2)
    with agent_of(enrolled, stage.address) as agent:
        agent.work()
        ledger.close()
        for path in enrolled.kiosk_db.parent.glob("kiosk.db*"):
            with path.open("r+b") as file:
                file.write(b"\xff" * path.stat().st_size)
        key = load_key(enrolled.record_key)
        salvage.rescue_ledger(enrolled, key.public, agent.head)
        after = ledger_of(enrolled)
        rate_some(after, 2)
        agent.work()
        assert agent.head == after.head > salvage.SKIP_AHEAD
        after.close()
    settled = account(stage, enrolled)
    assert (settled.ratings, settled.missing, settled.doubled) == (4, [], [])
    assert len(settled.surplus) == 4  # the ones from before the damage
    assert "are lost" in page_of(stage, enrolled)


def test_a_copied_card_is_noticed_on_both_sides(
    stage: Stage, enrolled: Home, ledger: Ledger, elsewhere: Path
):
    rate_some(ledger, 1)
    ledger.checkpoint()
    shutil.copytree(enrolled.root, elsewhere / "copy")
    copy = Home(elsewhere / "copy")
    with agent_of(enrolled, stage.address) as agent:
        rate_some(ledger, 2)
        agent.work()
    other = ledger_of(copy)
    rate_some(other, 1)
    with agent_of(copy, stage.address) as agent:
        with pytest.raises(CentralError, match="copy of this card"):
            agent.courier.once()
        assert agent.briefing.receipt() is None
    other.close()
    assert account(stage, enrolled).exact
    assert "copied" in page_of(stage, enrolled)


# --- configuration and heartbeat ----------------------------------------------------------------


def test_a_change_in_the_hall_reaches_the_device_once(
    stage: Stage, enrolled: Home, gateway: Listener, elsewhere: Path
):
    with agent_of(enrolled, gateway.url) as agent:
        beat(agent)
        version, etag = agent.briefing.configuration()
        assert etag
        beat(agent)
        assert len(gateway.to("/v1/configuration")) == 1
        changed = elsewhere / "hall.toml"
        text = SAMPLE.read_text(encoding="utf-8")
        changed.write_text(text.replace("王晓燕", "王晓艳"), encoding="utf-8")
        stage.import_hall(changed)
        beat(agent)
        assert agent.briefing.configuration()[0] > version
        page = roster.read(enrolled.agent_db)
        assert page.member is not None
        assert page.member.name == "王晓艳"
        beat(agent)
        assert len(gateway.to("/v1/configuration")) == 2
    stage.import_hall(SAMPLE)


def test_central_hears_how_the_device_is(stage: Stage, enrolled: Home, ledger: Ledger):
    rate_some(ledger, 1)
    held = lock.hold(enrolled.kiosk_lock)
    with agent_of(enrolled, stage.address) as agent:
        agent.briefing.count("retry.unreachable", 7)
        agent.work()
    os.close(held)
    page = page_of(stage, enrolled)
    assert f"{ledger.head} here, backlog 0" in page
    assert "retry.unreachable 7" in page


# --- last, because it sets central back -----------------------------------------------------------


def test_a_central_that_was_restored_from_a_backup_is_filled_again(
    stage: Stage, enrolled: Home, ledger: Ledger, gateway: Listener
):
    rate_some(ledger, 2)
    with agent_of(enrolled, gateway.url) as agent:
        agent.work()
        then = agent.head
        central = next(one for one in stage._programs if one.log.stem == "central")
        assert central.stop() == 0
        backup = stage.folder / "backup"
        shutil.copytree(stage.central_data, backup)
        stage.start_central()
        rate_some(ledger, 3)
        agent.work()
        assert agent.head == ledger.head > then
        stage._programs[-1].stop()
        shutil.rmtree(stage.central_data)
        backup.rename(stage.central_data)
        stage.start_central()
        assert len(account(stage, enrolled).missing) == 6
        beat(agent)
        assert agent.head == ledger.head
        agent.work()
    settled = account(stage, enrolled)
    assert settled.exact, settled
    assert settled.ratings == 10
    device = load_identity(enrolled).device
    keys = [key_of(one) for one in stage.ratings() if one["device"] == device]
    assert len(keys) == len(set(keys)) == 10

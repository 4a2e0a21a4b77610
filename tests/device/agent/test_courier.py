"""Records go out in order, in bounded batches, and are sent again until central has them."""

import gzip
import itertools
import threading

import msgspec
import pytest
from agent_rig import Memory, agent_of, http, listening, notice, receipt
from device_rig import RECORD_KEY, WANG, fill, open_ledger, rate, signed_records, soon

from device.agent import courier as courier_module
from device.agent.central import Refused
from device.core.errors import CentralError, CentralUnreachable, StorageFull
from device.core.session import Session, SessionState, StaffArrived
from device.store import roster, salvage
from device.store.briefing import Briefing, BriefingReader
from device.store.home import Home
from protocol.keys import SigningKey
from protocol.messages import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Batch, Elsewhere, Problem
from protocol.records import Boot


def batches(listener) -> list[Batch]:
    return [call.batch for call in listener.to("/v1/records")]


def test_everything_goes_out_in_order_and_nothing_twice(home: Home):
    ledger = open_ledger(home)
    rate(ledger)
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        agent.work()
        rate(ledger)
        fill(ledger, 1)
        agent.work()
        agent.work()
        sent = batches(listener)
        assert [(one.first, len(one.records), one.gap_before) for one in sent] == [
            (1, 3, False),
            (4, 4, False),
        ]
        assert listener.answer.held == signed_records(home)
        assert agent.head == 7
    ledger.close()


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(home: Home):
    memory = Memory()
    ledger = open_ledger(home)
    rate(ledger)
    losses = iter([True, True, False])

    def losing(call):
        said = memory(call)
        return b"" if next(losses, False) else said

    with listening(losing) as listener, agent_of(home, listener.url) as agent:
        for _ in range(2):
            with pytest.raises(CentralUnreachable):
                agent.courier.once()
            assert agent.head == 0
        agent.work()
        assert agent.head == 3
        first, second, third = (gzip.decompress(c.body) for c in listener.to("/v1/records"))
        assert first == second == third
        assert memory.held == signed_records(home)
    ledger.close()


def test_a_long_backlog_goes_out_in_bounded_batches(home: Home):
    ledger = open_ledger(home)
    # One transaction of many records is as good for this as many visits, and quicker.
    ledger._write(lambda append: [append(Boot, software="x") for _ in range(1200)])
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        agent.work()
        sent = batches(listener)
        assert [len(one.records) for one in sent] == [500, 500, 200]
        assert all(len(one.records) <= MAX_BATCH_RECORDS for one in sent)
        for call in listener.to("/v1/records"):
            assert len(gzip.decompress(call.body)) <= MAX_BATCH_BYTES
        assert agent.head == 1200
    ledger.close()


def test_what_was_lost_to_damage_is_admitted(home: Home):
    ledger = open_ledger(home)
    rate(ledger)
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        agent.work()
        rate(ledger)
        ledger.close()
        for path in home.kiosk_db.parent.glob("kiosk.db*"):
            with path.open("r+b") as file:
                file.write(b"\xff" * path.stat().st_size)
        salvage.rescue_ledger(home, RECORD_KEY.public, acknowledged=agent.head)
        ledger = open_ledger(home)
        rate(ledger)
        agent.work()
        last = batches(listener)[-1]
        assert (last.first, last.gap_before) == (3 + salvage.SKIP_AHEAD + 1, True)
        assert listener.answer.gaps == [last.first]
        assert agent.head == last.first + 2
    ledger.close()


def test_a_central_that_forgot_is_filled_again(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 30)
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        agent.work()
        assert agent.head == 30
        memory = listener.answer
        memory.held = {seq: one for seq, one in memory.held.items() if seq <= 12}
        agent.courier._next_beat = 0.0
        agent.work()
        assert memory.held == signed_records(home)
        assert agent.head == 30
        assert batches(listener)[-1].first == 13
        memory.held.clear()
        ledger.prune(4)
        agent.courier._next_beat = 0.0
        agent.work()
        assert memory.held == signed_records(home)
        assert (batches(listener)[-1].first, batches(listener)[-1].gap_before) == (5, True)
    ledger.close()


def test_the_courier_goes_on_by_itself_when_central_comes_back(home: Home, monkeypatch):
    monkeypatch.setattr(courier_module, "LOOK_S", 0.01)
    monkeypatch.setattr(courier_module, "retry_delay", lambda *_: 0.01)
    ledger = open_ledger(home)
    memory = Memory()
    down = itertools.count()
    outage = http(b"<h1>502</h1>", 502, Content_Type="text/html")

    def answer(call):
        return outage if next(down) < 4 else memory(call)

    with listening(answer) as listener, agent_of(home, listener.url) as agent:
        ended = threading.Event()
        thread = threading.Thread(target=agent.courier.run, args=(ended,))
        thread.start()
        rate(ledger)
        assert soon(lambda: agent.head == 3)
        rate(ledger)
        assert soon(lambda: agent.head == 6)
        ended.set()
        thread.join(10)
        assert not thread.is_alive()
        assert agent.briefing.counters()["retry.wrong-answer"] == 4
        assert memory.held == signed_records(home)
    ledger.close()


def test_the_agents_own_file_does_not_grow_for_ever(home: Home, monkeypatch):
    """Nothing else ever folds its WAL back."""
    monkeypatch.setattr(courier_module, "FOLD_S", 0.0)
    log = home.agent_db.with_name("agent.db-wal")
    with listening(lambda _: b"") as listener, agent_of(home, listener.url) as agent:
        sizes = []
        for _ in range(60):
            with pytest.raises(CentralError) as failed:
                agent.courier.once()
            agent.courier._failed(failed.value)
            agent.courier._next_try = 0.0
            sizes.append(log.stat().st_size)
        assert agent.briefing.counters()["retry.unreachable"] == 60
        assert sizes[-1] == sizes[10]


def fill_receipts(briefing: Briefing) -> None:
    """Leave no room for one more receipt."""
    (pages,) = briefing._db.execute("PRAGMA page_count").fetchone()
    briefing._db.execute(f"PRAGMA max_page_count = {pages}")
    insert = "INSERT INTO receipt VALUES (?, 0, x'', 1 << 50, zeroblob(20))"
    for number in itertools.count(1):
        briefing._write(lambda: briefing._db.execute(insert, (-number,)))  # noqa: B023


def test_on_a_full_disk_the_agent_waits_and_goes_on(home: Home):
    ledger = open_ledger(home)
    rate(ledger)
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        with pytest.raises(StorageFull):
            fill_receipts(agent.briefing)
        ended = threading.Event()
        thread = threading.Thread(target=agent.courier.run, args=(ended,))
        thread.start()
        assert soon(lambda: len(listener.calls) >= 1)
        assert agent.head == 0
        agent.briefing._db.execute("PRAGMA max_page_count = 1000000")
        assert soon(lambda: agent.head == 3)
        ended.set()
        thread.join(10)
        assert not thread.is_alive()
    ledger.close()


# --- staff who have gone to another window ----------------------------------------------------


def instructions(home: Home) -> list[tuple[str, dict]]:
    reader = BriefingReader(home)
    try:
        return [(one.kind, msgspec.json.decode(one.body)) for one in reader.instructions(0)]
    finally:
        reader.close()


def test_a_device_that_is_retired_knows_it_until_central_serves_it_again(home: Home, monkeypatch):
    monkeypatch.setattr(courier_module, "LOOK_S", 0.01)
    monkeypatch.setattr(courier_module, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(courier_module, "retry_delay", lambda *_: 0.01)
    memory, refusals = Memory(), [b""]

    def central(call):
        return refusals[-1] or memory(call)

    with listening(central) as listener, agent_of(home, listener.url) as agent:
        ended = threading.Event()
        thread = threading.Thread(target=agent.courier.run, args=(ended,))
        thread.start()
        for refusal, retired in (
            (b"", False),
            (refused("clock-skew"), False),
            (refused("device-revoked", notice()), True),
            (refused("device-revoked"), True),
            (refused("busy"), True),
            (b"", False),
        ):
            refusals.append(refusal)
            online = not refusal
            calls = len(listener.to("/v1/heartbeats")) + 2
            assert soon(lambda calls=calls: len(listener.to("/v1/heartbeats")) > calls)
            assert soon(lambda online=online: agent.briefing.online() is online)
            assert agent.briefing.retired() is retired
            assert roster.read(home.agent_db).retired is retired
        ended.set()
        thread.join(10)


NO_WORD_OF_CENTRALS = {
    "unsigned": b"",
    "no notice": b"retired",
    "signed by somebody else": notice(key=SigningKey.from_seed(b"x" * 32)),
    "another device's": notice("hcp-ffffffffffffffff"),
    "another word of central's": receipt(0),
}


@pytest.mark.parametrize("said", NO_WORD_OF_CENTRALS.values(), ids=NO_WORD_OF_CENTRALS)
def test_nobody_on_the_way_can_retire_a_device(home: Home, said: bytes):
    """It goes on asking citizens, and tries again like after any refusal."""
    with (
        listening(lambda _: refused("device-revoked", said)) as listener,
        agent_of(home, listener.url) as agent,
    ):
        with pytest.raises(Refused) as failed:
            agent.courier.once()
        agent.courier._failed(failed.value)
        assert agent.briefing.online() is False
        assert not agent.briefing.retired()
        assert agent.briefing.counters() == {"retry.refused.device-revoked": 1}
        listener.answer = Memory()
        agent.courier._next_try = 0.0
        agent.work()
        assert agent.briefing.online() is True


def test_a_notice_in_another_refusal_retires_nobody(home: Home):
    with (
        listening(lambda _: refused("busy", notice())) as listener,
        agent_of(home, listener.url) as agent,
    ):
        with pytest.raises(Refused) as failed:
            agent.courier.once()
        agent.courier._failed(failed.value)
        assert not agent.briefing.retired()


def refused(code: str, said: bytes = b"") -> bytes:
    problem = msgspec.json.encode(Problem("No", 403, code, notice=said))
    return http(problem, 403, Content_Type="application/problem+json")


def after_a_heartbeat_that_names(home: Home, elsewhere: Elsewhere) -> list[tuple[str, dict]]:
    ledger = open_ledger(home)
    ledger.note_session((StaffArrived(WANG, "pin"),), Session(SessionState.READY, WANG))
    ledger.close()
    memory = Memory()
    memory.elsewhere = elsewhere
    with listening(memory) as listener, agent_of(home, listener.url) as agent:
        agent.work()
    return instructions(home)


def test_who_logged_in_at_another_window_is_logged_out_here(home: Home):
    assert after_a_heartbeat_that_names(home, Elsewhere(WANG, "13", 1)) == [
        ("logout", {"staff": WANG, "reason": "logged in at window 13"})
    ]


@pytest.mark.parametrize("elsewhere", [Elsewhere("0322", "13", 1), Elsewhere(WANG, "13", 7)])
def test_another_person_or_a_later_log_in_here_stays(home: Home, elsewhere: Elsewhere):
    assert after_a_heartbeat_that_names(home, elsewhere) == []

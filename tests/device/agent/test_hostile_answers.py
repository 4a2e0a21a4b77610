"""Whatever answers in central's place: the acknowledged head stays, and the agent lives on."""

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

import pytest
from agent_rig import (
    Call,
    Memory,
    agent_of,
    batch_reply,
    heartbeat_reply,
    http,
    listening,
    receipt,
)
from device_rig import (
    CENTRAL_KEY,
    DEVICE,
    RECORD_KEY,
    configuration,
    fill,
    open_ledger,
    signed_records,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from device.agent.central import MAX_ANSWER_BYTES, Refused, WrongAnswer, retry_after_s
from device.core.errors import CentralError, CentralUnreachable
from device.core.pace import BASE_S, RETRY_AFTER_CAP_S
from device.store.home import Home
from protocol import configuration as configurations
from protocol import records
from protocol.messages import PROBLEM_TYPE

PORTAL = b"<html><title>Wi-Fi</title><form action='/login'>..."
ENDLESS = 10**9
HEARTBEATS = "/v1/heartbeats"


def endless(_call: Call) -> Iterator[bytes]:
    yield f"HTTP/1.1 200 OK\r\nContent-Length: {ENDLESS}\r\n\r\n".encode()
    while True:
        yield b" " * 65536


def cut_off(_call: Call) -> bytes:
    return http(batch_reply(receipt(3)))[:-20]


def chunked_rubbish(_call: Call) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"


def right(call: Call, **wrong: object) -> bytes:
    """A receipt for the third record as it was sent, right in all but what is ``wrong``."""
    return receipt(3, records.digest(call.batch.records[2]), **wrong)  # type: ignore[arg-type]


HOSTILE = {
    "a captive portal": lambda _: http(PORTAL, Content_Type="text/html"),
    "a portal that says JSON": lambda _: http(PORTAL),
    "nothing": lambda _: b"",
    "an empty 200": lambda _: http(),
    "a 204": lambda _: http(status=204),
    "a 304 to a batch": lambda _: http(status=304),
    "an error page": lambda _: http(b"<h1>500</h1>", 500, Content_Type="text/html"),
    "a gateway's JSON": lambda _: http(b'{"error": "bad gateway"}', 502),
    "a problem that is none": lambda _: http(PORTAL, 503, Content_Type=PROBLEM_TYPE),
    "a cut off answer": cut_off,
    "an endless answer": endless,
    "rubbish in chunks": chunked_rubbish,
    "rubbish in gzip": lambda _: http(b"not gzip", Content_Encoding="gzip"),
    "no UTF-8": lambda _: http(b'{"verdicts": [], "receipt": "\xff"}'),
    "deep JSON": lambda _: http(b'{"x":' + b"[" * 200_000),
    "a strange Retry-After": lambda _: http(
        b'{"title":"t","status":503,"code":"busy"}',
        503,
        Content_Type=PROBLEM_TYPE,
        Retry_After="\xb2",
    ),
    "a receipt by another key": lambda call: http(batch_reply(right(call, key=RECORD_KEY))),
    "a receipt for another device": lambda call: http(batch_reply(right(call, device="another"))),
    "something else that central signed": lambda _: http(
        batch_reply(configurations.sign(configuration(), CENTRAL_KEY))
    ),
    "a receipt with a bit turned": lambda call: http(
        batch_reply(right(call)[:-1] + bytes([right(call)[-1] ^ 1]))
    ),
    "a receipt for what was never written": lambda _: http(batch_reply(receipt(999, b"x" * 32))),
    "a receipt for another record of this number": lambda _: http(
        batch_reply(receipt(3, b"x" * 32))
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_but_centrals_own_receipt_moves_the_head(home: Home, name: str):
    ledger = open_ledger(home)
    fill(ledger, 5)
    with listening(HOSTILE[name]) as listener, agent_of(home, listener.url) as agent:
        with pytest.raises(CentralError):
            agent.courier.once()
        assert listener.calls
        assert agent.briefing.receipt() is None
        # The same parts go on once central answers again.
        listener.answer = Memory()
        agent.work()
        assert agent.head == 5
    ledger.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirection_is_followed_not_even_to_central(home: Home, status: int):
    ledger = open_ledger(home)
    fill(ledger, 2)
    with listening(Memory()) as central:
        portal = http(status=status, Location=f"{central.url}/v1/records")
        with listening(lambda _: portal) as listener, agent_of(home, listener.url) as agent:
            with pytest.raises(WrongAnswer):
                agent.courier.once()
            assert agent.head == 0
        assert central.calls == []
    ledger.close()


bodies = (
    st.binary(max_size=80)
    | st.just(PORTAL)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["verdicts", "receipt", "configuration", "wall_ms", "code", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=6,
    ).map(lambda content: json.dumps(content).encode())
    | st.builds(
        lambda through, device, own: batch_reply(
            receipt(through, b"h" * 32, device=device, key=CENTRAL_KEY if own else RECORD_KEY)
        ),
        st.integers(0, 9),
        st.sampled_from(["another", ""]),
        st.booleans(),
    )
)
answers = st.binary(max_size=60) | st.builds(
    lambda body, status, kind, encoding, retry: http(
        body, status, Content_Type=kind, Content_Encoding=encoding, Retry_After=retry
    ),
    bodies,
    st.sampled_from([200, 201, 204, 304, 302, 400, 401, 403, 409, 429, 500, 503, 999]),
    st.sampled_from(["application/json", "text/html", PROBLEM_TYPE, PROBLEM_TYPE + "; x"]),
    st.sampled_from(["identity", "gzip", "deflate"]),
    st.sampled_from(["1", "-1", "x", "\xb2", "Mon, 99 Foo 0000", "9" * 40]),
)


@settings(max_examples=60)
@given(st.lists(answers, min_size=1, max_size=3))
def test_no_answer_whatever_moves_the_head_or_stops_the_agent(new_home, said: list[bytes]):
    home = new_home()
    ledger = open_ledger(home)
    fill(ledger, 3)
    turns = cycle(said)
    with listening(lambda _: next(turns)) as listener, agent_of(home, listener.url) as agent:
        for _ in said:
            for ask in (agent.courier.once, lambda: agent.central.configuration("")):
                with suppress(CentralError):
                    ask()
        assert agent.briefing.receipt() is None
        assert agent.briefing.configuration() == (0, "")
    ledger.close()


def test_an_endless_answer_is_read_no_further_than_any_of_centrals(home: Home):
    sent = 0

    def counting(call: Call) -> Iterator[bytes]:
        nonlocal sent
        for piece in endless(call):
            sent += len(piece)
            yield piece

    ledger = open_ledger(home)
    fill(ledger, 1)
    with listening(counting) as listener, agent_of(home, listener.url) as agent:
        with pytest.raises(CentralUnreachable):
            agent.courier.once()
        assert sent < 4 * MAX_ANSWER_BYTES
    ledger.close()


def test_an_older_receipt_changes_nothing_and_no_batch_is_sent_over_and_over(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 5)
    hashes = {seq: records.digest(signed) for seq, signed in signed_records(home).items()}
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        agent.work()
        assert agent.head == 5
        fill(ledger, 2)
        old = http(batch_reply(receipt(3, hashes[3], issued_ms=5)))
        listener.answer = lambda _: old
        before = len(listener.calls)
        agent.work()
        assert agent.head == 5
        assert len(listener.calls) == before + 1
        assert agent.briefing.counters()["older-receipt"] == 1
        listener.answer = Memory()
        listener.answer.clock_ms = 9_000
        fill(ledger, 1)
        agent.work()
        assert agent.head == 8
    ledger.close()


@given(st.text(max_size=40) | st.sampled_from(["120", " 7 ", "Fri, 31 Dec 9999 23:59:59 GMT"]))
def test_any_retry_after_is_seconds_or_nothing(header: str):
    found = retry_after_s(header)
    assert found is None or found >= 0


@pytest.mark.parametrize(("asked", "least", "most"), [("7", 7, 9), ("999999", 900, 902)])
def test_centrals_word_on_when_to_come_back_is_honoured_up_to_a_cap(
    home: Home, asked: str, least: float, most: float, caplog
):
    problem = b'{"title":"Busy","status":503,"code":"busy"}'
    answer = http(problem, 503, Content_Type=PROBLEM_TYPE, Retry_After=asked)
    ledger = open_ledger(home)
    fill(ledger, 1)
    with listening(lambda _: answer) as listener, agent_of(home, listener.url) as agent:
        with pytest.raises(Refused) as refused:
            agent.courier.once()
        agent.courier._failed(refused.value)
        (line,) = [record.getMessage() for record in caplog.records]
        waits = float(line.rpartition("next in ")[2].removesuffix(" s)"))
        assert least <= waits <= most <= RETRY_AFTER_CAP_S + 2 * BASE_S
        assert agent.courier.once() > 0
        assert len(listener.calls) == 1, "it did not wait"
    ledger.close()


def test_each_retry_is_counted_by_its_reason(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 1)
    busy = http(b'{"title":"B","status":503,"code":"busy"}', 503, Content_Type=PROBLEM_TYPE)
    strange = json.dumps({"title": "x", "status": 503, "code": "a\nb " + "c" * 99}).encode()
    said = [
        http(PORTAL),
        busy,
        busy,
        b"",
        http(batch_reply(receipt(1, b"x" * 32))),
        http(strange, 503, Content_Type=PROBLEM_TYPE),
    ]
    with listening(lambda _: said.pop(0)) as listener, agent_of(home, listener.url) as agent:
        while said:
            with pytest.raises(CentralError) as failed:
                agent.courier.once()
            agent.courier._failed(failed.value)
            agent.courier._next_try = 0.0
        assert agent.briefing.counters() == {
            "retry.wrong-answer": 1,
            "retry.refused.busy": 2,
            "retry.unreachable": 1,
            "retry.cloned-card": 1,
            ("retry.refused.ab" + "c" * 99)[:64]: 1,
        }
        # Central must be able to read the heartbeat that reports them.
        listener.answer = Memory()
        agent.work()
        counters = listener.to(HEARTBEATS)[-1].heartbeat.counters
        assert counters["retry.refused.busy"] == 2
    ledger.close()


def test_a_card_that_was_copied_or_set_back_is_reported_and_nothing_counts_as_sent(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 4)
    with listening(Memory()) as listener, agent_of(home, listener.url) as agent:
        ahead = http(heartbeat_reply(receipt(90, b"x" * 32)))
        listener.answer = lambda call: (
            ahead if call.path == "/v1/heartbeats" else http(batch_reply(receipt(90, b"x" * 32)))
        )
        for _ in range(2):
            with pytest.raises(CentralError, match="copy of this card"):
                agent.courier.once()
        assert agent.briefing.receipt() is None
    ledger.close()


# --- configuration ----------------------------------------------------------------------------


def serving_configuration(signed: bytes, version: int, etag: str = '"e"'):
    memory = Memory()

    def answer(call: Call) -> bytes:
        if call.path == "/v1/configuration":
            return http(signed, Content_Type="application/cose", ETag=etag)
        if call.path == "/v1/heartbeats":
            return http(heartbeat_reply(memory._receipt(), version))
        return memory(call)

    return answer


def test_a_configuration_is_taken_fetched_once_and_replaced_only_by_a_newer_one(home: Home):
    signed = configurations.sign(configuration(5), CENTRAL_KEY)
    answer = serving_configuration(signed, 5)
    with listening(answer) as listener, agent_of(home, listener.url) as agent:
        # Enrolment leaves the first configuration behind without its ETag.
        agent.briefing.apply(configuration(5), signed, "")
        for _ in range(3):
            agent.courier._next_beat = 0.0
            agent.work()
        assert len(listener.to("/v1/configuration")) == 1
        assert agent.briefing.configuration() == (5, '"e"')
        newer = configurations.sign(configuration(6, hall="新区"), CENTRAL_KEY)
        listener.answer = serving_configuration(newer, 6, '"f"')
        agent.courier._next_beat = 0.0
        agent.work()
        assert listener.calls[-1].headers["if-none-match"] == '"e"'
        assert agent.briefing.configuration() == (6, '"f"')


@pytest.mark.parametrize(
    ("signed", "counted"),
    [
        (configurations.sign(configuration(3), CENTRAL_KEY), "configuration.older"),
        (configurations.sign(configuration(9), RECORD_KEY), None),
        (configurations.sign(configuration(9, device="another"), CENTRAL_KEY), None),
        (receipt(9), None),
        (PORTAL, None),
    ],
    ids=["older", "signed by another", "for another device", "a receipt", "a portal's page"],
)
def test_the_last_good_configuration_stays(home: Home, signed: bytes, counted: str | None):
    good = configurations.sign(configuration(5), CENTRAL_KEY)
    answer = serving_configuration(signed, 9)
    with listening(answer) as listener, agent_of(home, listener.url) as agent:
        agent.briefing.apply(configuration(5), good, '"e"')
        if counted:
            agent.work()
            assert agent.briefing.counters()[counted] == 1
        else:
            with pytest.raises(WrongAnswer):
                agent.courier.once()
        assert agent.briefing.configuration() == (5, '"e"')


# --- what goes out ----------------------------------------------------------------------------


def test_neither_proxy_variables_nor_netrc_change_a_request(home: Home, elsewhere, monkeypatch):
    ledger = open_ledger(home)
    fill(ledger, 1)
    netrc = elsewhere / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    with listening(lambda _: http(PORTAL)) as trap, listening(Memory()) as central:
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, trap.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(elsewhere))
        with agent_of(home, central.url) as agent:
            agent.work()
            assert agent.head == 1
        assert trap.calls == []
        assert all("authorization" not in call.headers for call in central.calls)
        # A proxy that the profile names is used.
        fill(ledger, 1)
        with agent_of(home, central.url, proxy=trap.url) as agent, pytest.raises(WrongAnswer):
            agent.courier.once()
        assert trap.calls[0].path == f"{central.url}/v1/records"
    ledger.close()


def test_an_address_of_which_no_request_can_be_made_is_like_no_answer(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 1)
    for url in ("http://.example", "http://127.0.0.1:1", "http://[::bad"):
        with agent_of(home, url) as agent, pytest.raises(CentralUnreachable):
            agent.courier.once()
    ledger.close()


def test_every_request_is_signed_and_says_what_it_is(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 3)
    ledger.count("press.surplus", 2)
    with listening(Memory()) as central, agent_of(home, central.url) as agent:
        agent.work()
        batch = central.calls[0]
        assert (batch.method, batch.path) == ("POST", "/v1/records")
        assert batch.headers["content-encoding"] == "gzip"
        assert len(gzip.decompress(batch.body)) > 0
        heartbeat = central.to(HEARTBEATS)[0].heartbeat
        assert (heartbeat.head, heartbeat.acknowledged, heartbeat.configuration) == (3, 3, 0)
        assert heartbeat.counters == {"kiosk.press.surplus": 2}
        assert heartbeat.disk_free_bytes > 0
        assert heartbeat.kiosk_running is False
        for call in central.calls:
            assert f'keyid="{DEVICE}"' in call.headers["signature-input"]
            assert "signature" in call.headers
            covered = call.headers["signature-input"].partition("(")[2].partition(")")[0]
            assert {'"@method"', '"@path"'} <= set(covered.split())
            assert ('"content-digest"' in covered) == bool(call.body)
    ledger.close()

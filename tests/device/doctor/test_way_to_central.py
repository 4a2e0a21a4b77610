"""The way to central, with real sockets, real certificates and answers that lie."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from device_rig import CENTRAL_KEY, DEVICE
from gateway import halls_own_gateway
from patient_rig import again, put

from device.checks import Level
from device.checks.patient import Patient
from device.doctor import way
from protocol import by_phone
from protocol.by_phone import VisitByPhone
from protocol.keys import SigningKey
from protocol.messages import PROBLEM_TYPE, PhoneWait, Problem

Reply = Callable[[bytes], tuple[int, str, bytes]]


@contextmanager
def answering(reply: Reply) -> Iterator[int]:
    """Something that answers HTTP on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, content = reply(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed_with(key: SigningKey) -> Reply:
    def reply(body: bytes) -> tuple[int, str, bytes]:
        asked = msgspec.json.decode(body, type=PhoneWait)
        told = VisitByPhone(DEVICE, asked.visit, ())
        return 200, "application/cose", by_phone.sign(told, key)

    return reply


def central_at(patient: Patient, url: str, ca: Path | None = None, proxy: str = "") -> Patient:
    file = patient.deployed.profile
    more = f'\nca_file = "{ca}"' if ca else ""
    more += f'\nproxy = "{proxy}"' if proxy else ""
    file.write_text(file.read_text().replace('"https://pj.example.gov.cn"', f'"{url}"{more}'))
    return again(patient.deployed)


# --- the signed answer --------------------------------------------------------------------------


def test_only_central_with_its_own_key_is_central(patient: Patient):
    with answering(signed_with(CENTRAL_KEY)) as port:
        said = way.central_answer(central_at(patient, f"http://127.0.0.1:{port}"))
    assert said.level is Level.OK


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: (200, "text/html", b"<html>Please log in</html>"),
        lambda _: (200, "application/json", b"{}"),
        lambda _: (302, "text/html", b""),
        signed_with(SigningKey.from_seed(b"x" * 32)),
    ],
    ids=["a portal", "JSON", "a redirection", "another key"],
)
def test_what_answers_without_centrals_signature_is_a_portal(patient: Patient, reply: Reply):
    with answering(reply) as port:
        said = way.central_answer(central_at(patient, f"http://127.0.0.1:{port}"))
    assert said.level is Level.FAULT
    assert "is not central" in said.sentence
    assert "portal" in said.what_to_do


def test_what_central_refuses_is_told_in_its_words(patient: Patient):
    problem = msgspec.json.encode(Problem("Device revoked", 403, "device-revoked"))
    with answering(lambda _: (403, PROBLEM_TYPE, problem)) as port:
        said = way.central_answer(central_at(patient, f"http://127.0.0.1:{port}"))
    assert (said.level, said.figures["refusal"]) == (Level.FAULT, "device-revoked")


def test_a_device_that_is_not_enrolled_cannot_ask(patient: Patient):
    patient.home.identity.unlink()
    assert way.central_answer(patient).level is Level.UNKNOWN


# --- name, connection, certificate --------------------------------------------------------------


def test_a_name_that_nobody_knows_is_a_fault(patient: Patient):
    said = way.dns(central_at(patient, "https://central.invalid"))
    assert (said.level, "central.invalid" in said.sentence) == (Level.FAULT, True)


def test_an_address_needs_no_name(patient: Patient):
    assert way.dns(central_at(patient, "https://192.0.2.7:8443")).level is Level.OK


def test_a_look_up_that_hangs_for_ever_is_left_behind(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    stuck = threading.Event()
    monkeypatch.setattr(way, "NAME_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: stuck.wait())
    try:
        said = way.dns(patient)
    finally:
        stuck.set()
    assert said.level is Level.FAULT
    assert "no answer within" in said.sentence


def test_a_port_where_nobody_listens_is_a_fault(patient: Patient):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = way.central_tls(central_at(patient, f"https://127.0.0.1:{port}"))
    assert "cannot be reached" in said.sentence


def test_a_certificate_of_the_right_authority_is_accepted(patient: Patient, tmp_path: Path):
    with halls_own_gateway(9, tmp_path, "127.0.0.1") as gate:
        url = f"https://127.0.0.1:{gate.port}"
        said = way.central_tls(central_at(patient, url, gate.certificate))
    # It is valid for a short time only, which is told too.
    assert said.level in (Level.OK, Level.WARNING)
    assert "days_left" in said.figures


def test_a_clock_that_is_behind_is_named_as_the_cause(patient: Patient, tmp_path: Path):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with halls_own_gateway(9, tmp_path, "127.0.0.1", tomorrow) as gate:
        url = f"https://127.0.0.1:{gate.port}"
        said = way.central_tls(central_at(patient, url, gate.certificate))
    assert (said.level, "not valid yet" in said.sentence) == (Level.FAULT, True)
    assert "clock" in said.what_to_do


def test_a_certificate_for_another_name_is_refused(patient: Patient, tmp_path: Path):
    with halls_own_gateway(9, tmp_path, "elsewhere.example") as gate:
        url = f"https://127.0.0.1:{gate.port}"
        said = way.central_tls(central_at(patient, url, gate.certificate))
    assert (said.level, "another name" in said.sentence) == (Level.FAULT, True)


def test_a_certificate_of_nobody_we_trust_is_refused(patient: Patient, tmp_path: Path):
    with halls_own_gateway(9, tmp_path, "127.0.0.1") as gate:
        said = way.central_tls(central_at(patient, f"https://127.0.0.1:{gate.port}"))
    assert (said.level, "not accepted" in said.sentence) == (Level.FAULT, True)


def test_what_speaks_no_tls_is_told(patient: Patient):
    with answering(lambda _: (200, "text/html", b"")) as port:
        said = way.central_tls(central_at(patient, f"https://127.0.0.1:{port}"))
    assert "does not speak TLS" in said.sentence


def test_plain_http_is_warned_of(patient: Patient):
    with answering(lambda _: (200, "text/html", b"")) as port:
        said = way.central_tls(central_at(patient, f"http://127.0.0.1:{port}"))
    assert said.level is Level.WARNING


def test_behind_a_proxy_the_proxy_is_what_is_looked_for(patient: Patient):
    with answering(lambda _: (200, "text/html", b"")) as port:
        proxy = f"http://zhao:hunter2@127.0.0.1:{port}"
        asked = central_at(patient, "https://central.invalid", proxy=proxy)
        said = [way.dns(asked), way.central_tls(asked)]
    assert [one.level for one in said] == [Level.OK, Level.UNKNOWN]
    assert "hunter2" not in str(said)


# --- the time -----------------------------------------------------------------------------------


@contextmanager
def time_server(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A time server, or something that is none, for one question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))

        def serve() -> None:
            asked, caller = line.recvfrom(512)
            line.sendto(answer(asked), caller)

        thread = threading.Thread(target=serve)
        thread.start()
        yield line.getsockname()[1]
        thread.join()


def ntp_time(ahead_s: float = 0.0, head: bytes = b"\x24\x02", echo: bool = True):
    """An answer of a server whose clock is ``ahead_s`` before ours."""

    def answer(asked: bytes) -> bytes:
        stamp = struct.pack("!II", (int(time.time() + ahead_s) + 2_208_988_800) % 2**32, 0)
        origin = asked[40:48] if echo else bytes(8)
        return head + bytes(22) + origin + stamp + stamp

    return answer


@pytest.mark.parametrize("ahead_s", [0, 3600, -86400, 20 * 365 * 86400])
def test_the_clock_is_held_against_the_servers_also_beyond_2036(ahead_s: int):
    with time_server(ntp_time(ahead_s)) as port:
        assert way.offset_s("127.0.0.1", port) == pytest.approx(ahead_s, abs=5)


@pytest.mark.parametrize(
    "answer",
    [
        lambda asked: asked,
        lambda _: b"hello",
        ntp_time(echo=False),
        ntp_time(head=b"\x24\x00"),
        ntp_time(head=b"\xe4\x02"),
    ],
    ids=["an echo", "too short", "another's answer", "a refusal", "not synchronised"],
)
def test_what_does_not_know_the_time_is_no_time_server(answer: Callable[[bytes], bytes]):
    with time_server(answer) as port, pytest.raises(way.NotTheTime):
        way.offset_s("127.0.0.1", port)


def test_servers_are_asked_until_one_answers(patient: Patient, monkeypatch: pytest.MonkeyPatch):
    put(
        patient.deployed.root,
        "etc/systemd/timesyncd.conf.d/haochaping.conf",
        "[Time]\nNTP=no.invalid 10.0.0.2\n",
    )

    def offset(server: str) -> float:
        if server.endswith("invalid"):
            raise OSError("unknown")
        return -70.0

    monkeypatch.setattr(way, "offset_s", offset)
    said = way.ntp(patient)
    assert said.level is Level.WARNING
    assert "10.0.0.2 answers; this clock is 70.00 s ahead" in said.sentence


def test_a_hall_whose_time_servers_are_silent_is_told(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    def silent(_: str) -> float:
        raise TimeoutError("timed out")

    monkeypatch.setattr(way, "offset_s", silent)
    assert way.ntp(patient).level is Level.FAULT

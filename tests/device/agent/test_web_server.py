"""The web server as a whole: where it listens, whom it turns away, how it ends."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from device_rig import soon
from hypothesis import given
from hypothesis import strategies as st
from web_rig import KEY, LOOPBACK, WindowWeb, served, window_web

from device.agent.web import door, doorstep, listening, server
from device.agent.web.door import SECURITY_HEADERS, Hosts
from device.agent.web.doorstep import Certificate
from device.core.errors import BadConfiguration
from device.store.home import Home
from device.store.profile import Console

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def web(home: Home) -> Iterator[WindowWeb]:
    with window_web(home) as web:
        yield web


def address_of(web: WindowWeb) -> tuple[str, int]:
    host, _, port = web.url.rpartition("/")[2].rpartition(":")
    return host.strip("[]"), int(port)


def say(web: WindowWeb, request: bytes, seconds: float = 10.0) -> bytes:
    """Send raw bytes and return all that comes back until the other side hangs up."""
    with socket.create_connection(address_of(web), seconds) as line:
        line.sendall(request)
        received = b""
        while piece := line.recv(65536):
            received += piece
        return received


def make_certificate(folder: Path, *names: str, serial: int = 1) -> Console:
    """A self-signed certificate for 127.0.0.1 and ``names``, as the profile names it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "window 12")])
    now = datetime.now(UTC)
    named = [x509.IPAddress(ip_address("127.0.0.1")), *(x509.DNSName(name) for name in names)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(named), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.joinpath("window.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    folder.joinpath("window.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Console(LOOPBACK.listen, str(folder / "window.pem"), str(folder / "window.key"))


# --- every answer -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/openapi.json", 200),
        ("GET", "/v1/window", 401),
        ("GET", "/no/such/page", 404),
        ("PUT", "/v1/visits", 405),
        ("OPTIONS", "/v1/visits", 204),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/v1/visits/not-an-id", 404),
    ],
)
def test_every_answer_forbids_framing_sniffing_and_keeping(
    web: WindowWeb, method: str, path: str, status: int
):
    answer = requests.request(method, web.url + path, timeout=10)
    assert answer.status_code == status
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "Server" not in answer.headers
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_failure_of_ours_tells_nothing_and_is_logged(
    web: WindowWeb, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(web.desk, "standing", lambda: fail(0))
    answer = requests.get(f"{web.url}/v1/window", headers=HEADERS, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text


def test_no_log_has_a_key_or_what_stands_behind_a_question_mark(
    web: WindowWeb, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        requests.get(f"{web.url}/v1/matters?q=hidden-words", headers=HEADERS, timeout=10)

        def ours() -> list[str]:
            records = [one for one in caplog.records if not one.name.startswith("urllib3")]
            return [one.getMessage() for one in records]

        # A request is noted after it was answered.
        assert soon(lambda: any("/v1/matters 200" in line for line in ours()))
    assert not [line for line in ours() if "hidden-words" in line or KEY in line]


# --- by which name ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.12", "", "127.0.0.1 x", "[::1]"]
)
def test_a_name_that_is_not_the_devices_is_refused(web: WindowWeb, host: str):
    """A page elsewhere whose name server says it is us (DNS rebinding)."""
    answer = requests.get(f"{web.url}/v1/window", headers=HEADERS | {"Host": host}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong-host")


def test_names_of_the_certificate_and_configured_addresses_are_the_devices():
    hosts = Hosts((("192.168.1.12", 8443), ("fd00::5", 8443)), ("window12.hall.gov.cn", "*.k.cn"))
    for name in (
        "192.168.1.12",
        "192.168.1.12:8443",
        "[fd00::5]:8443",
        "[FD00:0::5]",
        "Window12.hall.gov.cn:8443",
        "window12.hall.gov.cn.",
        "a.k.cn",
    ):
        assert hosts.accepts(name), name
    for name in ("192.168.1.13", "localhost", "a.b.k.cn", "k.cn", "127.0.0.1", "*.k.cn"):
        assert not hosts.accepts(name), name


def test_where_it_listens_everywhere_any_address_is_right_and_no_foreign_name():
    hosts = Hosts((("0.0.0.0", 8080),))  # noqa: S104 - what a profile may say
    assert hosts.accepts("10.0.0.7:8080")
    assert hosts.accepts("localhost")
    assert not hosts.accepts("rebound.example")


@given(st.text(max_size=40))
def test_no_text_makes_the_check_of_names_fail(text: str):
    assert Hosts(LOOPBACK.listen).accepts(text) in (True, False)


# --- slow, large, many ----------------------------------------------------------------------


def test_whoever_says_nothing_is_hung_up_on(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "HEAD_S", 0.3)
    monkeypatch.setattr(listening, "TICK_S", 0.05)
    with window_web(home) as web:
        assert say(web, b"") == b""
        assert say(web, b"GET /v1/window HTT") == b""
        whole = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answered = say(web, whole + b"GET /v1/win")
        assert answered.startswith(b"HTTP/1.1 200")


def test_a_body_that_does_not_come_is_given_up(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "BODY_S", 0.2)
    with window_web(home) as web:
        head = f"POST /v1/visits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        answer = say(web, head.encode())
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"too-slow"' in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GARBAGE\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_and_the_next_is_served(web: WindowWeb, request_: bytes):
    with socket.create_connection(address_of(web), 10) as line:
        try:
            line.sendall(request_)
            assert line.recv(10) == b"HTTP/1.1 4"
        except ConnectionError:
            pass  # hung up on while it was still talking
    assert requests.get(f"{web.url}/v1/window", headers=HEADERS, timeout=10).status_code == 200


def test_a_crowd_at_one_address_does_not_keep_others_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doorstep, "MAX_PER_ADDRESS", 3)
    with window_web(home) as web:
        address = address_of(web)
        crowd = [socket.create_connection(address, 10) for _ in range(3)]
        with socket.create_connection(address, 10) as fourth:
            assert fourth.recv(1) == b""  # turned away at once
        other = socket.create_connection(address, 10, source_address=("127.0.0.2", 0))
        with closing(other):
            other.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert other.recv(15) == b"HTTP/1.1 200 OK"
        for one in crowd:
            one.close()

        def served_again() -> bool:
            try:
                return requests.get(f"{web.url}/v1/openapi.json", timeout=10).ok
            except requests.ConnectionError:
                return False

        assert soon(served_again)


# --- addresses and certificates -------------------------------------------------------------


def test_several_addresses_are_served(home: Home):
    console = Console((("127.0.0.1", 0), ("127.0.0.3", 0), ("::1", 0)))
    with served(home, console=console) as web:
        assert len(web.server.urls) == 3
        for url in web.server.urls:
            assert requests.get(f"{url}/v1/openapi.json", timeout=10).status_code == 200


def test_an_address_that_is_taken_is_tried_again_and_others_are_served(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(listening, "RETRY_S", 0.1)
    monkeypatch.setattr(listening, "TICK_S", 0.05)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    console = Console((("127.0.0.1", port), ("127.0.0.1", 0)))
    with served(home, console=console, at_once=1) as web:
        assert requests.get(f"{web.url}/v1/openapi.json", timeout=10).status_code == 200
        assert f"cannot listen on 127.0.0.1:{port} yet" in caplog.text
        taken.close()
        assert soon(lambda: len(web.server.urls) == 2)
        late = f"http://127.0.0.1:{port}/v1/openapi.json"
        assert requests.get(late, timeout=10).status_code == 200
    assert caplog.text.count("cannot listen") == 1


def test_plain_http_beyond_this_machine_is_warned_of(home: Home, caplog: pytest.LogCaptureFixture):
    with served(home):
        assert "plain HTTP" not in caplog.text
    with served(home, console=Console((("0.0.0.0", 0),))):  # noqa: S104
        assert "speaks plain HTTP" in caplog.text


def test_with_a_certificate_it_speaks_tls_and_nothing_else(home: Home, elsewhere: Path):
    console = make_certificate(elsewhere, "localhost")
    with served(home, console=console) as web:
        port = web.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            url = f"https://{host}:{port}/v1/openapi.json"
            assert requests.get(url, verify=console.certificate, timeout=10).status_code == 200
        with pytest.raises(requests.RequestException):
            requests.get(f"http://127.0.0.1:{port}/v1/openapi.json", timeout=10)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("127.0.0.1", int(port)), 10) as line,
            pytest.raises(ssl.SSLError),
        ):
            old.wrap_socket(line)


def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(elsewhere: Path):
    console = make_certificate(elsewhere, "localhost")
    certificate = Certificate(console)
    assert certificate.names() == ("localhost",)
    assert certificate.renew() is False
    make_certificate(elsewhere, "window12", serial=2)
    assert certificate.renew() is True
    Path(console.certificate).write_text("no certificate")
    with pytest.raises(BadConfiguration, match="no certificate with its key"):
        certificate.renew()
    assert certificate.renew() is False  # told once


def test_a_certificate_that_cannot_be_read_never_means_plain_http(
    home: Home, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(server, "CERTIFICATE_S", 0.1)
    console = make_certificate(elsewhere)
    whole = Path(console.certificate).read_text()
    Path(console.certificate).write_text("half a certificate")
    mended = threading.Timer(0.3, Path(console.certificate).write_text, (whole,))
    mended.start()
    with served(home, console=console) as web:
        assert web.url.startswith("https://")
        assert "waits for its certificate" in caplog.text
    mended.join()


# --- the end ------------------------------------------------------------------------------


def test_it_ends_though_callers_are_connected(home: Home):
    with window_web(home) as web:
        idle = [socket.create_connection(address_of(web), 10) for _ in range(5)]
        for line in idle:  # answered once, so that it has surely been let in
            host, port = address_of(web)
            asked = f"GET /v1/openapi.json HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
            line.sendall(asked.encode())
            assert line.recv(8) == b"HTTP/1.1"
        began = time.monotonic()
    for line in idle:
        while line.recv(65536):
            pass
        line.close()
    assert not web.server._thread.is_alive()
    assert time.monotonic() - began < 10

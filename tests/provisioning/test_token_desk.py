"""Whoever answers in central's place: nothing it says is believed, and no key follows it."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from protocol.enrolment_tokens import TokenState
from provisioning.errors import CentralRefuses, CentralUnreachable, KeyRefused
from provisioning.tokens import KEY_VARIABLE, TokenDesk, read_key

KEY = "hcr_very-secret"
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
GIVEN = {
    "token": TOKEN,
    "window": "W12",
    "hall": "H",
    "expires_ms": 1_800_000_000_000,
    "replaces": None,
    "central_key": {"algorithm": -8, "key": "AAAA"},
}


class Answers:
    """What a server on this machine answers next, and what it was asked."""

    def __init__(self) -> None:
        self.next: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""

    def problem(self, status: int, code: str, **headers: str) -> None:
        body = {"title": "No", "status": status, "code": code, "detail": "Because."}
        kind = {"Content-Type": "application/problem+json"}
        self.next.append((status, {**kind, **headers}, json.dumps(body).encode()))

    def json(self, status: int, body: object) -> None:
        self.next.append((status, {"Content-Type": "application/json"}, json.dumps(body).encode()))


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Answers]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.asked.append((self.path, dict(self.headers), json.loads(body)))
            status, headers, content = answers.next.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{server.server_address[1]}"
    if certificate is not None:
        answers.url = f"https://localhost:{server.server_address[1]}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as place:
        yield place


def make(desk: TokenDesk, **changes: Any) -> Any:
    wish = {"window": "W12", "hall": "H", "name": "w12", "days": 14, **changes}
    return desk.make(**wish)


def test_a_token_is_asked_for_with_the_key_in_a_header_only(answers: Answers):
    answers.json(201, GIVEN)
    with TokenDesk(answers.url, KEY) as desk:
        granted = make(desk)
    [(path, headers, body)] = answers.asked
    assert path == "/v1/enrolment-tokens"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body == {"window": "W12", "days": 14, "replace": False, "name": "w12"}
    assert granted.enrolment.token == TOKEN
    assert granted.enrolment.issued_ms == GIVEN["expires_ms"] - 14 * 86_400_000  # type: ignore[operator]
    assert TOKEN not in repr(granted)


def test_central_is_given_the_time_it_asks_for(answers: Answers):
    answers.problem(429, "too-many", **{"Retry-After": "7"})
    answers.problem(503, "busy", **{"Retry-After": "99999"})
    answers.json(200, {"state": "unused", "device": None, "window": "W12", "expires_ms": 1})
    waited: list[float] = []
    with TokenDesk(answers.url, KEY, wait=waited.append) as desk:
        assert desk.status(TOKEN).state is TokenState.UNUSED
    assert waited == [7, 120]


def test_a_refusal_says_what_central_said(answers: Answers):
    answers.problem(404, "unknown-window")
    with TokenDesk(answers.url, KEY) as desk, pytest.raises(CentralRefuses, match="Because") as no:
        make(desk)
    assert no.value.code == "unknown-window"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_never_repeated(answers: Answers, status: int):
    answers.problem(status, "not-allowed")
    with TokenDesk(answers.url, KEY) as desk, pytest.raises(KeyRefused) as refused:
        desk.status(TOKEN)
    assert KEY not in str(refused.value) and TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "kind", "content"),
    [
        (200, "text/html", b"<html>Please log in</html>"),
        (201, "text/html", b"<html>Please log in</html>"),
        (201, "application/json", b"{}"),
        (201, "application/json", b'{"token": 7}'),
        (201, "application/json", b"\xff" * 100),
        (201, "application/json", b" " * 70_000),
        (502, "text/html", b"Bad gateway"),
        (403, "text/html", b"Forbidden by your proxy"),
        (409, "application/problem+json", b"{}"),
    ],
)
def test_an_answer_that_is_not_centrals_is_no_answer(
    answers: Answers, status: int, kind: str, content: bytes
):
    answers.next.append((status, {"Content-Type": kind}, content))
    with TokenDesk(answers.url, KEY) as desk, pytest.raises(CentralUnreachable) as lost:
        make(desk)
    assert KEY not in str(lost.value)


def test_the_key_does_not_follow_to_another_address(answers: Answers):
    with serving() as other:
        answers.next.append((307, {"Location": other.url + "/v1/enrolment-tokens"}, b""))
        with TokenDesk(answers.url, KEY) as desk, pytest.raises(CentralUnreachable):
            make(desk)
        assert other.asked == []


def test_the_environment_changes_nothing(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    answers.json(201, GIVEN)
    with TokenDesk(answers.url, KEY) as desk:
        make(desk)
    assert answers.asked[0][1]["Authorization"] == f"Bearer {KEY}"


def own_certificate(file: Path) -> Path:
    """A certificate for localhost that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def test_only_the_fleets_authority_is_trusted(tmp_path: Path):
    right, other = own_certificate(tmp_path / "right.pem"), own_certificate(tmp_path / "other.pem")
    with serving(right) as answers:
        answers.json(201, GIVEN)
        with TokenDesk(answers.url, KEY, right) as desk:
            assert make(desk).enrolment.token == TOKEN
        with (
            TokenDesk(answers.url, KEY, other) as desk,
            pytest.raises(CentralUnreachable, match="ca_file"),
        ):
            make(desk)
        with (
            TokenDesk(answers.url, KEY) as desk,
            pytest.raises(CentralUnreachable, match="ca_file"),
        ):
            make(desk)
        assert len(answers.asked) == 1


def test_another_hall_than_the_fleet_files_is_refused(answers: Answers):
    answers.json(201, GIVEN)
    with TokenDesk(answers.url, KEY) as desk, pytest.raises(CentralRefuses, match="hall H") as no:
        make(desk, hall="other")
    assert TOKEN not in str(no.value)


# --- the technician's key ------------------------------------------------------------------------


def test_the_key_comes_from_a_file_that_nobody_else_reads(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="ascii")
    file.chmod(0o600)
    assert read_key(file, None) == KEY
    file.chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key(file, None)


def test_or_from_the_environment_or_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert read_key(None, lambda _question: KEY) == KEY
    monkeypatch.setenv(KEY_VARIABLE, "hcr_other")
    assert read_key(None, None) == "hcr_other"


@pytest.mark.parametrize("typed", ["", "two words", "密码", "a\x00b"])
def test_what_is_no_key_is_refused(monkeypatch: pytest.MonkeyPatch, typed: str):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(KeyRefused):
        read_key(None, lambda _question: typed)


def test_a_key_file_that_is_none_is_said_without_its_content(tmp_path: Path):
    file = tmp_path / "key"
    file.write_bytes("密码".encode())
    file.chmod(0o600)
    with pytest.raises(KeyRefused, match="cannot be read") as refused:
        read_key(file, None)
    assert "密码" not in str(refused.value)

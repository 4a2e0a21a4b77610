"""The way to central, step by step: name, connection, certificate, signed answer; and the time.

Only the doctor opens connections. Each step has its limit, also where a library has none: a
name look-up can hang beyond every timeout (urllib3#1334), so it gets a thread that is left
behind. The signed answer alone proves central: a portal answers 200 too.
"""

import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.patient import Patient
from device.checks.services import time_servers
from device.core.errors import CentralError, DeviceError, NotEnrolled
from device.store.identity import load_identity, load_key, read_seed

NAME_S = 5.0
CONNECT_S = 5.0
ANSWER_S = 40.0
NTP_S = 2.0
SOON_DAYS = 14
_1900_TO_1970_S = 2_208_988_800
_NOT_YET, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 64)
"""OpenSSL's X509_V_ERR_*."""

T = TypeVar("T")


class TooLong(DeviceError, TimeoutError):
    """A step that took longer than it may; its thread is left behind."""


class Place(NamedTuple):
    """Where central, or the proxy before it, is to be found."""

    host: str
    port: int
    tls: bool
    proxy: bool


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` returns, or raise what it raises. Raises `TooLong`."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again, in the thread that asked
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TooLong(f"no answer within {seconds:.0f} s")
    return results[0]


def _place(patient: Patient) -> Place | None:
    if patient.profile is None:
        return None
    central = patient.profile.central
    parts = urlsplit(central.proxy or central.url)
    standard = 443 if parts.scheme == "https" else 80
    tls = parts.scheme == "https" and not central.proxy
    return Place(parts.hostname or "", parts.port or standard, tls, bool(central.proxy))


def _no_profile(code: str) -> Finding:
    return unknown(code, "Without a readable configuration central's address is not known.")


def dns(patient: Patient) -> Finding:
    """Does central's name lead to an address, within a limit?"""
    code = "dns"
    place = _place(patient)
    if place is None:
        return _no_profile(code)
    what = "the proxy" if place.proxy else "central"
    try:
        ip_address(place.host)
    except ValueError:
        pass
    else:
        return ok(code, f"{what.capitalize()} is given by its address; no name is looked up.")
    began = time.monotonic()
    try:
        found = within(NAME_S, lambda: socket.getaddrinfo(place.host, place.port, proto=6))
    except TooLong:
        return fault(
            code,
            f"The look-up of {place.host} had no answer within {NAME_S:.0f} s.",
            "The name server does not answer: check its address and the firewall (port 53).",
        )
    except (OSError, UnicodeError) as error:
        return fault(
            code,
            f"{place.host} is not known: {getattr(error, 'strerror', None) or error}.",
            "Check the name in central.url and the name servers that DHCP gives.",
        )
    took_ms = round((time.monotonic() - began) * 1000)
    where = ", ".join(dict.fromkeys(str(one[4][0]) for one in found))
    return ok(code, f"{place.host} is {where} ({took_ms} ms).", took_ms=took_ms)


def central_tls(patient: Patient) -> Finding:
    """Can central be connected to, and is its certificate accepted?"""
    code = "central-tls"
    place = _place(patient)
    if place is None or patient.profile is None:
        return _no_profile(code)
    began = time.monotonic()
    try:
        line = within(
            NAME_S + CONNECT_S,
            lambda: socket.create_connection((place.host, place.port), CONNECT_S),
        )
    except (OSError, UnicodeError) as error:
        return fault(
            code,
            f"{place.host} port {place.port} cannot be reached: "
            f"{getattr(error, 'strerror', None) or error}.",
            "Check the cable, the gateway and the firewall between the hall and central.",
        )
    with line:
        took_ms = round((time.monotonic() - began) * 1000)
        if place.proxy:
            return unknown(
                code,
                f"The proxy {place.host} answers ({took_ms} ms); central's certificate is seen "
                "behind it alone.",
                "See central-answer.",
                took_ms=took_ms,
            )
        if not place.tls:
            return warning(
                code,
                f"{place.host} answers ({took_ms} ms), without encryption (http://).",
                "For a trial only: use https:// in the fleet file.",
                took_ms=took_ms,
            )
        return _shake_hands(code, line, place, patient.profile.central.ca_file)


def _shake_hands(code: str, line: socket.socket, place: Place, ca_file: str) -> Finding:
    try:
        import certifi  # what requests takes where the profile names no authority

        context = ssl.create_default_context(cafile=ca_file or certifi.where())
        line.settimeout(CONNECT_S)
        with context.wrap_socket(line, server_hostname=place.host) as shaken:
            certificate, version = shaken.getpeercert() or {}, shaken.version()
    except ssl.SSLCertVerificationError as error:
        return _distrust(code, error)
    except (OSError, ValueError) as error:
        return fault(
            code,
            f"{place.host} does not speak TLS: {getattr(error, 'reason', None) or error}.",
            "Something between changes the connection, or central.url has the wrong port.",
        )
    until = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((until - time.time()) // 86400)
    if days < SOON_DAYS:
        return warning(
            code,
            f"Central's certificate ends in {days} days.",
            "Have it renewed at central; devices stop talking to it on that day.",
            days_left=days,
        )
    return ok(
        code, f"Central's certificate is accepted, for {days} days ({version}).", days_left=days
    )


def _distrust(code: str, error: ssl.SSLCertVerificationError) -> Finding:
    now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    if error.verify_code == _NOT_YET:
        return fault(
            code,
            f"Central's certificate is not valid yet: this device's clock shows {now} UTC.",
            "The clock is behind: see clock and ntp. It goes on by itself when the time is right.",
        )
    if error.verify_code == _EXPIRED:
        return fault(
            code,
            f"Central's certificate has expired, if this device's clock ({now} UTC) is right.",
            "Compare the clock; then have the certificate renewed at central.",
        )
    if error.verify_code in _OTHER_NAMES:
        return fault(
            code,
            "Whoever answers has a certificate for another name.",
            "Check central.url; a captive portal answers like this too.",
        )
    return fault(
        code,
        f"Central's certificate is not accepted: {error.verify_message}.",
        "ca.pem is not of the authority that made it, or something between answers instead.",
    )


def central_answer(patient: Patient) -> Finding:
    """Does central itself answer a signed question, with a signature of its own?"""
    code = "central-answer"
    if patient.profile is None:
        return _no_profile(code)
    from device.agent.central import CentralService, Refused, WrongAnswer

    profile, home = patient.profile, patient.home
    read_seed(home.transport_key)  # its PermissionError says: as root
    try:
        identity = load_identity(home)
        service = CentralService(profile.central, identity, load_key(home.transport_key))
    except NotEnrolled as error:
        return unknown(code, f"{error}.", "Central answers only devices that it knows.")
    began = time.monotonic()
    try:
        # A visit that there never was: asked about, it changes nothing at central.
        within(ANSWER_S, lambda: service.by_phone(uuid4(), 0, 0))
    except Refused as error:
        return fault(
            code,
            f"Central refuses this device: {error.problem.code} ({error.problem.title}).",
            "haochaping central devices shows it there; a revoked device is enrolled anew.",
            refusal=error.problem.code,
        )
    except WrongAnswer as error:
        return fault(
            code,
            f"Something answers that is not central: {error}.",
            "A captive portal or a proxy: have this device let through without a log-in.",
        )
    except (CentralError, TooLong) as error:
        return fault(
            code,
            f"No answer: {error}.",
            "The findings before this one show at which step the way ends.",
        )
    finally:
        service.close()
    took_ms = round((time.monotonic() - began) * 1000)
    return ok(code, f"Central answered, signed with its key ({took_ms} ms).", took_ms=took_ms)


def ntp(patient: Patient) -> Finding:
    """Do the hall's time servers answer, and how far off is this clock? (RFC 5905, as SNTP)"""
    code = "ntp"
    servers = time_servers(patient)[:3]
    if not servers:
        return unknown(
            code,
            "No time server is named for this device.",
            "Set ntp in the fleet file: a hall without internet needs one of its own.",
        )
    failures = []
    for server in servers:
        try:
            off_s = within(NAME_S + NTP_S, lambda server=server: offset_s(server))  # type: ignore[misc]
        except (OSError, UnicodeError, DeviceError) as error:
            failures.append(f"{server}: {getattr(error, 'strerror', None) or error}")
            continue
        side = "behind" if off_s > 0 else "ahead"
        said = f"{server} answers; this clock is {abs(off_s):.2f} s {side}."
        if abs(off_s) > 2.0:
            return warning(
                code,
                said,
                "It is set within minutes: systemctl status systemd-timesyncd; timedatectl.",
                offset_s=round(off_s, 3),
            )
        return ok(code, said, offset_s=round(off_s, 3))
    return fault(
        code,
        f"No time server answers: {'; '.join(failures)}.",
        "Is UDP port 123 let through, and does the server run? Without the time, certificates "
        "are refused after a power cut.",
    )


class NotTheTime(DeviceError, ValueError):
    """An answer that is none of a time server's."""


def offset_s(server: str, port: int = 123) -> float:
    """Return by how many seconds this clock is behind ``server``'s (RFC 5905, section 8).

    Raises `OSError` or `NotTheTime`.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as line:
        line.settimeout(NTP_S)
        line.connect(address)
        cookie = secrets.token_bytes(8)  # not our time: it only ties the answer to the question
        sent = time.time()
        line.send(b"\x23" + bytes(39) + cookie)
        answer = line.recv(512)
        came = time.time()
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != cookie:
        raise NotTheTime("something answers that is no time server")
    if not 1 <= answer[1] <= 15 or answer[0] >> 6 == 3:
        raise NotTheTime("the server does not know the time itself")
    received, transmitted = _unix_s(answer[32:40]), _unix_s(answer[40:48])
    return ((received - sent) + (transmitted - came)) / 2


def _unix_s(stamp: bytes) -> float:
    """Return an NTP time stamp as seconds since 1970; NTP begins anew in 2036 (RFC 4330)."""
    seconds, fraction = struct.unpack("!II", stamp)
    era = 0 if seconds & 1 << 31 else 1 << 32
    since_1900: float = seconds + era + fraction / 2**32
    return since_1900 - _1900_TO_1970_S

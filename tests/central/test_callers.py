"""Whose address counts: nobody can make one up, however many headers they send."""

import ipaddress
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from litestar import Request

from central.addresses import UNKNOWN, caller
from central.database import sqlite_url
from central.errors import Mistakes
from central.settings import Settings, read_settings

PROXIES = ("127.0.0.1", "::1", "10.0.0.0/24")


def who(
    peer: str | None, *forwarded: str, proxies: tuple[str, ...] = PROXIES, field: str = ""
) -> str:
    name = (field or "x-forwarded-for").encode()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "client": None if peer is None else (peer, 40000),
        "headers": [(name, line.encode("latin-1")) for line in forwarded],
    }
    data = Path("data")
    settings = Settings(data=data, database=sqlite_url(data / "central.db"), proxies=proxies)
    request: Request[Any, Any, Any] = Request(scope)  # type: ignore[arg-type]
    return caller(request, settings)


def test_without_a_proxy_it_is_whoever_is_at_the_other_end() -> None:
    assert who("203.0.113.9") == "203.0.113.9"


def test_nobody_else_is_believed() -> None:
    assert who("203.0.113.9", "198.51.100.1") == "203.0.113.9"


def test_a_proxy_of_ours_is_believed() -> None:
    assert who("127.0.0.1", "198.51.100.1") == "198.51.100.1"
    assert who("10.0.0.77", "198.51.100.1") == "198.51.100.1"
    assert who("127.0.0.1") == "127.0.0.1"


def test_only_the_last_address_that_is_not_ours_counts() -> None:
    assert who("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.5") == "198.51.100.1"
    assert who("127.0.0.1", "1.2.3.4", "198.51.100.1", "10.0.0.5") == "198.51.100.1"


def test_a_flood_of_addresses_does_not_hide_the_one_that_our_proxy_saw() -> None:
    assert who("127.0.0.1", "1.2.3.4, " * 500 + "198.51.100.1") == "198.51.100.1"


def test_what_cannot_be_read_ends_the_search() -> None:
    assert who("127.0.0.1", "1.2.3.4, nonsense, 10.0.0.5") == "10.0.0.5"
    assert who("127.0.0.1", "") == "127.0.0.1"


@pytest.mark.parametrize(
    ("hop", "read"),
    [
        ("198.51.100.1:5555", "198.51.100.1"),
        ("[2001:db8::7]:5555", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_one_address_has_one_form(hop: str, read: str) -> None:
    assert who("127.0.0.1", hop) == read


def test_a_proxy_on_a_socket_of_both_families_is_known_again() -> None:
    assert who("::ffff:127.0.0.1", "198.51.100.1") == "198.51.100.1"


def test_a_caller_without_an_address_has_a_name() -> None:
    assert who(None, "198.51.100.1") == UNKNOWN


def test_if_no_proxy_is_trusted_no_header_is_read() -> None:
    assert who("127.0.0.1", "198.51.100.1", proxies=()) == "127.0.0.1"


def test_a_proxy_that_is_no_address_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('proxies = ["10.0.0.0/24", "gate.example"]\n')
    with pytest.raises(Mistakes, match="proxies: expected addresses or networks"):
        read_settings(tmp_path)


_LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=100)


@given(st.lists(_LATIN, max_size=4))
@example(["," * 5000])
def test_hostile_headers_give_an_address_all_the_same(lines: list[str]) -> None:
    assert ipaddress.ip_address(who("127.0.0.1", *lines))


@given(st.lists(_LATIN, max_size=4), st.ip_addresses())
def test_nothing_sent_changes_what_our_proxy_saw(lines: list[str], true: object) -> None:
    seen = ipaddress.ip_address(str(true))
    honest = who("127.0.0.1", str(seen))
    if honest in ("127.0.0.1", "::1") or honest.startswith("10.0.0."):
        return  # one of our own proxies
    assert who("127.0.0.1", *lines, str(seen)) == honest


# --- a central as it is served ---------------------------------------------------------------


def guess(url: str, forwarded: str) -> int:
    """Ask for a receipt code that does not exist, as if for somebody else; the status."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"X-Forwarded-For": forwarded}
        answer = session.post(
            f"{url}/v1/receipts", json={"code": "ZZZZZZZZ"}, headers=headers, timeout=20
        )
    return answer.status_code


@pytest.mark.parametrize("proxies", ["127.0.0.1", ""])
def test_limits_are_of_the_address_that_a_proxy_of_ours_tells(tmp_path: Path, proxies: str) -> None:
    (tmp_path / "central.toml").write_text(
        f"proxies = {[proxies] if proxies else []}\n[phone]\nwrong_codes_per_hour = 1\n"
    )
    variables = {**os.environ, "FORWARDED_ALLOW_IPS": "*", "HAOCHAPING_CENTRAL_DATA": str(tmp_path)}
    command = [sys.executable, "-c", "from central.cli import main; main()"]
    subprocess.run([*command, "init"], env=variables, check=True, capture_output=True)
    with subprocess.Popen(
        [*command, "serve", "--port", "0"],
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[-1]
        first = guess(url, "198.51.100.1")
        again = guess(url, "9.9.9.9, 198.51.100.1")
        other = guess(url, "198.51.100.2")
        served.send_signal(signal.SIGTERM)
        _, log = served.communicate(timeout=20)
    assert (first, again, other) == ((404, 429, 404) if proxies else (404, 429, 429))
    assert f"X-Forwarded-For is believed from {proxies or 'nobody'}" in log
    assert "198.51.100" not in log
    assert "ZZZZZZZZ" not in log

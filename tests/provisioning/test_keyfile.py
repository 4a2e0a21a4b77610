"""NetworkManager reads our keyfile with GLib; what GLib reads is what was meant."""

import configparser
import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import ProvisioningError
from provisioning.fleet import Network
from provisioning.keyfile import escaped, render, ssid

GLIB = ctypes.CDLL("libglib-2.0.so.0")
GLIB.g_key_file_new.restype = ctypes.c_void_p
GLIB.g_key_file_get_string.restype = ctypes.c_char_p
GLIB.g_key_file_free.argtypes = [ctypes.c_void_p]
GLIB.g_key_file_load_from_data.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_void_p,
]
GLIB.g_key_file_get_string.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_void_p,
]


def read(text: str, group: str, key: str) -> str | None:
    """What GLib finds; None for nothing."""
    file = GLIB.g_key_file_new()
    try:
        encoded = text.encode()
        assert GLIB.g_key_file_load_from_data(file, encoded, len(encoded), 0, None), text
        found = GLIB.g_key_file_get_string(file, group.encode(), key.encode(), None)
        return None if found is None else found.decode()
    finally:
        GLIB.g_key_file_free(file)


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63)
names = st.text(min_size=1, max_size=32).filter(lambda name: 1 <= len(name.encode()) <= 32)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \t\n\\;#=[")))
def test_any_text_reads_back_as_it_was_meant(text: str):
    assert read(f"[a]\nb={escaped(text)}\n", "a", "b") == text


@given(printable)
def test_every_password_of_a_wireless_network_reads_back(secret: str):
    text = render(Network("wifi", ssid="hall", password=secret), "w12")
    assert read(text, "wifi-security", "psk") == secret
    assert read(text, "wifi-security", "key-mgmt") == "wpa-psk"


@given(names)
def test_every_name_of_a_wireless_network_is_text_or_its_bytes(name: str):
    written = ssid(name)
    if written == name:
        assert not all(c.isdigit() or c in "; " for c in name)
        assert read(f"[wifi]\nssid={written}\n", "wifi", "ssid") == name
    else:
        assert bytes(int(number) for number in written.split(";")[:-1]) == name.encode()


def test_a_name_of_digits_is_not_taken_for_a_list_of_bytes():
    assert ssid("12345") == "49;50;51;52;53;"
    assert ssid("Hall-2 west") == "Hall-2 west"


@pytest.mark.parametrize("name", ["", "x" * 33, "厅" * 11])
def test_a_name_that_no_network_can_have_is_refused(name: str):
    with pytest.raises(ProvisioningError, match="1 to 32"):
        ssid(name)


@pytest.mark.parametrize("secret", ["short", "x" * 65, "密码密码密码密码", "tab\there now"])
def test_a_password_that_no_network_can_have_is_refused_and_not_told(secret: str):
    with pytest.raises(ProvisioningError) as refused:
        render(Network("wifi", ssid="hall", password=secret), "w12")
    assert secret not in str(refused.value)


def test_an_open_network_has_no_security():
    assert "[wifi-security]" not in render(Network("wifi", ssid="hall"), "w12")


def test_ethernet_by_dhcp_is_tried_for_ever():
    text = render(Network(), "w12")
    assert read(text, "connection", "type") == "ethernet"
    assert read(text, "connection", "autoconnect-retries") == "0"
    assert read(text, "ipv4", "method") == "auto"
    assert read(text, "ipv6", "method") == "auto"


def test_a_fixed_address_comes_with_its_gateway_and_servers():
    network = Network(
        address="10.1.2.3/24", gateway="10.1.2.1", dns=("10.0.0.2", "10.0.0.3", "fd00::2")
    )
    text = render(network, "w12")
    assert read(text, "ipv4", "method") == "manual"
    assert read(text, "ipv4", "address1") == "10.1.2.3/24,10.1.2.1"
    assert read(text, "ipv4", "dns") == "10.0.0.2;10.0.0.3;"
    assert read(text, "ipv6", "dns") == "fd00::2;"


def test_a_fixed_ipv6_address_needs_no_other():
    text = render(Network(address="fd00::3/64", gateway="fd00::1"), "w12")
    assert read(text, "ipv6", "address1") == "fd00::3/64,fd00::1"
    assert read(text, "ipv4", "method") == "disabled"


def test_first_boot_reads_it_too():
    """Its fallback for images without NetworkManager is Python's own parser."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(render(Network(address="10.1.2.3/24", gateway="10.1.2.1"), "w12"))
    assert parser["ipv4"]["address1"] == "10.1.2.3/24,10.1.2.1"


def test_the_same_device_keeps_its_connection():
    assert render(Network(), "w12") == render(Network(), "w12") != render(Network(), "w13")


@pytest.mark.parametrize("wrong", [{"address": "10.1.2.300/24"}, {"dns": ("router",)}])
def test_an_address_that_is_none_is_refused(wrong: dict[str, object]):
    with pytest.raises(ProvisioningError, match="addresses"):
        render(Network(**wrong), "w12")  # type: ignore[arg-type]

"""Whether there is a network is read from the kernel's own tables."""

from pathlib import Path

import pytest

from device.agent.links import missing_network

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LAN = "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
DOWN = LAN.replace("0001", "0000")
LOOP6 = f"{'0' * 31}1 80 {'0' * 32} 00 {'0' * 32} 00000000 00000002 00000000 80200001 lo\n"
LINK6 = f"fe80{'0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000001 00000000 00000001 eth0\n"
NONE6 = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n"
LAN6 = f"fd12{'0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000001 00000000 00000001 eth0\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    for name in ("eth0", "lo", "wlan0"):
        (tmp_path / "net" / name).mkdir(parents=True)
        (tmp_path / "net" / name / "operstate").write_text("down\n")
    return tmp_path


def missing(kernel: Path, ipv4: str, ipv6: str, host: str = "central.example") -> str:
    (kernel / "route").write_text(ipv4)
    (kernel / "ipv6_route").write_text(ipv6)
    return missing_network(host, kernel, kernel / "net")


@pytest.mark.parametrize(
    ("ipv4", "ipv6"), [(HEAD + LAN, ""), (HEAD, LAN6), (HEAD + DOWN, LOOP6 + LINK6 + LAN6)]
)
def test_a_hall_without_a_way_out_is_a_network(kernel: Path, ipv4: str, ipv6: str):
    assert missing(kernel, ipv4, ipv6) == ""


@pytest.mark.parametrize(
    ("ipv4", "ipv6"), [("", ""), (HEAD, LOOP6 + LINK6 + NONE6), (HEAD + DOWN, "")]
)
def test_without_an_address_of_its_own_it_is_none_and_the_ports_are_named(
    kernel: Path, ipv4: str, ipv6: str
):
    assert missing(kernel, ipv4, ipv6) == "no address yet (eth0 down, wlan0 down)"


def test_a_kernel_that_tells_nothing_has_no_network(kernel: Path):
    assert missing_network("x", kernel / "no", kernel / "no") == "there is no network interface"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_central_on_this_very_machine_needs_none(kernel: Path, host: str):
    assert missing(kernel, HEAD, "", host) == ""

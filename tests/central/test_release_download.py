"""A device fetches a release over a link that breaks, from a central that has others to serve."""

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import requests
from central_rig import Device, RunningCentral, problem_code
from hypothesis import given
from hypothesis import strategies as st
from release_rig import write_public, write_release

from central import releases
from central.errors import Refused
from central.releases_api import Part, part_of
from central.service import now_ms


@pytest.fixture
def content(central: RunningCentral, tmp_path: Path) -> tuple[str, bytes]:
    """A release that central holds: its name and its bytes."""
    file, _ = write_release(tmp_path, size=300_000)
    return add(central, file), file.read_bytes()


def add(place: RunningCentral, file: Path) -> str:
    check = releases.checking(write_public(file.parent / "maker.pem"))
    kept = releases.keep(file, place.central.settings.releases, check)
    with place.database.writing() as connection:
        releases.note(connection, kept, "tests", now_ms())
    return kept.manifest.name


def fetch(device: Device, name: str, **headers: str) -> requests.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return device.call("GET", f"/v1/releases/{name}", headers=named)


def test_a_device_gets_the_very_bytes(device: Device, content: tuple[str, bytes]) -> None:
    name, whole = content
    answer = fetch(device, name)
    assert (answer.status_code, answer.content) == (200, whole)
    digest = hashlib.sha256(whole)
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    coded = base64.b64encode(digest.digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{coded}:"
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(whole)


def test_a_broken_download_goes_on_where_it_stopped(
    device: Device, content: tuple[str, bytes]
) -> None:
    name, whole = content
    tag = fetch(device, name).headers["etag"]
    got = b""
    while len(got) < len(whole):
        more = {"Range": f"bytes={len(got)}-{len(got) + 99_999}", "If_Range": tag}
        answer = fetch(device, name, **more)
        assert answer.status_code == 206
        end = len(got) + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {len(got)}-{end}/{len(whole)}"
        got += answer.content
    assert got == whole
    rest = fetch(device, name, Range="bytes=299000-")
    assert (rest.status_code, rest.content) == (206, whole[299_000:])
    changed = fetch(device, name, Range="bytes=5-", If_Range='"another"')
    assert (changed.status_code, changed.content) == (200, whole)
    beyond = fetch(device, name, Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, problem_code(beyond)) == (416, "bad-range")
    assert beyond.headers["content-range"] == f"bytes */{len(whole)}"


@given(st.integers(1, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_what_the_rfc_says(size: int, first: int, last: int) -> None:
    whole = bytes(range(size))

    def got(asked: str) -> bytes | None:
        try:
            part = part_of(asked, size) or Part(0, size)
        except Refused as error:
            assert error.problem.status == 416
            return None
        return whole[part.first : part.first + part.length]

    between = whole[first : last + 1] or None
    assert got(f"bytes={first}-{last}") == (whole if last < first else between)
    assert got(f"bytes={first}-") == (whole[first:] or None)
    assert got(f"bytes=-{last}") == (whole[-last:] if last else None)
    for asked in ("", "bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes=x-", "bytes=1"):
        assert got(asked) == whole


def test_only_devices_get_it(central: RunningCentral, content: tuple[str, bytes]) -> None:
    plain = requests.get(f"{central.url}/v1/releases/{content[0]}", timeout=20)
    assert (plain.status_code, problem_code(plain)) == (401, "bad-signature")
    headers = {"Authorization": f"Bearer {central.reader}"}
    reader = requests.get(f"{central.url}/v1/releases/{content[0]}", headers=headers, timeout=20)
    assert reader.status_code == 401


@pytest.mark.parametrize("name", ["0.9.0-00000000", "..%2Fcentral.key", "..", "%00", ".1.part"])
def test_nothing_but_releases_is_given_out(device: Device, name: str) -> None:
    answer = fetch(device, name)
    assert answer.status_code in (400, 404)
    assert problem_code(answer) in ("release-unknown", "not-found", "invalid")


def test_a_file_that_is_gone_or_cut_is_said(
    device: Device, central: RunningCentral, content: tuple[str, bytes]
) -> None:
    file = releases.file_of(central.central.settings.releases, content[0])
    file.write_bytes(file.read_bytes()[:-1])
    for _ in range(2):
        answer = fetch(device, content[0])
        assert (answer.status_code, problem_code(answer)) == (503, "release-missing")
        assert int(answer.headers["retry-after"]) > 0
        file.unlink(missing_ok=True)


def test_downloads_keep_nobody_else_out_and_have_a_limit(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    """Two devices that stop reading hold both places for downloads and none of the others."""
    file, _ = write_release(tmp_path, size=20_000_000)
    name = add(own_central, file)
    settings = own_central.central.settings
    few = msgspec.structs.replace(settings.limits, downloads=2, concurrent_requests=2)
    own_central.central.settings = msgspec.structs.replace(settings, limits=few)
    device = Device(own_central).enrol()
    silent = [start(device, name) for _ in range(2)]
    wait_until(lambda: own_central.central.downloads == 2)
    assert device.beat().configuration == 1
    third = fetch(device, name)
    assert (third.status_code, problem_code(third)) == (503, "busy")
    for one in silent:
        one.close()
    wait_until(lambda: own_central.central.downloads == 0)
    assert fetch(device, name).content == file.read_bytes()


def test_many_fetch_it_at_once(own_central: RunningCentral, tmp_path: Path) -> None:
    file, _ = write_release(tmp_path, size=2_000_000)
    name = add(own_central, file)
    device, whole = Device(own_central).enrol(), file.read_bytes()
    same: list[bool] = []
    threads = [
        threading.Thread(target=lambda: same.append(fetch(device, name).content == whole))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 8


def start(device: Device, name: str) -> socket.socket:
    """Ask for a release, read the first bytes of it and no more."""
    asked = device.prepare("GET", f"/v1/releases/{name}", None, {})
    host, port = device.place.url.removeprefix("http://").split(":")
    link = socket.create_connection((host, int(port)), timeout=20)
    lines = [f"GET {asked.path_url} HTTP/1.1", f"Host: {host}"]
    lines += [f"{key}: {value}" for key, value in asked.headers.items()]
    link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    assert link.recv(15).startswith(b"HTTP/1.1 200")
    return link


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be")

"""Releases at central: what is kept, who is offered which, and what happens when one fails."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from central_rig import Device, RunningCentral
from command_rig import Command
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from release_rig import MAKER, PLATFORM, write_public, write_release

from central import releases, schema
from central.errors import CentralError
from central.releases import NoRelease
from protocol.messages import OfferedRelease

OLD = "0.1.0-00000000"
OTHER = "cp313-linux-x86_64"


@pytest.fixture
def maker(own_central: RunningCentral) -> Path:
    """The key that central checks releases with, in its place."""
    return write_public(own_central.central.settings.release_key_file)


@pytest.fixture
def added(command: Command, maker: Path, tmp_path: Path) -> str:
    """The name of a release that central holds."""
    file, manifest = write_release(tmp_path)
    assert f"{manifest.name} is here now" in command("releases", "add", file).out
    return manifest.name


def another(command: Command, folder: Path, **fields: Any) -> str:
    file, manifest = write_release(folder, **{"version": "0.3.0", "size": 1000, **fields})
    command("releases", "add", file)
    return manifest.name


def offered(device: Device, release: str = OLD, **changes: Any) -> str | None:
    """What a device that runs ``release`` is told to run."""
    reply = device.beat(**{"platform": PLATFORM, "release": release, **changes})
    return None if reply.release is None else reply.release.name


def seen(place: RunningCentral, device: Device) -> dict[str, Any]:
    listed = place.ask("/v1/devices")["devices"]
    return dict(next(one for one in listed if one["device"] == device.name))


# --- what is kept ---------------------------------------------------------------------------------


def test_a_release_is_checked_and_kept(command: Command, added: str, tmp_path: Path) -> None:
    (source,) = tmp_path.glob("*.release")
    kept = command.data / "releases" / f"{added}.release"
    assert kept.read_bytes() == source.read_bytes()
    assert "was here already" in command("releases", "add", source).out
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]
    shown = command("releases", "list").out
    assert shown.startswith(f"{added}  {PLATFORM}  0.2 MB")
    assert "given to nobody" in shown


def test_without_a_key_nothing_is_taken(command: Command, tmp_path: Path) -> None:
    file, manifest = write_release(tmp_path)
    said = command("releases", "add", file, code=1)
    assert str(command.data / "release.pem") in said.err
    key = write_public(tmp_path / "maker.pem")
    assert manifest.name in command("releases", "add", file, "--key", key).out


def test_a_release_of_somebody_else_is_not_taken(
    own_central: RunningCentral, command: Command, maker: Path, tmp_path: Path
) -> None:
    file, _ = write_release(tmp_path, key=Ed25519PrivateKey.generate())
    said = command("releases", "add", file, code=1)
    assert f"it is not signed by the key of {maker}" in said.err
    assert list((command.data / "releases").iterdir()) == []
    assert own_central.rows(schema.release) == []


def test_a_key_that_is_none_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    public = generate_private_key(SECP256R1()).public_key()
    other = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content, said in ((b"no key", "a public key in PEM"), (other, "an Ed25519 key")):
        wrong.write_bytes(content)
        with pytest.raises(CentralError, match=f"expected {said}"):
            releases.checking(wrong)
    with pytest.raises(CentralError, match=r"none\.pem: cannot be read: No such file"):
        releases.checking(tmp_path / "none.pem")


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("genuine")
    write_public(folder / "maker.pem")
    file, _ = write_release(folder, size=3000)
    return folder, file.read_bytes()


@given(st.data())
def test_what_was_altered_or_cut_off_is_never_kept(
    genuine: tuple[Path, bytes], data: st.DataObject
) -> None:
    """Every byte that says something: the tar's headers and padding may differ, the rest not."""
    folder, whole = genuine
    place = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    changed = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    altered = whole[:place] if cut else whole[:place] + changed + whole[place + 1 :]
    file = folder / "altered"
    file.write_bytes(altered)
    check = releases.checking(folder / "maker.pem")
    try:
        kept = releases.keep(file, folder / "kept", check)
    except NoRelease:
        return
    genuine_one = releases.keep(_write(folder / "whole", whole), folder / "kept", check)
    assert kept.manifest == genuine_one.manifest


def _write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_only_what_is_given_to_nobody_is_removed(command: Command, added: str) -> None:
    command("releases", "give", added, "--all")
    assert f"withdraw {added}" in command("releases", "remove", added, code=1).err
    assert "offered to nobody" in command("releases", "withdraw", added).out
    assert "removed" in command("releases", "remove", added).out
    assert list((command.data / "releases").iterdir()) == []
    assert "no release yet" in command("releases", "list").out
    assert (
        f"there is no release '{added}'" in command("releases", "give", added, "--all", code=1).err
    )


# --- who is offered which -------------------------------------------------------------------------


def test_a_device_is_offered_what_it_should_run_until_it_does(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    device = Device(own_central).enrol()
    assert offered(device) is None
    command("releases", "give", added, "--all")
    reply = device.beat(platform=PLATFORM, release=OLD)
    file = command.data / "releases" / f"{added}.release"
    assert reply.release == OfferedRelease(added, "0.2.0", file.stat().st_size)
    assert offered(device, added) is None
    assert offered(device, platform=OTHER) is None
    assert offered(device, "") is None, "a developer's machine"
    assert device.beat().release is None, "older software"
    command("releases", "withdraw", added)
    assert offered(device) is None


def test_a_heartbeat_played_back_is_offered_nothing(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    device = Device(own_central).enrol()
    command("releases", "give", added, "--all")
    assert offered(device, monotonic_ms=5000) == added
    assert offered(device, monotonic_ms=5000) is None


def test_an_order_reaches_a_device_a_window_a_hall_or_all(
    own_central: RunningCentral, command: Command, added: str, tmp_path: Path
) -> None:
    at_12, at_13 = Device(own_central).enrol(), Device(own_central, window="W13").enrol()

    def told() -> list[str | None]:
        return [offered(at_12), offered(at_13)]

    command("releases", "give", added, "--window", "W13")
    assert told() == [None, added]
    command("releases", "give", added, "--device", at_12.name)
    assert told() == [added, added]
    newer = another(command, tmp_path)
    assert "offered to 2 devices;" in command("releases", "give", newer, "--hall", "210100-01").out
    assert told() == [newer, newer]
    command("releases", "withdraw", newer)
    assert told() == [None, None], "the narrower orders ended with it"
    command("releases", "give", added, "--all")
    command("releases", "give", newer, "--device", at_12.name)
    assert told() == [newer, added]
    command("releases", "withdraw", newer)
    assert told() == [added, added]
    for words in (("--device", "hcp-x"), ("--window", "W99"), ("--hall", "x")):
        said = command("releases", "give", added, *words, code=1)
        assert f"there is no {words[0][2:]} '{words[1]}'" in said.err


def test_orders_for_another_platform_stay(
    own_central: RunningCentral, command: Command, added: str, tmp_path: Path
) -> None:
    pi, pc = Device(own_central).enrol(), Device(own_central).enrol()
    for_pc = another(command, tmp_path, platform=OTHER)
    command("releases", "give", for_pc, "--all")
    command("releases", "give", added, "--all")
    assert offered(pi) == added
    assert offered(pc, platform=OTHER) == for_pc
    said = command("releases", "give", added, "--all").out
    assert "offered to 1 device;" in said
    assert "1 are of another platform" in said


def test_some_get_it_first_and_the_rest_when_it_is_given_to_all(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    fleet = [Device(own_central).enrol() for _ in range(4)]
    assert (
        "nobody of all runs"
        in command("releases", "give", added, "--all", "--first", 2, code=1).err
    )
    assert [offered(device) for device in fleet] == [None] * 4
    said = command("releases", "give", added, "--all", "--first", 2).out
    assert f"releases give {added} --all" in said
    told = [offered(device) for device in fleet]
    assert (told.count(added), told.count(None)) == (2, 2)
    first = [device for device, one in zip(fleet, told, strict=True) if one == added]
    assert all(device.name in said for device in first)
    offered(first[0], added)
    listed = json.loads(command("releases", "list", "--json").out)["releases"][0]
    assert (listed["running"], listed["orders"][0]["running"]) == (1, 1)
    assert (listed["orders"][0]["devices"], listed["orders"][0]["first"]) == (2, 2)
    assert "1 of 2 run it" in command("releases", "list").out
    command("releases", "give", added, "--all")
    assert [offered(device) for device in fleet] == [added] * 4


# --- when one fails -------------------------------------------------------------------------------


@pytest.mark.parametrize("names_it", [True, False])
def test_a_device_that_went_back_is_not_offered_it_until_it_is_given_anew(
    own_central: RunningCentral, command: Command, added: str, names_it: bool, tmp_path: Path
) -> None:
    device, other = Device(own_central).enrol(), Device(own_central).enrol()
    command("releases", "give", added, "--all")
    assert offered(device) == added
    assert offered(device, added, update="trial") is None
    why = f"rolled-back: {added}: the kiosk did not start" if names_it else "rolled-back: kiosk"
    assert offered(device, update=why) is None
    assert offered(device, update=why) is None
    device.boot_id = uuid4()
    assert offered(device, update=why) is None
    assert offered(other) == added, "the others are"
    shown = seen(own_central, device)
    assert [alert["kind"] for alert in shown["alerts"]] == ["update-rolled-back"]
    assert added in shown["alerts"][0]["detail"]
    assert {need["why"] for need in shown["needs"]} >= {"alert", "update"}
    assert f"{device.name} gave it up: {why}" in command("releases", "list").out
    newer = another(command, tmp_path)
    command("releases", "give", newer, "--device", device.name)
    assert offered(device, update=why) == newer, "another release is another matter"
    command("releases", "give", added, "--all")
    assert offered(device, update=why) == added, "what it says is of the time before"
    offered(device, update="fetching 0.2.0")
    assert offered(device, update=why) is None


def test_a_device_that_makes_up_updates_does_not_fill_the_alerts(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    device = Device(own_central).enrol()
    for number in range(30):
        offered(device, update=f"rolled-back: {number}")
    assert len(seen(own_central, device)["alerts"]) == 21


def test_a_release_that_a_device_refuses_is_not_offered_for_ever(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    device = Device(own_central).enrol()
    command("releases", "give", added, "--all")
    assert offered(device) == added
    assert offered(device, update="refused: not enough room") is None
    assert [one["kind"] for one in seen(own_central, device)["alerts"]] == ["update-refused"]


def test_who_runs_it_by_hand_and_says_so_has_no_failure(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    device = Device(own_central).enrol()
    command("releases", "give", added, "--all")
    assert offered(device, added, update="rolled-back: something from a stick") is None
    assert own_central.rows(schema.release_failure) == []


def test_an_unknown_platform_is_told_and_waited_for(
    own_central: RunningCentral, command: Command, added: str
) -> None:
    Device(own_central).enrol()
    assert "1 have not told their platform" in command("releases", "give", added, "--all").out


def test_the_maker_signs_and_nobody_else(tmp_path: Path) -> None:
    """The rig's own key is what the tests above rest on."""
    check = releases.checking(write_public(tmp_path / "maker.pem"))
    check(MAKER.sign(b"x"), b"x")

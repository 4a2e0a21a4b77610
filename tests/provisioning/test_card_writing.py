"""Cards written with a real central: tokens asked for once, files written once, nobody replaced."""

import json
import os
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from cards_rig import (
    WIFI_SECRET,
    Town,
    boot_tree,
    contents,
    fleet,
    quiet,
    seat,
    town,
)

from central import schema
from central.service import now_ms
from device.store.profile import load
from protocol.enrolment_tokens import TokenState
from protocol.keys import SigningKey
from provisioning import card_folder, cards
from provisioning.card import CARD, NEXT, TOKEN, fingerprint, read_note, token_hash
from provisioning.card_folder import CardFolder
from provisioning.card_zip import CardZip
from provisioning.cards import Outcome, Place, Result, Wish
from provisioning.content import hashed
from provisioning.errors import BadCard
from provisioning.fleet import Fleet, Seat
from provisioning.prepared import reading
from provisioning.tokens import TokenDesk

PLACES: dict[str, Callable[[Path], Callable[[Seat], Place]]] = {
    "folder": lambda root: lambda seat: CardFolder(root / seat.name),
    "zip": lambda root: lambda seat: CardZip(root / f"{seat.name}.zip"),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("central")) as place:
        yield place


@pytest.fixture
def central(running: Town) -> Town:
    running.empty()
    return running


@pytest.fixture
def ours(tmp_path: Path, central: Town) -> Fleet:
    return fleet(tmp_path, central.url)


def write(
    ours: Fleet,
    place_of: Callable[[Seat], Place],
    desk: TokenDesk,
    *,
    wish: Wish = Wish.NOTHING_LOST,
) -> list[Outcome]:
    with desk:
        return cards.write_cards(
            ours,
            ours.seats,
            place_of,
            desk,
            wish=wish,
            progress=quiet(),
            done=lambda _outcome: None,
        )


@pytest.fixture(params=PLACES)
def place_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Seat], Place]:
    return PLACES[request.param](tmp_path / "cards")


# --- what is written ---------------------------------------------------------------------------


def test_a_card_holds_everything_that_a_device_needs(tmp_path: Path, central: Town, ours: Fleet):
    [outcome] = write(ours, PLACES["folder"](tmp_path), central.desk())
    assert outcome.result is Result.WRITTEN
    files = contents(tmp_path / "w12")
    note = json.loads(files[CARD])
    assert set(files) == {
        CARD,
        TOKEN,
        "user-data",
        "meta-data",
        "network-config",
        "haochaping/firstrun.sh",
        *(f"haochaping/{name}" for name in note["files"]),
    }
    assert set(note["files"]) >= {
        "device.toml",
        "network.nmconnection",
        "release.pem",
        "setup_states.toml",
        "first-boot.pyz",
        "start.sh",
        "haochaping-0.2.0-cp313-linux-aarch64.release",
    }
    assert note["name"] == "w12" and note["window"] == "W12"
    assert note["central_key"]["algorithm"] == -8
    assert note["technician"] == {"name": "tech", "ssh_keys": ["ssh-ed25519 AAAA tech@desk"]}
    assert abs(note["issued_ms"] - now_ms()) < 60_000
    assert note["token_sha256"] == token_hash(files[TOKEN].decode().strip())


def test_the_device_loads_the_profile_that_is_on_its_card(
    tmp_path: Path, central: Town, ours: Fleet
):
    write(ours, PLACES["folder"](tmp_path), central.desk())
    profile = load(tmp_path / "w12/haochaping/device.toml")
    assert profile.central.url == central.url
    assert str(profile.data_dir) == "/var/lib/haochaping/device"
    assert profile.screen.rotate == 90


def test_the_pinned_authority_travels_with_the_card(tmp_path: Path, central: Town, ours: Fleet):
    (tmp_path / "own-ca.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    pinned = ours._replace(ca_file=tmp_path / "own-ca.pem", proxy="http://proxy:3128")
    write(pinned, PLACES["folder"](tmp_path), central.desk())
    profile = tomllib.loads((tmp_path / "w12/haochaping/device.toml").read_text("utf-8"))
    assert profile["central"]["ca_file"] == "/etc/haochaping/ca.pem"
    assert profile["central"]["proxy"] == "http://proxy:3128"
    assert (tmp_path / "w12/haochaping/ca.pem").read_bytes().startswith(b"-----BEGIN")


def test_the_token_on_the_card_enrols_the_device(tmp_path: Path, central: Town, ours: Fleet):
    write(ours, PLACES["folder"](tmp_path), central.desk())
    assert central.enrol((tmp_path / "w12" / TOKEN).read_text("ascii").strip()).startswith("hcp-")


def test_nobody_else_reads_what_is_prepared(tmp_path: Path, central: Town, ours: Fleet):
    write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    for path in [tmp_path / "a/w12", *(tmp_path / "a/w12").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_secret_is_where_it_does_not_belong(tmp_path: Path, central: Town, ours: Fleet):
    [outcome] = write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    files = contents(tmp_path / "a/w12")
    token = files.pop(TOKEN).strip()
    del files["haochaping/network.nmconnection"]
    everything = b"".join(files.values()) + repr(outcome).encode()
    assert token not in everything
    assert WIFI_SECRET.encode() not in everything
    assert central.key.encode() not in everything


# --- fingerprints ------------------------------------------------------------------------------


def test_a_fingerprint_is_read_aloud_in_four_groups():
    printed = fingerprint("w12", "https://c", "h", "W12", "0" * 64)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", printed)
    assert printed == fingerprint("w12", "https://c", "h", "W12", "0" * 64)


def test_another_device_window_central_or_token_has_another_fingerprint():
    one = ("w12", "https://c", "h", "W12", "0" * 64)
    other = ("w13", "https://d", "i", "W13", "1" * 64)
    printed = {fingerprint(*one)}
    for place, value in enumerate(other):
        printed.add(fingerprint(*one[:place], value, *one[place + 1 :]))  # type: ignore[arg-type]
    assert len(printed) == 6


# --- again ---------------------------------------------------------------------------------------


def test_the_same_command_again_changes_nothing(
    tmp_path: Path, central: Town, ours: Fleet, place_of: Callable[[Seat], Place]
):
    write(ours, place_of, central.desk())
    before = contents(tmp_path / "cards")
    [again] = write(ours, place_of, central.desk())
    assert again.result is Result.UNCHANGED and "token kept" in again.sentence
    assert contents(tmp_path / "cards") == before
    assert central.tokens_given() == 1


def test_a_changed_setting_keeps_token_and_fingerprint(
    central: Town, ours: Fleet, place_of: Callable[[Seat], Place]
):
    [first] = write(ours, place_of, central.desk())
    turned = ours._replace(seats=(seat(settings={"screen.rotate": 180}),))
    [second] = write(turned, place_of, central.desk())
    assert second.result is Result.WRITTEN
    assert first.card and second.card
    assert first.card.note.fingerprint == second.card.note.fingerprint
    assert central.tokens_given() == 1


def test_a_device_that_enrolled_gets_settings_and_no_token(
    tmp_path: Path, central: Town, ours: Fleet
):
    place_of = PLACES["folder"](tmp_path)
    write(ours, place_of, central.desk())
    token = tmp_path / "w12" / TOKEN
    central.enrol(token.read_text("ascii").strip())
    token.unlink()  # as the device does
    turned = ours._replace(seats=(seat(settings={"screen.rotate": 180}),))
    [outcome] = write(turned, place_of, central.desk())
    assert outcome.result is Result.WRITTEN and "settings only" in outcome.sentence
    assert "if central has retired it, --replace makes it a new device" in outcome.sentence
    assert not token.exists()
    assert load(tmp_path / "w12/haochaping/device.toml").screen.rotate == 180
    assert central.tokens_given() == 1


def test_a_spent_token_is_taken_off_a_prepared_card(
    tmp_path: Path, central: Town, ours: Fleet, place_of: Callable[[Seat], Place]
):
    [first] = write(ours, place_of, central.desk())
    assert first.card
    name = central.enrol(first.card.token)
    [outcome] = write(ours, place_of, central.desk())
    assert name in outcome.sentence and "settings only" in outcome.sentence
    assert "if central has retired it, --replace makes it a new device" in outcome.sentence
    previous = place_of(ours.seats[0]).previous()
    assert previous and not previous.token and previous.used


def test_a_new_token_is_made_where_the_old_one_expired(
    tmp_path: Path, central: Town, ours: Fleet, place_of: Callable[[Seat], Place]
):
    [first] = write(ours, place_of, central.desk())
    with central.central.database.writing() as connection:
        connection.execute(schema.enrolment_token.update().values(expires_ms=1))
    [second] = write(ours, place_of, central.desk())
    assert first.card and second.card and first.card.token != second.card.token
    assert first.card.note.fingerprint != second.card.note.fingerprint


def test_of_two_cards_for_one_device_the_one_written_last_counts_and_that_is_said(
    tmp_path: Path, central: Town, ours: Fleet
):
    folder, zipped = (make(tmp_path / kind) for kind, make in PLACES.items())
    [first] = write(ours, folder, central.desk())
    [second] = write(ours, zipped, central.desk())
    assert "no longer good" not in first.sentence
    assert "a card written for it before, and not used, is no longer good" in second.sentence
    assert first.card and second.card
    with central.desk() as desk:
        assert desk.status(first.card.token).state is TokenState.EXPIRED
    central.enrol(second.card.token)


def test_a_card_whose_window_was_wrong_is_no_longer_good_once_it_is_corrected(
    tmp_path: Path, central: Town, ours: Fleet
):
    wrong = ours._replace(seats=(seat("w12", "W13"),))
    [first] = write(wrong, PLACES["folder"](tmp_path / "wrong"), central.desk())
    [second] = write(ours, PLACES["folder"](tmp_path / "right"), central.desk())
    assert "a card written for it before, and not used, is no longer good" in second.sentence
    assert first.card and second.card
    with central.desk() as desk:
        assert desk.status(first.card.token).state is TokenState.EXPIRED
        assert desk.status(second.card.token).state is TokenState.UNUSED


@pytest.mark.parametrize("kind", PLACES)
def test_a_card_that_cannot_be_written_says_what_is_no_longer_good_all_the_same(
    tmp_path: Path, central: Town, ours: Fleet, monkeypatch: pytest.MonkeyPatch, kind: str
):
    write(ours, PLACES["folder"](tmp_path / "first"), central.desk())
    with monkeypatch.context() as patched:
        patched.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=1, f_frsize=4096))
        [failed] = write(ours, PLACES[kind](tmp_path / "second"), central.desk())
    assert failed.result is Result.FAILED and "MiB are needed" in failed.sentence
    assert failed.sentence.endswith(
        "; a card written for it before, and not used, is no longer good"
    )
    [written] = write(ours, PLACES[kind](tmp_path / "second"), central.desk())
    assert written.result is Result.WRITTEN


def test_a_device_that_serves_is_not_silently_replaced(tmp_path: Path, central: Town, ours: Fleet):
    [first] = write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    assert first.card
    name = central.enrol(first.card.token)
    [refused] = write(ours, PLACES["folder"](tmp_path / "b"), central.desk())
    assert refused.result is Result.FAILED
    assert name in refused.sentence and "--replace" in refused.sentence
    assert not (tmp_path / "b/w12" / CARD).exists()
    [replaced] = write(ours, PLACES["folder"](tmp_path / "b"), central.desk(), wish=Wish.REPLACE)
    assert replaced.result is Result.WRITTEN and name in replaced.sentence
    assert replaced.card and replaced.card.note.replace
    assert central.enrol(replaced.card.token) != name


def test_replacing_again_keeps_the_token_that_replaces(tmp_path: Path, central: Town, ours: Fleet):
    place_of = PLACES["folder"](tmp_path / "a")
    write(ours, place_of, central.desk(), wish=Wish.REPLACE)
    [again] = write(ours, place_of, central.desk(), wish=Wish.REPLACE)
    assert again.result is Result.UNCHANGED
    assert central.tokens_given() == 1


def test_the_card_of_another_device_is_not_written_over(tmp_path: Path, central: Town, ours: Fleet):
    def one_place(_seat: Seat) -> CardFolder:
        return CardFolder(tmp_path / "card")

    write(ours, one_place, central.desk())
    before = contents(tmp_path / "card")
    other = ours._replace(seats=(seat("w13", "W13"),))
    [refused] = write(other, one_place, central.desk())
    assert refused.result is Result.FAILED and "the card of w12" in refused.sentence
    assert contents(tmp_path / "card") == before
    [written] = write(other, one_place, central.desk(), wish=Wish.REPLACE)
    assert written.result is Result.WRITTEN


def test_a_device_that_enrolled_is_not_moved_by_a_slip_in_the_fleet_file(
    tmp_path: Path, central: Town, ours: Fleet
):
    place_of = PLACES["folder"](tmp_path)
    write(ours, place_of, central.desk())
    (tmp_path / "w12" / TOKEN).unlink()
    moved = ours._replace(seats=(seat("w12", "W13"),))
    [refused] = write(moved, place_of, central.desk())
    assert refused.result is Result.FAILED and "W13" in refused.sentence


# --- another window -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w12", "w13"])
def test_a_moved_device_keeps_its_keys_and_its_name_at_central(
    tmp_path: Path, central: Town, ours: Fleet, name: str
):
    """Whether its host name was given, or made from the window and changes with it."""
    card = CardFolder(tmp_path / "card")
    keys, board = (SigningKey.generate(), SigningKey.generate()), "10000000abcdef01"
    [first] = write(ours, lambda _seat: card, central.desk())
    assert first.card
    device = central.enrol(first.card.token, board, keys)
    (tmp_path / "card" / TOKEN).unlink()  # as the device does
    there = ours._replace(seats=(seat(name, "W13"),))
    [moved] = write(there, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert moved.result is Result.WRITTEN, moved.sentence
    assert "from window W12 to W13, keys kept" in moved.sentence
    assert moved.card and not moved.card.note.replace
    [again] = write(there, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert again.result is Result.UNCHANGED and "token kept" in again.sentence
    assert central.enrol(moved.card.token, board, keys) == device
    with central.central.database.reading() as connection:
        row = connection.execute(schema.device.select().where(schema.device.c.name == device)).one()
        assert (row.window, row.revoked_ms) == ("W13", None)


def test_a_device_is_not_moved_to_where_another_serves(tmp_path: Path, central: Town, ours: Fleet):
    card = CardFolder(tmp_path / "card")
    both = ours._replace(seats=(seat(), seat("w13", "W13")))
    _, other = write(both, PLACES["folder"](tmp_path), central.desk())
    [first] = write(ours, lambda _seat: card, central.desk())
    assert other.card and first.card
    serving = central.enrol(other.card.token)
    central.enrol(first.card.token)
    before = contents(tmp_path / "card")
    there = ours._replace(seats=(seat("w12", "W13"),))
    [refused] = write(there, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert refused.result is Result.FAILED
    assert serving in refused.sentence and "revoke that one first" in refused.sentence
    assert contents(tmp_path / "card") == before


def test_only_a_device_that_has_enrolled_can_be_moved(tmp_path: Path, central: Town, ours: Fleet):
    card = CardFolder(tmp_path / "card")
    there = ours._replace(seats=(seat("w13", "W13"),))
    [nobody] = write(there, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert nobody.result is Result.FAILED and "no card of a device" in nobody.sentence
    write(ours, lambda _seat: card, central.desk())
    [unused] = write(there, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert unused.result is Result.FAILED and "nothing to move" in unused.sentence
    elsewhere = ours._replace(central="http://127.0.0.1:9")
    [other] = write(elsewhere, lambda _seat: card, central.desk(), wish=Wish.MOVE)
    assert other.result is Result.FAILED and central.url in other.sentence
    assert central.tokens_given() == 1


# --- what goes wrong -----------------------------------------------------------------------------


def test_one_device_that_fails_does_not_stop_the_others(tmp_path: Path, central: Town):
    many = fleet(tmp_path, central.url, seat("w99", "W99"), seat("w13", "W13"), seat())
    outcomes = write(many, PLACES["folder"](tmp_path / "a"), central.desk())
    assert [outcome.result for outcome in outcomes] == ["failed", "written", "written"]
    assert "W99" in outcomes[0].sentence


def test_a_window_of_another_hall_is_said_and_not_written(tmp_path: Path, central: Town):
    wrong = fleet(tmp_path, central.url, seat(hall="000000-00"))
    [outcome] = write(wrong, PLACES["folder"](tmp_path / "a"), central.desk())
    assert outcome.result is Result.FAILED and "210100-01" in outcome.sentence


def test_without_central_the_rest_is_not_tried(tmp_path: Path, central: Town):
    many = fleet(tmp_path, central.url, seat(), seat("w13", "W13"))
    outcomes = write(many, PLACES["folder"](tmp_path / "a"), TokenDesk("http://127.0.0.1:9", "k"))
    assert [outcome.result for outcome in outcomes] == ["failed", "not tried"]
    assert "cannot be reached" in outcomes[0].sentence
    assert not (tmp_path / "a/w13").exists()


def test_a_key_that_is_not_a_technicians_is_refused(tmp_path: Path, central: Town, ours: Fleet):
    [outcome] = write(ours, PLACES["folder"](tmp_path / "a"), central.desk("hcr_wrong"))
    assert outcome.result is Result.FAILED
    assert "--role technician" in outcome.sentence and "hcr_wrong" not in outcome.sentence


def test_a_mistake_in_the_settings_costs_no_token(tmp_path: Path, central: Town):
    wrong = fleet(tmp_path, central.url, seat(settings={"screen.rotate": 45}))
    [outcome] = write(wrong, PLACES["folder"](tmp_path / "a"), central.desk())
    assert outcome.result is Result.FAILED and "rotate" in outcome.sentence
    assert central.tokens_given() == 0


def test_a_release_that_no_device_would_install_is_on_no_card(
    tmp_path: Path, central: Town, ours: Fleet
):
    assert ours.release
    damaged = bytearray(ours.release.read_bytes())
    damaged[damaged.rindex(b"tree.tar.gz") + 2000] ^= 1
    ours.release.write_bytes(damaged)
    with pytest.raises(BadCard):
        write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    assert central.tokens_given() == 0


def test_a_release_wants_the_key_that_it_is_signed_with(tmp_path: Path, central: Town, ours: Fleet):
    with pytest.raises(BadCard, match="release_key"):
        write(ours._replace(release_key=None), PLACES["folder"](tmp_path), central.desk())


def test_a_card_that_keeps_other_bytes_is_noticed(
    tmp_path: Path, central: Town, ours: Fleet, monkeypatch: pytest.MonkeyPatch
):
    """The edge to the hardware: what was flushed comes back with one bit turned."""

    def turned(stream: object, advance: object = None) -> tuple[int, str]:
        size, digest = hashed(stream, advance)  # type: ignore[arg-type]
        return (size, "0" * 64) if size == 4096 or size > 4096 else (size, digest)

    monkeypatch.setattr(card_folder, "hashed", turned)
    [outcome] = write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    assert outcome.result is Result.FAILED and "Take another card" in outcome.sentence
    assert not (tmp_path / "a/w12" / CARD).exists()
    assert not list((tmp_path / "a").rglob("*.part"))


@pytest.mark.parametrize("damage", [b"", b"{}", b"[" * 100_000, b'{"format": 2}'])
def test_a_note_that_is_none_is_refused(damage: bytes):
    with pytest.raises(BadCard):
        read_note(damage)


@pytest.mark.parametrize("kind", PLACES)
def test_what_cannot_be_read_is_written_over_only_if_that_is_said(
    tmp_path: Path, central: Town, ours: Fleet, kind: str
):
    place_of = PLACES[kind](tmp_path / "a")
    write(ours, place_of, central.desk())
    damaged = tmp_path / "a" / ("w12.zip" if kind == "zip" else f"w12/{CARD}")
    damaged.write_bytes(b"\0" * 500)
    [refused] = write(ours, place_of, central.desk())
    assert refused.result is Result.FAILED and "--replace" in refused.sentence
    [written] = write(ours, place_of, central.desk(), wish=Wish.REPLACE)
    assert written.result is Result.WRITTEN


@pytest.mark.parametrize("kind", PLACES)
def test_a_place_without_room_is_said_and_a_folder_keeps_the_token(
    tmp_path: Path, central: Town, ours: Fleet, monkeypatch: pytest.MonkeyPatch, kind: str
):
    place_of = PLACES[kind](tmp_path / "a")
    with monkeypatch.context() as patched:
        patched.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=1, f_frsize=4096))
        [refused] = write(ours, place_of, central.desk())
    assert refused.result is Result.FAILED and "MiB are needed" in refused.sentence
    [written] = write(ours, place_of, central.desk())
    assert written.result is Result.WRITTEN
    assert central.tokens_given() == (2 if kind == "zip" else 1)  # a zip is there whole or not


def test_the_way_in_can_be_said_where_it_cannot_be_seen(tmp_path: Path, central: Town, ours: Fleet):
    boot = boot_tree(tmp_path / "boot", cloud_init=False)
    write(ours, lambda _seat: CardFolder(boot.root, boot, cloud_init=True), central.desk())
    assert "ds=nocloud;i=haochaping-w12-" in (boot.root / "cmdline.txt").read_text("ascii")
    assert (boot.root / "user-data").exists()


def test_a_link_in_a_prepared_folder_leads_nowhere(tmp_path: Path, central: Town, ours: Fleet):
    target = tmp_path / "precious"
    target.write_bytes(b"mine")
    (tmp_path / "a/w12/haochaping").mkdir(parents=True)
    (tmp_path / "a/w12/haochaping/device.toml").symlink_to(target)
    write(ours, PLACES["folder"](tmp_path / "a"), central.desk())
    assert target.read_bytes() == b"mine"


# --- power cuts ----------------------------------------------------------------------------------


class PowerCut(BaseException):
    """The plug is pulled."""


class Plug:
    """Pulled at the n-th flush or rename: every place where it matters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        fsync, replace = os.fsync, Path.replace

        def flushed(handle: int) -> None:
            self._step()
            fsync(handle)

        def renamed(file: Path, target: Path) -> Path:
            self._step()
            return replace(file, target)

        monkeypatch.setattr(os, "fsync", flushed)
        monkeypatch.setattr(Path, "replace", renamed)

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut


def test_a_card_that_was_cut_off_anywhere_is_finished_with_the_same_token(
    tmp_path: Path, central: Town, ours: Fleet, monkeypatch: pytest.MonkeyPatch
):
    plug = Plug(monkeypatch)
    cut = 0
    while plug.left <= 0:
        cut += 1
        boot = boot_tree(tmp_path / f"boot{cut}")
        card = CardFolder(boot.root, boot)
        given = central.tokens_given()
        plug.left = cut
        with suppress(PowerCut):
            write(ours, lambda _seat, card=card: card, central.desk())  # type: ignore[misc]
            assert plug.left > 0
        plug_was_pulled, plug.left = plug.left == 0, -1 if plug.left <= 0 else 1_000_000
        kept = card.read(TOKEN)
        # A device believes nothing before card.json, which is the last to get its name.
        assert (
            plug_was_pulled is False or not (boot.root / CARD).exists() or card.read(NEXT) is None
        )
        [outcome] = write(ours, lambda _seat, card=card: card, central.desk())  # type: ignore[misc]
        assert outcome.result in (Result.WRITTEN, Result.UNCHANGED)
        if kept is not None:
            assert card.read(TOKEN) == kept and central.tokens_given() == given + 1
        with reading(boot.root) as read:
            assert not read.faults
    assert cut > 30


# --- prepared, and written elsewhere -------------------------------------------------------------


@pytest.mark.parametrize("kind", PLACES)
def test_a_prepared_card_reads_back_whole(tmp_path: Path, central: Town, ours: Fleet, kind: str):
    [outcome] = write(ours, PLACES[kind](tmp_path / "a"), central.desk())
    [made] = (tmp_path / "a").iterdir()
    with reading(made) as read:
        assert read.faults == () and read.card
        boot = boot_tree(tmp_path / "boot")
        CardFolder(boot.root, boot).write(read.card, quiet())
    with reading(boot.root) as onto:
        assert onto.faults == ()
        assert outcome.card and onto.note == outcome.card.note
    assert "dtoverlay=vc4-kms-dsi-7inch" in (boot.root / "config.txt").read_text("ascii")
    words = (boot.root / "cmdline.txt").read_text("ascii").split()
    assert "resize" not in words and "cfg80211.ieee80211_regdom=CN" in words


def test_an_image_without_cloud_init_gets_the_other_way_in(
    tmp_path: Path, central: Town, ours: Fleet
):
    boot = boot_tree(tmp_path / "boot", cloud_init=False)
    write(ours, lambda _seat: CardFolder(boot.root, boot), central.desk())
    assert not (boot.root / "user-data").exists()
    assert (boot.root / "haochaping/firstrun.sh").exists()
    assert "systemd.run=" in (boot.root / "cmdline.txt").read_text("ascii")
    [again] = write(ours, lambda _seat: CardFolder(boot.root, boot), central.desk())
    assert again.result is Result.UNCHANGED


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("haochaping/device.toml", "device.toml is missing"),
        ("haochaping/haochaping-0.2.0-cp313-linux-aarch64.release", "is missing"),
        ("user-data", ""),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, central: Town, ours: Fleet, path: str, said: str):
    write(ours, PLACES["folder"](tmp_path), central.desk())
    (tmp_path / "w12" / path).unlink()
    with reading(tmp_path / "w12") as read:
        assert any(said in fault for fault in read.faults) or not said
        assert (read.card is None) is bool(said)


def test_what_was_changed_is_said(tmp_path: Path, central: Town, ours: Fleet):
    write(ours, PLACES["folder"](tmp_path), central.desk())
    profile = tmp_path / "w12/haochaping/device.toml"
    profile.write_bytes(profile.read_bytes() + b"# hello\n")
    (tmp_path / "w12" / TOKEN).write_text("another\n", encoding="ascii")
    with reading(tmp_path / "w12") as read:
        assert read.faults == (
            "device.toml is not what was written",
            "the token belongs to another card",
        )


def test_a_zip_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "w12.zip").write_bytes(b"PK hello")
    with pytest.raises(BadCard), reading(tmp_path / "w12.zip"):
        pass
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme", "hello")
    with pytest.raises(BadCard, match="holds no card"), reading(tmp_path / "other.zip"):
        pass


def test_an_old_release_makes_room_for_the_new_one(tmp_path: Path, central: Town, ours: Fleet):
    place_of = PLACES["folder"](tmp_path)
    write(ours, place_of, central.desk())
    old = tmp_path / "w12/haochaping/haochaping-0.1.0-cp313-linux-aarch64.release"
    old.write_bytes(b"old")
    (tmp_path / "w12/haochaping/STATE.txt").write_text("READY", encoding="ascii")
    (tmp_path / "w12/haochaping/mine.txt").write_text("keep", encoding="ascii")
    write(ours, place_of, central.desk())
    assert not old.exists()
    assert not (tmp_path / "w12/haochaping/STATE.txt").exists()
    assert (tmp_path / "w12/haochaping/mine.txt").exists()

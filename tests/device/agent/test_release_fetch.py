"""The agent fetches what central offers: piece by piece, from where it stopped, and no more."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from agent_rig import Call, Listener, Memory, agent_of, heartbeat_reply, http, listening, receipt
from device_rig import copy_of, soon
from small_releases import CHECK, make_release

from device.agent import health, release_fetch
from device.agent.central import CentralService, WrongAnswer
from device.agent.release_fetch import DamagedRelease, ReleaseFetch
from device.core.errors import CentralUnreachable, StorageFull
from device.releases.news import News, Outcome, read_news, write_news
from device.releases.shelf import Shelf
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.profile import Central as Settings
from protocol.messages import HeartbeatReply, OfferedRelease
from protocol.releases import open_release

PIECE = 4096


class Branch(NamedTuple):
    """An installed device, a central that gives a release out, and what fetches it."""

    deployed: Deployed
    home: Home
    listener: Listener
    file: Path
    offered: OfferedRelease
    fetch: ReleaseFetch
    central: CentralService
    counted: "Counter[str]"

    @property
    def laid(self) -> Path:
        return self.deployed.inbox / f"{self.offered.name}.release"

    @property
    def part(self) -> Path:
        return self.deployed.inbox / f".{self.offered.name}.part"

    @property
    def asked(self) -> list[str]:
        return [call.headers["range"] for call in self.listener.calls if "range" in call.headers]


def given_out(file: Path, call: Call) -> bytes:
    """The piece of ``file`` that was asked for (RFC 9110, section 14)."""
    content = file.read_bytes()
    first, last = map(int, call.headers["range"].removeprefix("bytes=").split("-"))
    part = content[first : last + 1]
    told = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    return http(part, 206, Content_Range=told)


@pytest.fixture
def branch(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Branch]:
    monkeypatch.setattr(release_fetch, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(release_fetch, "SPARE_BYTES", 0)
    deployed = Deployed(tmp_path / "root")
    deployed.state.mkdir(parents=True)
    here = copy_of(home, deployed.data)
    file = make_release(tmp_path, "1.1.0")
    with file.open("rb") as opened:
        manifest, _ = open_release(opened, CHECK)
    offered = OfferedRelease(manifest.name, "1.1.0", file.stat().st_size)
    with listening(lambda call: given_out(file, call)) as listener:

        def connect() -> CentralService:
            key = load_key(here.transport_key)
            return CentralService(Settings(listener.url, "", ""), load_identity(here), key)

        counted: Counter[str] = Counter()
        fetch = ReleaseFetch(
            here, connect, lambda reason: counted.update([reason]), spread_s=0, rest_s=0
        )
        central = connect()
        yield Branch(deployed, here, listener, file, offered, fetch, central, counted)
        central.close()
        fetch.close()


def test_a_release_is_fetched_in_pieces_and_laid_down_whole(branch: Branch):
    assert branch.fetch.fetch(branch.offered, branch.central)
    assert branch.laid.read_bytes() == branch.file.read_bytes()
    assert [path.name for path in branch.deployed.inbox.iterdir()] == [branch.laid.name]
    assert branch.asked[:2] == [f"bytes=0-{PIECE - 1}", f"bytes={PIECE}-{2 * PIECE - 1}"]
    assert all("signature" in call.headers for call in branch.listener.calls)
    Shelf(branch.deployed).install(branch.laid, CHECK)


def test_a_broken_line_costs_one_piece(branch: Branch):
    def breaks(call: Call) -> bytes:
        if len(branch.asked) == 2:
            return given_out(branch.file, call)[:-100]
        return given_out(branch.file, call)

    branch.listener.answer = breaks
    with pytest.raises(CentralUnreachable):
        branch.fetch.fetch(branch.offered, branch.central)
    assert branch.part.stat().st_size == PIECE
    assert not branch.laid.exists()
    assert branch.fetch.fetch(branch.offered, branch.central)
    assert branch.laid.read_bytes() == branch.file.read_bytes()
    assert branch.asked[2] == f"bytes={PIECE}-{2 * PIECE - 1}"


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>log in first</html>", 200, Content_Type="text/html"),
        http(b"x" * PIECE, 206, Content_Range=f"bytes 1-{PIECE}/99999"),
        http(b"x" * PIECE, 206),
        http(b"x" * (PIECE + 1), 206),
        http(b"x" * 10, 200),
        http(b"", 304),
    ],
    ids=["portal", "another part", "no range", "too much", "all at once", "nothing"],
)
def test_what_is_not_the_piece_that_was_asked_for_is_not_kept(branch: Branch, answer: bytes):
    branch.listener.answer = lambda _: answer
    with pytest.raises(WrongAnswer):
        branch.fetch.fetch(branch.offered, branch.central)
    assert branch.part.stat().st_size == 0


def test_a_release_that_is_not_what_was_offered_is_thrown_away(branch: Branch):
    other = branch.offered.__class__("1.2.0-00000000", "1.2.0", branch.offered.size)
    with pytest.raises(DamagedRelease, match=r"it is 1\.1\.0-"):
        branch.fetch.fetch(other, branch.central)
    content = branch.file.read_bytes()
    branch.file.write_bytes(content[:2600] + bytes(40) + content[2640:])
    with pytest.raises(DamagedRelease):
        branch.fetch.fetch(branch.offered, branch.central)
    assert list(branch.deployed.inbox.iterdir()) == []


def test_disk_for_ratings_stays_free(branch: Branch, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(release_fetch, "SPARE_BYTES", 10**18)
    with pytest.raises(StorageFull):
        branch.fetch.fetch(branch.offered, branch.central)
    assert branch.asked == []


def test_only_one_half_fetched_release_lies_about(branch: Branch):
    branch.deployed.inbox.mkdir(parents=True)
    (branch.deployed.inbox / ".1.0.9-00000000.part").write_bytes(b"half")
    branch.fetch.fetch(branch.offered, branch.central)
    assert [path.name for path in branch.deployed.inbox.iterdir()] == [branch.laid.name]


def until(true) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


@contextmanager
def started(branch: Branch) -> Iterator[None]:
    branch.fetch.start()
    try:
        yield
    finally:
        branch.fetch.close()


def test_what_is_offered_is_fetched_in_the_background_and_said(branch: Branch):
    waiting = threading.Event()

    def slowly(call: Call) -> bytes:
        if len(branch.asked) > 1:
            waiting.wait(10)
        return given_out(branch.file, call)

    branch.listener.answer = slowly
    with started(branch):
        branch.fetch.offer(branch.offered)
        until(lambda: branch.fetch.status.endswith("%"))
        assert branch.fetch.status.startswith(f"fetching: {branch.offered.name}: ")
        waiting.set()
        until(branch.laid.exists)
        until(lambda: branch.fetch.status == "")
        branch.fetch.offer(None)
        branch.fetch.offer(branch.offered)
        branch.fetch.offer(None)
    assert len(branch.asked) == -(-branch.offered.size // PIECE)


def test_failures_are_counted_and_tried_again_later(branch: Branch):
    branch.listener.answer = lambda _: http(b"<html>", 200, Content_Type="text/html")
    with started(branch):
        branch.fetch.offer(branch.offered)
        until(lambda: branch.counted["release.wrong-answer"] == 1)
    assert len(branch.asked) == 1


@pytest.mark.parametrize("name", ["../../x", ".hidden", "", "a/b", "1.0.0-x\n"])
def test_a_name_that_leads_elsewhere_is_not_fetched(branch: Branch, name: str):
    with started(branch):
        branch.fetch.offer(OfferedRelease(name, "1.0.0", 1000))
        branch.fetch.offer(branch.offered)
        until(branch.laid.exists)
    assert all(call.path.endswith(branch.offered.name) for call in branch.listener.calls)


def test_what_somebody_went_back_from_by_hand_is_not_fetched_again(branch: Branch):
    write_news(branch.deployed, News(Outcome.WENT_BACK, branch.offered.name))
    assert not branch.fetch._is_needed(branch.offered)
    write_news(branch.deployed, News(Outcome.ROLLED_BACK, branch.offered.name, "why"))
    assert branch.fetch._is_needed(branch.offered)  # central knows, and offers it anew


def test_what_is_there_already_is_not_fetched(branch: Branch):
    branch.fetch.fetch(branch.offered, branch.central)
    assert not branch.fetch._is_needed(branch.offered)
    shelf = Shelf(branch.deployed)
    shelf.switch(shelf.install(branch.laid, CHECK).name)
    branch.laid.unlink()
    assert not branch.fetch._is_needed(branch.offered)


def test_a_device_without_releases_fetches_none(home: Home):
    fetch = ReleaseFetch(home, lambda: pytest.fail("it called"), print, spread_s=0)
    fetch.start()
    fetch.offer(OfferedRelease("1.0.0-00000000", "1.0.0", 1000))
    assert fetch.status == ""
    fetch.close()


# --- the heartbeat --------------------------------------------------------------------------


def test_the_heartbeat_says_what_runs_and_hears_what_should(
    branch: Branch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    shelf = Shelf(branch.deployed)
    running = shelf.install(make_release(tmp_path, "1.0.0"), CHECK).name
    shelf.switch(running)
    write_news(branch.deployed, News(Outcome.ROLLED_BACK, "1.0.5-0", "kiosk failed"))
    offers: list[object] = []
    memory = Memory()

    def answer(call: Call) -> bytes:
        if call.path != "/v1/heartbeats":
            return memory(call)
        reply = msgspec.json.decode(heartbeat_reply(receipt(0)), type=HeartbeatReply)
        reply = msgspec.structs.replace(reply, release=branch.offered)
        return http(msgspec.json.encode(reply))

    branch.listener.answer = answer
    monkeypatch.setattr(branch.fetch, "offer", offers.append)
    with agent_of(branch.home, branch.listener.url) as agent:
        agent.courier._releases = branch.fetch
        assert not (tmp_path / "heartbeat").exists()
        agent.work()
    (call,) = branch.listener.to("/v1/heartbeats")
    beat = call.heartbeat
    assert (beat.release, beat.update) == (running, "rolled-back: 1.0.5-0: kiosk failed")
    assert beat.platform.startswith("cp3")
    assert offers == [branch.offered]
    assert (tmp_path / "heartbeat").exists()


def test_what_was_half_fetched_when_central_withdrew_it_is_dropped(branch: Branch):
    branch.deployed.inbox.mkdir(parents=True, exist_ok=True)
    branch.part.write_bytes(b"half")
    branch.fetch.start()
    branch.fetch.offer(None)
    assert soon(lambda: not branch.part.exists())


def test_a_developers_machine_says_nothing_that_an_older_central_does_not_know(home: Home):
    with agent_of(home, "http://127.0.0.1:1") as agent:
        beat = health.take_pulse(home, agent.backlog, agent.briefing)
    assert not {"platform", "release", "update"} & set(msgspec.to_builtins(beat))
    health.mark_heartbeat()  # without a runtime folder there is nobody to tell


def test_news_is_one_line_that_fits_a_heartbeat(branch: Branch):
    news = News(Outcome.ROLLED_BACK, "1.0.0-1a2b3c4d", "x\n\x1b[31m" + "字" * 300)
    write_news(branch.deployed, news)
    assert read_news(branch.deployed) == news
    assert len(news.line) == 128
    assert news.line.isprintable()

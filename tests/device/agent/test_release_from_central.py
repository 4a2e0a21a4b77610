"""Given at central, on the device a moment later: the whole way of a release, and its echo."""

from pathlib import Path

from agent_rig import agent_of
from small_releases import CHECK, PUBLIC, make_release
from test_with_the_real_central import profile_of, token

from demo.stage import Stage
from device.agent.central import CentralService
from device.agent.enrolment import enrol
from device.agent.release_fetch import ReleaseFetch
from device.releases.news import News, Outcome, write_news
from device.releases.shelf import Shelf
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.schema import migrate


def central(stage: Stage, *words: str) -> str:
    return stage.command("central", *words, "--data", str(stage.central_data))


def test_a_release_given_at_central_is_fetched_and_its_end_is_heard(stage: Stage, tmp_path: Path):
    deployed = Deployed(tmp_path / "root")
    home = Home(deployed.data)
    migrate(home)
    profile = profile_of(home, stage.address)
    enrol(profile, token(stage), "board-of-releases")
    device = load_identity(home).device
    shelf = Shelf(deployed)
    shelf.switch(shelf.install(make_release(tmp_path, "1.0.0"), CHECK).name)
    (tmp_path / "maker.pem").write_bytes(PUBLIC)
    file = make_release(tmp_path, "1.1.0", files={"lib/large": "x" * 2_000_000})
    central(stage, "releases", "add", str(file), "--key", str(tmp_path / "maker.pem"))

    def connect() -> CentralService:
        return CentralService(profile.central, load_identity(home), load_key(home.transport_key))

    fetch = ReleaseFetch(home, connect, print, spread_s=0, rest_s=0)
    with agent_of(home, stage.address) as agent:
        agent.courier._releases = fetch

        def beat() -> object:
            agent.courier._next_beat = 0
            agent.work()
            return fetch._wanted

        assert beat() is None
        name = shelf_name(file)
        central(stage, "releases", "give", name, "--device", device)
        offered = beat()
        assert offered is not None
        assert (offered.name, offered.size) == (name, file.stat().st_size)
        connection = connect()
        assert fetch.fetch(offered, connection)
        connection.close()
        laid = deployed.inbox / f"{name}.release"
        assert laid.read_bytes() == file.read_bytes()

        # It did no good, say: central hears that and does not offer it any more.
        write_news(deployed, News(Outcome.ROLLED_BACK, name, "the kiosk failed"))
        assert beat() is None
        central(stage, "releases", "give", name, "--device", device)
        assert beat() == offered

        # And then it did.
        shelf.switch(shelf.install(laid, CHECK).name)
        write_news(deployed, News(Outcome.CONFIRMED, name))
        assert beat() is None
    assert name in central(stage, "devices", "show", device)


def shelf_name(file: Path) -> str:
    with file.open("rb") as opened:
        return Shelf(Deployed()).examine(opened, CHECK)[0].name

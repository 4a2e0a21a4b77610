"""The inbox is the agent's, and the agent may have been taken over: root does nothing for it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from other_user import AGENT, GROUP, as_user

from device.store.deployed import Deployed
from device.update.inbox import empty_inbox

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two other users")


class Updater:
    """Does nothing but what an attacker wants done while it is at work."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._meanwhile = meanwhile

    def update(self, _file: Path, **_: object) -> None:
        self._meanwhile()


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    """A device whose agent's folder is the agent's."""
    root = Path(tempfile.mkdtemp(prefix="haochaping-", dir="/tmp"))
    root.chmod(0o755)
    places = Deployed(root)
    places.inbox.mkdir(parents=True)
    for folder in (places.inbox, places.inbox.parent):
        os.chown(folder, AGENT, GROUP)
    yield places
    shutil.rmtree(root)


def test_whatever_lies_there_is_gone_afterwards(deployed: Deployed):
    def fill() -> None:
        (deployed.inbox / "a.release").write_bytes(b"x")
        (deployed.inbox / "b.release").mkdir()
        (deployed.inbox / "b.release/in it").write_bytes(b"x")
        (deployed.inbox / "c.release").symlink_to("/etc/passwd")

    as_user(AGENT, fill)
    said: list[str] = []
    empty_inbox(deployed, Updater(), said.append)  # type: ignore[arg-type]
    assert (list(deployed.inbox.iterdir()), said) == ([], [])
    assert Path("/etc/passwd").exists()


def test_a_link_in_the_inboxs_place_has_root_remove_nothing(deployed: Deployed):
    card = deployed.root / "card"
    card.mkdir()
    (card / "a.release").write_bytes(b"the card's own")
    (deployed.inbox / "a.release").write_bytes(b"x")

    def swap() -> None:
        deployed.inbox.rename(deployed.inbox.with_name("moved"))
        deployed.inbox.symlink_to(card)

    said: list[str] = []
    empty_inbox(deployed, Updater(lambda: as_user(AGENT, swap)), said.append)  # type: ignore[arg-type]
    assert (card / "a.release").read_bytes() == b"the card's own"
    assert said == ["a.release stays in the inbox: Permission denied"]

"""What became of the last update, for everybody on the device who wants to know.

The updater writes it; the agent tells central in its heartbeat, which then offers a release
that did no good no more; `haochaping doctor` shows it. Standard library only.
"""

import json
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from device.store.deployed import Deployed
from device.store.disk import write_durably

MAX_LINE: Final = 128
"""As much as a heartbeat's field holds."""


class Outcome(StrEnum):
    """How an update stands or ended."""

    WAITING = "waiting"
    """Unpacked; it waits for a moment without a visit."""
    TRIAL = "trial"
    """In use, and watched."""
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled-back"
    """The release before is in use again."""
    REFUSED = "refused"
    """Not even unpacked: not genuine, for another device, older, no room."""
    WENT_BACK = "went-back"
    """Somebody put the release before into use by hand; until that is forgotten, this one does
    not come by itself again."""


class News(NamedTuple):
    """The last update."""

    outcome: Outcome
    release: str
    """The release it was about; a file's name where none could be read from it."""
    why: str = ""
    """One line in English."""

    @property
    def line(self) -> str:
        """As the heartbeat has it, such as ``rolled-back: 0.2.0-1a2b3c4d: kiosk failed``."""
        text = ": ".join(filter(None, (self.outcome, self.release, self.why)))
        return "".join(c if c.isprintable() else " " for c in text)[:MAX_LINE]


def news_file(deployed: Deployed) -> Path:
    """Return where it is kept: the agent may read there, root alone may write."""
    return deployed.state / "update.json"


def write_news(deployed: Deployed, news: News) -> None:
    """Let ``news`` take the place of what was before. Raises `OSError`."""
    write_durably(news_file(deployed), json.dumps(news._asdict()).encode() + b"\n")


def read_news(deployed: Deployed) -> News | None:
    """Return the last update; None if there was none, or it cannot be read."""
    try:
        fields = json.loads(news_file(deployed).read_text(encoding="utf-8"))
        return News(Outcome(fields["outcome"]), str(fields["release"]), str(fields["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_news(deployed: Deployed) -> bool:
    """Forget what happened, so that a release gone back from may come again; True if any."""
    there = news_file(deployed).exists()
    news_file(deployed).unlink(missing_ok=True)
    return there


def release_in_use(deployed: Deployed) -> str:
    """Return the name of the release that ``current`` leads to; empty if there is none."""
    try:
        return deployed.current.readlink().name
    except OSError:
        return ""


def deployed_with(data: Path) -> Deployed | None:
    """Return the device whose data folder this is; None on a developer's machine."""
    for root in data.absolute().parents:
        if Deployed(root).data == data.absolute():
            return Deployed(root)
    return None

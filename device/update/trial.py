"""The note of an update under way: what a power cut must not make the device forget.

It is written before the first thing changes and removed after the last. Beside it a link,
``judge``, leads to the release before: the one that is known to work carries the update
out, judges the new one, and goes back if need be, even if the new one cannot start at all.
"""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

from device.core.errors import DeviceError
from device.releases.news import Outcome
from device.store.deployed import Deployed
from device.store.disk import sync_folder, write_durably


class Phase(StrEnum):
    """How far an update is."""

    SWITCHING = "switching"
    """From the release before to the new one; done again from its start if interrupted."""
    TRIAL = "trial"
    """The new one is in use and watched."""
    GOING_BACK = "going-back"
    """From the new one to the release before; done again from its start if interrupted."""
    OVER = "over"
    """Decided and told; what is left over is being removed."""


class UnreadableTrial(DeviceError, ValueError):
    """A note that cannot be read: nobody knows what the update was about."""


@dataclass(frozen=True)
class Trial:
    """An update under way."""

    phase: Phase
    fresh: str
    """Name of the new release."""
    proven: str
    """Name of the release before; empty if there was none."""
    proven_previous: str
    """What was the previous release then; empty if there was none."""
    expected: tuple[str, ...]
    """Units that were at work before: the new release must do no worse."""
    central_expected: bool
    """Central answered before, so it has to answer the new release too."""
    boots: int = 0
    """Boots in this phase that did not end it."""
    why: str = ""
    """Why it goes back, or went."""
    outcome: str = ""
    """How it ended (`device.releases.news.Outcome`), once it is over."""
    left: str = ""
    """Release that somebody goes back from by hand; empty for an update."""


def note(deployed: Deployed) -> Path:
    """Return where the note is."""
    return deployed.updating / "trial.json"


def judge(deployed: Deployed) -> Path:
    """Return the link to the release that carries the update out."""
    return deployed.updating / "judge"


def write(deployed: Deployed, trial: Trial) -> None:
    """Write the note down, durably; the link to the judge first. Raises `OSError`."""
    deployed.updating.mkdir(mode=0o755, parents=True, exist_ok=True)
    link = judge(deployed)
    target = Path("..") / deployed.releases.name / trial.proven
    if trial.proven and (not link.is_symlink() or link.readlink() != target):
        fresh = link.with_name(".judge.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
        sync_folder(link.parent)
    write_durably(note(deployed), json.dumps(asdict(trial), indent=1).encode() + b"\n", 0o644)


def read(deployed: Deployed) -> Trial | None:
    """Return the update under way; None if there is none. Raises `UnreadableTrial`."""
    try:
        content = json.loads(note(deployed).read_text(encoding="utf-8"))
        content = {
            field.name: content[field.name]
            for field in fields(Trial)
            # What a release of another version may not have written.
            if field.default is MISSING or field.name in content
        }
        content["phase"] = Phase(content["phase"])
        if content["phase"] is Phase.OVER:
            Outcome(content["outcome"])
        content["expected"] = tuple(map(str, content["expected"]))
        return Trial(**content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableTrial(f"{note(deployed)}: {error}") from error


def end(deployed: Deployed) -> None:
    """The update is over; the link stays, and means nothing without the note."""
    note(deployed).unlink(missing_ok=True)
    sync_folder(deployed.updating)

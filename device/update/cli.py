"""`haochaping update`: what technicians and systemd ask for."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from device.core.errors import DeviceError
from device.core.plain import plain
from device.store.deployed import Deployed

if TYPE_CHECKING:
    from device.update.updater import Updater
    from protocol.releases import Check

DESCRIPTION = """\
Brings another release of this software into use: checked against the maker's key, unpacked
beside the one in use, switched to when no citizen is rating, watched for some minutes, and
taken back by itself if kiosk or agent do worse than before. The power may go at any time.

  haochaping update --usb              from a USB stick that holds a *.release file
  haochaping update FILE               from a file
  haochaping update --status           what is in use, and what the last update came to
  haochaping update --back             the previous release again

Releases that central gives arrive by themselves. Run it as root (sudo).
"""


def update(command: str) -> tuple[argparse.ArgumentParser, Callable[[argparse.Namespace], int]]:
    """Return the command's arguments and what runs it."""
    parser = argparse.ArgumentParser(
        f"haochaping {command}",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, help="a release file (*.release)")
    what.add_argument("--usb", action="store_true", help="the newest fitting one on a USB stick")
    what.add_argument("--status", action="store_true", help="say how things are; changes nothing")
    what.add_argument("--back", action="store_true", help="put the previous release into use")
    what.add_argument(
        "--again",
        action="store_true",
        help="let a release that somebody went back from come from central again",
    )
    for word in ("from-inbox", "settle", "judge", "lay-out-anew"):
        what.add_argument(f"--{word}", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--force",
        action="store_true",
        help="with FILE or --usb: an older release too",
    )
    # Another root is a test's; a device has one.
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    return parser, run


def run(options: argparse.Namespace) -> int:
    """Do what the arguments say; returns the exit code. Raises `DeviceError`."""
    deployed = Deployed(options.root)
    if options.status:
        return _status(deployed)
    if options.root == Path("/") and os.geteuid() != 0:
        raise DeviceError("only root may change releases: sudo haochaping update ...")
    if options.lay_out_anew:
        return _lay_out_anew(deployed)
    if options.again:
        from device.releases.news import forget_news

        print("forgotten" if forget_news(deployed) else "there was nothing to forget")
        return 0
    # A connection that breaks must not end an update half way.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    from device.update.system import Systemd
    from device.update.updater import Updater

    updater = Updater(deployed, Systemd(), _maker(deployed), say=_say)
    if options.settle:
        # Kiosk and agent start after this. An update that is under way has started them, and
        # waits for them: waiting for its end here would be waiting for ourselves.
        with updater.alone(patient=False) as alone:
            if alone:
                updater.settle()
        return 0
    if options.from_inbox:
        updater.leave_to_judge()
    with updater.alone():
        if options.judge:
            updater.judge()
            return 0
        if options.from_inbox:
            from device.update.inbox import empty_inbox

            updater.judge()
            empty_inbox(deployed, updater, _say)
            return 0
        return _by_hand(options, updater)


def _by_hand(options: argparse.Namespace, updater: "Updater") -> int:
    from device.releases.news import Outcome
    from device.update.stick import mounted_sticks, newest_release

    if options.back:
        news = updater.back()
        good = Outcome.WENT_BACK
    elif options.usb:
        with mounted_sticks() as places:
            file = newest_release(places, updater.shelf, updater.check, _say)
            _say(f"found {file.name}")
            news = updater.update(file, force=options.force)
        good = Outcome.CONFIRMED
    else:
        news = updater.update(options.file.resolve(), force=options.force)
        good = Outcome.CONFIRMED
    return 0 if news.outcome is good else 1


def _status(deployed: Deployed) -> int:
    from device.releases.news import read_news
    from device.releases.shelf import Shelf
    from device.update import trial
    from device.update.inbox import arriving

    shelf = Shelf(deployed)
    news = read_news(deployed)
    print(f"in use        {shelf.current() or 'none'}")
    print(f"previous      {shelf.previous() or 'none'}")
    print(f"on the disk   {', '.join(shelf.names()) or 'none'}")
    print(f"last update   {news.line if news else 'none yet'}")
    for line in arriving(deployed):
        print(f"arriving      {line}")
    try:
        under_way = trial.read(deployed)
    except trial.UnreadableTrial as error:
        print(f"under way     {error}")
        return 1
    if under_way is not None and under_way.phase is not trial.Phase.OVER:
        print(f"under way     {under_way.phase} {under_way.fresh} (boots: {under_way.boots})")
    return 0


def _lay_out_anew(deployed: Deployed) -> int:
    from device.store.home import Home
    from device.store.older_software import lay_out_anew

    for line in lay_out_anew(Home(deployed.data)):
        print(line)
    return 0


def _maker(deployed: Deployed) -> "Check":
    """Return what checks releases; the key is looked for when one is to be checked."""
    from protocol.errors import BadSignature, Malformed
    from protocol.release_key import check_with

    def check(signature: bytes, message: bytes) -> None:
        try:
            genuine = check_with(deployed.release_key.read_bytes())
        except (OSError, Malformed) as error:
            raise BadSignature(
                f"{deployed.release_key}: the key of whoever makes releases cannot be read: {error}"
            ) from error
        genuine(signature, message)

    return check


def _say(step: str) -> None:
    print(plain(step), file=sys.stderr, flush=True)

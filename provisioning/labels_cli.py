"""`haochaping provision labels`: the command of `provisioning.labels`."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from provisioning import fleet_cli
from provisioning.card_record import NAME, WrittenCard, read_record
from provisioning.errors import BadCard
from provisioning.findings import BadFleet
from provisioning.fleet import Fleet, Seat

DESCRIPTION: Final = """\
Prints a label for every card that was written: the device's name, where it belongs, a QR code
with name and fingerprint, and the fingerprint in groups for reading aloud. While a device is
set up its screen shows the same fingerprint: card and box belong together.

  provision labels fleet.toml --out labels.pdf
  provision labels fleet.toml --cards cards/ --hall 210100-01 --out labels.pdf
  provision labels fleet.toml --device 210100-01-w12 --paper roll --out one.pdf

On A4 there are 3 by 8 labels of 63 x 34 mm with cut marks; print at 100 % ("actual size").
--paper roll makes a page per label, for label printers. No secret is on a label.
Exit codes: 0 every label is in the PDF, 1 some are not, 2 wrong input.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``haochaping provision labels``."""
    parser.add_argument("fleet", type=Path, metavar="FLEET", help="the fleet file (TOML)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="a new file")
    parser.add_argument(
        "--cards",
        type=Path,
        action="append",
        metavar="PATH",
        help=f"{NAME} as provision cards left it, or its folder; may be given several times"
        f" (default: {NAME} beside the fleet file)",
    )
    parser.add_argument(
        "--paper", choices=("A4", "roll"), default="A4", help="default: %(default)s"
    )
    parser.add_argument("--hall", action="append", metavar="CODE", help="only devices of this hall")
    parser.add_argument("--device", action="append", metavar="NAME", help="only this device")
    parser.add_argument("--replace", action="store_true", help="write over an existing file")


def run(options: argparse.Namespace) -> int:
    """Make the PDF; returns the exit code."""
    if options.out.exists() and not options.replace:
        return _say(f"{options.out}: exists already; give --replace to write over it", 2)
    try:
        fleet = fleet_cli.load(options.fleet)
        cards = _cards(options.cards or [options.fleet.parent])
    except BadFleet as error:
        print(error, file=sys.stderr)
        return 2
    except BadCard as error:
        return _say(str(error), 2)
    chosen = [
        seat
        for seat in fleet.seats
        if (not options.hall or seat.hall in options.hall)
        and (not options.device or seat.name in options.device)
    ]
    unknown = {
        *set(options.hall or ()) - {seat.hall for seat in fleet.seats},
        *set(options.device or ()) - {seat.name for seat in fleet.seats},
    }
    if unknown:
        return _say(f"not in {options.fleet}: {', '.join(sorted(unknown))}", 2)
    missing = list(_without_label(chosen, cards))
    for name, why in missing:
        print(f"{name}: no label: {why}", file=sys.stderr)
    left_out = {name for name, _why in missing}
    seats = [seat for seat in chosen if seat.name not in left_out]
    if not seats:
        return _say("no label to print; first: haochaping provision cards", 1)
    try:
        _print(fleet, seats, cards, options)
    except OSError as error:
        return _say(f"{options.out}: cannot be written: {error.strerror}", 1)
    return 1 if missing else 0


def _cards(paths: Sequence[Path]) -> dict[str, WrittenCard]:
    """Return the cards in every record; of one that is in two, the one written last."""
    found: dict[str, WrittenCard] = {}
    for path in paths:
        record = path / NAME if path.is_dir() else path
        if not record.exists():
            raise BadCard(
                f"{record}: there is no such record of cards; haochaping provision cards makes it"
                " (another place: --cards)"
            )
        for name, card in read_record(record).items():
            if name not in found or card.written_ms >= found[name].written_ms:
                found[name] = card
    return found


def _without_label(
    seats: Sequence[Seat], cards: dict[str, WrittenCard]
) -> Iterator[tuple[str, str]]:
    """Yield each device that can have no label, and why."""
    for seat in seats:
        card = cards.get(seat.name)
        if card is None:
            yield seat.name, "its card has not been written"
        elif (card.hall, card.window) != (seat.hall, seat.window):
            yield (
                seat.name,
                f"its card is for window {card.window} of hall {card.hall}, the fleet file says"
                f" window {seat.window} of hall {seat.hall}; write the card anew",
            )


def _print(
    fleet: Fleet, seats: Sequence[Seat], cards: dict[str, WrittenCard], options: argparse.Namespace
) -> None:
    from provisioning.labels import Label, Paper, draw

    labels = [
        Label(
            seat.name,
            seat.hall,
            fleet.halls.get(seat.hall, ""),
            seat.window,
            seat.note,
            cards[seat.name].fingerprint,
        )
        for seat in seats
    ]
    printed = draw(labels, time.time_ns() // 1_000_000, Paper[options.paper.upper()])
    options.out.write_bytes(printed.content)
    print(
        f"wrote {options.out}: {len(labels)} label{'' if len(labels) == 1 else 's'} on"
        f" {printed.pages} page{'' if printed.pages == 1 else 's'}"
    )
    if printed.unprintable:
        print(
            f"warning: no font of this machine has {printed.unprintable}: printed as boxes;"
            " install fonts-noto-cjk, fonts-babelstone-han or fonts-hanazono",
            file=sys.stderr,
        )


def _say(text: str, code: int) -> int:
    print(f"haochaping provision labels: {text}", file=sys.stderr)
    return code

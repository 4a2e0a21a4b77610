"""Makes the cards of a fleet: a token for each that needs one, and the files onto its place.

What one device meets does not stop the others. Whatever was interrupted is begun again by
the same command: a token that a card has already is asked after and used, files that are
there are not written again, and no device that serves is replaced unless that was said.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple, Protocol

from device.core.errors import BadConfiguration
from protocol.enrolment_tokens import TokenState
from protocol.errors import ProtocolError
from protocol.release_key import check_with
from protocol.releases import open_release, read_tree
from provisioning.card import Card, Enrolment, Release, make_card
from provisioning.card_folder import Written
from provisioning.content import Content
from provisioning.errors import (
    BadCard,
    CardInUse,
    CentralRefuses,
    CentralUnreachable,
    KeyRefused,
    ProvisioningError,
)
from provisioning.fleet import Fleet, Seat
from provisioning.previous import Previous
from provisioning.progress import Progress
from provisioning.tokens import TokenDesk

_VOIDED = "a card written for it before, and not used, is no longer good"
_ANEW = "if central has retired it, --replace makes it a new device"


class Place(Protocol):
    """Where a card is written: a boot partition, a folder, a zip file."""

    def previous(self) -> Previous | None:
        """Return the card that is there; None if there is none."""

    def write(self, card: Card, progress: Progress) -> Written:
        """Write what is not there already."""


class Wish(StrEnum):
    """What a card is written for, where another card or device is in its way."""

    NOTHING_LOST = ""
    """The one that is there stays; refused if that cannot be."""
    REPLACE = "replace"
    """A new device, with new keys, takes the place of whoever is there."""
    MOVE = "move"
    """The enrolled device whose card this is goes to another window, and keeps its keys."""


class Result(StrEnum):
    """What became of one card."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    LEFT = "not tried"


class Agreed(NamedTuple):
    """What was settled with central for one card, before it is written."""

    enrolment: Enrolment
    remark: str
    """For the technician."""
    done: str = ""
    """What is so already, whether the card can be written or not."""


class Outcome(NamedTuple):
    """What became of one device's card."""

    seat: Seat
    result: Result
    sentence: str
    card: Card | None = None


def read_release(fleet: Fleet) -> Release | None:
    """Return the fleet's release, all of it checked; None if the fleet names none.

    Raises `BadCard`.
    """
    if fleet.release is None:
        return None
    if fleet.release_key is None:
        raise BadCard("a release is given, and no release_key that it must be signed with")
    try:
        check = check_with(fleet.release_key.read_bytes())
        with fleet.release.open("rb") as file:
            manifest, tree = open_release(file, check)
            read_tree(manifest, tree, lambda _piece: None)
        return Release(Content.of_file(fleet.release), manifest)
    except (ProtocolError, OSError) as error:
        raise BadCard(f"{fleet.release}: {error}") from error


def read_packages(fleet: Fleet) -> dict[str, Content]:
    """Return the fleet's Debian packages by file name, read once for all cards.

    Raises `BadCard`.
    """
    try:
        return {package.name: Content.of_file(package) for package in fleet.debs}
    except OSError as error:
        raise BadCard(_told(error)) from error


def write_cards(
    fleet: Fleet,
    seats: Sequence[Seat],
    place_of: Callable[[Seat], Place],
    desk: TokenDesk,
    *,
    wish: Wish = Wish.NOTHING_LOST,
    progress: Progress,
    done: Callable[[Outcome], object],
) -> list[Outcome]:
    """Write the card of every seat; ``done`` hears of each as it is finished.

    Where central cannot be reached, or does not take the key, the rest is not tried.
    Raises `BadCard` for a release that no device would install, before anything is written.
    """
    release = read_release(fleet)
    packages = read_packages(fleet)
    make = partial(make_card, fleet, release=release, packages=packages)
    outcomes: list[Outcome] = []
    hopeless = ""
    for seat in seats:
        if hopeless:
            outcome = Outcome(seat, Result.LEFT, hopeless)
        else:
            try:
                outcome = _write(fleet, seat, place_of(seat), desk, make, wish, progress)
            except (CentralUnreachable, KeyRefused) as error:
                hopeless = str(error)
                outcome = Outcome(seat, Result.FAILED, hopeless)
            except (ProvisioningError, BadConfiguration, OSError) as error:
                outcome = Outcome(seat, Result.FAILED, _told(error))
        outcomes.append(outcome)
        done(outcome)
    return outcomes


def enrolment_for(
    fleet: Fleet, seat: Seat, previous: Previous | None, desk: TokenDesk, wish: Wish
) -> Agreed:
    """Return the enrolment that the card of ``seat`` gets, and a remark for the technician.

    Raises `CardInUse`, `CentralRefuses`, `CentralUnreachable` or `KeyRefused`.
    """
    replace = wish is Wish.REPLACE
    if wish is Wish.MOVE and previous is None:
        raise CardInUse("there is no card of a device here that could be moved")
    if previous is not None:
        kept = _kept(fleet, seat, previous, desk, wish)
        if kept is not None:
            return kept
    try:
        granted = desk.make(
            seat.window, seat.hall, name=seat.name, days=fleet.token_days, replace=replace
        )
    except CentralRefuses as error:
        if error.code != "window-taken" or replace:
            raise
        if wish is Wish.MOVE:
            raise CardInUse(f"{error}. Move or revoke that one first") from error
        raise CardInUse(f"{error}. To put a new device in its place: --replace") from error
    done = _VOIDED if granted.voided else ""
    remark = f"token until {_day(granted.enrolment.expires_ms)}"
    if done:
        remark += f"; {done}"
    if granted.replaces:
        remark += f"; {granted.replaces} is retired when this device enrols"
    elif previous is not None and wish is Wish.MOVE:
        before = previous.note
        remark += f"; {before.name} goes from window {before.window} to {seat.window}, keys kept"
    return Agreed(granted.enrolment, remark, done)


def previous_at(place: Place, *, replace: bool) -> Previous | None:
    """Return the card at ``place``; one that cannot be read is in the way, or none at all.

    Raises `BadCard` unless ``replace``.
    """
    try:
        return place.previous()
    except BadCard as error:
        if replace:
            return None
        raise BadCard(f"{error}. To write over it: --replace") from error


def _is_to_move(fleet: Fleet, seat: Seat, previous: Previous, desk: TokenDesk) -> bool:
    """Return whether this card is of a device that has enrolled for another window.

    False if the card is written for ``seat`` already. Raises `CardInUse` for a card that
    nothing can be moved with.
    """
    note = previous.note
    if note.central != fleet.central:
        raise CardInUse(f"{note.name} is a device of {note.central}; none is moved to another")
    if (note.name, note.window) == (seat.name, seat.window):
        return False
    if not previous.used and desk.status(previous.token).state is not TokenState.SPENT:
        raise CardInUse(
            f"no device has enrolled with this card of {note.name} yet: there is nothing to move. "
            "To write over it: --replace"
        )
    return True


def _kept(
    fleet: Fleet, seat: Seat, previous: Previous, desk: TokenDesk, wish: Wish
) -> Agreed | None:
    """Return the enrolment that the card has already; None if it needs another."""
    note, replace = previous.note, wish is Wish.REPLACE
    if wish is Wish.MOVE and _is_to_move(fleet, seat, previous, desk):
        return None
    before = f"{note.name} at window {note.window} ({note.central})"
    if note.name != seat.name:
        if not replace:
            raise CardInUse(
                f"this is the card of {before}. To take this device to window {seat.window}: "
                "--move; to make another of it: --replace"
            )
        return None
    if (note.hall, note.window, note.central) != (seat.hall, seat.window, fleet.central):
        if previous.used and not replace:
            raise CardInUse(
                f"the device has enrolled as {before}. To take it to window {seat.window} with "
                f"its keys: --move; to enrol it anew ({fleet.central}): --replace"
            )
        return None
    had = Enrolment(
        previous.token,
        note.token_sha256,
        note.issued_ms,
        note.expires_ms,
        note.central_key,
        note.replace,
    )
    used = had._replace(token="")
    settings = f"settings only, no token; {_ANEW}"
    if previous.used:
        return None if replace else Agreed(used, f"enrolled already: {settings}")
    if not previous.token or (replace and not note.replace):
        return None
    status = desk.status(previous.token)
    if status.state is TokenState.SPENT and not replace:
        return Agreed(used, f"enrolled already as {status.device}: {settings}")
    if status.state is not TokenState.UNUSED or status.window != seat.window:
        return None
    return Agreed(had, f"token kept, until {_day(status.expires_ms or note.expires_ms)}")


def _write(
    fleet: Fleet,
    seat: Seat,
    place: Place,
    desk: TokenDesk,
    make: Callable[[Seat, Enrolment], Card],
    wish: Wish,
    progress: Progress,
) -> Outcome:
    previous = previous_at(place, replace=wish is Wish.REPLACE)
    # Worked out once without a token: a mistake in the settings must not cost one.
    make(seat, Enrolment("", "", 0, 0, None))
    agreed = enrolment_for(fleet, seat, previous, desk, wish)
    try:
        card = make(seat, agreed.enrolment)
        written = place.write(card, progress)
    except (ProvisioningError, BadConfiguration, OSError) as error:
        if not agreed.done:
            raise
        return Outcome(seat, Result.FAILED, f"{_told(error)}; {agreed.done}")
    result = Result.WRITTEN if written.written else Result.UNCHANGED
    return Outcome(seat, result, agreed.remark, card)


def _day(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"


def _told(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)

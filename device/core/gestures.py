"""From contacts to presses: which touches count, which are accidents, and which are made by
the panel itself.

A press counts when one first contact goes down and up on the same target, stays long enough
to be a finger and not a spike of the panel, and does not fall into the moment after the page
changed under it. All the rest is counted and scores nothing.

Panels fail in ways that look like fingers: they tap by themselves (`device.core.phantoms`),
they never let go, they see water as ten fingers, one touch arrives as a finger and as a mouse
(SDL#14656). What is found is returned as a `Finding`, once, to be reported; a panel that taps by
itself is put out of service, and comes back when it has been quiet.

Everything here is values: places are pixels of the canvas, times are milliseconds of a clock
that never jumps.
"""

from collections.abc import Hashable, Mapping
from enum import Enum, StrEnum
from typing import Generic, NamedTuple, TypeVar

import msgspec

from device.core import phantoms
from device.core.phantoms import MIN_DWELL_MS, QUIET_MS, SAME_PX, Haunt, Place, Tap

LOST_MS = 10_000
"""A contact that lasts longer is stuck, or has lost its end (a panel pulled out in mid-touch):
it must not keep everybody else from touching."""
SETTLE_MS = 300
"""No input counts for this long after a page change (docs/screens.md, "Motion")."""

FULL_HAND = 5
"""More contacts at once than this are no hand: a wet cloth, an arm, interference."""
HASTE = 20
"""More contacts a second than this are no hands: one finger taps 7 times a second, all
fingers drumming about 15 times."""
ONE_FINGER, FLOOD_MS = 7, 1_000
"""A flood is over when for so long no more contacts came than one finger makes a second."""

TWIN_PX, TWIN_MS = 6.0, 50
"""A mouse event this near to a finger, in place and after it was lifted, is the same touch
told twice (SDL#14656, SDL#11204); also the other way round."""

MOUSE = -1
"""The mouse's contact number; fingers count from 0."""
CONTACTS_KEPT = 16

T = TypeVar("T", bound=Hashable)


class Verdict(Enum):
    """What became of a contact."""

    PRESSED = "pressed"
    """A target holds the finger; nothing has been decided yet."""
    ACCEPTED = "accepted"
    """It was a press of that target."""
    RELEASED = "released"
    """A press that came to nothing: slid off, or a spike. To be counted."""
    SURPLUS = "surplus"
    """A touch of a target that cannot count now: a second finger, a page that has not
    settled. To be counted."""
    WOKE = "woke"
    """It woke the screen, and does nothing else."""
    OUT = "out"
    """Touch is out of service, at least here. To be counted apart."""
    FLOOD = "flood"
    """One of more contacts than hands make. To be counted apart."""
    TWIN = "twin"
    """The same touch as another, told a second time."""
    NOTHING = "nothing"


class Fault(StrEnum):
    """What a panel can be found at; the values are codes of faults."""

    STUCK = "touch-stuck"
    PHANTOM = "touch-phantom"
    FLOOD = "touch-flood"
    BACK = "touch-back"
    """No fault: the panel is trusted again."""


class Finding(NamedTuple):
    """Something to be reported about the panel, once."""

    fault: Fault
    place: Place
    times: int = 0
    """Touches (phantom), or contacts at once or within a second (flood)."""
    interval_ms: int = 0
    """Between two of the phantom's touches, in the middle."""

    @property
    def detail(self) -> str:
        """What is worth writing down beside the fault's code."""
        text = f"at {self.place.x:.0f},{self.place.y:.0f}"
        if self.times:
            text += f", {self.times} times"
        return text + (f", every {self.interval_ms} ms" if self.interval_ms else "")


class Contact(msgspec.Struct, frozen=True):
    """A finger, or the mouse's button, that is down."""

    came: Place
    at: Place
    down_ms: int
    rests_at: Place
    rests_ms: int
    """Since when it has not left the spot around ``rests_at``."""
    strayed: bool = False
    """It has left the point it came down at."""
    stuck: bool = False
    wakes: bool = False
    """It woke the screen, or came while another was doing so."""
    twin: bool = False

    def lost(self, now_ms: int) -> bool:
        """Return whether it is stuck, or has lost its end."""
        return now_ms - self.down_ms > LOST_MS


class Touch(msgspec.Struct, Generic[T], frozen=True):
    """All that is known of the panel. ``T`` is what can be touched."""

    spare: bool = False
    """There are buttons: a haunted panel is ignored as a whole. Without them only the haunted
    spot is, since a panel that is not quite right is better than no way to rate."""
    spot: float = 18.0
    """Pixels around a haunted point that are ignored, and that a stuck contact may jitter in:
    3 mm, a sixth of a key."""
    asleep: bool = False
    """The screen is dark: the next touch wakes it and does nothing else."""
    settles_ms: int = 0
    """Before this moment nothing counts."""
    contacts: Mapping[int, Contact] = msgspec.field(default_factory=dict)
    first: int | None = None
    """The contact that holds the screen."""
    target: T | None = None
    """What it went down on."""
    over: bool = False
    """It is still there, and has not slid off."""
    lifted: Mapping[bool, tuple[Place, int]] = msgspec.field(default_factory=dict)
    """Where and when a finger (False) and the mouse's button (True) were last lifted."""
    taps: tuple[Tap, ...] = ()
    downs_ms: tuple[int, ...] = ()
    haunts: tuple[Haunt, ...] = ()
    flooded_ms: int | None = None
    """When contacts last came as a flood."""
    stuck_ms: int | None = None
    """When a contact was last found, or let go, that had been stuck."""
    findings: tuple[Finding, ...] = ()
    """Not yet taken up by `look`."""

    @property
    def sunk(self) -> T | None:
        """What is to be shown as pressed."""
        return self.target if self.over else None

    @property
    def out(self) -> bool:
        """Touch is out of service; buttons and keys go on."""
        return self.spare and bool(self.haunts)

    def haunted(self, place: Place) -> bool:
        """Return whether touches at ``place`` are not to be trusted."""
        return self.out or any(place.near(haunt.place, self.spot) for haunt in self.haunts)


# --- the page ------------------------------------------------------------------------------


def page_changed(touch: Touch[T], now_ms: int) -> Touch[T]:
    """Return the state just after a new page appeared; a held contact is let go."""
    return msgspec.structs.replace(let_go(touch), settles_ms=now_ms + SETTLE_MS)


def let_go(touch: Touch[T]) -> Touch[T]:
    """Return the state in which no contact holds the screen; those that are down count for
    nothing any more."""
    return msgspec.structs.replace(touch, first=None, target=None, over=False)


def with_spare(touch: Touch[T]) -> Touch[T]:
    """Return the state of a panel beside which there are buttons."""
    return msgspec.structs.replace(touch, spare=True)


def fall_asleep(touch: Touch[T]) -> Touch[T]:
    """Return the state of a dark screen."""
    return msgspec.structs.replace(let_go(touch), asleep=True)


def wake(touch: Touch[T], now_ms: int) -> Touch[T]:
    """Return the state after something woke the screen; it has to settle first."""
    if not touch.asleep:
        return touch
    return msgspec.structs.replace(touch, asleep=False, settles_ms=now_ms + SETTLE_MS)


# --- contacts ------------------------------------------------------------------------------


def down(
    touch: Touch[T], contact: int, place: Place, target: T | None, now_ms: int
) -> tuple[Touch[T], Verdict]:
    """A finger, or the mouse's button, came down on ``target`` (None: beside everything)."""
    touch = _forget(touch, contact)  # if it was down already, its end was lost
    if _is_twin(touch, contact, place, now_ms):
        known = Contact(place, place, now_ms, place, now_ms, twin=True)
        return _with(touch, contact, known), Verdict.TWIN
    touch, verdict = _judge_down(touch, contact, place, target, now_ms)
    known = Contact(place, place, now_ms, place, now_ms, wakes=verdict is Verdict.WOKE)
    return _with(touch, contact, known), verdict


def _judge_down(
    touch: Touch[T], contact: int, place: Place, target: T | None, now_ms: int
) -> tuple[Touch[T], Verdict]:
    if touch.haunted(place):
        return touch, Verdict.OUT
    touch, flooded = _flood(touch, place, now_ms)
    if flooded:
        return touch, Verdict.FLOOD
    waking = any(known.wakes and not known.lost(now_ms) for known in touch.contacts.values())
    if touch.asleep or waking:
        return wake(touch, now_ms), Verdict.WOKE
    touch = _drop_lost(touch, now_ms)
    if target is None:
        return touch, Verdict.NOTHING
    if touch.first is not None or now_ms < touch.settles_ms:
        return touch, Verdict.SURPLUS
    return msgspec.structs.replace(touch, first=contact, target=target, over=True), Verdict.PRESSED


def move(touch: Touch[T], contact: int, place: Place, target: T | None, now_ms: int) -> Touch[T]:
    """A contact moved to ``place``, where ``target`` lies; see `Touch.sunk` for what to show."""
    known = touch.contacts.get(contact)
    if known is None:
        return touch  # a mouse that moves with its button up
    strayed = known.strayed or not place.near(known.came, SAME_PX)
    moved = msgspec.structs.replace(known, at=place, strayed=strayed)
    if not place.near(known.rests_at, touch.spot):
        moved = msgspec.structs.replace(moved, rests_at=place, rests_ms=now_ms)
    touch = _with(touch, contact, moved)
    if contact != touch.first or touch.over is (target == touch.target):
        return touch
    return msgspec.structs.replace(touch, over=not touch.over)


def up(
    touch: Touch[T], contact: int, place: Place, target: T | None, now_ms: int
) -> tuple[Touch[T], Verdict]:
    """A contact was lifted at ``place``, over ``target``."""
    touch = move(touch, contact, place, target, now_ms)
    known = touch.contacts.get(contact)
    if known is None:
        return touch, Verdict.NOTHING
    holds, over = contact == touch.first, touch.over
    touch = _forget(touch, contact)
    if known.twin:
        return touch, Verdict.NOTHING
    lifted = {**touch.lifted, contact == MOUSE: (place, now_ms)}
    touch = msgspec.structs.replace(touch, lifted=lifted)
    if known.wakes:
        return msgspec.structs.replace(touch, settles_ms=now_ms + SETTLE_MS), Verdict.NOTHING
    if known.stuck:
        return msgspec.structs.replace(touch, stuck_ms=now_ms), Verdict.NOTHING
    length_ms = now_ms - known.down_ms
    touch = _remember(touch, Tap(known.came, known.down_ms, length_ms, known.strayed), now_ms)
    if not holds or length_ms > LOST_MS:
        return touch, Verdict.NOTHING
    accepted = over and length_ms >= MIN_DWELL_MS and not touch.haunted(known.came)
    return touch, Verdict.ACCEPTED if accepted else Verdict.RELEASED


# --- time ----------------------------------------------------------------------------------


def look(touch: Touch[T], now_ms: int) -> tuple[Touch[T], tuple[Finding, ...]]:
    """Return what has been found about the panel since the last call, each once."""
    touch = _find_stuck(_drop_lost(touch, now_ms), now_ms)
    for haunt in touch.haunts:
        if now_ms >= haunt.ends_ms:
            haunts = tuple(other for other in touch.haunts if other is not haunt)
            touch = msgspec.structs.replace(touch, haunts=haunts)
            touch = _found(touch, Finding(Fault.BACK, haunt.place))
    found = touch.findings
    return (msgspec.structs.replace(touch, findings=()) if found else touch), found


def due_ms(touch: Touch[T]) -> int | None:
    """Return when `look` may have something to say if nothing happens before."""
    moments = [haunt.ends_ms for haunt in touch.haunts]
    for contact, known in touch.contacts.items():
        if contact == touch.first:
            moments.append(known.down_ms + LOST_MS + 1)
        if not (known.stuck or known.twin):
            moments.append(known.rests_ms + LOST_MS + 1)
    return min(moments, default=None)


# --- within --------------------------------------------------------------------------------


def _with(touch: Touch[T], contact: int, known: Contact) -> Touch[T]:
    contacts = {**touch.contacts, contact: known}
    while len(contacts) > CONTACTS_KEPT:
        # So many never ended that the oldest cannot be fingers any more.
        del contacts[next(iter(contacts))]
    return msgspec.structs.replace(touch, contacts=contacts)


def _forget(touch: Touch[T], contact: int) -> Touch[T]:
    if contact not in touch.contacts:
        return touch
    contacts = {other: known for other, known in touch.contacts.items() if other != contact}
    touch = let_go(touch) if contact == touch.first else touch
    return msgspec.structs.replace(touch, contacts=contacts)


def _held(touch: Touch[T]) -> Contact | None:
    return None if touch.first is None else touch.contacts.get(touch.first)


def _drop_lost(touch: Touch[T], now_ms: int) -> Touch[T]:
    """Let the contact go that holds the screen and has lost its end."""
    held = _held(touch)
    return let_go(touch) if held is not None and held.lost(now_ms) else touch


def _found(touch: Touch[T], finding: Finding) -> Touch[T]:
    return msgspec.structs.replace(touch, findings=(*touch.findings, finding))


def _is_twin(touch: Touch[T], contact: int, place: Place, now_ms: int) -> bool:
    mouse = contact == MOUSE
    for other, known in touch.contacts.items():
        usable = (other == MOUSE) is not mouse and not known.twin and not known.lost(now_ms)
        if usable and place.near(known.at, TWIN_PX):
            return True
    where, lifted_ms = touch.lifted.get(not mouse, (place, now_ms - TWIN_MS - 1))
    return place.near(where, TWIN_PX) and now_ms - lifted_ms <= TWIN_MS


def _flood(touch: Touch[T], place: Place, now_ms: int) -> tuple[Touch[T], bool]:
    """Count one more contact; return whether it belongs to a flood."""
    recent = tuple(at_ms for at_ms in touch.downs_ms if now_ms - at_ms < 1_000)
    downs_ms = (*recent, now_ms)[-HASTE - 1 :]
    touch = msgspec.structs.replace(touch, downs_ms=downs_ms)
    together = 1 + sum(
        not known.twin and not known.lost(now_ms) for known in touch.contacts.values()
    )
    since_ms = None if touch.flooded_ms is None else now_ms - touch.flooded_ms
    goes_on = since_ms is not None and since_ms < FLOOD_MS
    if together <= FULL_HAND and len(downs_ms) <= (ONE_FINGER if goes_on else HASTE):
        return touch, goes_on
    if not goes_on:
        touch = _found(touch, Finding(Fault.FLOOD, place, max(together, len(downs_ms))))
    return msgspec.structs.replace(let_go(touch), flooded_ms=now_ms), True


def _find_stuck(touch: Touch[T], now_ms: int) -> Touch[T]:
    for contact, known in touch.contacts.items():
        if known.stuck or known.twin or now_ms - known.rests_ms <= LOST_MS:
            continue
        touch = _with(touch, contact, msgspec.structs.replace(known, stuck=True))
        if touch.stuck_ms is None or now_ms - touch.stuck_ms > QUIET_MS:
            # One that comes and goes is reported once, not every ten seconds.
            touch = _found(touch, Finding(Fault.STUCK, known.at))
        touch = msgspec.structs.replace(touch, stuck_ms=now_ms)
    return touch


def _remember(touch: Touch[T], tap: Tap, now_ms: int) -> Touch[T]:
    """Note a touch that has ended, and whether the panel makes them by itself."""
    for haunt in touch.haunts:
        if tap.place.near(haunt.place, touch.spot):
            moved = tuple(
                known._replace(last_ms=now_ms) if known is haunt else known
                for known in touch.haunts
            )
            return msgspec.structs.replace(touch, haunts=moved)
    touch = msgspec.structs.replace(touch, taps=phantoms.remembered(touch.taps, tap, now_ms))
    here = phantoms.at_one_point(touch.taps, tap.place)
    return _haunt(touch, tap.place, here, now_ms) if phantoms.made_by_the_panel(here) else touch


def _haunt(touch: Touch[T], place: Place, taps: list[Tap], now_ms: int) -> Touch[T]:
    others = tuple(tap for tap in touch.taps if tap not in taps)
    haunt = Haunt(place, phantoms.interval_ms(taps), now_ms)
    haunts = (*touch.haunts, haunt)[-phantoms.HAUNTS_KEPT :]
    touch = msgspec.structs.replace(touch, taps=others, haunts=haunts)
    held = _held(touch)
    if held is not None and touch.haunted(held.came):
        touch = let_go(touch)
    return _found(touch, Finding(Fault.PHANTOM, place, len(taps), haunt.interval_ms))

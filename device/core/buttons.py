"""From edges to presses: which movements of the physical buttons count.

Contacts bounce, palms cover three buttons at once, and a cleaner's bucket can lean on one
for a day. gpiozero's own ``bounce_time`` loses presses (gpiozero#550), so every edge comes
here and the rule is kept where it can be tested. A press counts on its first edge, at once;
whoever wants to tell a long one from a short one asks for its `lengths`.
Times are milliseconds of a clock that never jumps.
"""

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum

import msgspec

from protocol.levels import Level

BOUNCE_MS = 40
"""Edges this soon after the last one of the same button are bounce: switches settle within
10 ms, worn ones within 30, and no finger lets go and presses again so fast."""
STUCK_MS = 10_000
"""A button away from its rest for longer is stuck (FIELD-PAINS)."""
LONG_MS = 1_500
"""A button held for so long is held on purpose: even old hands let go of a button they only
press within half of it."""
CALM_MS = 700
"""The button that led to a page must rest for so long before it means something there: nobody
who taps again and again does so slower than this."""


class Extra(StrEnum):
    """Buttons beside the five levels, where the profile names their pins."""

    SKIP = "skip"
    NEXT = "next"
    CHECK = "check"
    """Inside of the case, held to come to the check screen (`device.core.hold`); no citizen's."""


Key = Level | Extra
"""One physical button."""
_ORDER: Mapping[Key, int] = {
    key: at for at, key in enumerate((*sorted(Level, reverse=True), *Extra))
}


class Verdict(Enum):
    """What became of an edge."""

    PRESSED = "pressed"
    """Counts."""
    SURPLUS = "surplus"
    """A press while another button was held: counted as surplus, scores nothing."""
    RELEASED = "released"
    BOUNCE = "bounce"
    IGNORED = "ignored"
    """An edge of a stuck button, or a release that no press preceded."""


class Length(Enum):
    """How long a press turned out to be."""

    SHORT = "short"
    """Let go before it became a long one."""
    LONG = "long"
    """Still held, for `LONG_MS` by now."""


class Contact(msgspec.Struct, frozen=True):
    """One button since it last left its rest."""

    down: bool
    since_ms: int
    edge_ms: int
    reported: bool = False
    open: bool = False
    """A press that counted, on this page, and whose length is not known yet."""
    held_ms: int = 0
    """The longest time it has been down without an edge."""

    def rests(self, now_ms: int) -> bool:
        """Return whether the button is up and has stopped bouncing."""
        return not self.down and now_ms - self.edge_ms >= BOUNCE_MS

    def stuck(self, now_ms: int) -> bool:
        """Return whether the button is held, or chatters, for too long."""
        moved_ms = now_ms if self.down else self.edge_ms
        return not self.rests(now_ms) and moved_ms - self.since_ms > STUCK_MS


class Buttons(msgspec.Struct, frozen=True):
    """All buttons; one without a contact has not been touched yet."""

    contacts: Mapping[Key, Contact] = msgspec.field(default_factory=dict)


def found_held(keys: Iterable[Key], now_ms: int) -> Buttons:
    """Return the state at start-up: what is held already is no press, but may be stuck."""
    return Buttons({key: Contact(True, now_ms, now_ms) for key in keys})


def page_changed(buttons: Buttons) -> Buttons:
    """Return the state on another page: presses that began before it have no length there."""
    return Buttons(
        {
            key: msgspec.structs.replace(contact, open=False)
            for key, contact in buttons.contacts.items()
        }
    )


def disregard(buttons: Buttons, key: Key) -> Buttons:
    """Return the state in which the present press of ``key`` counts for nothing more."""
    contact = buttons.contacts.get(key)
    if contact is None:
        return buttons
    return _with(buttons, key, msgspec.structs.replace(contact, open=False))


def edge(buttons: Buttons, key: Key, pressed: bool, now_ms: int) -> tuple[Buttons, Verdict]:
    """The contact of ``key`` closed (``pressed``) or opened."""
    contact = buttons.contacts.get(key)
    if contact is None or contact.rests(now_ms):
        if not pressed:
            return buttons, Verdict.IGNORED
        verdict = Verdict.SURPLUS if _held(buttons, now_ms) else Verdict.PRESSED
        counts = verdict is Verdict.PRESSED
        return _with(buttons, key, Contact(True, now_ms, now_ms, open=counts)), verdict
    held_ms = max(contact.held_ms, now_ms - contact.edge_ms) if contact.down else contact.held_ms
    moved = msgspec.structs.replace(contact, down=pressed, edge_ms=now_ms, held_ms=held_ms)
    if contact.stuck(now_ms):
        verdict = Verdict.IGNORED
    elif now_ms - contact.edge_ms < BOUNCE_MS or pressed:
        verdict = Verdict.BOUNCE
    else:
        verdict = Verdict.RELEASED
    return _with(buttons, key, moved), verdict


def lengths(buttons: Buttons, now_ms: int) -> tuple[Buttons, tuple[tuple[Key, Length], ...]]:
    """Return the presses whose length has become known, each once.

    A long press is told while it is held. Of a short one the end is told when the button has
    come to rest, since its first opening may be bounce.
    """
    known: list[tuple[Key, Length]] = []
    for key, contact in buttons.contacts.items():
        if not contact.open:
            continue
        held_ms = max(contact.held_ms, now_ms - contact.edge_ms if contact.down else 0)
        if held_ms >= LONG_MS:
            known.append((key, Length.LONG))
        elif contact.rests(now_ms):
            known.append((key, Length.SHORT))
    for key, _ in known:
        closed = msgspec.structs.replace(buttons.contacts[key], open=False)
        buttons = _with(buttons, key, closed)
    return buttons, tuple(known)


def newly_stuck(buttons: Buttons, now_ms: int) -> tuple[Buttons, tuple[Key, ...]]:
    """Return the buttons found stuck since the last call, each once until it is released."""
    found = tuple(key for key in stuck(buttons, now_ms) if not buttons.contacts[key].reported)
    for key in found:
        reported = msgspec.structs.replace(buttons.contacts[key], reported=True, open=False)
        buttons = _with(buttons, key, reported)
    return buttons, found


def stuck(buttons: Buttons, now_ms: int) -> tuple[Key, ...]:
    """Return the buttons that are stuck now, best level first."""
    found = (key for key, contact in buttons.contacts.items() if contact.stuck(now_ms))
    return tuple(sorted(found, key=lambda key: _ORDER[key]))


def due_ms(buttons: Buttons) -> int | None:
    """Return when `newly_stuck` or `lengths` may next have something to say if no edge comes
    before."""
    moments = []
    for contact in buttons.contacts.values():
        if contact.down and not contact.reported:
            moments.append(contact.since_ms + STUCK_MS + 1)
        if contact.open:
            moments.append(contact.edge_ms + (LONG_MS if contact.down else BOUNCE_MS))
    return min(moments, default=None)


# --- the page after a press ----------------------------------------------------------------


class Calm(msgspec.Struct, frozen=True):
    """Keeps the key that led to a page from acting there while it is still being tapped.

    Whoever presses a level twice, or ten times, means that level once, and not also what the
    same key does on the next page. The other keys are free.
    """

    key: Key | str | None = None
    """The button, or the keyboard's key, that led to this page; None once it is free too."""
    until_ms: int = 0


def led_to_page(key: Key | str | None, now_ms: int) -> Calm:
    """Return the state of a page that has just appeared because of ``key`` (None: a touch)."""
    return Calm(key, now_ms + CALM_MS)


def press_counts(calm: Calm, key: Key | str, now_ms: int) -> tuple[Calm, bool]:
    """Return whether a press of ``key`` counts on the present page."""
    if key != calm.key:
        return calm, True
    if now_ms < calm.until_ms:
        return Calm(key, now_ms + CALM_MS), False
    return Calm(), True


# --- within --------------------------------------------------------------------------------


def _held(buttons: Buttons, now_ms: int) -> bool:
    return any(
        not contact.rests(now_ms) and not contact.stuck(now_ms)
        for contact in buttons.contacts.values()
    )


def _with(buttons: Buttons, key: Key, contact: Contact) -> Buttons:
    return Buttons({**buttons.contacts, key: contact})

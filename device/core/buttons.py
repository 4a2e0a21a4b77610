"""From edges to presses: which movements of the five buttons count.

Contacts bounce, palms cover three buttons at once, and a cleaner's bucket can lean on one
for a day. gpiozero's own ``bounce_time`` loses presses (gpiozero#550), so every edge comes
here and the rule is kept where it can be tested. A press counts on its first edge, at once.
Times are milliseconds of a clock that never jumps.
"""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec

from protocol.levels import Level

BOUNCE_MS = 40
"""Edges this soon after the last one of the same button are bounce: switches settle within
10 ms, worn ones within 30, and no finger lets go and presses again so fast."""
STUCK_MS = 10_000
"""A button away from its rest for longer is stuck (FIELD-PAINS)."""


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


class Contact(msgspec.Struct, frozen=True):
    """One button since it last left its rest."""

    down: bool
    since_ms: int
    edge_ms: int
    reported: bool = False

    def rests(self, now_ms: int) -> bool:
        """Return whether the button is up and has stopped bouncing."""
        return not self.down and now_ms - self.edge_ms >= BOUNCE_MS

    def stuck(self, now_ms: int) -> bool:
        """Return whether the button is held, or chatters, for too long."""
        moved_ms = now_ms if self.down else self.edge_ms
        return not self.rests(now_ms) and moved_ms - self.since_ms > STUCK_MS


class Buttons(msgspec.Struct, frozen=True):
    """The five buttons; a level without a contact has not been touched yet."""

    contacts: Mapping[Level, Contact] = msgspec.field(default_factory=dict)


def found_held(levels: Iterable[Level], now_ms: int) -> Buttons:
    """Return the state at start-up: what is held already is no press, but may be stuck."""
    return Buttons({level: Contact(True, now_ms, now_ms) for level in levels})


def edge(buttons: Buttons, level: Level, pressed: bool, now_ms: int) -> tuple[Buttons, Verdict]:
    """The contact of ``level`` closed (``pressed``) or opened."""
    contact = buttons.contacts.get(level)
    if contact is None or contact.rests(now_ms):
        if not pressed:
            return buttons, Verdict.IGNORED
        verdict = Verdict.SURPLUS if _held(buttons, now_ms) else Verdict.PRESSED
        return _with(buttons, level, Contact(True, now_ms, now_ms)), verdict
    moved = msgspec.structs.replace(contact, down=pressed, edge_ms=now_ms)
    if contact.stuck(now_ms):
        verdict = Verdict.IGNORED
    elif now_ms - contact.edge_ms < BOUNCE_MS or pressed:
        verdict = Verdict.BOUNCE
    else:
        verdict = Verdict.RELEASED
    return _with(buttons, level, moved), verdict


def newly_stuck(buttons: Buttons, now_ms: int) -> tuple[Buttons, tuple[Level, ...]]:
    """Return the buttons found stuck since the last call, each once until it is released."""
    found = tuple(level for level in stuck(buttons, now_ms) if not buttons.contacts[level].reported)
    for level in found:
        buttons = _with(
            buttons, level, msgspec.structs.replace(buttons.contacts[level], reported=True)
        )
    return buttons, found


def stuck(buttons: Buttons, now_ms: int) -> tuple[Level, ...]:
    """Return the buttons that are stuck now, best level first."""
    levels = sorted(buttons.contacts, reverse=True)
    return tuple(level for level in levels if buttons.contacts[level].stuck(now_ms))


def stuck_due_ms(buttons: Buttons) -> int | None:
    """Return when `newly_stuck` may next have something to say if no edge comes before."""
    return min(
        (
            contact.since_ms + STUCK_MS + 1
            for contact in buttons.contacts.values()
            if contact.down and not contact.reported
        ),
        default=None,
    )


def _held(buttons: Buttons, now_ms: int) -> bool:
    return any(
        not contact.rests(now_ms) and not contact.stuck(now_ms)
        for contact in buttons.contacts.values()
    )


def _with(buttons: Buttons, level: Level, contact: Contact) -> Buttons:
    return Buttons({**buttons.contacts, level: contact})

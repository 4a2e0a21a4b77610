"""Someone who walks through a kiosk's screens, photographs them, and remembers what was said.

What the screen thanked for is kept with what was tapped, so that it can be compared with what
central holds at the end.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from demo.rehearsal import Rehearsal, RehearsalError

Say = Callable[[str], None]
REPAINTED_S = 0.1
"""After so long, what a touch changed within a page has been painted."""


class Rated(NamedTuple):
    """What a citizen meant to say about one subject."""

    subject: str
    level: int
    tags: frozenset[int] = frozenset()


class Walker:
    """Touches, presses and looks; raises `RehearsalError` where the screen is not as expected."""

    def __init__(self, screen: Rehearsal, pictures: Path, say: Say) -> None:
        self._screen = screen
        self._pictures = pictures
        self._say = say
        self._taken = 0
        self._said: list[Rated] = []
        self.thanked: dict[str, tuple[Rated, ...]] = {}
        """What was rated, by the receipt code that the screen has shown."""

    def at(self, screen: Rehearsal) -> "Walker":
        """Return the same person before another kiosk; the pictures go on counting."""
        there = Walker(screen, self._pictures, self._say)
        there._taken = self._taken
        return there

    # --- looking ----------------------------------------------------------------------------

    def sees(self, screen: str, **values: Any) -> dict[str, Any]:
        """Wait for a screen by its view's name, with these values in the view."""
        return self._screen.wait_for_screen(screen, **values)

    def offers(self, name: str, value: int | str | None = None) -> bool:
        """Return whether there is something to touch for that."""
        return any(target[:2] == [name, value] for target in self._screen.look()["targets"])

    def offered(self, name: str) -> list[Any]:
        """Return for which values there is something to touch."""
        return _values(self._screen.look(), name)

    def picture(self, name: str, why: str) -> None:
        """Write a picture of the screen as it is now, numbered."""
        self._taken += 1
        path = self._pictures / f"{self._taken:02d}-{name}.png"
        self._screen.picture(path)
        self._say(f"picture {path.name}: {why}")

    # --- touching ---------------------------------------------------------------------------

    def touches(self, name: str, value: int | str | None = None) -> None:
        """Touch what does that, and give the screen time to show it."""
        self._screen.touch(name, value)
        time.sleep(REPAINTED_S)

    def holds(self, name: str, value: int | str, seen: Callable[[], None]) -> None:
        """Put a finger on a target, call ``seen``, and lift it again."""
        x, y = self._screen.place(name, value)
        self._screen.ask(do="touch", x=x, y=y, down=True)
        time.sleep(REPAINTED_S)
        seen()
        self._screen.ask(do="touch", x=x, y=y, down=False)

    def spikes(self, times: int) -> None:
        """Have the panel tap by itself: no length, always one point, beside every key."""
        for _ in range(times):
            self._screen.ask(do="touch", x=3, y=3, down=True)
            self._screen.ask(do="touch", x=3, y=3, down=False)
            time.sleep(REPAINTED_S)

    def wakes(self) -> None:
        """Touch a dark screen somewhere."""
        for down in (True, False):
            self._screen.ask(do="touch", x=200, y=200, down=down)
            time.sleep(REPAINTED_S)

    def picks(self, *tags: int) -> None:
        """Pick reasons, on whichever page of them they stand."""
        for tag in tags:
            for _ in range(len(tags) + 8):
                if self.offers("tag", tag) or not self.turns_the_page():
                    break
            self.touches("tag", tag)

    def turns_the_page(self) -> bool:
        """Go on to more reasons; False if all are on the screen."""
        pages = self.offered("page")
        if pages:
            self.touches("page", pages[0])
        return bool(pages)

    def chooses(self, what: str, value: str) -> None:
        """Choose a language or an appearance; the key may lead to one after another."""
        for _ in range(3):
            before = self.offered(what)
            if value in before:
                self.touches(what, value)
                return
            self.touches(what, before[0] if before else value)
            self._waits_for_others(what, before)
        raise RehearsalError(f"there is no way to the {what} {value}")

    def _waits_for_others(self, name: str, before: list[Any]) -> None:
        self._screen.wait_for(
            f"another {name} to choose", lambda shown: _values(shown, name) != before
        )

    def types(self, digits: str) -> None:
        """Type on the number pad."""
        for digit in digits:
            self.touches("digit", int(digit))

    # --- physical keys ----------------------------------------------------------------------

    def presses(self, button: int | str) -> None:
        """Press a physical key: a level, ``skip`` or ``next``."""
        self._screen.press(button)
        time.sleep(REPAINTED_S)

    # --- rating -----------------------------------------------------------------------------

    def rates(self, subject: str, level: int, *tags: int, keys: bool = False) -> None:
        """Answer one question up to its reasons, of which ``tags`` are picked."""
        self.sees("RatingView", subject=subject, chosen=None)
        if keys:
            self.presses(level)
        else:
            self.touches("level", level)
        self.sees("ReasonsView", level=level)
        self.picks(*tags)
        self.means(subject, level, *tags)

    def means(self, subject: str, level: int, *tags: int) -> None:
        """Remember what has been said about a subject; a change of mind takes its place."""
        self._said.append(Rated(subject, level, frozenset(tags)))

    def takes_back(self) -> None:
        """Forget what was said last: the citizen changes their mind."""
        self._said.pop()

    def reads_the_thanks(self, name: str, *, keys: bool = False) -> None:
        """Wait for the thank-you, keep its code, and leave."""
        shown = self.sees("ThanksView")
        self.picture(name, "the thank-you, the same for every level")
        self.thanked[shown["view"]["code"]] = tuple(self._said)
        self._said.clear()
        if keys:
            self.presses("next")
        else:
            self.touches("done")
        self.sees("IdleView")


def _values(shown: dict[str, Any], name: str) -> list[Any]:
    return [target[1] for target in shown["targets"] if target[0] == name]


def misheard(
    thanked: dict[str, tuple[Rated, ...]],
    held: Iterable[dict[str, Any]],
    receipts: Mapping[str, str],
) -> Sequence[str]:
    """Return what central holds otherwise than it was said on the screen, in words.

    ``receipts`` are the receipt codes by visit.
    """
    heard: dict[str, list[Rated]] = {}
    for rating in held:
        code = receipts[rating["visit"]]
        level, tags = rating["level"]["platform"], frozenset(rating["tags"])
        heard.setdefault(code, []).append(Rated(rating["subject"], level, tags))
    return [
        f"receipt {code}: said {_in_words(said)}; central holds {_in_words(heard.get(code, ()))}"
        for code, said in thanked.items()
        if sorted(said, key=repr) != sorted(heard.get(code, ()), key=repr)
    ]


def _in_words(ratings: Sequence[Rated]) -> str:
    return ", ".join(f"{r.subject} {r.level} {sorted(r.tags)}" for r in ratings) or "nothing"


__all__ = ["Rated", "RehearsalError", "Walker", "misheard"]

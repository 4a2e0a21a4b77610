"""Who is told what hands do: the reception, or the check screen in its place."""

from typing import Protocol

from device.kiosk.actions import Action
from protocol.levels import Level


class Receiver(Protocol):
    """Takes what was pressed; times are milliseconds of the clock that never jumps."""

    @property
    def language(self) -> str:
        """The language on the screen."""
        ...

    @property
    def place(self) -> object:
        """What is shown; differs after a press that leads to another page."""
        ...

    @property
    def busy(self) -> bool:
        """True while no press counts."""
        ...

    @property
    def staffed(self) -> bool:
        """True while a page of the staff's is open."""
        ...

    @property
    def asleep(self) -> bool:
        """True while the screen is dark."""
        ...

    @property
    def takes_letters(self) -> bool:
        """True where letters of a keyboard mean something."""
        ...

    def act(self, action: Action, now_ms: int) -> None:
        """Do what a target stands for."""
        ...

    def press_level(self, level: Level, now_ms: int) -> None:
        """One of the five levels was pressed."""
        ...

    def command(self, name: str, now_ms: int) -> None:
        """Enter, Backspace or Escape was pressed."""
        ...

    def take_card(self, typed: str, now_ms: int) -> None:
        """A reader typed what stands on a badge or a card."""
        ...

    def wake(self, now_ms: int) -> None:
        """Somebody is there."""
        ...

    def ignore_press(self, now_ms: int) -> None:
        """A press that counts for nothing."""
        ...

"""A lamp in each button, and a buzzer: what a press feels like to whoever sees or hears little.

While a question waits, all five lamps are lit alike and invite. A press puts out all but its
own for as long as the screen shows the chosen key; then none is lit, whatever was chosen. The
buzzer gives one and the same short beep for every key. Whoever stands at the counter learns
what they have just done themselves, and nobody learns it afterwards.
"""

from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from typing import Any

from device.core.errors import DeviceError
from protocol.levels import Level

BEEP_S = 0.02
"""The same for every key; for a buzzer that sounds by itself as long as its pin is high."""


class LampsUnavailable(DeviceError, OSError):
    """Lamps or buzzer are configured but cannot be used."""


class Lamps:
    """The opened lamps and buzzer; without a ``factory`` there are none, and nothing happens.

    ``pins`` are BCM numbers. Only one thread may use it. Raises `LampsUnavailable`.
    """

    def __init__(
        self,
        factory: Any = None,
        pins: Mapping[Level, int] | None = None,
        buzzer: int | None = None,
    ) -> None:
        self._lamps: dict[Level, Any] = {}
        self._buzzer: Any = None
        self._lit: frozenset[Level] = frozenset()
        self._opened = ExitStack()
        if factory is None or not (pins or buzzer is not None):
            return
        from gpiozero import DigitalOutputDevice

        def opened(pin: int) -> Any:
            try:
                output = DigitalOutputDevice(pin, pin_factory=factory)
            except Exception as error:  # lgpio's errors derive from nothing nearer
                self.close()
                raise LampsUnavailable(f"pin {pin} cannot be used: {error}") from error
            self._opened.callback(_close, output)
            return output

        for level, pin in (pins or {}).items():
            self._lamps[level] = opened(pin)
        if buzzer is not None:
            self._buzzer = opened(buzzer)

    def show(self, lit: Collection[Level]) -> None:
        """Light the lamps of these levels and no others. Raises `LampsUnavailable`."""
        wanted = frozenset(self._lamps.keys() & frozenset(lit))
        for level in sorted(self._lit - wanted) + sorted(wanted - self._lit):
            try:
                self._lamps[level].value = level in wanted
            except Exception as error:
                raise LampsUnavailable(f"a lamp cannot be switched: {error}") from error
        self._lit = wanted

    def beep(self) -> None:
        """Sound once; returns at once. Raises `LampsUnavailable`."""
        if self._buzzer is not None:
            try:
                # One short-lived thread of gpiozero's a press; none sleeps in between.
                self._buzzer.blink(on_time=BEEP_S, off_time=0, n=1)
            except Exception as error:
                raise LampsUnavailable(f"the buzzer cannot be switched: {error}") from error

    def close(self) -> None:
        """Put everything out and give the pins back."""
        self._lamps.clear()
        self._buzzer = None
        self._lit = frozenset()
        self._opened.close()


def _close(output: Any) -> None:
    with suppress(Exception):  # it may be broken, and is given back either way
        output.off()  # a line that is given back keeps its level: a lamp would stay lit
    with suppress(Exception):
        output.close()

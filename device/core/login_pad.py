"""The pad on which staff log in: a staff number, and a PIN that nothing but the check sees.

The digits of the PIN are held by whoever holds this value and by nobody else: it tells a
screen how many there are, and its ``repr`` to no log.
"""

from typing import NamedTuple

PIN_LENGTH = 6
"""As `protocol.credentials.PIN` has it."""
LONGEST_NUMBER = 20
"""Characters of a staff number that can be typed; the roster's are shorter."""


class LoginPad(NamedTuple):
    """What has been typed so far."""

    staff: str = ""
    pin: str = ""
    at_pin: bool = False
    """The next digit goes to the PIN."""
    offered: bool = False
    """The number was put there because that is who serves: typing begins a new one."""

    def __repr__(self) -> str:
        """Return how many digits the PIN has, never which."""
        return f"LoginPad(staff={self.staff!r}, pin={len(self.pin)} digits, at_pin={self.at_pin})"

    @property
    def complete(self) -> bool:
        """True if this can be checked."""
        return bool(self.staff) and len(self.pin) == PIN_LENGTH

    def typed(self, character: str) -> "LoginPad":
        """Return the pad after one more character; what goes beyond the last place is left out.

        A PIN has digits alone, a number may have letters where there is a keyboard.
        """
        if self.at_pin:
            digit = character if character.isascii() and character.isdigit() else ""
            return self._replace(pin=(self.pin + digit)[:PIN_LENGTH])
        before = "" if self.offered else self.staff
        return LoginPad((before + character)[:LONGEST_NUMBER])

    def erased(self) -> "LoginPad":
        """Return the pad without its last character; from an empty PIN back at the number."""
        if self.at_pin and self.pin:
            return self._replace(pin=self.pin[:-1])
        return LoginPad(self.staff if self.at_pin else self.staff[:-1])

    def cleared(self) -> "LoginPad":
        """Return the pad with the present field empty."""
        return self.again() if self.at_pin else LoginPad()

    def at(self, field: str) -> "LoginPad":
        """Return the pad at the field ``staff`` or ``pin``."""
        return self._replace(at_pin=field == "pin")

    def again(self) -> "LoginPad":
        """Return the pad for another try: the number stays, the PIN goes."""
        return self._replace(pin="", at_pin=True)


def offering(staff: str) -> LoginPad:
    """Return the pad with the number of whoever serves, or an empty one."""
    return LoginPad(staff, at_pin=bool(staff), offered=bool(staff))

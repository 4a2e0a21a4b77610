"""What the technician's tool can refuse or fail at, under one root.

Every message is a sentence for the technician and says what to do; none holds a token, a
key or a password.
"""


class ProvisioningError(Exception):
    """Something that the technician wanted could not be done."""


class NotABootPartition(ProvisioningError, ValueError):
    """A place that nothing is written to: no boot partition of a Raspberry Pi's card."""


class NoRoom(ProvisioningError):
    """The place has not as much room as the card's files take."""


class BadCard(ProvisioningError, ValueError):
    """What lies at a place is no card of ours, or not a whole one."""


class CardInUse(ProvisioningError):
    """The card belongs to a device that would be replaced; that wants ``--replace``."""


class WriteNotKept(ProvisioningError):
    """A file was written and reads back as something else."""


class CentralUnreachable(ProvisioningError):
    """No answer from central, or none that came from it."""


class KeyRefused(ProvisioningError):
    """Central does not take the technician's key for this."""


class CentralRefuses(ProvisioningError):
    """Central understood and said no; ``code`` is the problem's."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

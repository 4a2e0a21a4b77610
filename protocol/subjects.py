"""What is rated, and through which channel."""

from enum import IntEnum, StrEnum


class Subject(StrEnum):
    """What a rating is about."""

    STAFF = "staff"
    MATTER = "matter"
    HALL = "hall"
    """The hall as a whole; since schema version 2 of the records."""


class Channel(IntEnum):
    """The national platform's channel codes, ``pf`` (docs/codes.md, "Channels").

    A default rating is a flag of its own and never a channel.
    """

    PC = 1
    APP = 2
    QR = 3
    HALL_TABLET = 4
    OTHER_TERMINAL = 5
    PHONE = 6
    SMS = 7

"""Every way in which something that travelled can be wrong, under one root."""


class ProtocolError(Exception):
    """Something received does not follow the protocol."""


class Malformed(ProtocolError, ValueError):
    """The bytes are not what they claim to be."""


class UnknownVersion(ProtocolError, ValueError):
    """A record of a schema version that this software does not know."""


class UnknownAlgorithm(ProtocolError, LookupError):
    """A signature algorithm that is not in the registry."""


class BadSignature(ProtocolError, ValueError):
    """The signature does not belong to these bytes and this key."""


class BadSeal(ProtocolError, ValueError):
    """A sealed text cannot be opened with this key in this place."""


class BrokenChain(ProtocolError, ValueError):
    """A record does not follow the one before it."""

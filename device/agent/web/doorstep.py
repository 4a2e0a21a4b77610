"""Where connections arrive: listening sockets that let nobody crowd the others out.

A connection costs a file descriptor from the moment it is accepted, before anything was
said over it. The descriptors are the agent's, which needs some to reach central.
"""

import socket
import ssl
import threading
from collections import Counter
from pathlib import Path

from device.core.errors import BadConfiguration
from device.store.profile import Console

MAX_CONNECTIONS = 96
MAX_PER_ADDRESS = 32
"""A browser opens 6, and behind one address there may be a business system's server."""
BACKLOG = 64


class _Connection(socket.socket):
    """An accepted connection that gives its place back when it is closed."""

    crowd: "Crowd | None" = None
    peer = ""

    def close(self) -> None:
        """Close it."""
        crowd, self.crowd = self.crowd, None
        if crowd is not None:
            crowd.leave(self.peer)
        super().close()


class Crowd:
    """How many connections there are, by the address they come from."""

    def __init__(self) -> None:
        self._of = Counter[str]()
        self._one_at_a_time = threading.Lock()
        self.turned_away = 0

    def enter(self, peer: str) -> bool:
        """Take a place; False if there is none left."""
        with self._one_at_a_time:
            if self._of.total() >= MAX_CONNECTIONS or self._of[peer] >= MAX_PER_ADDRESS:
                self.turned_away += 1
                return False
            self._of[peer] += 1
            return True

    def leave(self, peer: str) -> None:
        """Give a place back."""
        with self._one_at_a_time:
            self._of[peer] -= 1
            if not self._of[peer]:
                del self._of[peer]


class Doorstep(socket.socket):
    """A listening socket whose `accept` keeps to the limits of its crowd."""

    crowd: Crowd

    def accept(self) -> tuple[_Connection, tuple[str, int]]:
        """Return the next connection; `ConnectionAbortedError` for one that is turned away."""
        descriptor, address = self._accept()  # type: ignore[attr-defined]
        connection = _Connection(fileno=descriptor)
        peer = str(address[0])
        if not self.crowd.enter(peer):
            connection.close()
            raise ConnectionAbortedError
        connection.crowd, connection.peer = self.crowd, peer
        connection.setblocking(False)
        return connection, address


def listen(host: str, port: int, crowd: Crowd) -> Doorstep:
    """Return a socket that listens there. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, so that asyncio sets TCP_NODELAY; otherwise each answer's body waits some
    # 40 ms for the acknowledgement of its header.
    listening = Doorstep(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.crowd = crowd
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def shown(host: str, port: int) -> str:
    """Return an address as it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Certificate:
    """The console's certificate, read again when its file changes."""

    def __init__(self, console: Console) -> None:
        """Raises `BadConfiguration` if the files are not a certificate and its key."""
        self._files = (console.certificate, console.key)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._dates()
        self._load()

    def renew(self) -> bool:
        """Take up a renewed certificate, for connections from now on; True if there was one.

        Raises `BadConfiguration`; the one in use stays then.
        """
        dates = self._dates()
        if dates == self._seen:
            return False
        self._seen = dates
        self._load()
        return True

    def names(self) -> tuple[str, ...]:
        """Return the host names in the certificate."""
        from cryptography import x509

        try:
            found = x509.load_pem_x509_certificates(Path(self._files[0]).read_bytes())[0]
            named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (OSError, ValueError, x509.ExtensionNotFound):
            return ()
        return tuple(named.value.get_values_for_type(x509.DNSName))

    def _load(self) -> None:
        try:
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            raise BadConfiguration(
                f"console.certificate {self._files[0]} and console.key {self._files[1]}: "
                f"no certificate with its key: {error}"
            ) from error

    def _dates(self) -> tuple[int, ...]:
        try:
            return tuple(Path(file).stat().st_mtime_ns for file in self._files)
        except OSError:
            return ()

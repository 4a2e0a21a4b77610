"""The process that serves: one socket, one line when it is really ready, a clean end."""

import contextlib
import logging
import resource
import signal
import socket
import sys
from collections.abc import Generator

import uvicorn

from central.app import make_app
from central.errors import CentralError
from central.service import Central
from central.waiting import WaitingRoom

_LOG = logging.getLogger("haochaping.central")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
MANY_FILES = 65_536


class _Server(uvicorn.Server):
    """Says when it listens, and ends with status 0 when asked to end."""

    def __init__(self, config: uvicorn.Config, address: str, waiting: WaitingRoom) -> None:
        super().__init__(config)
        self._address = address
        self._waiting = waiting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so on standard output."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"central is ready at {self._address}\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the devices go that wait for something, then end."""
        self._waiting.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGINT and SIGTERM as a wish to end, without raising them again afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _allow_many_files() -> None:
    """Raise the number of open files to what the system allows: each device that waits is one.

    Programs are started with 1,024 for the sake of those that use select(2), which asyncio
    does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(central: Central, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. ``port`` 0 takes a free one.

    Raises `CentralError` if the address cannot be had.
    """
    _allow_many_files()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, so that asyncio sets TCP_NODELAY; otherwise each answer's body waits some
    # 40 ms for the acknowledgement of its header.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shown = f"[{host}]" if ":" in host else host
        try:
            listening.bind((host, port))
        except OSError as error:
            raise CentralError(
                f"cannot listen on {shown}:{port}: {error.strerror or error}; choose another "
                "port with --port or another address with --host"
            ) from error
        trusted = ", ".join(central.settings.proxies) or "nobody"
        _LOG.info("X-Forwarded-For is believed from %s", trusted)
        address = f"http://{shown}:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            make_app(central),
            access_log=False,
            log_config=None,
            proxy_headers=False,  # whose word is taken is `addresses.caller`'s matter alone
            log_level=logging.WARNING,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        _Server(config, address, central.waiting).run(sockets=[listening])

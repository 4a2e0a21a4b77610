"""Listens at every address by itself, whenever it can be had, and ends what says nothing."""

import asyncio
import logging
import ssl
import time

import uvicorn
from litestar.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from device.agent.web.doorstep import Certificate, Crowd, Doorstep, listen, shown
from device.agent.web.tally import FLUSH_S, Tally
from device.core.errors import BadConfiguration
from device.store.profile import Console

log = logging.getLogger("haochaping.agent")

RETRY_S = 2.0
"""How often an address that could not be had is tried again."""
HEAD_S = 15.0
"""A connection over which no whole request has come for so long is ended."""
HANDSHAKE_S = 5.0
TICK_S = 1.0
END_S = 0.6
"""What callers get to take their answers when the agent ends."""
HEAD_BYTES = 16 * 1024


class Listening(uvicorn.Server):
    """uvicorn with its own doorsteps."""

    def __init__(
        self, app: ASGIApp, settings: Console, certificate: Certificate | None, tally: Tally
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=H11Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                log_level=logging.ERROR,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=int(HEAD_S),
                timeout_graceful_shutdown=END_S,  # type: ignore[arg-type]  # a fraction does
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
        self._missing = list(settings.listen)
        self._certificate = certificate
        self._tally = tally
        self._crowd = Crowd()
        self._told: set[str] = set()
        self._idle: dict[H11Protocol, tuple[object, float]] = {}
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.urls: list[str] = []

    def end(self) -> None:
        """Stop, from another thread."""
        self.should_exit = True
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            try:
                loop.call_soon_threadsafe(stop.set)
            except RuntimeError:
                return  # it has ended by itself

    async def startup(self, sockets: object = None) -> None:
        """Begin to listen wherever that is possible now."""
        await super().startup(sockets=[])
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self._listen()

    async def main_loop(self) -> None:
        """Look after what is open until told to end."""
        assert self._stop is not None  # noqa: S101 - startup comes first
        retry = flush = time.monotonic()
        while not await self.on_tick(0):
            now = time.monotonic()
            self._end_the_silent(now)
            if self._missing and now - retry >= RETRY_S:
                retry = now
                await self._listen()
            if now - flush >= FLUSH_S:
                flush = now
                self._renew()
                await asyncio.to_thread(self._tally.flush)
            try:
                async with asyncio.timeout(TICK_S):
                    await self._stop.wait()
            except TimeoutError:
                continue

    async def shutdown(self, sockets: object = None) -> None:
        """Let callers take their answers, then hang up on all."""
        await super().shutdown(sockets=[])
        for connection in list(self.server_state.connections):
            assert isinstance(connection, H11Protocol)  # noqa: S101 - we make no others
            connection.transport.abort()

    async def _listen(self) -> None:
        for address in tuple(self._missing):
            name = shown(*address)
            try:
                doorstep = listen(*address, self._crowd)
            except OSError as error:
                if name not in self._told:
                    self._told.add(name)
                    log.warning("cannot listen on %s yet: %s", name, error.strerror or error)
                continue
            await self._open(doorstep)
            self._missing.remove(address)
            port = doorstep.getsockname()[1]
            url = f"{'https' if self._certificate else 'http'}://{shown(address[0], port)}"
            self.urls = [*self.urls, url]
            log.info("the console is at %s", url)

    async def _open(self, doorstep: Doorstep) -> None:
        context: ssl.SSLContext | None = self._certificate.context if self._certificate else None
        server = await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=doorstep,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context else None,
            ssl_shutdown_timeout=END_S if context else None,
        )
        self.servers.append(server)

    def _protocol(self) -> asyncio.Protocol:
        return H11Protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _end_the_silent(self, now: float) -> None:
        """End connections that say nothing, or so slowly that no request comes of it."""
        silent: dict[H11Protocol, tuple[object, float]] = {}
        for connection in list(self.server_state.connections):
            assert isinstance(connection, H11Protocol)  # noqa: S101 - we make no others
            cycle = connection.cycle
            answering = cycle is not None and not cycle.response_complete
            if answering and not connection.transport.is_closing():
                continue
            last, since = self._idle.get(connection, (cycle, now))
            if last is not cycle:
                since = now
            if now - since >= HEAD_S:
                connection.transport.abort()
            else:
                silent[connection] = (cycle, since)
        self._idle = silent

    def _renew(self) -> None:
        if self._crowd.turned_away:
            self._crowd.turned_away = 0
            self._tally.count("crowded")
        try:
            if self._certificate is not None and self._certificate.renew():
                log.info("the console has a new certificate")
        except BadConfiguration as error:
            log.error("the console keeps its certificate: %s", error)

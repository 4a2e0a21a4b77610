"""Serves the web application beside the courier, in a thread of its own.

Whatever happens here, the agent goes on: an address that is not there yet is tried again, a
certificate that cannot be read is told and looked at again, and the end comes within a
second however many callers are waiting. The framework is loaded in the thread, so that no
record waits for it.
"""

import logging
import threading
from ipaddress import ip_address
from typing import TYPE_CHECKING

from device.agent.parts import Parts
from device.agent.web.doorstep import Certificate, shown
from device.agent.web.tally import Tally
from device.core.errors import BadConfiguration
from device.store.profile import Console

if TYPE_CHECKING:
    from device.agent.web.listening import Listening

log = logging.getLogger("haochaping.agent")

CERTIFICATE_S = 60.0
"""How often a certificate that cannot be read is looked at again."""
END_S = 1.2
"""What the thread gets to end; the agent does not wait for it any longer."""


class WebServer:
    """The console and the business systems' interface, from start to end."""

    def __init__(self, settings: Console, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._tally = Tally(parts.briefing)
        self._ended = threading.Event()
        self._server: Listening | None = None
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        _warn_of_plain_http(self._settings)
        self._thread.start()

    def close(self) -> None:
        """Let everybody go and stop, within about a second."""
        self._ended.set()
        server = self._server
        if server is not None:
            server.end()
        if self._thread.ident is not None:
            self._thread.join(END_S)
        self._tally.flush()

    @property
    def urls(self) -> list[str]:
        """The addresses that answer now."""
        return self._server.urls if self._server else []

    def _run(self) -> None:
        try:
            from device.agent.web.app import make_app
            from device.agent.web.door import Hosts
            from device.agent.web.listening import Listening

            certificate = self._certificate()
            if self._ended.is_set():
                return
            names = certificate.names() if certificate else ()
            app = make_app(
                self._parts,
                self._tally,
                Hosts(self._settings.listen, names),
                secure=certificate is not None,
            )
            self._server = Listening(app, self._settings, certificate, self._tally)
            if not self._ended.is_set():
                self._server.run()
        except Exception:
            # The courier goes on; a window without its console is better than none.
            log.exception("the console has ended")
            self._tally.count("ended")

    def _certificate(self) -> Certificate | None:
        """Return the certificate, None where none is named; waits until it can be read."""
        if not self._settings.certificate:
            return None
        while True:
            try:
                return Certificate(self._settings)
            except BadConfiguration as error:
                log.error("the console waits for its certificate: %s", error)
                if self._ended.wait(CERTIFICATE_S):
                    raise


def _warn_of_plain_http(settings: Console) -> None:
    if settings.certificate:
        return
    for host, port in settings.listen:
        if not ip_address(host).is_loopback:
            log.warning(
                "%s speaks plain HTTP: anybody on the network can read a PIN; set "
                "console.certificate",
                shown(host, port),
            )

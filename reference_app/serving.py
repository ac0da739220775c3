"""The process: HTTP until a signal says to end, and an end in bounded time with status 0 (L4).

    SIGTERM, SIGINT          /ready says 503, requests are answered as before
    shutdown_delay_seconds   the socket is closed, and every idle connection
    shutdown_seconds         what still runs is cut (`reliability/health.py`)
    CLOSE_SECONDS            the pools are closed (`services.py`), the process ends

The next signal ends the process at once. So does the watchdog, with every thread's stack in the
log, when something hangs that no time-out reaches. All signals are handled here, none is left to
its default: the first process of a container would not be ended by it.
"""

import asyncio
import faulthandler
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from reference_app.application import create_app
from reference_app.config import Settings
from reference_app.observability.logging import configure_logging
from reference_app.reliability.health import Health
from reference_app.security.head_limit import BoundedHeads
from reference_app.services import CLOSE_SECONDS, Services

log = structlog.get_logger()

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LAST_REQUESTS_SECONDS = 0.1
ANSWER_SECONDS = 2
"""What a request that was cut may take to give back its connections, and answer."""


def serve(settings: Settings, listener: socket.socket | None) -> None:
    """Serve on `listener`, or on the configured address, until told to stop."""
    configure_logging(settings.log_level)
    app = create_app(settings)
    services: Services = app.state.services
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        http=BoundedHeads,
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.shutdown_seconds + ANSWER_SECONDS,
    )
    server = Server(config, services.health, settings.shutdown_delay_seconds)
    server.run(sockets=[listener] if listener else None)
    faulthandler.cancel_dump_traceback_later()


class Server(uvicorn.Server):
    """Uvicorn, but told to end it ends well: its own way is to die of the signal afterwards."""

    def __init__(self, config: uvicorn.Config, health: Health, delay_seconds: float) -> None:
        super().__init__(config)
        self._health = health
        self._delay_seconds = delay_seconds

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs."""
        loop = asyncio.get_running_loop()

        def leave(number: int, _: object) -> None:
            if self.should_exit:
                os._exit(128 + number)
            self.should_exit = True
            faulthandler.dump_traceback_later(self._bound(), exit=True)
            loop.call_soon_threadsafe(self._health.leave)

        before = {number: signal.signal(number, leave) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go on for a while, asking clients to come back on another connection; then end."""
        log.info("leaving", delay_seconds=self._delay_seconds)
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(self._delay_seconds)
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_REQUESTS_SECONDS)
        await super().shutdown(sockets)

    def _bound(self) -> float:
        """Seconds that an orderly end can take, and one more."""
        requests = self._delay_seconds + (self.config.timeout_graceful_shutdown or 0)
        return requests + CLOSE_SECONDS + 1

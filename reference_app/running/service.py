"""The service as a part: its process, its database, its cache database, its log."""

import contextlib
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

import psycopg
import redis

from reference_app.running import diagnosis, log
from reference_app.running.backend import Part, Service
from reference_app.running.database import Database
from reference_app.running.errors import ServiceDidNotStart
from reference_app.running.part import ControlledPart, Process

START_SECONDS = 10.0
POLL_SECONDS = 0.005
HEALTH_SECONDS = 1.0
HEALTHY = b"HTTP/1.1 200"
"""What the answer of a service that works begins with."""


class ServiceProcess(Process, Protocol):
    """A process that listens for HTTP and can be made to show where it is."""

    @property
    def url(self) -> str:
        """Base address, from this process."""

    @property
    def log(self) -> Path:
        """The file that has its output, of earlier starts as well; it may not be there yet."""

    def abort(self) -> None:
        """SIGUSR2: it writes the stack of every thread to its log and ends."""


@dataclass(frozen=True)
class Stores:
    """Where a service keeps its state; `release` gives back what was made for it."""

    database: Database
    cache: "redis.Redis"
    release: Callable[[], None]


class RunningService(ControlledPart, Service):
    """See `backend.Service`.

    `shown` maps paths as the process sees them to the caller's files, for log lines; `discard`
    removes what was made for the process.
    """

    _process: ServiceProcess

    def __init__(
        self,
        process: ServiceProcess,
        *,
        stores: Stores,
        settings: Mapping[str, str],
        shown: Mapping[str, str],
        servers: Collection[Part],
        discard: Callable[[], None],
    ) -> None:
        super().__init__("service", process, self._wait_for_health)
        self.database = stores.database
        self.settings = settings
        self._stores = stores
        self._log_start = 0
        self._shown = shown
        self._servers = servers
        self._discard = discard
        self._closed = False
        self._seen_disturbances = self._count_disturbances()

    @property
    def url(self) -> str:
        return self._process.url

    @property
    def cache(self) -> "redis.Redis":
        return self._stores.cache

    def logs(self) -> list[str]:
        return log.lines(self._process.log, self._shown, self._log_start)

    def reset(self) -> None:
        for server in self._servers:
            server.start()
        if self._count_disturbances() != self._seen_disturbances and self.running:
            self.resume()
            self._process.kill()
            self._ended_within(START_SECONDS)
        self.database.reset()
        self.cache.flushdb()
        self.start()
        self._seen_disturbances = self._count_disturbances()
        self._log_start = self._log_size()

    def close(self) -> None:
        with self._control:
            if self._closed:
                return
            self._closed = True
            self._paused = False
            if self.running:
                self._process.kill()
                self._ended_within(START_SECONDS)
            self._discard()
            with contextlib.suppress(psycopg.Error):
                self._stores.release()

    def started(self) -> Self:
        """Start it and answer it; when that fails, close it and raise what went wrong."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def _count_disturbances(self) -> int:
        return self.disturbances + sum(server.disturbances for server in self._servers)

    def _wait_for_health(self) -> None:
        self._seen_disturbances = self._count_disturbances()  # a new process saw none of them
        deadline = time.monotonic() + START_SECONDS
        while not healthy(self.url):
            state = self._process.state()
            if not state.running:
                reason = diagnosis.exited(state.exit_code, self._log_size())
                raise ServiceDidNotStart(reason, state.exit_code, self._log_tail())
            if time.monotonic() > deadline:
                self._process.abort()
                if not self._ended_within(1.0):
                    self._process.kill()
                    self._ended_within(START_SECONDS)
                written = log.lines(self._process.log, self._shown)
                reason = diagnosis.hung(written, START_SECONDS, self._shown.values())
                raise ServiceDidNotStart(reason, None, self._log_tail())
            time.sleep(POLL_SECONDS)

    def _log_size(self) -> int:
        return log.size(self._process.log)

    def _log_tail(self) -> list[str]:
        return log.tail(self._process.log, self._shown)


def healthy(url: str) -> bool:
    """Whether `GET /health` is answered with 200 within a second, however it is dripped."""
    address = urlsplit(url)
    request = f"GET /health HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    deadline = time.monotonic() + HEALTH_SECONDS
    received = b""
    try:
        where = (str(address.hostname), address.port)
        with socket.create_connection(where, HEALTH_SECONDS) as connection:
            connection.sendall(request.encode())
            while len(received) < len(HEALTHY):
                connection.settimeout(max(deadline - time.monotonic(), POLL_SECONDS))
                if not (piece := connection.recv(len(HEALTHY) - len(received))):
                    return False
                received += piece
    except OSError:
        return False
    return received == HEALTHY

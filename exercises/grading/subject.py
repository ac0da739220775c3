"""The service under test as a suite sees it: HTTP, SQL, cache keys, log lines, process control.

Suites run the same against the submission and against the reference, and on both back ends; they
never learn which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from time import perf_counter, sleep
from typing import Any, TypeVar

import psycopg
from redis import Redis

from exercises.grading import statements
from exercises.grading.requests import PATIENCE, NoAnswer, Requests
from exercises.grading.statements import Statement
from reference_app.running import Backend, Part, Service

LAST_LINE = "request_finished"
SQL_PATIENCE = f"SET lock_timeout = '{PATIENCE:g}s'; SET statement_timeout = '15s'"
"""A service may hold a lock for ever, or have a trigger that sleeps."""

SQL_SECONDS = 18.0
"""A session is ended in which a statement takes longer, the server's patience notwithstanding."""

LOG_PATIENCE = 0.5
"""Seconds to wait for the last log line of a request that has been answered."""

T = TypeVar("T")


class Subject(Requests):
    """A running service with everything that can be observed of it from outside."""

    def __init__(
        self, backend: Backend, service: Service, replace: Mapping[str, Path] | None = None
    ) -> None:
        super().__init__()
        self._backend = backend
        self._service = service
        self._replace = replace
        self._connections: dict[bool, psycopg.Connection[dict[str, Any]]] = {}
        self._statistics: psycopg.Connection[dict[str, Any]] | None = None
        self.asked_for_statements = False

    @property
    def url(self) -> str:
        return self._service.url

    def together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Makes all calls at the same moment, a thread each; gives the results in order."""
        gate = Barrier(len(calls))

        def run(call: Callable[[], T]) -> T:
            gate.wait(timeout=PATIENCE)
            return call()

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(run, calls))

    @contextmanager
    def meanwhile(self, call: Callable[[], T]) -> Iterator[Callable[[], T]]:
        """Runs a call in the background; what the block is given waits for its result."""
        with ThreadPoolExecutor(1) as threads:
            future = threads.submit(call)
            yield lambda: future.result(timeout=2 * PATIENCE)

    # Database

    def sql(self, query: str, *values: object, owner: bool = False) -> list[dict[str, Any]]:
        """Runs SQL in the service's database and gives the rows as dicts.

        Args:
            query: SQL with `%s` for each value (when there are values).
            values: the parameters.
            owner: run it with the service's own rights instead of a superuser's.
        """
        cursor = self.connection(owner=owner).execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def connection(self, *, owner: bool = False) -> psycopg.Connection[dict[str, Any]]:
        """A connection to the service's database, in autocommit, kept for the whole suite."""
        connection = self._connections.get(owner)
        if connection is None or connection.closed:
            connection = self._service.database.connect(superuser=not owner, seconds=SQL_SECONDS)
            connection.execute(SQL_PATIENCE)
            self._connections[owner] = connection
        return connection

    def statistics(self) -> psycopg.Connection[dict[str, Any]]:
        """A connection for `pg_stat_statements` only: nothing the service made can run in it."""
        if self._statistics is None or self._statistics.closed:
            self._statistics = self._service.database.connect_for_statistics(seconds=SQL_SECONDS)
        return self._statistics

    def statements(self) -> list[Statement]:
        """What the service has run since the criterion began or `forget_statements` was called."""
        self.asked_for_statements = True
        return statements.seen(self.statistics())

    def ran(self) -> list[str]:
        """The same as evidence, in lines: it does not make the criterion one about SQL."""
        return statements.told(self.statistics())

    def forget_statements(self) -> None:
        """Begins a new list of statements."""
        statements.forget(self.statistics())

    # Cache, log, processes

    @property
    def cache(self) -> Redis:
        """A client on the service's own cache database; keys and values are `str`."""
        return self._service.cache

    @property
    def process(self) -> Part:
        return self._service

    @property
    def cache_server(self) -> Part:
        return self._backend.cache

    @property
    def database_server(self) -> Part:
        return self._backend.postgres

    def log_lines(self, request_id: str | None = None) -> list[str]:
        """The log since the criterion began, or only the lines of one request.

        A request's last line is written just after its answer: it is waited for, for a moment.
        """
        if request_id is None:
            return self._service.logs()
        deadline = perf_counter() + LOG_PATIENCE
        while True:
            lines = [line for line in self._service.logs() if request_id in line]
            if any(LAST_LINE in line for line in lines) or perf_counter() > deadline:
                return lines
            sleep(0.005)

    @contextmanager
    def replica(self) -> Iterator[str]:
        """A second process of the service, on the same database and cache; its address."""
        with self._backend.service(replace=self._replace, beside=self._service) as replica:
            yield replica.url

    # Between criteria

    def reset(self) -> None:
        """Empty tables, empty cache, nothing recorded, and a service that answers."""
        suspect = any(exchange.failure for exchange in self.exchanges)
        self.exchanges = []
        self.looked_at = []
        self.asked_for_statements = False
        self._service.reset()
        if suspect and not self._answers():
            self._service.kill()
            self._service.start()
            self._service.reset()

    def close(self) -> None:
        for connection in (*self._connections.values(), self._statistics):
            if connection is not None:
                connection.close()
        super().close()
        self._service.close()

    def _answers(self) -> bool:
        try:
            self.get("/health", timeout=1.0)
        except NoAnswer:
            return False
        finally:
            self.exchanges.clear()
        return True

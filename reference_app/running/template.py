"""The migrated template every database is copied from, and the copies."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

import psycopg
from psycopg import sql

from reference_app.running.addresses import Addresses
from reference_app.running.database import Database
from reference_app.running.postgres_settings import OWNER, SUPERUSER, TEMPLATE

FOR_EMPTY_ONES = "template1"
"""PostgreSQL's own template for databases."""


def make_template(server: Addresses, migrate: Callable[[Database], None]) -> None:
    """Create the role `app` and a database it owns, migrate that, and close it to sessions.

    `migrate` brings the schema of the database it is given up to date.
    """
    with Database(FOR_EMPTY_ONES, server).connect(superuser=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    with Database(SUPERUSER, server).connect(superuser=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{OWNER}'")
    template = new_database(server, TEMPLATE, FOR_EMPTY_ONES)
    migrate(template)
    with Database(SUPERUSER, server).connect(superuser=True) as connection:
        connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def new_database(server: Addresses, name: str, template: str = TEMPLATE) -> Database:
    """A copy of a template, owned by `app`.

    Its files are copied: a quarter of the work of writing each page to the log, now that nothing
    is synced to disk (`postgres_settings.py`).
    """
    with Database(SUPERUSER, server).connect(superuser=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
            )
        )
    return Database(name, server)


class Databases:
    """Copies of the template by number; the next one is made, and old ones dropped, meanwhile.

    The thread for that is a daemon: a server that is frozen in the middle of a copy must not keep
    the caller's process from ending.
    """

    def __init__(self, make: Callable[[str, str], Database]) -> None:
        """`make` gives a new database by its name and that of its template."""
        self._make = make
        self._made = 0
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._closed = False
        threading.Thread(target=self._work, name="databases", daemon=True).start()
        self._next = self._order()

    def take(self) -> Database:
        """A fresh copy. Raises psycopg.OperationalError when the server does not answer."""
        ordered, self._next = self._next, self._order()
        try:
            return ordered.result()
        except psycopg.Error:  # the server was away when it was ordered
            return self._order().result()

    def empty(self) -> Database:
        """A database without any table. Raises psycopg.OperationalError, as `take` does."""
        return self._order(FOR_EMPTY_ONES).result()

    def drop(self, database: Database) -> None:
        """Drop a copy at leisure; a server that is away keeps it until it ends itself."""
        self._jobs.put(lambda: self._drop(database))

    def close(self) -> None:
        """Stop making and dropping; what is under way ends with the server."""
        self._closed = True
        self._jobs.put(lambda: None)

    def _order(self, template: str = TEMPLATE) -> "Future[Database]":
        self._made += 1
        name = f"dojo_{self._made}"
        ordered: Future[Database] = Future()

        def make() -> None:
            try:
                ordered.set_result(self._make(name, template))
            except BaseException as error:
                ordered.set_exception(error)

        self._jobs.put(make)
        return ordered

    def _work(self) -> None:
        while not self._closed:
            self._jobs.get()()

    @staticmethod
    def _drop(database: Database) -> None:
        with contextlib.suppress(psycopg.Error):
            database.drop()

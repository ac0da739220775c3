"""The migrated template every database is copied from, and the copies."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
from psycopg import sql

from reference_app.running.addresses import Addresses
from reference_app.running.database import Database
from reference_app.running.postgres_settings import OWNER, SUPERUSER, TEMPLATE


def make_template(server: Addresses, migrate: Callable[[Database], None]) -> None:
    """Create the role `app` and a database it owns, migrate that, and close it to sessions.

    `migrate` brings the schema of the database it is given up to date.
    """
    template = Database(TEMPLATE, server)
    with Database(SUPERUSER, server).connect(superuser=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{OWNER}'")
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
        with template.connect(superuser=True) as inside:
            inside.execute("CREATE EXTENSION pg_stat_statements")
        migrate(template)
        connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def new_database(server: Addresses, name: str) -> Database:
    """A copy of the template, owned by `app`."""
    with Database(SUPERUSER, server).connect(superuser=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE), sql.Identifier(OWNER)
            )
        )
    return Database(name, server)


class Databases:
    """Copies of the template by number; the next one is made, and old ones dropped, meanwhile."""

    def __init__(self, server: Addresses) -> None:
        self._server = server
        self._made = 0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._next = self._order()

    def take(self) -> Database:
        """A fresh copy. Raises psycopg.OperationalError when the server does not answer."""
        ordered, self._next = self._next, self._order()
        try:
            return ordered.result()
        except psycopg.Error:  # the server was away when it was ordered
            return self._order().result()

    def drop(self, database: Database) -> None:
        """Drop a copy at leisure; a server that is away keeps it until it ends itself."""
        self._worker.submit(self._drop, database)

    def close(self) -> None:
        """Stop making and dropping; what is under way ends with the server."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _order(self) -> "Future[Database]":
        self._made += 1
        return self._worker.submit(new_database, self._server, f"dojo_{self._made}")

    @staticmethod
    def _drop(database: Database) -> None:
        with contextlib.suppress(psycopg.Error):
            database.drop()

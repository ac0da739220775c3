"""A database of its own for a test or a service, emptied in milliseconds."""

import contextlib
import threading

import psycopg
from psycopg import sql

from reference_app.running.addresses import ADMINISTRATOR, APPLICATION, Addresses, Login
from reference_app.running.bounded_session import Session, connect
from reference_app.running.postgres_settings import SUPERUSER

LOCK_PATIENCE = "250ms"
RESET_SECONDS = 15.0
"""For each statement of a reset, which takes milliseconds: tables can have code of the service."""

ADMINISTRATION_SECONDS = 60.0

CLEAN = """
DO $$
DECLARE
    few CONSTANT integer := 200;  -- deleting these is quicker than the new files TRUNCATE makes
    tables text[];
    name text;
    found_rows integer;
BEGIN
    SELECT array_agg(format('%I.%I', schemaname, tablename)) INTO tables
      FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
       AND tablename <> 'alembic_version';
    IF tables IS NOT NULL THEN
        EXECUTE 'LOCK TABLE ' || array_to_string(tables, ', ');
        SET LOCAL session_replication_role = replica;  -- no triggers, in any order
        FOREACH name IN ARRAY tables LOOP
            EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT %s) t', name, few + 1)
               INTO found_rows;
            IF found_rows > few THEN
                EXECUTE format('TRUNCATE %s CASCADE', name);
            ELSIF found_rows > 0 THEN
                EXECUTE format('DELETE FROM %s', name);
            END IF;
        END LOOP;
    END IF;
END $$
"""

FORGET = """
SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()
"""

END_OPEN_TRANSACTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


class Database:
    """One migrated database; use it from any thread.

    `owner` is who the service is to it; `observer` is who looks at it from outside and empties it;
    `statistician` reads and resets statistics, and nothing else.
    """

    def __init__(
        self,
        name: str,
        server: Addresses,
        owner: Login = APPLICATION,
        observer: Login = ADMINISTRATOR,
        statistician: Login = ADMINISTRATOR,
    ) -> None:
        self.name = name
        self.owner = owner
        self.observer = observer
        self.statistician = statistician
        self._server = server
        self._lock = threading.Lock()
        self._cleaners: tuple[Session, Session] | None = None

    @property
    def url(self) -> str:
        """libpq URL for this process, as the owner."""
        return self._server.database_url(self.name, self.owner)

    @property
    def superuser_url(self) -> str:
        """libpq URL for this process, as the observer: the superuser, or as good as one here."""
        return self._server.database_url(self.name, self.observer)

    def connect(self, *, superuser: bool = False, seconds: float | None = None) -> Session:
        """A new connection, autocommit, rows as dicts. Raises psycopg.OperationalError.

        It is ended with an `Overdue` when a statement takes longer than so many `seconds`.
        """
        url = self.superuser_url if superuser else self.url
        return connect(url, self._end_session, seconds)

    def connect_for_statistics(self, *, seconds: float | None = None) -> Session:
        """The same, for a session in which no code of the database's owner ever runs."""
        url = self._server.database_url(self.name, self.statistician)
        return connect(url, self._end_session, seconds)

    def reset(self) -> None:
        """Empty every table but `alembic_version`, and this database's statement statistics.

        Sessions that hold a lock for longer than 250 ms with an open transaction are ended.
        """
        with self._lock:
            try:
                self._clean()
            except psycopg.OperationalError:
                self._hang_up()
                self._clean()

    def drop(self) -> None:
        """Remove it, whoever is connected. Dropping twice is no error."""
        with self._lock:
            self._hang_up()
        with self._administration() as connection:
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def close(self) -> None:
        """Give back the connections that `reset` keeps open."""
        with self._lock:
            self._hang_up()

    def _administration(self) -> Session:
        """A session of the superuser on the server's own database."""
        server = Database(SUPERUSER, self._server, observer=self.observer)
        return server.connect(superuser=True, seconds=ADMINISTRATION_SECONDS)

    def _end_session(self, process: int) -> None:
        """End a session that does not answer; what it locks is free when this returns."""
        with contextlib.suppress(psycopg.Error), self._administration() as server:
            server.execute("SELECT pg_terminate_backend(%s, 1000)", [process])

    def _clean(self) -> None:
        if self._cleaners is None:
            self._cleaners = (
                self.connect(superuser=True, seconds=RESET_SECONDS),
                self.connect_for_statistics(seconds=RESET_SECONDS),
            )
            self._cleaners[0].execute(f"SET lock_timeout = '{LOCK_PATIENCE}'")
        tables, statistics = self._cleaners
        try:
            tables.execute(CLEAN)
        except psycopg.errors.LockNotAvailable:
            tables.execute(END_OPEN_TRANSACTIONS)
            tables.execute(CLEAN)
        statistics.execute(FORGET)

    def _hang_up(self) -> None:
        for session in self._cleaners or ():
            with contextlib.suppress(psycopg.Error):
                session.close()
        self._cleaners = None

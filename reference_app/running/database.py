"""A database of its own for a test or a service, emptied in milliseconds."""

import contextlib
import threading

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from reference_app.running.addresses import ADMINISTRATOR, APPLICATION, Addresses, Login

LOCK_PATIENCE = "250ms"

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
    PERFORM pg_stat_statements_reset(0, oid, 0)
       FROM pg_database WHERE datname = current_database();
END $$
"""

END_OPEN_TRANSACTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


class Database:
    """One migrated database; use it from any thread.

    `owner` is who the service is to it; `observer` is who looks at it from outside and empties it.
    """

    def __init__(
        self,
        name: str,
        server: Addresses,
        owner: Login = APPLICATION,
        observer: Login = ADMINISTRATOR,
    ) -> None:
        self.name = name
        self.owner = owner
        self.observer = observer
        self._server = server
        self._lock = threading.Lock()
        self._cleaner: psycopg.Connection[DictRow] | None = None

    @property
    def url(self) -> str:
        """libpq URL for this process, as the owner."""
        return self._server.database_url(self.name, self.owner)

    @property
    def superuser_url(self) -> str:
        """libpq URL for this process, as the observer: the superuser, or as good as one here."""
        return self._server.database_url(self.name, self.observer)

    def connect(self, *, superuser: bool = False) -> psycopg.Connection[DictRow]:
        """A new connection, autocommit, rows as dicts. Raises psycopg.OperationalError."""
        url = self.superuser_url if superuser else self.url
        connection = psycopg.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=5)
        connection.prepare_threshold = None
        return connection

    def reset(self) -> None:
        """Empty every table but `alembic_version`, and this database's statement statistics.

        Sessions that hold a lock for longer than 250 ms with an open transaction are ended.
        """
        with self._lock:
            try:
                self._clean()
            except psycopg.OperationalError:
                self._forget_connection()
                self._clean()

    def drop(self) -> None:
        """Remove it, whoever is connected. Dropping twice is no error."""
        with self._lock:
            self._forget_connection()
        with Database("postgres", self._server).connect(superuser=True) as connection:
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def close(self) -> None:
        """Give back the connection that `reset` keeps open."""
        with self._lock:
            self._forget_connection()

    def _clean(self) -> None:
        if self._cleaner is None:
            self._cleaner = self.connect(superuser=True)
            self._cleaner.execute(f"SET lock_timeout = '{LOCK_PATIENCE}'")
        try:
            self._cleaner.execute(CLEAN)
        except psycopg.errors.LockNotAvailable:
            self._cleaner.execute(END_OPEN_TRANSACTIONS)
            self._cleaner.execute(CLEAN)

    def _forget_connection(self) -> None:
        if self._cleaner is not None:
            with contextlib.suppress(psycopg.Error):
                self._cleaner.close()
            self._cleaner = None

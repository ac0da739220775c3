"""A database for each service, with a role that owns it and one that looks at it for the grader.

What a submission can make run when the grader asks its database something (a trigger, a rule, an
operator) runs as the observer: it owns what the service owns, reads statistics, and is nothing in
any other database. The superuser never enters a database that a submission has used.
"""

import secrets
from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.rows import DictRow

from reference_app.running.addresses import Addresses, Login
from reference_app.running.database import Database
from reference_app.running.postgres_settings import OWNER, SUPERUSER, TEMPLATE
from reference_app.running.template import FOR_EMPTY_ONES

CONNECTIONS = 40
STATISTICS = "statistics"
"""The schema of pg_stat_statements: the owner of a database could replace what is in `public`."""

OBSERVERS = "observers"
PRIVILEGES = f"""
REVOKE CONNECT, TEMPORARY ON DATABASE {SUPERUSER}, {FOR_EMPTY_ONES} FROM PUBLIC;
CREATE ROLE {OBSERVERS} NOLOGIN;
GRANT pg_read_all_stats TO {OBSERVERS};
GRANT SET ON PARAMETER session_replication_role TO {OBSERVERS};
"""
STATEMENTS = f"""
CREATE SCHEMA {STATISTICS};
CREATE EXTENSION pg_stat_statements SCHEMA {STATISTICS};
GRANT USAGE ON SCHEMA {STATISTICS} TO {OBSERVERS};
GRANT EXECUTE ON FUNCTION {STATISTICS}.pg_stat_statements_reset TO {OBSERVERS};
"""


class Keeper:
    """Makes and drops databases as the superuser, on the server's own database."""

    def __init__(self, server: Addresses, password: str) -> None:
        self._server = server
        self._login = Login(SUPERUSER, password)

    def make_template(self, migrate: Callable[[Database], None]) -> None:
        """Make the database that all others are copies of; nobody can enter it afterwards."""
        owner = Login(OWNER, new_password())
        with self._enter(SUPERUSER) as server:
            server.execute(PRIVILEGES)
            with self._enter(FOR_EMPTY_ONES) as empty:
                empty.execute(STATEMENTS)
            make_role(server, owner)
            create = sql.SQL("CREATE DATABASE {} OWNER {}")
            server.execute(create.format(sql.Identifier(TEMPLATE), sql.Identifier(OWNER)))
            migrate(Database(TEMPLATE, self._server, owner, self._login))
            server.execute(
                f"ALTER ROLE {OWNER} NOLOGIN PASSWORD NULL;"
                f"ALTER DATABASE {TEMPLATE} OWNER TO {SUPERUSER};"
                f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false"
            )

    def make(self, name: str, template: str) -> "SandboxDatabase":
        """A copy of a template that belongs to a new role, and can be looked at by another."""
        owner = Login(name, new_password())
        observer = Login(f"{name}_observer", new_password())
        database = sql.Identifier(name)
        with self._enter(SUPERUSER) as server:
            make_role(server, owner)
            make_role(server, observer)
            server.execute(
                sql.SQL(
                    "GRANT {owner}, {observers} TO {observer};"
                    "ALTER ROLE {observer} SET search_path = pg_catalog, {statistics}, public;"
                ).format(
                    owner=database,
                    observer=sql.Identifier(observer.user),
                    observers=sql.Identifier(OBSERVERS),
                    statistics=sql.Identifier(STATISTICS),
                )
            )
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
            server.execute(create.format(database, sql.Identifier(template), database))
            closed = sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC")
            server.execute(closed.format(database))
        if template == TEMPLATE:
            with self._enter(name) as copy:
                copy.execute(
                    sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(OWNER), database)
                )
        return SandboxDatabase(name, self._server, owner, observer, self)

    def drop(self, database: "SandboxDatabase") -> None:
        """Remove a database and its roles, whoever is connected; twice is no error."""
        name, observer = sql.Identifier(database.name), sql.Identifier(database.observer.user)
        with self._enter(SUPERUSER) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}, {}").format(observer, name))

    def _enter(self, name: str) -> psycopg.Connection[DictRow]:
        return Database(name, self._server, self._login, self._login).connect()


class SandboxDatabase(Database):
    """A database that is owned and observed by roles of its own."""

    def __init__(
        self, name: str, server: Addresses, owner: Login, observer: Login, keeper: Keeper
    ) -> None:
        super().__init__(name, server, owner, observer)
        self._keeper = keeper

    def drop(self) -> None:
        self.close()
        self._keeper.drop(self)


def new_password() -> str:
    """192 random bits, fit for a URL."""
    return secrets.token_hex(24)


def make_role(server: psycopg.Connection[DictRow], login: Login) -> None:
    """A role that can only log in; what the server sees of its password is no password.

    Statements of the superuser can be read by whoever reads statistics.
    """
    verifier = server.pgconn.encrypt_password(
        login.password.encode(), login.user.encode(), b"scram-sha-256"
    ).decode()
    server.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            " CONNECTION LIMIT {} PASSWORD {}"
        ).format(sql.Identifier(login.user), CONNECTIONS, verifier)
    )

"""A database for each service, with a role that owns it and two that look at it for the grader.

What a submission can make run when the grader asks its tables something (a trigger, a rule, an
operator) runs as the observer, who owns what the service owns and is nothing in any other
database. Statistics are evidence: the statistician, who reads them, touches nothing that the
service can make. The superuser never enters a database that a submission has used.
"""

import secrets
import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from reference_app.running.addresses import Addresses, Login
from reference_app.running.bounded_session import Session
from reference_app.running.database import ADMINISTRATION_SECONDS, Database
from reference_app.running.errors import BackendUnavailable
from reference_app.running.postgres_settings import OWNER, SUPERUSER, TEMPLATE
from reference_app.running.readiness import PAUSE_SECONDS
from reference_app.running.template import FOR_EMPTY_ONES

CONNECTIONS = 40
HELPERS = ("_observer", "_statistician")
STATISTICS = "statistics"
"""The schema of pg_stat_statements: the owner of a database could replace what is in `public`."""

DATABASES = "/databases"
"""The directory of their files, away from what the server needs for itself."""
PLACE = "databases"
COPIED = "STRATEGY FILE_COPY"  # as in `template.py`
SOME_SPACE = 160 * 1024**2
PATIENCE_SECONDS = 5.0

OBSERVERS, STATISTICIANS = "observers", "statisticians"

PRIVILEGES = f"""
REVOKE CONNECT, TEMPORARY ON DATABASE {SUPERUSER}, {FOR_EMPTY_ONES} FROM PUBLIC;
CREATE ROLE {OBSERVERS} NOLOGIN;
CREATE ROLE {STATISTICIANS} NOLOGIN;
GRANT pg_read_all_stats TO {OBSERVERS}, {STATISTICIANS};
GRANT SET ON PARAMETER session_replication_role TO {OBSERVERS};
"""
STATEMENTS = f"""
CREATE SCHEMA {STATISTICS};
CREATE EXTENSION pg_stat_statements SCHEMA {STATISTICS};
GRANT USAGE ON SCHEMA {STATISTICS} TO {STATISTICIANS};
GRANT EXECUTE ON FUNCTION {STATISTICS}.pg_stat_statements_reset TO {STATISTICIANS};
"""
ROLES = f"""
GRANT {{owner}}, {OBSERVERS} TO {{observer}};
GRANT {STATISTICIANS} TO {{statistician}};
ALTER ROLE {{observer}} SET search_path = pg_catalog, public;
ALTER ROLE {{statistician}} SET search_path = pg_catalog, {STATISTICS};
CREATE DATABASE {{owner}} TEMPLATE {{template}} OWNER {{owner}} TABLESPACE {PLACE} {COPIED};
REVOKE CONNECT, TEMPORARY ON DATABASE {{owner}} FROM PUBLIC;
GRANT CONNECT ON DATABASE {{owner}} TO {{observer}}, {{statistician}};
"""


class Keeper:
    """Makes and drops databases as the superuser, on the server's own database."""

    def __init__(self, server: Addresses, password: str) -> None:
        self._server = server
        self._login = Login(SUPERUSER, password)

    def make_template(self, migrate: Callable[[Database], None]) -> None:
        """Make the database that all others are copies of; nobody can enter it afterwards."""
        owner = Login(OWNER, new_password())
        with self.administration() as server:
            server.execute(PRIVILEGES)
            server.execute(f"CREATE TABLESPACE {PLACE} LOCATION '{DATABASES}'")
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
        """A copy of a template that belongs to a new role of the same name."""
        logins = [Login(f"{name}{role}", new_password()) for role in ("", *HELPERS)]
        owner, observer, statistician = (sql.Identifier(login.user) for login in logins)
        with self.administration() as server:
            for login in logins:
                make_role(server, login)
            for statement in ROLES.strip().split("\n"):
                server.execute(
                    sql.SQL(statement).format(
                        owner=owner,
                        observer=observer,
                        statistician=statistician,
                        template=sql.Identifier(template),
                    )
                )
        if template == TEMPLATE:
            with self._enter(name) as copy:
                copy.execute(
                    sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(OWNER), owner)
                )
        return SandboxDatabase(name, self._server, *logins, keeper=self)

    @property
    def url(self) -> str:
        """libpq URL of the server's own database."""
        return self._server.database_url(SUPERUSER, self._login)

    def ask(self) -> None:
        """Wait until there is room for databases. Raises BackendUnavailable after 5 s."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (used := self._used()) is None or used > SOME_SPACE:
            if time.monotonic() > deadline:
                raise BackendUnavailable("The sandbox's PostgreSQL has no room, or is gone.")
            time.sleep(PAUSE_SECONDS)

    def _used(self) -> int | None:
        """Bytes; None when the server does not say."""
        try:
            with self.administration() as server:
                row = server.execute("SELECT pg_tablespace_size(%s) AS used", [PLACE]).fetchone()
        except psycopg.Error:
            return None
        return int(row["used"]) if row else None

    def drop(self, name: str) -> None:
        """Remove a database and its roles, whoever is connected; twice is no error."""
        roles = sql.SQL(", ").join(sql.Identifier(f"{name}{role}") for role in (*HELPERS, ""))
        with self.administration() as server:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(roles))

    def administration(self) -> Session:
        """A session of the superuser on the server's own database."""
        return self._enter(SUPERUSER)

    def _enter(self, name: str) -> Session:
        return Database(name, self._server, self._login, self._login).connect(
            seconds=ADMINISTRATION_SECONDS
        )


class SandboxDatabase(Database):
    """A database with roles of its own."""

    def __init__(self, name: str, server: Addresses, *logins: Login, keeper: Keeper) -> None:
        super().__init__(name, server, *logins)
        self._keeper = keeper

    def drop(self) -> None:
        self.close()
        self._keeper.drop(self.name)

    def _administration(self) -> Session:
        return self._keeper.administration()


def new_password() -> str:
    """192 random bits, fit for a URL."""
    return secrets.token_hex(24)


def make_role(server: Session, login: Login) -> None:
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

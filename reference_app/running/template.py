"""The migrated template every database is copied from, and the copies."""

from collections.abc import Callable

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

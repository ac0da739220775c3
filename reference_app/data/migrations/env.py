"""How Alembic reaches the database: with the service's own settings and driver (D5)."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from reference_app.config import load_settings
from reference_app.data.models import Base

ONE_AT_A_TIME = 7_206_190_453
"""Advisory lock held while migrating: two replicas that start together do not migrate twice."""


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction; give up on a lock that is not free in 5 s."""
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.run_migrations()


async def migrate_database() -> None:
    """Connect and migrate."""
    url = load_settings().database_url.get_secret_value()
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(migrate_database())

"""How Alembic reaches the database: with the service's own settings and driver (D5).

Each revision is a transaction of its own, and may step out of it: what has to go on beside live
traffic (`data/sort_names.py`) commits bit by bit.

Replicas that start together migrate once: an advisory lock of the session lets one of them in.
Who waits asks again and again instead of waiting inside a statement, because CREATE INDEX
CONCURRENTLY waits in turn for every statement that began before it: the two would wait for each
other. The lock belongs to the session, so the address must not be that of a pooler that shares
sessions between transactions.
"""

import asyncio
import time

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from reference_app.config import load_settings
from reference_app.data.models import Base

ONE_AT_A_TIME = 7_206_190_453
ASK_AGAIN_SECONDS = 0.2

SESSION = {
    "application_name": "reference_app migrate",
    "lock_timeout": "5s",
    "client_connection_check_interval": "1s",  # a killed migration lets go of its lock
}


def migrate(connection: Connection) -> None:
    """Run the migrations when it is this process's turn."""
    wait_for_turn(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def wait_for_turn(connection: Connection) -> None:
    """Hold the advisory lock until this session ends."""
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ONE_AT_A_TIME})")):
        connection.rollback()
        time.sleep(ASK_AGAIN_SECONDS)
    connection.commit()


async def migrate_database() -> None:
    """Connect and migrate."""
    url = load_settings().database_url.get_secret_value()
    engine = create_async_engine(
        url, poolclass=pool.NullPool, connect_args={"server_settings": SESSION}
    )
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.execute(f"SET lock_timeout = '{SESSION['lock_timeout']}'")
        context.run_migrations()
else:
    asyncio.run(migrate_database())

"""The database: one engine, one bounded pool, and transactions that always end (D7).

A transaction is a block in the route that needs it. It is committed when the block ends, which is
before the response is sent: a client is never told of a write that did not happen, and no
connection waits while a slow client reads. (A `yield` dependency with FastAPI's default scope ends
after the response, and would do both.)

A server that is away or overloaded costs a caller a 503, after bounded waits: `pool_timeout` for a
connection, then the connect or the statement time-out, a second more when not even that arrives,
and two to hang up on a server that is frozen. Such a connection is thrown away, never reused.

A 503 says that the service does not know better, not that nothing happened: when the connection
breaks during COMMIT, the transaction is over, and only the database knows how. Whoever has to know
reads again, or repeats the request under the same `Idempotency-Key`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Row, Select, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from reference_app.config import Settings
from reference_app.data.failures import unavailable_when_gone


class Database:
    """The pool and the two ways to use it. Making one opens no connection."""

    def __init__(self, settings: Settings) -> None:
        milliseconds = str(int(settings.database_statement_timeout_seconds * 1000))
        self.engine = create_async_engine(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_pool_overflow,
            pool_timeout=settings.database_pool_timeout_seconds,
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={
                "timeout": settings.database_connect_timeout_seconds,
                "command_timeout": settings.database_statement_timeout_seconds + 1,
                "server_settings": {
                    "application_name": "reference_app",
                    "statement_timeout": milliseconds,
                    "idle_in_transaction_session_timeout": milliseconds,
                },
            },
        )
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self.engine.sync_engine, "checkout", _replace_closed_connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends, and undone when it raises.

        Raises Unavailable when the pool stays empty or the database does not answer in time.
        """
        with unavailable_when_gone():
            async with (
                AsyncSession(self.engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reads: each statement stands alone, so none waits in a transaction.

        Raises Unavailable, as `transaction` does.
        """
        with unavailable_when_gone():
            async with AsyncSession(self._autocommit, autoflush=False) as session:
                yield session

    async def one_or_none(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, object]
    ) -> Row[*tuple[Any, ...]] | None:
        """The one row of a read, or None: half the price of a session, for what every request asks.

        Raises Unavailable, as `transaction` does.
        """
        with unavailable_when_gone():
            async with self._autocommit.connect() as connection:
                return (await connection.execute(statement, parameters)).one_or_none()

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()


def _replace_closed_connection(
    connection: Any, _record: ConnectionPoolEntry, _proxy: object
) -> None:
    """A connection the server has closed is not handed out; the pool opens another.

    The event loop has already seen the socket close, so asking costs no round trip.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError

"""What the cache did for this process, counted from outside: any `UserCache` can be inside (O2).

A read that calls its `load` is a miss, one that is answered without is a hit. An error is a use of
Redis, by the cache or by a limit, that ended with a broken connection or without getting any.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis.asyncio.connection import AbstractConnection, ConnectionPool

from reference_app.data.cache import UserCache
from reference_app.data.views import UserView


@dataclass
class CacheFigures:
    """Counts since the process started."""

    hits: int = 0
    misses: int = 0
    errors: int = 0


class CountedCache(UserCache):
    """The cache it is given, with its reads counted."""

    def __init__(self, cache: UserCache, figures: CacheFigures) -> None:
        self._cache = cache
        self._figures = figures

    async def get(
        self, user_id: UUID, load: Callable[[], Awaitable[UserView | None]]
    ) -> UserView | None:
        """As `UserCache.get`."""
        missed = False

        async def noticed() -> UserView | None:
            nonlocal missed
            missed = True
            self._figures.misses += 1
            return await load()

        user = await self._cache.get(user_id, noticed)
        if not missed:
            self._figures.hits += 1
        return user

    async def invalidate(self, user_id: UUID) -> None:
        """As `UserCache.invalidate`."""
        await self._cache.invalidate(user_id)


class CountedPool(ConnectionPool):
    """Connections to Redis; each that comes back broken is counted."""

    def __init__(self, *, figures: CacheFigures, **options: Any) -> None:
        super().__init__(**options)
        self._figures = figures

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back after its use, which may have failed."""
        if not connection.is_connected:
            self._figures.errors += 1
        await super().release(connection)

"""Cache-aside for users: what was read once is kept in Redis for a while."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from uuid import UUID

from redis.asyncio import Redis

from reference_app.data.views import UserView

Load = Callable[[], Awaitable[UserView | None]]


class UserCache:
    """Users by id, as the API shows them."""

    def __init__(self, redis: Redis, ttl_seconds: int) -> None:
        self._redis = redis
        self._ttl_seconds = ttl_seconds

    async def get(self, user_id: UUID, load: Load) -> UserView | None:
        """The user from the cache, else from `load`; None when `load` finds nobody."""
        stored = await self._redis.get(f"user:{user_id}")
        if stored is not None:
            return UserView(**json.loads(stored))
        user = await load()
        if user is not None:
            value = json.dumps(asdict(user), default=str)
            await self._redis.set(f"user:{user_id}", value, ex=self._ttl_seconds)
        return user

    async def invalidate(self, user_id: UUID) -> None:
        """Forget the user. To be called after the change is committed."""
        await self._redis.delete(f"user:{user_id.hex}")

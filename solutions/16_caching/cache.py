"""Cache-aside for users, with one load a key in each process and early renewal (S1).

    user:{id}           the user and what is needed to renew it in time, as JSON
    user:{id}:written   a mark that every write leaves, so that no older load is stored after it

A read takes both with one round trip. When there is no value it joins the load that is running in
this process, or starts one, which looks again before it loads. When there is one it may, by
chance, renew it early: the nearer the end and the dearer the load, the likelier (Vattani et al.,
Optimal Probabilistic Cache Stampede Prevention, VLDB 2015). So a popular user is renewed by one
reader before all of them miss.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, WatchError

from reference_app.data.views import UserView

LEAST_SHARE_OF_TTL = 0.85
EAGERNESS = 1.0
MARK_SECONDS = 60
"""Longer than any load takes: the database ends a statement long before."""

Load = Callable[[], Awaitable[UserView | None]]
Stored = bytes | str | None
"""A string as Redis holds it, decoded or not, as the client is set up; None when there is none."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """What is stored: a user, the seconds its load took, and the Unix time of its end."""

    user: UserView
    load_seconds: float
    expires_at: float

    def wants_renewal(self) -> bool:
        """Drawn by lot; `1 - random()` is never zero."""
        lead = self.load_seconds * EAGERNESS * -math.log(1 - random.random())  # noqa: S311
        return time.time() + lead >= self.expires_at


@dataclass(frozen=True)
class Seen:
    """What one look into Redis found: an entry that can be used, and the mark of the last write."""

    entry: Entry | None
    mark: Stored


ENTRIES = TypeAdapter(Entry)


class UserCache:
    """Users by id. Whatever happens to Redis, the answer is right; it may only take longer."""

    def __init__(self, redis: Redis, ttl_seconds: int) -> None:
        self._redis = redis
        self._ttl_seconds = ttl_seconds
        self._running: dict[UUID, asyncio.Task[UserView | None]] = {}

    async def get(self, user_id: UUID, load: Load) -> UserView | None:
        """The user from the cache, else from `load`; None when `load` finds nobody.

        Raises what `load` raises, and nothing of its own.
        """
        seen = await self._look(user_id)
        if seen and seen.entry and not seen.entry.wants_renewal():
            return seen.entry.user
        task = self._running.get(user_id)
        if task is None:
            task = asyncio.create_task(self._renew(user_id, load, seen))
            self._running[user_id] = task
            task.add_done_callback(lambda done: self._forget(user_id, done))
        return await asyncio.shield(task)

    async def invalidate(self, user_id: UUID) -> None:
        """Forget the user. To be called after the change is committed; never raises."""
        self._running.pop(user_id, None)
        try:
            async with self._redis.pipeline(transaction=True) as steps:
                steps.delete(_key(user_id))
                steps.set(_mark(user_id), str(uuid4()), ex=MARK_SECONDS)
                await steps.execute()
        except (RedisError, OSError) as error:
            log.warning("cache_not_invalidated", error=type(error).__name__)

    async def _look(self, user_id: UUID) -> Seen | None:
        """What lies there for this user; None when Redis does not answer."""
        try:
            # MGET, unlike GET, gives nothing for a key of another type.
            stored, mark = await self._redis.mget(_key(user_id), _mark(user_id))
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", error=type(error).__name__)
            return None
        return Seen(_read(stored), mark)

    async def _renew(self, user_id: UUID, load: Load, seen: Seen | None) -> UserView | None:
        """Load and store. Only one of these runs for a user, until somebody writes."""
        now = await self._look(user_id) if seen else None
        if seen and now and now.entry and now.entry != seen.entry:
            return now.entry.user  # the load before this one has just ended
        started = time.perf_counter()
        user = await load()
        if now and user is not None:
            await self._store(user, time.perf_counter() - started, now.mark)
        return user

    async def _store(self, user: UserView, load_seconds: float, mark: Stored) -> None:
        """Store the user, unless somebody has written since `mark` was read."""
        ttl = self._ttl_seconds * random.uniform(LEAST_SHARE_OF_TTL, 1)  # noqa: S311 - no secret
        entry = Entry(user, load_seconds, time.time() + ttl)
        try:
            async with self._redis.pipeline(transaction=True) as steps:
                await steps.watch(_mark(user.id))
                if await steps.get(_mark(user.id)) != mark:
                    return
                steps.multi()  # type: ignore[no-untyped-call]
                steps.set(_key(user.id), ENTRIES.dump_json(entry), px=int(ttl * 1000))
                await steps.execute()
        except WatchError:
            return
        except (RedisError, OSError) as error:
            log.warning("cache_not_filled", error=type(error).__name__)

    def _forget(self, user_id: UUID, done: asyncio.Task[UserView | None]) -> None:
        if self._running.get(user_id) is done:
            del self._running[user_id]


def _key(user_id: UUID) -> str:
    return f"user:{user_id}"


def _mark(user_id: UUID) -> str:
    return f"user:{user_id}:written"


def _read(stored: Stored) -> Entry | None:
    """The entry; None for nothing, for garbage, and for what an older version has written."""
    try:
        return None if stored is None else ENTRIES.validate_json(stored)
    except ValidationError:
        return None

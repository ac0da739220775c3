"""Cache-aside for users: fast when the cache is there, right when it is not (S1).

Key `user:{id}`, a JSON value, at most `ttl_seconds` with up to a tenth less, so that entries made
together do not expire together.

- Stampede: whoever finds nothing asks for the key's lease. One caller, in whatever replica, gets
  it and loads; the others look again every few milliseconds, and load for themselves if it takes
  too long.
- Race of a read and a write: a value is stored only by the holder of the lease, and `invalidate`
  deletes value and lease in one step. A reader that loaded before the write has lost its lease
  and stores nothing (the leases of Nishtala et al., Scaling Memcache at Facebook, NSDI 2013).
- Cache away: callers are served from the database, and for half a second nobody pays the
  time-out again. Invalidations that could not be delivered are delivered before the next read.
- A process that is killed between commit and `invalidate` leaves an old value, for `ttl_seconds`
  at most: the price of a cache that is not part of the transaction.
- Missing users are not cached: they cost one lookup by key, and a new user is seen at once.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from reference_app.data.views import UserView

log = structlog.get_logger()

LEASE_MILLISECONDS = 3000
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.5

LEASE_IF_STILL_MISSING = """
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
return redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
"""
"""The value may have come since it was looked for: a lease taken then would be a second load."""

STORE_IF_STILL_LEASED = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""

Load = Callable[[], Awaitable[UserView | None]]

_users = TypeAdapter(UserView)
_away = (RedisError, OSError)


class UserCache:
    """Users by id, as the API shows them: what is stored has no password hash in it."""

    def __init__(self, redis: Redis, ttl_seconds: int) -> None:
        self._redis = redis
        self._ttl_milliseconds = ttl_seconds * 1000
        self._lease = redis.register_script(LEASE_IF_STILL_MISSING)
        self._store = redis.register_script(STORE_IF_STILL_LEASED)
        self._paused_until = 0.0
        self._undelivered: dict[str, float] = {}

    async def get(self, user_id: UUID, load: Load) -> UserView | None:
        """The user from the cache, else from `load`; None when `load` finds nobody.

        Raises what `load` raises, and nothing of its own.
        """
        key = _key(user_id)
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while time.monotonic() < deadline and not self._paused():
                await self._deliver()
                found = await self._read(key)
                if found is not None:
                    return found
                lease = str(uuid4())
                if await self._lease([key, _lease_of(key)], [lease, LEASE_MILLISECONDS]):
                    return await self._load_under(lease, key, load)
                await asyncio.sleep(POLL_SECONDS)
        except _away as error:
            self._pause(error)
        return await load()

    async def invalidate(self, user_id: UUID) -> None:
        """Forget the user. To be called after the change is committed; never raises."""
        self._undelivered[_key(user_id)] = time.monotonic() + self._ttl_milliseconds / 1000
        if not self._paused():
            try:
                await self._deliver()
            except _away as error:
                self._pause(error)

    async def _read(self, key: str) -> UserView | None:
        """The stored user, or None. What is of no use is removed: garbage, a value of an older
        version, of another type or of another user."""
        with suppress(ResponseError, ValidationError):
            stored = await self._redis.get(key)
            user = None if stored is None else _users.validate_json(stored)
            if user is None or _key(user.id) == key:
                return user
        await self._redis.delete(key)
        return None

    async def _load_under(self, lease: str, key: str, load: Load) -> UserView | None:
        value: UserView | None = None
        try:
            value = await load()
        finally:
            await self._store_quietly(lease, key, value)
        return value

    async def _store_quietly(self, lease: str, key: str, value: UserView | None) -> None:
        """Store the value, if there is one, and give the lease back; if it is still ours."""
        encoded = b"" if value is None else _users.dump_json(value)
        ttl = round(self._ttl_milliseconds * random.uniform(0.9, 1.0))  # noqa: S311 - no secret
        try:
            await self._store(keys=[key, _lease_of(key)], args=[lease, encoded, ttl])
        except _away as error:
            self._pause(error)

    async def _deliver(self) -> None:
        """Delete what changed while the cache could not be told, unless it has expired by now."""
        if not self._undelivered:
            return
        sent = dict(self._undelivered)
        keys = [key for key, expiry in sent.items() if expiry > time.monotonic()]
        if keys:
            await self._redis.delete(*keys, *map(_lease_of, keys))
        for key, expiry in sent.items():
            if self._undelivered.get(key) == expiry:
                del self._undelivered[key]

    def _paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _pause(self, error: BaseException) -> None:
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("cache_unavailable", error=type(error).__name__)


def _key(user_id: UUID) -> str:
    return f"user:{user_id}"


def _lease_of(key: str) -> str:
    return f"{key}:lease"

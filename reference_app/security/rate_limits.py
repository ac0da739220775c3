"""How often somebody may try to log in, by account and by address (A4, C6).

Both counts are kept in Redis, so that replicas count together. When Redis is away, each replica
counts alone, in memory: guessing gets easier by the number of replicas, and nobody is locked out
of a service that otherwise works.
"""

import hashlib
import math
import time

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from reference_app.config import Settings
from reference_app.errors import TooManyAttempts

log = structlog.get_logger()


class LoginLimits:
    """Counts attempts in a moving window; an attempt that is refused is not counted."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._per_account = parse(settings.login_attempts_per_account)
        self._per_address = parse(settings.login_attempts_per_address)
        shared = RedisStorage(
            settings.redis_url.get_secret_value(),
            implementation="redispy",
            key_prefix="login",
            connection_pool=redis.connection_pool,  # type: ignore[arg-type]  # as documented
        )
        self._shared = MovingWindowRateLimiter(shared)
        self._alone = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, email: str, address: str) -> None:
        """Count one attempt, before the password is looked at.

        Raises TooManyAttempts, with the seconds until the next one is possible.
        """
        try:
            await self._count_in(self._shared, email, address)
        except (RedisError, OSError) as error:
            log.warning("login_limits_alone", error=type(error).__name__)
            await self._count_in(self._alone, email, address)

    async def forget_account(self, email: str) -> None:
        """A login succeeded: the account's failed attempts no longer count. The address's do."""
        try:
            await self._shared.clear(self._per_account, "account", _short(email))
        except (RedisError, OSError):
            await self._alone.clear(self._per_account, "account", _short(email))

    async def _count_in(self, limiter: MovingWindowRateLimiter, email: str, address: str) -> None:
        await _hit(limiter, self._per_address, "address", address)
        await _hit(limiter, self._per_account, "account", _short(email))


async def _hit(limiter: MovingWindowRateLimiter, limit: RateLimitItem, *key: str) -> None:
    if not await limiter.hit(limit, *key):
        free_at = (await limiter.get_window_stats(limit, *key)).reset_time
        raise TooManyAttempts(retry_after=max(1, math.ceil(free_at - time.time())))


def _short(email: str) -> str:
    """A key of bounded length that does not tell the address to whoever lists the keys."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:32]

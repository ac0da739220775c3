"""How much a caller may ask for, counted by all replicas together and before any work (H3, C6).

The caller is the user of a valid access token, else the address: of IPv6 the /64, for whoever has
one address of it has them all. A login also counts against the account that it tries (A4).

- Windows are fixed, and the key of a count has the number of its window in it: a request costs one
  round trip to Redis, and when the window ends is known without asking. Callers' windows begin at
  different seconds, so that those who were refused do not all come back at once. The price of
  fixed windows: the last seconds of one and the first of the next can see twice the quota.
- Redis away: each replica counts alone, in bounded memory, and for half a second nobody pays the
  time-out again. Quotas grow by the number of replicas; nobody is locked out of a service that
  otherwise works.
- Every counted answer tells where its caller stands, in the fields `RateLimit-Policy` and
  `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11; a 429 has `Retry-After` as well.
"""

import hashlib
import ipaddress
import math
import time
import zlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

import structlog
from limits.aio.storage import RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.config import Settings
from reference_app.errors import InvalidToken, TooManyAttempts, respond
from reference_app.security.bearer import bearer_of
from reference_app.security.quotas import Quota, Quotas

log = structlog.get_logger()

PAUSE_SECONDS = 0.5
MAX_COUNTED_ALONE = 10_000


@dataclass(frozen=True)
class Standing:
    """Where a caller stands: how many requests were counted, and in how long that is over."""

    quota: Quota
    counted: int
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        """Whether the last request was one too many."""
        return self.counted > self.quota.amount

    def headers(self) -> dict[str, str]:
        """The same, for the client."""
        name, left = self.quota.name, max(0, self.quota.amount - self.counted)
        return {
            "RateLimit-Policy": f'"{name}";q={self.quota.amount};w={self.quota.seconds}',
            "RateLimit": f'"{name}";r={left};t={self.reset_seconds}',
        }


class RateLimits:
    """Counts requests, those that are refused included. Never raises because Redis is away."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._quotas = Quotas(settings)
        self._shared = RedisStorage(
            settings.redis_url.get_secret_value(),
            implementation="redispy",
            key_prefix="rate",
            connection_pool=redis.connection_pool,  # type: ignore[arg-type]  # as documented
        )
        self._alone = _CountsOfOne()
        self._paused_until = 0.0

    async def count_request(
        self, method: str, path: str, address: str, user_id: object | None
    ) -> Standing | None:
        """Count one request of this caller; None when it is exempt."""
        quota = self._quotas.of(method, path)
        if quota is None:
            return None
        by_user = quota.by_user and user_id is not None
        return await self._count(
            quota, f"user:{user_id}" if by_user else f"address:{_network(address)}"
        )

    async def count_login(self, account: str) -> None:
        """Count one attempt to log in to this account, before the password is looked at.

        `account` is one text for all spellings of an address that lead to the same account.
        Raises TooManyAttempts, with the seconds until the next one is possible.
        """
        standing = await self._count(self._quotas.account, _short(account))
        if standing.exceeded:
            raise TooManyAttempts(standing.reset_seconds)

    async def forget_login(self, account: str) -> None:
        """A login succeeded: the account's attempts no longer count. The address's do."""
        key, _ = _window(self._quotas.account, _short(account))
        self._alone.clear(key)
        with suppress(RedisError, OSError):
            await self._shared.clear(key)

    async def _count(self, quota: Quota, caller: str) -> Standing:
        key, reset_seconds = _window(quota, caller)
        return Standing(quota, await self._increase(key, quota.seconds), reset_seconds)

    async def _increase(self, key: str, seconds: int) -> int:
        if time.monotonic() >= self._paused_until:
            try:
                return await self._shared.incr(key, seconds)
            except (RedisError, OSError) as error:
                self._paused_until = time.monotonic() + PAUSE_SECONDS
                log.warning("rate_limits_alone", error=type(error).__name__)
        return self._alone.increase(key)


class LimitRequests:
    """ASGI middleware: a request too many is refused before its body is read."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        standing = await self._count(scope) if scope["type"] == "http" else None
        if standing is None:
            await self.app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(standing.headers())
            await send(message)

        if standing.exceeded:
            log.info("rate_limited", limit=standing.quota.name)
            await respond(TooManyAttempts(standing.reset_seconds))(scope, receive, tell)
        else:
            await self.app(scope, receive, tell)

    async def _count(self, scope: Scope) -> Standing | None:
        address = scope["client"][0] if scope["client"] else ""
        bearer = bearer_of(scope)
        user_id = None if bearer is None or isinstance(bearer, InvalidToken) else bearer.user_id
        return await self.limits.count_request(scope["method"], scope["path"], address, user_id)


class _CountsOfOne:
    """Counts of this process alone; of too many, those not asked for longest are forgotten."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def increase(self, key: str) -> int:
        count = self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > MAX_COUNTED_ALONE:
            self._counts.popitem(last=False)
        return count

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)


def _window(quota: Quota, caller: str) -> tuple[str, int]:
    """The key of the window this moment is in, and the whole seconds after which it has ended."""
    phase = zlib.crc32(caller.encode()) % quota.seconds
    number, elapsed = divmod(time.time() + phase, quota.seconds)
    return f"{quota.name}:{caller}:{number:.0f}", math.ceil(quota.seconds - elapsed)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False))


def _short(account: str) -> str:
    """A key of bounded length that does not tell the address to whoever lists the keys."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]

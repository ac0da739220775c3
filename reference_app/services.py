"""What routes work with: made once in `create_app`, handed to each route that names it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from reference_app.config import Settings
from reference_app.data.cache import UserCache
from reference_app.data.database import Database
from reference_app.observability.cache_figures import CacheFigures
from reference_app.observability.tracing import Tracing
from reference_app.payments import Payments
from reference_app.security.passwords import Passwords
from reference_app.security.rate_limits import RateLimits
from reference_app.security.tokens import Tokens

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Services:
    """One of each, for the life of the process."""

    settings: Settings
    database: Database
    redis: "Redis"
    users_cache: UserCache
    cache_figures: CacheFigures
    tracing: Tracing
    passwords: Passwords
    tokens: Tokens
    rate_limits: RateLimits
    payments: Payments

    async def close(self) -> None:
        """Close every connection and thread."""
        self.passwords.close()
        await self.payments.close()
        await self.redis.aclose()
        await self.database.close()
        await self.tracing.close()


async def provided(request: Request) -> Services:
    """The services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(provided)]

"""What routes work with: made once in `create_app`, handed to each route that names it.

At run time only `application.py` knows the classes: whoever is handed the services imports none of
the modules that they come from.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Depends, Request

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from reference_app.config import Settings
    from reference_app.data.cache import UserCache
    from reference_app.data.database import Database
    from reference_app.observability.cache_figures import CacheFigures
    from reference_app.observability.tracing import Tracing
    from reference_app.payments import Payments
    from reference_app.reliability.health import Health
    from reference_app.reports import Exports
    from reference_app.security.mfa import Mfa
    from reference_app.security.passwords import Passwords
    from reference_app.security.rate_limits import RateLimits
    from reference_app.security.tokens import Tokens

log = structlog.get_logger()

CLOSE_SECONDS = 3.0


@dataclass(frozen=True)
class Services:
    """One of each, for the life of the process."""

    settings: Settings
    database: Database
    redis: Redis
    users_cache: UserCache
    cache_figures: CacheFigures
    tracing: Tracing
    passwords: Passwords
    tokens: Tokens
    mfa: Mfa
    rate_limits: RateLimits
    payments: Payments
    health: Health
    exports: Exports

    async def close(self) -> None:
        """Close every connection and thread; a server that hangs delays it by `CLOSE_SECONDS`."""
        self.passwords.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(
                    self.payments.close(),
                    self.redis.aclose(),
                    self.database.close(),
                    self.tracing.close(),
                )
        except TimeoutError:
            log.warning("connections_left_open")


async def provided(request: Request) -> Services:
    """The services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


Provided = Annotated[Services, Depends(provided)]

"""The service, put together in one place: what it works with, what wraps it, what it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from reference_app.api import auth, docs_page, mfa, orders, reports, users
from reference_app.api.envelope import RequestIds
from reference_app.api.openapi import install_openapi
from reference_app.config import Settings
from reference_app.data.cache import UserCache
from reference_app.data.database import Database
from reference_app.data.redis import LoopConnection
from reference_app.errors import CatchDefects, install_error_handlers
from reference_app.observability.cache_figures import CacheFigures, CountedCache, CountedPool
from reference_app.observability.logging import AccessLog
from reference_app.observability.metrics import install_metrics
from reference_app.observability.tracing import Tracing
from reference_app.payments import Payments
from reference_app.reliability.health import Health
from reference_app.reports import Exports
from reference_app.security.bearer import ReadBearer
from reference_app.security.body_limit import BodyLimit
from reference_app.security.headers import Cors, SecurityHeaders
from reference_app.security.json_bodies import JsonBodies
from reference_app.security.mfa import Mfa
from reference_app.security.passwords import Passwords
from reference_app.security.rate_limits import LimitRequests, RateLimits
from reference_app.security.tokens import Tokens
from reference_app.services import Services


def create_app(settings: Settings) -> FastAPI:
    """The application. Nothing is connected to before the first request that needs it."""
    database = Database(settings)
    cache_figures = CacheFigures()
    redis = connect_redis(settings, cache_figures)
    services = Services(
        settings=settings,
        database=database,
        redis=redis,
        users_cache=CountedCache(UserCache(redis, settings.cache_ttl_seconds), cache_figures),
        cache_figures=cache_figures,
        tracing=Tracing(settings),
        passwords=Passwords(settings),
        tokens=Tokens(settings, database),
        mfa=Mfa(settings, database),
        rate_limits=RateLimits(settings, redis),
        payments=Payments(settings, database),
        health=Health(settings, database, redis),
        exports=Exports(settings),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await services.close()

    app = FastAPI(
        title="Users and orders",
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services

    # A request passes these from the last added to the first.
    app.add_middleware(JsonBodies)
    app.add_middleware(BodyLimit, limit=settings.body_limit_bytes)
    app.add_middleware(LimitRequests, limits=services.rate_limits)
    app.add_middleware(ReadBearer, tokens=services.tokens)
    app.add_middleware(services.health.within_limit)
    app.add_middleware(CatchDefects)
    app.add_middleware(Cors, origins=settings.cors_origins)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog)
    install_metrics(app, services)
    services.tracing.install(app, database)
    app.add_middleware(RequestIds)
    install_error_handlers(app)

    # Routes say their whole path themselves. `include_router` would make each a second time, at the
    # first request, and look for it in two steps at every one.
    for answering in (services.health, auth, mfa, users, orders, reports, docs_page):
        app.router.routes.extend(answering.router.routes)
    install_openapi(app)
    return app


def connect_redis(settings: Settings, figures: CacheFigures) -> Redis:
    """A client whose every wait is bounded, and which leaves trying again to its callers."""
    seconds = settings.redis_timeout_seconds
    pool = CountedPool.from_url(
        settings.redis_url.get_secret_value(),
        connection_class=LoopConnection,
        figures=figures,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)

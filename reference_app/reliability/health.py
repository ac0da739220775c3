"""Two questions an orchestrator asks (L2).

`/health`: is this process alive? It looks at nothing else: a database that is down is not cured by
restarting its clients. `/ready`: should traffic come here? Each thing needed is asked, with a
time-out, and named; why it failed is in the log, not in the answer.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from reference_app.api.documentation import refusals
from reference_app.api.envelope import Detail, Success
from reference_app.errors import Unavailable
from reference_app.services import Provided, Services

log = structlog.get_logger()

TIMEOUT_SECONDS = 1.0
ALEMBIC_INI = Path(__file__).parents[1] / "alembic.ini"

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Everything the service needs answers."""

    status: Literal["ready"] = "ready"
    database: Literal["ok"] = "ok"
    cache: Literal["ok"] = "ok"
    migrations: Literal["ok"] = "ok"


class NotReady(Unavailable):
    """503: something this replica needs does not answer; `details` says what."""

    code = "NOT_READY"
    message = "This replica is not ready."

    def __init__(self, wrong: Sequence[str]) -> None:
        super().__init__(retry_after=1)
        self.details = [
            Detail(field=name, message="Does not answer as it should.") for name in wrong
        ]


@router.get("/health")
async def health() -> Success[Health]:
    """Whether the process is alive."""
    return Success(data=Health())


@router.get("/ready", responses=refusals(NotReady))
async def ready(services: Provided) -> Success[Readiness]:
    """Whether database and cache answer, and the schema is the one this version was made for."""
    checks = {
        "database": _answers(services),
        "cache": services.redis.ping(),
        "migrations": _migrations_are_current(services),
    }
    found = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
    wrong = [name for name, passed in zip(checks, found, strict=True) if not passed]
    if wrong:
        raise NotReady(wrong)
    return Success(data=Readiness())


async def _passes(name: str, check: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return bool(await check)
    except Exception as error:
        log.warning("not_ready", check=name, error=type(error).__name__)
        return False


async def _answers(services: Services) -> bool:
    async with services.database.reading() as session:
        return bool(await session.scalar(text("SELECT 1")) == 1)


async def _migrations_are_current(services: Services) -> bool:
    async with services.database.reading() as session:
        applied = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return bool(applied == await asyncio.to_thread(newest_revision))


@cache
def newest_revision() -> str | None:
    """The last migration that came with this version of the service."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(Config(ALEMBIC_INI)).get_current_head()

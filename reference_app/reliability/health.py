"""Alive, ready, leaving: what an orchestrator asks a replica, and how a replica goes (L2, L4).

`/health`: is this process alive? It looks at nothing else: a database that is down is not cured by
restarting its clients. `/ready`: should traffic come here? Each thing needed is asked and named;
why it failed is in the log, not in the answer. The answer comes within `TIMEOUT_SECONDS`, whatever
hangs. Of each thing there is one question at a time: probes that come meanwhile wait for the same
answer, so that they never take more than one connection of the pool.

Whoever can do without a part leaves it out by name. What sends traffic asks `/ready?exclude=cache`:
the service answers without its cache, and a cache that is down, which all replicas share, would
otherwise take the last of them out of the balancer.

A replica that was told to end is not ready from that moment. For `shutdown_delay_seconds` it still
takes what comes, as balancers need a while to see it. Then it listens no more (`serving.py`), and
whatever runs has `shutdown_seconds` to finish: what does not is cut, and answered with 503.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query
from pydantic import BaseModel
from redis.asyncio import Redis
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.api.documentation import refusals
from reference_app.api.envelope import Detail, Success
from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.errors import InvalidInput, Unavailable, respond

log = structlog.get_logger()

TIMEOUT_SECONDS = 1.0
RETRY_AFTER_SECONDS = 1
ALEMBIC_INI = Path(__file__).parents[1] / "alembic.ini"

Part = Literal["database", "cache", "migrations"]
State = Literal["ok", "excluded"]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Everything the service needs answers, but for what was not to be asked."""

    status: Literal["ready"] = "ready"
    database: State = "ok"
    cache: State = "ok"
    migrations: State = "ok"


class NotReady(Unavailable):
    """503: traffic should go to another replica; `details` says why."""

    code = "NOT_READY"
    message = "This replica is not ready."

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(RETRY_AFTER_SECONDS)
        self.details = [Detail(field=name, message=why) for name, why in reasons.items()]


class Health:
    """The state of this replica: one object for the life of the process."""

    def __init__(self, settings: Settings, database: Database, redis: Redis) -> None:
        self._database = database
        self._redis = redis
        self._seconds_left = settings.shutdown_delay_seconds + settings.shutdown_seconds
        self._ends_at: float | None = None
        self._running: set[asyncio.Timeout] = set()
        self._questions: dict[str, asyncio.Task[object]] = {}
        self.router = APIRouter(tags=["operation"])
        self.router.get("/health")(self.health)
        self.router.get("/ready", responses=refusals(InvalidInput, NotReady))(self.ready)

    async def health(self) -> Success[Alive]:
        """Whether the process is alive."""
        return Success(data=Alive())

    async def ready(
        self,
        exclude: Annotated[
            tuple[Part, ...],
            Query(max_length=3, description="Parts that the caller can do without."),
        ] = (),
    ) -> Success[Ready]:
        """Whether database and cache answer, and the schema is the one this version needs."""
        if self._ends_at is not None:
            raise NotReady({"replica": "Is shutting down."})
        checks: dict[Part, Callable[[], Awaitable[bool]]] = {
            "database": self._database_answers,
            "cache": self._cache_answers,
            "migrations": self._schema_will_do,
        }
        asked = [name for name in checks if name not in exclude]
        fine = await asyncio.gather(*(checks[name]() for name in asked))
        wrong = [name for name, is_fine in zip(asked, fine, strict=True) if not is_fine]
        if wrong:
            raise NotReady(dict.fromkeys(wrong, "Does not answer as it should."))
        return Success(data=Ready.model_validate(dict.fromkeys(exclude, "excluded")))

    def leave(self) -> None:
        """The process was told to end: not ready from now on, and what runs has a limit."""
        self._ends_at = asyncio.get_running_loop().time() + self._seconds_left
        for bound in self._running:
            bound.reschedule(self._ends_at)

    def within_limit(self, app: ASGIApp) -> ASGIApp:
        """ASGI middleware: what runs longer than a leaving replica may is cut, and answered 503.

        An answer that has begun is broken off: its client sees that it is not whole.
        """

        async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            begun = False

            async def watch(message: Message) -> None:
                nonlocal begun
                begun = True
                await send(message)

            bound = asyncio.timeout_at(self._ends_at)
            try:
                async with bound:
                    self._running.add(bound)
                    await app(scope, receive, watch)
            except TimeoutError:
                if begun or not bound.expired():
                    raise
                await respond(Unavailable(RETRY_AFTER_SECONDS))(scope, receive, send)
            finally:
                self._running.discard(bound)

        return bounded

    async def _database_answers(self) -> bool:
        return await self._ask("database", self._revision) is not None

    async def _cache_answers(self) -> bool:
        return bool(await self._ask("cache", self._redis.ping))

    async def _schema_will_do(self) -> bool:
        revision = await self._ask("database", self._revision)
        return revision not in await asyncio.to_thread(older_revisions)

    async def _ask(self, name: str, question: Callable[[], Awaitable[object]]) -> object:
        """The answer to a question that may be under way already; None when there is none in time.

        One that takes too long is not cancelled: its connection would take time to clean up, and
        it answers as soon as the server does.
        """
        asked = self._questions.get(name)
        if asked is None or asked.done():
            asked = asyncio.create_task(_answered(name, question))
            self._questions[name] = asked
        await asyncio.wait({asked}, timeout=TIMEOUT_SECONDS)
        if not asked.done():
            log.warning("not_ready", check=name, error="no answer in time")
            return None
        return asked.result()

    async def _revision(self) -> str:
        """The schema's revision; "" when nothing was ever migrated."""
        async with self._database.reading() as session:
            if await session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return ""
            return str(await session.scalar(text("SELECT version_num FROM alembic_version")))


async def _answered(name: str, question: Callable[[], Awaitable[object]]) -> object:
    try:
        return await question()
    except Exception as error:
        log.warning("not_ready", check=name, error=type(error).__name__)
        return None


@cache
def older_revisions() -> frozenset[object]:
    """The schemas that are not enough: none at all, and all before this version's own.

    One that this version does not know is newer, and will do: a release migrates before it
    replaces the first replica, and leaves what the version before it uses (X5).
    """
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(Config(ALEMBIC_INI))
    known = {script.revision for script in scripts.walk_revisions()}
    return frozenset({None, *known} - {scripts.get_current_head()})

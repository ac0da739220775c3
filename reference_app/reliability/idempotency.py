"""`Idempotency-Key`: a request that is sent again has its effect once (L1).

A client that got no answer cannot know whether its order was made. It sends the request again with
the same key, and gets the first answer again, marked `Idempotent-Replayed: true`. The header is
that of draft-ietf-httpapi-idempotency-key-header-07, with or without the quotes it asks for.

- A key is a row, and it is written in the transaction of the effect: a process that is killed
  leaves both or neither.
- Of requests that come together the first one inserts the row. The primary key makes the others
  wait until that transaction has ended, a second at most (then 409), and they read its answer.
- An error undoes the effect and the row with it. So none is ever stored, and after any refusal,
  4xx or 5xx, the same key may be tried again.
- A key belongs to one user and to one request. With another path or body it is a 422.
- A key lives for a day. A user's old ones are deleted when the same user sends a new one.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, Header, Request
from pydantic import AfterValidator, BaseModel
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from reference_app.api.envelope import Detail
from reference_app.data.database import Database
from reference_app.data.models import IdempotencyKey
from reference_app.errors import Conflict, RuleBroken
from reference_app.security.access import Caller
from reference_app.services import Provided

log = structlog.get_logger()

LIFETIME = timedelta(days=1)
PATIENCE = text("SET LOCAL lock_timeout = '1s'")
LOCK_NOT_AVAILABLE = "55P03"
ANOTHER_REQUEST = Detail(field="Idempotency-Key", message="Was used for another request.")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=257,
        pattern=r'^"?[!#-~]{1,255}"?$',
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        description="Of your choice, new for each order: send it again and the order is made once.",
    ),
    AfterValidator(lambda key: key and key.strip('"')),
]


class Turn:
    """One attempt at a request, inside its transaction."""

    def __init__(self, session: AsyncSession, row: Any, earlier: Response | None) -> None:
        self.session = session
        self.earlier = earlier
        """The answer this request got before, to be given again; None when it is new."""
        self._row = row

    async def keep(self, answer: Response) -> None:
        """Store the answer together with the effect; to be called once, after the effect."""
        if self._row is not None:
            stored = {
                "status": answer.status_code,
                "headers": dict(answer.headers),
                "body": bytes(answer.body).decode(),
            }
            await self.session.execute(
                update(IdempotencyKey).where(self._row).values(answer=stored)
            )


class Once:
    """Has the effect of a request once, however often the request comes.

    Without a key every request is a new one.
    """

    def __init__(self, database: Database, user_id: UUID, request: str, key: str | None) -> None:
        self._database = database
        self._user_id = user_id
        self._request = request
        self._key = key

    @asynccontextmanager
    async def turn(self, body: BaseModel) -> AsyncIterator[Turn]:
        """A turn whose effect, and the answer it keeps, are committed when the block ends.

        `body` is what came with the request. The block gives `earlier` back if there is one; else
        it has its effect in `session` and keeps the answer. What it raises undoes all of it.

        Raises RuleBroken when the key came with another request, Conflict when that request has
        not come to its end in time, Unavailable as `Database.transaction` does.
        """
        async with self._database.transaction() as session:
            if self._key is None:
                yield Turn(session, None, None)
                return
            row = (IdempotencyKey.user_id == self._user_id) & (IdempotencyKey.key == self._key)
            fingerprint = _fingerprint(self._request, body)
            if await self._is_new(session, fingerprint):
                yield Turn(session, row, None)
            else:
                yield Turn(session, row, await self._earlier(session, row, fingerprint))

    async def _is_new(self, session: AsyncSession, fingerprint: bytes) -> bool:
        """Insert the row, after waiting for whoever is about to; False when it is there."""
        new = {
            "user_id": self._user_id,
            "key": self._key,
            "fingerprint": fingerprint,
            "expires_at": func.now() + LIFETIME,
        }
        expired = (IdempotencyKey.user_id == self._user_id) & (
            IdempotencyKey.expires_at < func.now()
        )
        try:
            await session.execute(PATIENCE)
            await session.execute(delete(IdempotencyKey).where(expired))
            inserted = await session.scalar(
                insert(IdempotencyKey)
                .values(new)
                .on_conflict_do_nothing()
                .returning(IdempotencyKey.key)
            )
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise Conflict("A request with this key is still being worked on.") from error
            raise
        return inserted is not None

    async def _earlier(self, session: AsyncSession, row: Any, fingerprint: bytes) -> Response:
        stored = (
            await session.execute(
                select(IdempotencyKey.fingerprint, IdempotencyKey.answer).where(row)
            )
        ).one()
        if stored.fingerprint != fingerprint:
            raise RuleBroken(details=[ANOTHER_REQUEST])
        log.info("request_replayed")
        answer = stored.answer
        headers = answer["headers"] | {"Idempotent-Replayed": "true"}
        return Response(answer["body"], answer["status"], headers)


def _fingerprint(request: str, body: BaseModel) -> bytes:
    """The same for the same request, however its JSON was written."""
    return hashlib.sha256(f"{request}\n{body.model_dump_json()}".encode()).digest()


async def once(request: Request, services: Provided, caller: Caller, key: Key = None) -> Once:
    """The `Once` of this request: whose it is, where it goes, and its key."""
    where = f"{request.method} {request.url.path}"
    return Once(services.database, caller.id, where, key)


Repeatable = Annotated[Once, Depends(once)]
"""The type of a route's parameter that makes the route take an `Idempotency-Key`."""

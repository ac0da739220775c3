"""Access and refresh tokens: short, checked in every claim, and revocable (A1–A3).

An access token is believed on its signature alone, so it lives for minutes. A refresh token lives
for days, so each one stands in a ledger (`refresh_tokens`), works once, and is answered with its
successor. All that descend from one login form a family. A token that comes a second time is in
two hands, and nobody can tell which of them is the thief's: the whole family ends (RFC 9700
section 4.14.2).

A family is over when any of its rows is revoked. So a successor that another request is inserting
at this very moment, unseen by the statement that revokes, is dead as well.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import jwt
from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import RefreshToken
from reference_app.errors import InvalidToken

ALGORITHM = "HS256"
REQUIRED_CLAIMS = ["sub", "type", "iat", "exp", "jti", "iss", "aud"]
MAX_TOKEN_LENGTH = 2048

Kind = Literal["access", "refresh"]


@dataclass(frozen=True)
class TokenPair:
    """What a login or a refresh gives; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class AccessClaims:
    """What a valid access token says."""

    user_id: UUID
    token_id: UUID


class Tokens:
    """Makes, checks, renews and ends tokens. Each method that writes has its own transaction."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._key = settings.secret_key.get_secret_value()

    async def issue(self, user_id: UUID) -> TokenPair:
        """A pair for someone who has just logged in: the start of a new family.

        The user's old rows are cleared away, each a lifetime after its token: a revoked one may be
        all that says that its family is over, and the successor of a token outlives it by that.
        """
        outlived = datetime.now(UTC) - timedelta(seconds=self._settings.refresh_token_seconds)
        async with self._database.transaction() as session:
            await session.execute(
                delete(RefreshToken).where(
                    RefreshToken.user_id == user_id, RefreshToken.expires_at < outlived
                )
            )
            return await self._new_pair(session, user_id, family=uuid4())

    async def rotate(self, refresh_token: str) -> tuple[UUID, TokenPair]:
        """Whose token it is, and the pair that takes its place. The old one is used up.

        Of any number of concurrent calls, the one whose UPDATE finds the row unused wins.

        Raises InvalidToken; when the token had been used before, its family is revoked first, in
        a transaction that is committed although the answer is an error. It is one of its own: a
        call that waited for the row in vain holds it until its transaction ends.
        """
        user_id, token_id = self._read(refresh_token, "refresh")
        async with self._database.transaction() as session:
            family = await self._use_up(session, token_id, user_id)
            if family is not None:
                return user_id, await self._new_pair(session, user_id, family)
        await self._revoke_family(token_id)
        raise InvalidToken

    async def revoke(self, refresh_token: str) -> None:
        """End the family of this token. One that is unknown or dead already is no error."""
        try:
            _, token_id = self._read(refresh_token, "refresh")
        except InvalidToken:
            return
        await self._revoke_family(token_id)

    def read_access(self, token: str) -> AccessClaims:
        """What the access token says. Raises InvalidToken, with the challenge a 401 needs."""
        return AccessClaims(*self._read(token, "access"))

    async def _new_pair(self, session: AsyncSession, user_id: UUID, family: UUID) -> TokenPair:
        lifetime = self._settings.refresh_token_seconds
        token_id = uuid4()
        await session.execute(
            insert(RefreshToken).values(
                jti=token_id,
                family=family,
                user_id=user_id,
                expires_at=datetime.now(UTC) + timedelta(seconds=lifetime),
            )
        )
        seconds = self._settings.access_token_seconds
        return TokenPair(
            access_token=self._signed("access", user_id, uuid4(), seconds),
            refresh_token=self._signed("refresh", user_id, token_id, lifetime),
            expires_in=seconds,
        )

    async def _use_up(self, session: AsyncSession, token_id: UUID, user_id: UUID) -> UUID | None:
        relative = aliased(RefreshToken)
        family_is_over = exists().where(
            relative.family == RefreshToken.family, relative.revoked_at.is_not(None)
        )
        return await session.scalar(
            update(RefreshToken)
            .where(
                RefreshToken.jti == token_id,
                RefreshToken.user_id == user_id,
                RefreshToken.used_at.is_(None),
                ~family_is_over,
            )
            .values(used_at=func.now())
            .returning(RefreshToken.family)
        )

    async def _revoke_family(self, token_id: UUID) -> None:
        """Revoke every row of the family, locked in one order: two that do so never deadlock."""
        family = select(RefreshToken.family).where(RefreshToken.jti == token_id).scalar_subquery()
        living = (
            select(RefreshToken.jti)
            .where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
            .order_by(RefreshToken.jti)
            .with_for_update()
        )
        async with self._database.transaction() as session:
            await session.execute(
                update(RefreshToken)
                .where(RefreshToken.jti.in_(living))
                .values(revoked_at=func.now())
                .execution_options(synchronize_session=False)
            )

    def _signed(self, kind: Kind, user_id: UUID, token_id: UUID, seconds: int) -> str:
        now = datetime.now(UTC)
        claims = {
            "sub": str(user_id),
            "type": kind,
            "iat": now,
            "exp": now + timedelta(seconds=seconds),
            "jti": str(token_id),
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def _read(self, token: str, kind: Kind) -> tuple[UUID, UUID]:
        """The user's id and the token's own. RFC 8725: one algorithm, every claim required."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidToken
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._settings.token_audience,
                issuer=self._settings.token_issuer,
                leeway=self._settings.token_leeway_seconds,
                options={"require": REQUIRED_CLAIMS},
            )
            if claims["type"] != kind:
                raise InvalidToken
            return UUID(claims["sub"]), UUID(claims["jti"])
        except (jwt.InvalidTokenError, ValueError):
            raise InvalidToken from None

"""Access and refresh tokens: a session is one row, and the row names its one good refresh token.

    log in    INSERT  the session, with the id (`jti`) of its first refresh token
    refresh   UPDATE  that id to the successor's, if it is still the one that was presented
    replay            no such row: whoever presents an older token ends the session
    log out   DELETE  the session

A refresh token says which session it belongs to (`sid`), so nothing has to be remembered of the
tokens that went before it: with a good signature, whatever is not the current one has been used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from sqlalchemy import delete, update

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import RefreshToken
from reference_app.errors import InvalidToken

ALGORITHM = "HS256"
ACCESS = "access"
REFRESH = "refresh"
REQUIRED = ("sub", "type", "iat", "exp", "jti")


@dataclass(frozen=True)
class TokenPair:
    """What a client gets at login and at every refresh; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class AccessClaims:
    """What a good access token says."""

    user_id: UUID
    token_id: UUID


@dataclass(frozen=True)
class _RefreshClaims:
    user_id: UUID
    token_id: UUID
    session_id: UUID


class Tokens:
    """Issues, reads, renews and revokes tokens."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._key = settings.secret_key.get_secret_value()
        self._access_lifetime = timedelta(seconds=settings.access_token_seconds)
        self._refresh_lifetime = timedelta(seconds=settings.refresh_token_seconds)
        self._database = database

    async def issue(self, user_id: UUID) -> TokenPair:
        """The first pair of a new session; the user's sessions that ran out are cleared away."""
        now = datetime.now(UTC)
        claims = _RefreshClaims(user_id, token_id=uuid4(), session_id=uuid4())
        expired = RefreshToken.user_id == user_id, RefreshToken.expires_at < now
        async with self._database.transaction() as session:
            await session.execute(delete(RefreshToken).where(*expired))
            session.add(
                RefreshToken(
                    jti=claims.token_id,
                    family=claims.session_id,
                    user_id=user_id,
                    expires_at=now + self._refresh_lifetime,
                )
            )
        return self._pair(claims, now)

    async def rotate(self, refresh_token: str) -> tuple[UUID, TokenPair]:
        """Trades a refresh token for the next pair of its session; gives the user's id too.

        Raises:
            InvalidToken: it is no good refresh token, or no longer the newest of its session;
                then the session is over.
        """
        presented = self._read_refresh(refresh_token)
        now = datetime.now(UTC)
        successor = _RefreshClaims(presented.user_id, uuid4(), presented.session_id)
        take_turn = (
            update(RefreshToken)
            .where(RefreshToken.jti == presented.token_id)
            .values(jti=successor.token_id, expires_at=now + self._refresh_lifetime)
            .returning(RefreshToken.jti)
        )
        async with self._database.transaction() as session:
            taken = await session.scalar(take_turn)
        if taken is None:
            await self._end_session(presented.session_id)
            raise InvalidToken
        return successor.user_id, self._pair(successor, now)

    async def revoke(self, refresh_token: str) -> None:
        """Ends the session that a refresh token belongs to; one that is no good ends nothing."""
        try:
            presented = self._read_refresh(refresh_token)
        except InvalidToken:
            return
        await self._end_session(presented.session_id)

    def read_access(self, token: str) -> AccessClaims:
        """What an access token says.

        Raises:
            InvalidToken: it is forged, expired, of another kind, or no token at all.
        """
        claims = self._read(token, ACCESS)
        return AccessClaims(_uuid(claims, "sub"), _uuid(claims, "jti"))

    def _read_refresh(self, token: str) -> _RefreshClaims:
        claims = self._read(token, REFRESH)
        return _RefreshClaims(_uuid(claims, "sub"), _uuid(claims, "jti"), _uuid(claims, "sid"))

    def _read(self, token: str, kind: str) -> Mapping[str, Any]:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=self._settings.token_issuer,
                audience=self._settings.token_audience,
                leeway=self._settings.token_leeway_seconds,
                options={"require": list(REQUIRED)},
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken from error
        if claims["type"] != kind:
            raise InvalidToken
        return claims

    async def _end_session(self, session_id: UUID) -> None:
        async with self._database.transaction() as session:
            await session.execute(delete(RefreshToken).where(RefreshToken.family == session_id))

    def _pair(self, refresh: _RefreshClaims, now: datetime) -> TokenPair:
        return TokenPair(
            access_token=self._sign(ACCESS, refresh.user_id, uuid4(), now, self._access_lifetime),
            refresh_token=self._sign(
                REFRESH,
                refresh.user_id,
                refresh.token_id,
                now,
                self._refresh_lifetime,
                sid=str(refresh.session_id),
            ),
            expires_in=self._settings.access_token_seconds,
        )

    def _sign(
        self,
        kind: str,
        user_id: UUID,
        token_id: UUID,
        now: datetime,
        lifetime: timedelta,
        **more: str,
    ) -> str:
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": str(user_id),
            "type": kind,
            "iat": now,
            "exp": now + lifetime,
            "jti": str(token_id),
            **more,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)


def _uuid(claims: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(claims[name])
    except (KeyError, ValueError, TypeError, AttributeError) as error:  # the last is UUID(7)'s
        raise InvalidToken from error

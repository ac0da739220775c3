"""Access and refresh tokens: signed, so that no request has to ask the database (A1–A3)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.errors import InvalidToken

ALGORITHM = "HS256"


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
    """Makes, checks, renews and ends tokens."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._key = settings.secret_key.get_secret_value()
        self._logged_out: set[str] = set()

    async def issue(self, user_id: UUID) -> TokenPair:
        """A pair for someone who has just logged in."""
        access_seconds = self._settings.access_token_seconds
        refresh_seconds = self._settings.refresh_token_seconds
        return TokenPair(
            access_token=self._signed("access", user_id, access_seconds),
            refresh_token=self._signed("refresh", user_id, refresh_seconds),
            expires_in=access_seconds,
        )

    async def rotate(self, refresh_token: str) -> tuple[UUID, TokenPair]:
        """Whose token it is, and a new pair. Raises InvalidToken."""
        claims = self._read(refresh_token)
        if claims["jti"] in self._logged_out:
            raise InvalidToken
        user_id = UUID(claims["sub"])
        return user_id, await self.issue(user_id)

    async def revoke(self, refresh_token: str) -> None:
        """Log out. A token that is unknown or dead already is no error."""
        try:
            claims = self._read(refresh_token)
        except InvalidToken:
            return
        self._logged_out.add(claims["jti"])

    def read_access(self, token: str) -> AccessClaims:
        """What the access token says. Raises InvalidToken, with the challenge a 401 needs."""
        claims = self._read(token)
        return AccessClaims(UUID(claims["sub"]), UUID(claims["jti"]))

    def _signed(self, kind: str, user_id: UUID, seconds: int) -> str:
        now = datetime.now(UTC)
        claims = {
            "sub": str(user_id),
            "type": kind,
            "iat": now,
            "exp": now + timedelta(seconds=seconds),
            "jti": str(uuid4()),
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def _read(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[header["alg"]],
                leeway=self._settings.token_leeway_seconds,
                options={"verify_aud": False},
            )
        except jwt.InvalidTokenError:
            raise InvalidToken from None
        return claims

"""`/auth`: log in, stay logged in, log out (A1, A3, A4)."""

from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Response, status

from reference_app.api.documentation import Responses, headers, refusals
from reference_app.api.envelope import Success
from reference_app.api.mfa_schemas import SecondStep
from reference_app.api.schemas import Login, Refresh, Session
from reference_app.data.users import UserRepository
from reference_app.errors import (
    InvalidInput,
    InvalidToken,
    NotAllowed,
    NotAuthenticated,
    TooManyAttempts,
    Unavailable,
)
from reference_app.security.access import active_user
from reference_app.security.mfa import CHALLENGE_SECONDS
from reference_app.services import Provided, Services

if TYPE_CHECKING:
    from reference_app.security.tokens import TokenPair

log = structlog.get_logger()


async def never_stored(response: Response) -> None:
    """Tokens are kept by no cache on the way (RFC 6749 section 5.1)."""
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(prefix="/api/v1/auth", tags=["auth"], dependencies=[Depends(never_stored)])


NEVER_STORED: Responses = {200: {"headers": headers("Cache-Control")}}


@router.post(
    "/login",
    responses=NEVER_STORED
    | refusals(InvalidInput, NotAuthenticated, NotAllowed, TooManyAttempts, Unavailable),
)
async def login(given: Login, services: Provided) -> Success[Session | SecondStep]:
    """Exchange e-mail address and password for a pair of tokens.

    When the account has a second factor, the answer is a challenge instead (`mfa_required`), which
    `POST /auth/mfa/answer` exchanges for the tokens.
    """
    async with services.database.reading() as session:
        account, user_id, stored = await UserRepository(session).credentials(given.email)
    await services.rate_limits.count_login(account)
    if not await services.passwords.verify(given.password, stored) or user_id is None:
        log.info("login_failed")
        raise NotAuthenticated("E-mail address or password is wrong.")
    await services.rate_limits.forget_login(account)
    await active_user(services, user_id)
    if stored is not None and services.passwords.needs_rehash(stored):
        await _rehash(user_id, given.password, services)
    if challenge := await services.mfa.challenge(user_id):
        return Success(data=SecondStep(challenge_token=challenge, expires_in=CHALLENGE_SECONDS))
    return Success(data=session_of(await services.tokens.issue(user_id)))


async def _rehash(user_id: UUID, password: str, services: Services) -> None:
    password_hash = await services.passwords.hash(password)
    async with services.database.transaction() as session:
        await UserRepository(session).change(user_id, {"password_hash": password_hash})
    await services.users_cache.invalidate(user_id)


@router.post(
    "/refresh",
    responses=NEVER_STORED | refusals(InvalidInput, InvalidToken, NotAllowed, Unavailable),
)
async def refresh(given: Refresh, services: Provided) -> Success[Session]:
    """Exchange a refresh token for a new pair. It works once; coming twice ends its family."""
    user_id, pair = await services.tokens.rotate(given.refresh_token)
    await active_user(services, user_id)
    return Success(data=session_of(pair))


@router.post(
    "/logout",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(InvalidInput, Unavailable),
)
async def logout(given: Refresh, services: Provided) -> None:
    """End the family of this refresh token. Doing so twice is no error."""
    await services.tokens.revoke(given.refresh_token)


def session_of(pair: "TokenPair") -> Session:
    """The pair, as the API shows it."""
    return Session(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
    )

"""`/auth/mfa`: the second factor of whoever asks, and the second step of a login (A5)."""

from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request, Response, status

from reference_app.api.auth import NEVER_STORED, never_stored, session_of
from reference_app.api.documentation import Responses, headers, refusals
from reference_app.api.envelope import Success
from reference_app.api.mfa_schemas import (
    MfaAnswer,
    MfaCode,
    MfaSecret,
    RecoveryCodes,
    SecondFactor,
)
from reference_app.api.schemas import Session
from reference_app.api.users import existing_user
from reference_app.errors import (
    Conflict,
    InvalidInput,
    InvalidToken,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RuleBroken,
    TooManyAttempts,
    Unavailable,
)
from reference_app.security.access import Caller, active_user
from reference_app.services import Provided

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["mfa"], dependencies=[Depends(never_stored)])

ENROLLED: Responses = {201: {"headers": headers("Location", "Cache-Control")}}
WITH_A_CODE = refusals(
    InvalidInput, NotAuthenticated, NotAllowed, Conflict, RuleBroken, TooManyAttempts, Unavailable
)


@router.get(
    "/auth/mfa", responses=NEVER_STORED | refusals(NotAuthenticated, NotAllowed, Unavailable)
)
async def get_mfa(services: Provided, caller: Caller) -> Success[SecondFactor]:
    """Whether the second factor is on, and how many recovery codes are left."""
    state = await services.mfa.state(caller.id)
    left = state.recovery_codes_left
    return Success(data=SecondFactor(status=state.status, recovery_codes_left=left))


@router.post(
    "/auth/mfa/enrol",
    status_code=status.HTTP_201_CREATED,
    responses=ENROLLED | refusals(NotAuthenticated, NotAllowed, Conflict, Unavailable),
)
async def enrol_mfa(
    request: Request, response: Response, services: Provided, caller: Caller
) -> Success[MfaSecret]:
    """Make a secret for an authenticator app. It is told once, and pending until it is confirmed.

    Doing so again replaces a pending secret, never one that is on.
    """
    user = await existing_user(caller.id, services)
    enrolment = await services.mfa.enrol(caller.id, user.email)
    log.info("mfa_enrolled")
    response.headers["Location"] = request.app.url_path_for("get_mfa")
    return Success(data=MfaSecret(secret=enrolment.secret, uri=enrolment.uri))


@router.post("/auth/mfa/confirm", responses=NEVER_STORED | WITH_A_CODE)
async def confirm_mfa(given: MfaCode, services: Provided, caller: Caller) -> Success[RecoveryCodes]:
    """Switch the second factor on, with a first code. The recovery codes are shown this once.

    Sessions that began before go on; every login from now on takes a code.
    """
    codes = await services.mfa.confirm(caller.id, given.code)
    log.info("mfa_confirmed")
    return Success(data=RecoveryCodes(recovery_codes=codes))


@router.post("/auth/mfa/disable", status_code=status.HTTP_204_NO_CONTENT, responses=WITH_A_CODE)
async def disable_mfa(given: MfaCode, services: Provided, caller: Caller) -> None:
    """Switch the second factor off, with a code or a recovery code."""
    await services.mfa.disable(caller.id, given.code)
    log.info("mfa_disabled")


@router.post(
    "/auth/mfa/answer",
    responses=NEVER_STORED
    | refusals(InvalidInput, InvalidToken, NotAllowed, TooManyAttempts, Unavailable),
)
async def answer_mfa(given: MfaAnswer, services: Provided) -> Success[Session]:
    """The second step of a login: exchange the challenge and a code for a pair of tokens.

    The code may be a recovery code; each code works once, and so does the challenge. A wrong code
    leaves the challenge as it is, for another try.
    """
    user_id = await services.mfa.answer(given.challenge_token, given.code)
    await active_user(services, user_id)
    return Success(data=session_of(await services.tokens.issue(user_id)))


@router.delete(
    "/users/{user_id}/mfa",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(InvalidInput, NotAuthenticated, NotAllowed, NotFound, Unavailable),
)
async def reset_mfa(user_id: UUID, services: Provided, caller: Caller) -> None:
    """Take away somebody else's second factor: phone and recovery codes are lost.

    An administrator's own takes a code, like everybody's.
    """
    caller.require_sight("read_users", user_id)
    await existing_user(user_id, services)
    caller.require("administer_users", user_id)
    if user_id == caller.id:
        raise NotAllowed("Your own second factor takes a code.")
    await services.mfa.reset(user_id)
    log.warning("mfa_reset", of=str(user_id))

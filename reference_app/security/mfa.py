"""A second factor: one-time codes from a phone, and recovery codes for when it is lost (A5).

RFC 6238: six digits of HMAC-SHA-1 over the number of the 30-second step, which may be one off. A
code works once: the step it was for is kept, and from then on only later ones count. The row of an
enrolment is locked while a code is looked at, so of two requests with one code one wins, and nobody
guesses faster by guessing in parallel. Wrong codes in a row close the account's second factor for a
while; that is counted in the same row, and holds on every replica and without Redis.

A login of an account with a second factor ends in a challenge: a random value that stands for the
password, dies soon, and is good for nothing but to be exchanged, with a code, for tokens. Sessions
from before the second factor was switched on go on.
"""

import hmac
import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pyotp
import structlog
from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import NOW, MfaChallenge, MfaEnrolment, MfaRecoveryCode
from reference_app.errors import (
    Conflict,
    InvalidToken,
    NotAuthenticated,
    RuleBroken,
    TooManyAttempts,
)
from reference_app.security.random_codes import fingerprint, new_recovery_code, new_token
from reference_app.security.secret_box import Sealed, SecretBox

SIX_DIGITS = re.compile(r"[0-9]{6}")
MAX_WRONG_CODES = 5
PAUSE = timedelta(minutes=15)
CHALLENGE_SECONDS = 300
RECOVERY_CODES = 10
WRONG = "The code is wrong, or it has been used."

CODES = select(func.count()).where(MfaRecoveryCode.user_id == MfaEnrolment.user_id)
STATE: Select[*tuple[Any, ...]] = select(MfaEnrolment.confirmed_at, CODES.scalar_subquery()).where(
    MfaEnrolment.user_id == bindparam("user_id")
)

log = structlog.get_logger()


@dataclass(frozen=True)
class MfaState:
    """How things stand: `pending` is a secret that no code has confirmed yet."""

    status: Literal["off", "pending", "on"]
    recovery_codes_left: int


@dataclass(frozen=True, repr=False)
class Enrolment:
    """What an authenticator app needs, told once; `uri` is the text of a QR code."""

    secret: str
    uri: str


class Mfa:
    """Everything about second factors. Each method that writes has its own transaction."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._issuer = settings.token_issuer
        self._database = database
        self._box = SecretBox(settings.mfa_keys)
        if settings.mfa_keys is None:
            log.warning("mfa_off", reason="MFA_KEYS is not set")

    async def state(self, user_id: UUID) -> MfaState:
        """Whether this user has a second factor."""
        row = await self._database.one_or_none(STATE, {"user_id": user_id})
        if row is None:
            return MfaState("off", 0)
        return MfaState("pending" if row[0] is None else "on", row[1])

    async def enrol(self, user_id: UUID, email: str) -> Enrolment:
        """A new secret, which does nothing until `confirm`. It takes the place of a pending one.

        Raises Conflict when the second factor is on, Unavailable when the service has no key.
        """
        secret = pyotp.random_base32()
        key_id, content = self._box.seal(secret, user_id)
        new = {"user_id": user_id, "key_id": key_id, "secret": content}
        upsert = insert(MfaEnrolment).values(new)
        upsert = upsert.on_conflict_do_update(
            index_elements=["user_id"], set_=new, where=MfaEnrolment.confirmed_at.is_(None)
        )
        async with self._database.transaction() as session:
            if await session.scalar(upsert.returning(MfaEnrolment.user_id)) is None:
                raise Conflict("The second factor is on. Switch it off first, with a code.")
        uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=self._issuer)
        return Enrolment(secret, uri)

    async def confirm(self, user_id: UUID, code: str) -> list[str]:
        """Switch the second factor on; answers the recovery codes, which are never told again.

        Raises Conflict when nothing is pending, RuleBroken for a wrong code, TooManyAttempts.
        """
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        async with self._database.transaction() as session:
            enrolment = await _locked(session, user_id)
            if enrolment is None or enrolment.confirmed_at is not None:
                raise Conflict("There is no second factor to confirm.")
            right = await self._accepts(session, enrolment, code)
            if right:
                enrolment.confirmed_at = datetime.now(UTC)
                session.add_all(
                    MfaRecoveryCode(user_id=user_id, code_hash=fingerprint(_bare(code)))
                    for code in codes
                )
        if not right:
            raise RuleBroken(WRONG)
        return codes

    async def challenge(self, user_id: UUID) -> str | None:
        """What a right password gives, where there is a second factor, for CHALLENGE_SECONDS."""
        if (await self.state(user_id)).status != "on":
            return None  # most accounts: one read, no transaction
        token = new_token()
        end = datetime.now(UTC) + timedelta(seconds=CHALLENGE_SECONDS)
        old = (MfaChallenge.user_id == user_id, MfaChallenge.expires_at < NOW)
        async with self._database.transaction() as session:
            enrolment = await _locked(session, user_id)
            if enrolment is None or enrolment.confirmed_at is None:
                return None
            await session.execute(delete(MfaChallenge).where(*old))
            session.add(
                MfaChallenge(user_id=user_id, token_hash=fingerprint(token), expires_at=end)
            )
        return token

    async def answer(self, challenge_token: str, code: str) -> UUID:
        """Whose challenge it is, when the code is right; the challenge is used up with it.

        Raises InvalidToken for a challenge that is unknown, used or too old, NotAuthenticated for
        a wrong code, TooManyAttempts.
        """
        this = MfaChallenge.token_hash == fingerprint(challenge_token)
        open_ = select(MfaEnrolment).join(MfaChallenge).where(this, MfaChallenge.expires_at > NOW)
        async with self._database.transaction() as session:
            enrolment = await session.scalar(open_.with_for_update(of=MfaEnrolment))
            if enrolment is None:
                raise InvalidToken
            right = await self._accepts(session, enrolment, code)
            used = right and await session.scalar(
                delete(MfaChallenge).where(this).returning(MfaChallenge.user_id)
            )
        if not right:
            raise NotAuthenticated(WRONG)
        if not used:
            raise InvalidToken
        return enrolment.user_id

    async def disable(self, user_id: UUID, code: str) -> None:
        """Switch the second factor off, and forget all about it.

        Raises Conflict when it is not on, RuleBroken for a wrong code, TooManyAttempts.
        """
        async with self._database.transaction() as session:
            enrolment = await _locked(session, user_id)
            if enrolment is None or enrolment.confirmed_at is None:
                raise Conflict("The second factor is not on.")
            right = await self._accepts(session, enrolment, code)
            if right:
                await session.delete(enrolment)
        if not right:
            raise RuleBroken(WRONG)

    async def reset(self, user_id: UUID) -> None:
        """Forget a second factor without a code. When there is none, that is no error."""
        async with self._database.transaction() as session:
            await session.execute(delete(MfaEnrolment).where(MfaEnrolment.user_id == user_id))

    async def _accepts(self, session: AsyncSession, enrolment: MfaEnrolment, code: str) -> bool:
        """Whether the code is right. It is noted either way: the caller has to commit.

        Raises TooManyAttempts.
        """
        now = datetime.now(UTC)
        if enrolment.paused_until is not None and now < enrolment.paused_until:
            left = (enrolment.paused_until - now).total_seconds()
            raise TooManyAttempts(retry_after=math.ceil(left))
        given = _bare(code)
        if SIX_DIGITS.fullmatch(given):
            right = self._uses_up_step(enrolment, given)
        else:
            right = await _uses_up_recovery_code(session, enrolment.user_id, given)
        if right:
            enrolment.wrong_codes = 0
            return True
        enrolment.wrong_codes += 1
        log.info("mfa_code_wrong", user_id=str(enrolment.user_id), in_a_row=enrolment.wrong_codes)
        if enrolment.wrong_codes >= MAX_WRONG_CODES:
            enrolment.wrong_codes, enrolment.paused_until = 0, now + PAUSE
        return False

    def _uses_up_step(self, enrolment: MfaEnrolment, code: str) -> bool:
        step = _matching_step(self._opened(enrolment), code)
        if step is None or step <= (enrolment.last_step or 0):
            return False
        enrolment.last_step = step
        return True

    def _opened(self, enrolment: MfaEnrolment) -> str:
        """The secret; what was under an older key is under the newest from now on."""
        sealed = Sealed(enrolment.key_id, enrolment.secret)
        secret = self._box.open(sealed, enrolment.user_id)
        if sealed.key_id != self._box.key_ids[0]:
            enrolment.key_id, enrolment.secret = self._box.seal(secret, enrolment.user_id)
        return secret


async def _locked(session: AsyncSession, user_id: UUID) -> MfaEnrolment | None:
    """The enrolment, which no other request works with until this transaction ends."""
    return await session.get(MfaEnrolment, user_id, with_for_update=True)


def _bare(code: str) -> str:
    """The code without what people put in to read it."""
    return code.replace(" ", "").replace("-", "").lower()


def _matching_step(secret: str, code: str) -> int | None:
    """The step that the code is for. All are compared, in constant time, as strings of digits."""
    totp = pyotp.TOTP(secret)
    now = totp.timecode(time.time())
    steps = [now - 1, now, now + 1]
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return max(right, default=None)


async def _uses_up_recovery_code(session: AsyncSession, user_id: UUID, code: str) -> bool:
    this = (MfaRecoveryCode.user_id == user_id, MfaRecoveryCode.code_hash == fingerprint(code))
    used_up = delete(MfaRecoveryCode).where(*this).returning(MfaRecoveryCode.user_id)
    return await session.scalar(used_up) is not None

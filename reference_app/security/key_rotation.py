"""Every second factor's secret under the newest key, so that the older keys can go (A5).

It can be stopped and started again at any time: what is done is done, a batch a transaction, and a
row tells which key it is under. The service runs meanwhile, with the same `MFA_KEYS`.
"""

import asyncio
import sys

from sqlalchemy import func, select

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import MfaEnrolment
from reference_app.security.secret_box import Sealed, SecretBox

BATCH = 500


def rotate_keys(settings: Settings) -> None:
    """Seal anew, and print what was done. Exits with 1 when there are secrets no key opens."""
    resealed, unknown = asyncio.run(_rotate(settings))
    print(f"{resealed} secrets sealed under the newest key.")
    if unknown:
        sys.exit(f"{unknown} secrets are under a key that MFA_KEYS does not have.")


async def _rotate(settings: Settings) -> tuple[int, int]:
    box = SecretBox(settings.mfa_keys)
    database = Database(settings)
    resealed = 0
    try:
        while batch := await _reseal_some(database, box):
            resealed += batch
        unknown = select(func.count()).where(MfaEnrolment.key_id.not_in(box.key_ids))
        async with database.reading() as session:
            return resealed, await session.scalar(unknown) or 0
    finally:
        await database.close()


async def _reseal_some(database: Database, box: SecretBox) -> int:
    under_older_keys = select(MfaEnrolment).where(MfaEnrolment.key_id.in_(box.key_ids[1:]))
    async with database.transaction() as session:
        found = await session.scalars(under_older_keys.limit(BATCH).with_for_update())
        enrolments = found.all()
        for one in enrolments:
            secret = box.open(Sealed(one.key_id, one.secret), one.user_id)
            one.key_id, one.secret = box.seal(secret, one.user_id)
    return len(enrolments)

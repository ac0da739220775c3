"""What the routes of the second factor take and give (A5, H2)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from reference_app.api.schemas import Body, Token, printable
from reference_app.api.text import PRINTABLE, shown

BASE32 = re.compile(r"[A-Z2-7]{32}")
RECOVERY_CODE = re.compile(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}")
OTPAUTH = re.compile(r"otpauth://totp/.+")

EXAMPLE = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # pragma: allowlist secret

Code = Annotated[
    str,
    Field(min_length=6, max_length=32, examples=["123456"], json_schema_extra=shown(PRINTABLE)),
    AfterValidator(printable),
]


class MfaCode(Body):
    """A code from the authenticator app, or a recovery code."""

    code: Code


class MfaAnswer(MfaCode):
    """The second step of a login."""

    challenge_token: Token


class SecondStep(BaseModel):
    """What a login gives when a code is still missing: not tokens, but what leads to them."""

    mfa_required: Literal[True] = True
    challenge_token: Token
    expires_in: Annotated[int, Field(ge=1, le=3600, examples=[300], description="Seconds.")]


class SecondFactor(BaseModel):
    """How things stand. `pending`: there is a secret that no code has confirmed yet."""

    status: Literal["off", "pending", "on"]
    recovery_codes_left: Annotated[int, Field(ge=0, le=10, examples=[0])]


class MfaSecret(BaseModel):
    """What an authenticator app needs, told once; `uri` is the text of a QR code."""

    secret: Annotated[str, Field(examples=[EXAMPLE], json_schema_extra=shown(BASE32, maxLength=32))]
    uri: Annotated[
        str,
        Field(
            examples=[f"otpauth://totp/backend-dojo:ada%40example.com?secret={EXAMPLE}"],
            json_schema_extra=shown(OTPAUTH, maxLength=2000),
        ),
    ]


RecoveryCode = Annotated[
    str,
    Field(examples=["k4fd-x2ow-7zqa-m3pe"], json_schema_extra=shown(RECOVERY_CODE, maxLength=19)),
]


class RecoveryCodes(BaseModel):
    """Shown once; each works once."""

    recovery_codes: Annotated[list[RecoveryCode], Field(min_length=10, max_length=10)]

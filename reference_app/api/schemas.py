"""What a client may send: strict types, bounded lengths, no field that is not asked for (H2)."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

MONEY = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")


def printable(value: str) -> str:
    """Text a person can see: no NUL and no other control, surrogate or unassigned code point."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in value):
        raise ValueError("Must not contain control characters.")
    if not value.strip():
        raise ValueError("Must not be blank.")
    return value.strip()


def email_address(value: str) -> str:
    """A plausible address (RFC 5321), its domain normalised; nothing is looked up."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("This is not an e-mail address.") from None


def money(value: object) -> Decimal:
    """An amount with at most two decimals, from a string such as "12.50" or from a number."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError('Must be an amount such as "12.50".')  # noqa: TRY004 - for Pydantic
    if not MONEY.fullmatch(str(value)):
        raise ValueError("Must be from 0 to 99999.99, with at most two decimals.")
    return Decimal(str(value)).quantize(Decimal("0.01"))


Email = Annotated[
    str,
    Field(max_length=255, examples=["ada@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(email_address),
]
FullName = Annotated[
    str, Field(min_length=1, max_length=100, examples=["Ada Lovelace"]), AfterValidator(printable)
]
ProductName = Annotated[
    str, Field(min_length=1, max_length=200, examples=["Punched cards"]), AfterValidator(printable)
]
Password = Annotated[str, Field(max_length=512, examples=["correct horse battery"])]
NewPassword = Annotated[Password, Field(json_schema_extra={"minLength": 12, "maxLength": 128})]
Token = Annotated[str, Field(max_length=4096)]
Money = Annotated[
    Decimal,
    BeforeValidator(money),
    WithJsonSchema({"type": "string", "pattern": f"^{MONEY.pattern}$", "examples": ["12.50"]}),
]
UserStatus = Literal["active", "inactive", "suspended"]
UserRole = Literal["user", "support", "admin"]
OrderStatus = Literal["pending", "paid", "shipped", "delivered", "cancelled"]


class Body(BaseModel):
    """A request body: `"1"` is not 1, and what is not asked for is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class UserCreate(Body):
    """Registration. The policy for passwords is applied by the route."""

    email: Email
    password: NewPassword
    full_name: FullName


class UserReplace(Body):
    """All of a user that its owner may write."""

    email: Email
    full_name: FullName


class UserPatch(Body):
    """Some of a user. `status` and `role` are for administrators."""

    email: Email | None = None
    full_name: FullName | None = None
    status: UserStatus | None = None
    role: UserRole | None = None


class OrderItemCreate(Body):
    """One line of a new order."""

    product_name: ProductName
    quantity: Annotated[int, Field(ge=1, le=1000, examples=[3])]
    unit_price: Money


class OrderCreate(Body):
    """A new order."""

    items: Annotated[list[OrderItemCreate], Field(min_length=1, max_length=100)]


class OrderPatch(Body):
    """A status change."""

    status: OrderStatus


class Login(Body):
    """Credentials."""

    email: Annotated[
        str, Field(max_length=255, examples=["ada@example.com"]), AfterValidator(printable)
    ]
    password: Password


class Refresh(Body):
    """The refresh token to use up, or to end."""

    refresh_token: Token


class Session(BaseModel):
    """What a login or a refresh gives (A1)."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, RFC 6750
    expires_in: Annotated[int, Field(examples=[900], description="Seconds.")]

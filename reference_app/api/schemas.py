"""What a client may send: strict types, bounded lengths, no field that is not asked for (H2).

Each bound stands in the OpenAPI document as well, in words that a program can check: what the
document allows is accepted, what it does not allow is a 400.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    with_config,
)
from pydantic.json_schema import WithJsonSchema
from typing_extensions import TypedDict

from reference_app.api.text import PRINTABLE, VISIBLE, shown

MONEY = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})")


def printable(value: str) -> str:
    """Text without control characters."""
    if not PRINTABLE.fullmatch(value):
        raise ValueError("Must not contain control characters.")
    return value


def visible(value: str) -> str:
    """Text with something to see in it, and without the space around it."""
    if not VISIBLE.fullmatch(printable(value)):
        raise ValueError("Must not be blank.")
    return value.strip()


def email_address(value: str) -> str:
    """A plausible address (RFC 5321, RFC 6531), in Unicode's composed form, its domain in small
    letters. Nothing is looked up; names under `.test` are names like others (RFC 6761)."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("This is not an e-mail address.") from None


def as_registered(value: str) -> str:
    """An address as registration would have written it; what is none stays as it is."""
    try:
        return email_address(value)
    except ValueError:
        return value


def money(value: object) -> Decimal:
    """An amount with at most two decimals, from a string such as "12.50"."""
    if not isinstance(value, str) or not MONEY.fullmatch(value):
        raise ValueError('Must be a string from "0" to "99999.99", with at most two decimals.')
    return Decimal(value).quantize(Decimal("0.01"))


def moment(value: object) -> object:
    """A date and a time as RFC 3339 writes them; a number of seconds is none."""
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise ValueError("Must be a date and time with its zone, such as 2026-01-31T12:00:00Z.")
    return value


def in_utc(value: datetime) -> datetime:
    """The same moment as the database counts it, if it is in a year that can be written there."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Must be in the years 0001 to 9999, in UTC as well.") from None


def whole(value: object) -> object:
    """JSON does not tell 3.0 from 3, and neither does JSON Schema's `integer`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Email = Annotated[
    str,
    Field(max_length=254, examples=["ada@example.com"], json_schema_extra={"format": "idn-email"}),
    AfterValidator(email_address),
]
FullName = Annotated[
    str,
    Field(
        min_length=1, max_length=100, examples=["Ada Lovelace"], json_schema_extra=shown(VISIBLE)
    ),
    AfterValidator(visible),
]
ProductName = Annotated[
    str,
    Field(
        min_length=1, max_length=200, examples=["Punched cards"], json_schema_extra=shown(VISIBLE)
    ),
    AfterValidator(visible),
]
Password = Annotated[
    str,
    Field(
        max_length=512,
        examples=["correct horse battery"],
        json_schema_extra=shown(PRINTABLE, format="password"),
    ),
    AfterValidator(printable),
]
NewPassword = Annotated[
    Password,
    Field(json_schema_extra=shown(PRINTABLE, format="password", minLength=12, maxLength=128)),
]
Token = Annotated[
    str,
    Field(
        max_length=4096,
        examples=["header.payload.signature"],
        json_schema_extra=shown(PRINTABLE),
    ),
    AfterValidator(printable),
]
Money = Annotated[
    Decimal,
    BeforeValidator(money),
    WithJsonSchema(shown(MONEY, type="string", maxLength=8, examples=["12.50"])),
]
Moment = Annotated[AwareDatetime, BeforeValidator(moment), AfterValidator(in_utc)]
Quantity = Annotated[int, Field(ge=1, le=1000, examples=[3]), BeforeValidator(whole)]
UserStatus = Literal["active", "inactive", "suspended"]
UserRole = Literal["user", "support", "admin"]
OrderStatus = Literal["pending", "paid", "shipped", "delivered", "cancelled"]

STRICT = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Body(BaseModel):
    """A request body: `"1"` is not 1, and what is not asked for is refused."""

    model_config = STRICT


class UserCreate(Body):
    """Registration. The policy for passwords is applied by the route."""

    email: Email
    password: NewPassword
    full_name: FullName


class UserReplace(Body):
    """All of a user that its owner may write."""

    email: Email
    full_name: FullName


@with_config(STRICT)
class UserPatch(TypedDict, total=False):
    """Some of a user: what is to stay is left out. `status` and `role` are for administrators."""

    email: Email
    full_name: FullName
    status: UserStatus
    role: UserRole


class OrderItemCreate(Body):
    """One line of a new order."""

    product_name: ProductName
    quantity: Quantity
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
        str,
        Field(max_length=255, examples=["ada@example.com"], json_schema_extra=shown(VISIBLE)),
        AfterValidator(visible),
        AfterValidator(as_registered),
    ]
    password: Password


class Refresh(Body):
    """The refresh token to use up, or to end."""

    refresh_token: Token


class Session(BaseModel):
    """What a login or a refresh gives (A1)."""

    access_token: Token
    refresh_token: Token
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, RFC 6750
    expires_in: Annotated[int, Field(ge=1, le=3600, examples=[900], description="Seconds.")]

"""What leaves the data layer: plain, frozen records that hold what the API may show, and no more.

They are tied to no session, so nothing is loaded behind a reader's back, and there is no password
hash in them that could end up in a cache or a response (S1).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field
from pydantic.json_schema import WithJsonSchema

from reference_app.api.text import PRINTABLE, shown
from reference_app.data.models import ORDER_STATUSES, ROLES, USER_STATUSES

FullName = Annotated[
    str, Field(examples=["Ada Lovelace"], json_schema_extra=shown(PRINTABLE, maxLength=100))
]
Amount = Annotated[
    Decimal,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]{1,10}\.[0-9]{2}$",
            "maxLength": 13,
            "examples": ["37.50"],
        }
    ),
]


@dataclass(frozen=True, kw_only=True)
class UserView:
    """A user, as the API shows one."""

    id: UUID
    email: Annotated[
        str,
        Field(
            examples=["ada@example.com"],
            json_schema_extra={"format": "idn-email", "maxLength": 254},
        ),
    ]
    full_name: FullName
    status: Annotated[
        str, Field(examples=["active"], json_schema_extra={"enum": list(USER_STATUSES)})
    ]
    role: Annotated[str, Field(examples=["user"], json_schema_extra={"enum": list(ROLES)})]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class CustomerView:
    """Whose order it is."""

    id: UUID
    full_name: FullName


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """One line of an order."""

    id: UUID
    product_name: Annotated[
        str, Field(examples=["Punched cards"], json_schema_extra=shown(PRINTABLE, maxLength=200))
    ]
    quantity: Annotated[int, Field(examples=[3], json_schema_extra={"minimum": 1, "maximum": 1000})]
    unit_price: Annotated[Amount, Field(examples=["12.50"])]


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """An order with its lines, as the API shows one."""

    id: UUID
    user_id: UUID
    customer: CustomerView
    status: Annotated[
        str, Field(examples=["pending"], json_schema_extra={"enum": list(ORDER_STATUSES)})
    ]
    total_amount: Amount
    items: Annotated[list[ItemView], Field(json_schema_extra={"maxItems": 100})]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """One line of an order that is yet to be made."""

    product_name: str
    quantity: int
    unit_price: Decimal

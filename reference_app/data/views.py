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


@dataclass(frozen=True, kw_only=True)
class UserView:
    """A user, as the API shows one."""

    id: UUID
    email: Annotated[str, Field(examples=["ada@example.com"])]
    full_name: Annotated[str, Field(examples=["Ada Lovelace"])]
    status: Annotated[str, Field(examples=["active"])]
    role: Annotated[str, Field(examples=["user"])]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class CustomerView:
    """Whose order it is."""

    id: UUID
    full_name: Annotated[str, Field(examples=["Ada Lovelace"])]


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """One line of an order."""

    id: UUID
    product_name: Annotated[str, Field(examples=["Punched cards"])]
    quantity: Annotated[int, Field(examples=[3])]
    unit_price: Annotated[Decimal, Field(examples=["12.50"])]


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """An order with its lines, as the API shows one."""

    id: UUID
    user_id: UUID
    customer: CustomerView
    status: Annotated[str, Field(examples=["pending"])]
    total_amount: Annotated[Decimal, Field(examples=["37.50"])]
    items: list[ItemView]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """One line of an order that is yet to be made."""

    product_name: str
    quantity: int
    unit_price: Decimal

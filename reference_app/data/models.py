"""The tables, as the code sees them. The migrations make them; a test keeps the two the same (D5).

Relationships refuse to load by themselves (`lazy="raise"`): a query that fetches too little fails
in the first test, instead of fetching one row at a time in production (D6).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

USER_STATUSES = ("active", "inactive", "suspended")
ROLES = ("user", "support", "admin")
ORDER_STATUSES = ("pending", "paid", "shipped", "delivered", "cancelled")

NOW = func.now()
NEW_ID = text("gen_random_uuid()")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The SQL condition that `column` is one of `values`."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Base(DeclarativeBase):
    """Names and types that hold for every table."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute as it is
        datetime: TIMESTAMP(timezone=True),
        Decimal: Numeric(12, 2),
    }


class User(Base):
    """A person with an account. Deleted ones keep their row; `deleted_at` says since when.

    A trigger fills `sort_name` (`data/sort_names.py`): nothing here writes it, or loads it unasked.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(one_of("status", USER_STATUSES), name="status"),
        CheckConstraint(one_of("role", ROLES), name="role"),
        Index(
            "uq_users_email",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_users_status", "status", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_users_created_at", text("created_at DESC"), "id"),
        Index(
            "ix_users_sort_name",
            "sort_name",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    email: Mapped[str] = mapped_column(String(255))
    password_hash: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(100))
    status: Mapped[str] = mapped_column(String(20), server_default="active")
    role: Mapped[str] = mapped_column(Text, server_default="user")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    deleted_at: Mapped[datetime | None]
    sort_name: Mapped[str] = mapped_column(Text, server_default=FetchedValue(), deferred=True)


class Order(Base):
    """What a user ordered. `source_document` is the raw document an imported order came from."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(one_of("status", ORDER_STATUSES), name="status"),
        CheckConstraint("total_amount >= 0", name="total_amount"),
        Index("ix_orders_user_id", "user_id", text("created_at DESC"), "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    status: Mapped[str] = mapped_column(String(20), server_default="pending")
    total_amount: Mapped[Decimal]
    source_document: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)

    customer: Mapped[User] = relationship(lazy="raise")
    items: Mapped[list["OrderItem"]] = relationship(
        lazy="raise", order_by="OrderItem.position", cascade="save-update, merge"
    )


class OrderItem(Base):
    """One line of an order; `position` keeps the lines as they were given."""

    __tablename__ = "order_items"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        UniqueConstraint("order_id", "position", name="uq_order_items_order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product_name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]


class RefreshToken(Base):
    """One refresh token that was issued; those that came from one login share a `family` (A3)."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_family", "family"),
        Index("ix_refresh_tokens_user_id", "user_id"),
    )

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    family: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A key some user sent with a request, what the request was, and how it was answered (L1).

    `answer` is null only inside the transaction that makes it.
    """

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    expires_at: Mapped[datetime]


class Payment(Base):
    """Money that the payment provider took for an order, under the id it has there (L3)."""

    __tablename__ = "payments"

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.id", ondelete="RESTRICT"), primary_key=True
    )
    charge_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class PaymentAttempt(Base):
    """The provider is being asked to charge an order, or was and nobody has its answer (L3)."""

    __tablename__ = "payment_attempts"

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.id", ondelete="RESTRICT"), primary_key=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class MfaEnrolment(Base):
    """A user's second factor: the sealed secret, the last step that was used, and wrong codes."""

    __tablename__ = "mfa_enrolments"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key_id: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    wrong_codes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    paused_until: Mapped[datetime | None]


class MfaRecoveryCode(Base):
    """What a code without the phone must hash to. It goes when it is used."""

    __tablename__ = "mfa_recovery_codes"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("mfa_enrolments.user_id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)


class MfaChallenge(Base):
    """A login that waits for its code. It goes when it is used, and with the second factor."""

    __tablename__ = "mfa_challenges"
    __table_args__ = (Index("ix_mfa_challenges_user_id", "user_id"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("mfa_enrolments.user_id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]

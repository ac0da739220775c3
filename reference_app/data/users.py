"""Users in the database. Every read leaves out those that were deleted."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reference_app.api.collections import CollectionQuery, Page, arranged, counted, filtered
from reference_app.data.models import User
from reference_app.data.views import UserView

VISIBLE = (
    User.id,
    User.email,
    User.full_name,
    User.status,
    User.role,
    User.created_at,
    User.updated_at,
)

COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "created_at": User.created_at.expression,
    "updated_at": User.updated_at.expression,
    "email": func.lower(User.email),
    "full_name": User.sort_name.expression,
    "status": User.status.expression,
    "role": User.role.expression,
}


EXISTING: Select[*tuple[Any, ...]] = select(*VISIBLE).where(User.deleted_at.is_(None))

ONE = EXISTING.where(User.id == bindparam("user_id"))

LOCKED = ONE.with_for_update()

GIVEN = select(func.lower(bindparam("email", type_=String)).label("account")).subquery("given")

CREDENTIALS: Select[*tuple[Any, ...]] = select(
    GIVEN.c.account, User.id.label("user_id"), User.password_hash
).select_from(
    GIVEN.outerjoin(
        User, and_(func.lower(User.email) == GIVEN.c.account, User.deleted_at.is_(None))
    )
)


class Credentials(NamedTuple):
    """What an address leads to: the account's name, and id and password hash if there is one.

    All addresses that the database takes for the same have the same name; nobody else can say which
    those are, since what counts as a letter's small form differs between versions of Unicode.
    """

    account: str
    user_id: UUID | None
    password_hash: str | None


def _view(row: Any) -> UserView:
    return UserView(**row._mapping)


class UserRepository:
    """What the service asks about users, within the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, query: CollectionQuery, only: UUID | None) -> Page[UserView]:
        """One page of all users, or of the list that holds just the user `only`."""
        users = filtered(EXISTING, query, COLUMNS)
        if only is not None:
            users = users.where(User.id == only)
        total = await self._session.scalar(counted(users))
        rows = await self._session.execute(
            arranged(users, query, COLUMNS, tie_break=User.id.expression)
        )
        return Page([_view(row) for row in rows], total or 0)

    async def get(self, user_id: UUID) -> UserView | None:
        """The user, or None."""
        row = (await self._session.execute(ONE, {"user_id": user_id})).one_or_none()
        return None if row is None else _view(row)

    async def locked(self, user_id: UUID) -> UserView | None:
        """The user, whom nobody else changes until this transaction ends; or None."""
        row = (await self._session.execute(LOCKED, {"user_id": user_id})).one_or_none()
        return None if row is None else _view(row)

    async def status_of(self, user_id: UUID) -> str | None:
        """The user's status, which stays as it is until this transaction ends; or None."""
        statement = select(User.status).where(User.id == user_id, User.deleted_at.is_(None))
        return await self._session.scalar(statement.with_for_update(read=True))

    async def credentials(self, email: str) -> Credentials:
        """What this address leads to, whatever its case."""
        return Credentials(*(await self._session.execute(CREDENTIALS, {"email": email})).one())

    async def add(self, *, email: str, full_name: str, password_hash: str) -> UserView:
        """Make a user. Raises IntegrityError (`uq_users_email`) when the address is taken."""
        values = {"email": email, "full_name": full_name, "password_hash": password_hash}
        statement = insert(User).values(values).returning(*VISIBLE)
        return _view((await self._session.execute(statement)).one())

    async def change(self, user_id: UUID, values: Mapping[str, object]) -> UserView | None:
        """Set these columns; None when there is no such user.

        Raises IntegrityError (`uq_users_email`) when the new address is taken.
        """
        if not values:
            return await self.get(user_id)
        statement = (
            update(User)
            .where(User.id == user_id, User.deleted_at.is_(None))
            .values(**values)
            .returning(*VISIBLE)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else _view(row)

    async def delete(self, user_id: UUID) -> bool:
        """Mark the user deleted; False when there is no such user."""
        statement = (
            update(User)
            .where(User.id == user_id, User.deleted_at.is_(None))
            .values(deleted_at=func.now())
            .returning(User.id)
        )
        return await self._session.scalar(statement) is not None

"""Who is calling, and what they may do (A6, C3).

The whole policy is the table `POLICY`. Two rules apply it: what a caller may not even read is not
there (404), and only then is what they may not do forbidden (403). So an error never tells that
somebody else's record exists.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy import Select, bindparam, select

from reference_app.data.models import User
from reference_app.errors import InvalidToken, NotAllowed, NotAuthenticated, NotFound
from reference_app.security.bearer import bearer_of
from reference_app.services import Provided

ACCOUNT: Select[*tuple[Any, ...]] = select(User.role, User.status).where(
    User.id == bindparam("user_id"), User.deleted_at.is_(None)
)

Role = Literal["user", "support", "admin"]
Reach = Literal["none", "own", "any"]
Action = Literal[
    "read_users",
    "write_users",
    "administer_users",
    "read_orders",
    "create_orders",
    "cancel_orders",
    "advance_orders",
    "export_orders",
]

POLICY: dict[Action, dict[Role, Reach]] = {
    "read_users": {"user": "own", "support": "any", "admin": "any"},
    "write_users": {"user": "own", "support": "own", "admin": "any"},
    "administer_users": {"user": "none", "support": "none", "admin": "any"},
    "read_orders": {"user": "own", "support": "any", "admin": "any"},
    "create_orders": {"user": "own", "support": "own", "admin": "any"},
    "cancel_orders": {"user": "own", "support": "any", "admin": "any"},
    "advance_orders": {"user": "none", "support": "any", "admin": "any"},
    "export_orders": {"user": "none", "support": "any", "admin": "any"},
}
"""How far each role reaches. To administer a user is to change their role
or status, and to take a second factor away that they cannot use any more."""


@dataclass(frozen=True)
class Principal:
    """The caller, as the database knows them at this moment."""

    id: UUID
    role: Role

    def reaches_all(self, action: Action) -> bool:
        """Whether this caller may do `action` whoever it belongs to."""
        return POLICY[action][self.role] == "any"

    def may(self, action: Action, owner_id: UUID) -> bool:
        """Whether this caller may do `action` on what belongs to `owner_id`."""
        reach = POLICY[action][self.role]
        return reach == "any" or (reach == "own" and owner_id == self.id)

    def require_sight(self, action: Action, owner_id: UUID) -> None:
        """Raises NotFound unless the caller may do `action`, which is one that reads."""
        if not self.may(action, owner_id):
            raise NotFound

    def require(self, action: Action, owner_id: UUID) -> None:
        """Raises NotAllowed unless the caller may do `action`."""
        if not self.may(action, owner_id):
            raise NotAllowed


in_the_document = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="An access token, made and checked as RFC8725 recommends.",
)


async def principal(
    request: Request, services: Provided, _: Annotated[object, Depends(in_the_document)]
) -> Principal:
    """The caller. Role and status are read on every request: a demotion takes effect at once.

    Raises NotAuthenticated without a bearer token, InvalidToken for one that is not accepted or
    whose user is gone, NotAllowed when the account is not active.
    """
    bearer = bearer_of(request.scope)
    if bearer is None:
        raise NotAuthenticated
    if isinstance(bearer, InvalidToken):
        raise bearer
    return await active_user(services, bearer.user_id)


async def active_user(services: Provided, user_id: UUID) -> Principal:
    """The principal with this id. Raises InvalidToken when gone, NotAllowed when not active."""
    structlog.contextvars.bind_contextvars(user_id=str(user_id))
    row = await services.database.one_or_none(ACCOUNT, {"user_id": user_id})
    if row is None:
        raise InvalidToken
    if row.status != "active":
        raise NotAllowed("This account is not active.")
    return Principal(user_id, row.role)


Caller = Annotated[Principal, Depends(principal)]
"""The type of a route's parameter that wants to know, and requires, who is calling."""

"""`/users`: the resource and its verbs (R1, R4, C1)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic.json_schema import WithJsonSchema

from reference_app.api.collections import Collection, Filter, listing, one_of
from reference_app.api.conditional import ConditionalRead, ConditionalWrite, Writing, tagged
from reference_app.api.documentation import CHANGED, CREATED, READ, list_parameters, refusals
from reference_app.api.envelope import Listing, Success
from reference_app.api.schemas import UserCreate, UserPatch, UserReplace, email_address
from reference_app.data.models import ROLES, USER_STATUSES
from reference_app.data.users import UserRepository
from reference_app.data.views import UserView
from reference_app.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from reference_app.security.access import Caller, Principal
from reference_app.security.passwords import check_policy
from reference_app.services import Provided, Services

USERS = Collection(
    sortable=frozenset({"created_at", "updated_at", "email", "full_name", "status"}),
    filters={
        "status": one_of(*USER_STATUSES),
        "role": one_of(*ROLES),
        "email": Filter(
            lambda value: email_address(value).lower(),
            {
                "type": "string",
                "format": "idn-email",
                "maxLength": 254,
                "examples": ["ada@example.com"],
            },
        ),
    },
)

UserOrMe = Annotated[
    UUID | Literal["me"],
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(me|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
            "maxLength": 36,
            "examples": ["me"],
        }
    ),
]

router = APIRouter(prefix="/api/v1/users", tags=["users"])


@router.get(
    "",
    responses=refusals(InvalidInput, NotAuthenticated, NotAllowed, Unavailable),
    openapi_extra=list_parameters(USERS),
)
async def list_users(request: Request, services: Provided, caller: Caller) -> Listing[UserView]:
    """A page of users. A plain user's list holds nobody else."""
    query = USERS.parse(request.query_params)
    only = None if caller.reaches_all("read_users") else caller.id
    async with services.database.reading() as session:
        page = await UserRepository(session).page(query, only)
    return listing(page, query)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=CREATED | refusals(InvalidInput, Conflict, Unavailable),
)
async def create_user(
    new: UserCreate, request: Request, response: Response, services: Provided
) -> Success[UserView]:
    """Register. Anybody may; everybody starts as an active plain user."""
    check_policy(new.password, new.email)
    password_hash = await services.passwords.hash(new.password)
    async with services.database.transaction() as session:
        user = await UserRepository(session).add(
            email=new.email, full_name=new.full_name, password_hash=password_hash
        )
    response.headers["Location"] = request.app.url_path_for("get_user", user_id=str(user.id))
    response.headers.update(tagged(user))
    return Success(data=user)


@router.get(
    "/{user_id}",
    response_model=Success[UserView],
    responses=READ | refusals(InvalidInput, NotAuthenticated, NotAllowed, NotFound, Unavailable),
)
async def get_user(
    user_id: UserOrMe, services: Provided, caller: Caller, condition: ConditionalRead
) -> Success[UserView] | Response:
    """One user; `me` is whoever asks."""
    wanted = caller.id if user_id == "me" else user_id
    caller.require_sight("read_users", wanted)
    return condition.answer(await existing_user(wanted, services))


async def existing_user(user_id: UUID, services: Services) -> UserView:
    """The user, from the cache when it is there. Raises NotFound."""

    async def load() -> UserView | None:
        async with services.database.reading() as session:
            return await UserRepository(session).get(user_id)

    user = await services.users_cache.get(user_id, load)
    if user is None:
        raise NotFound
    return user


CHANGE_REFUSALS = refusals(
    InvalidInput,
    NotAuthenticated,
    NotAllowed,
    NotFound,
    Conflict,
    PreconditionFailed,
    Unavailable,
)


@router.put("/{user_id}", responses=CHANGE_REFUSALS)
async def replace_user(
    user_id: UUID,
    new: UserReplace,
    services: Provided,
    caller: Caller,
    condition: ConditionalWrite,
) -> Success[UserView]:
    """Replace all that an owner may write."""
    user = await _change(user_id, new.model_dump(), services, caller, condition)
    return Success(data=user)


@router.patch("/{user_id}", responses=CHANGED | CHANGE_REFUSALS)
async def change_user(
    user_id: UUID,
    change: UserPatch,
    response: Response,
    services: Provided,
    caller: Caller,
    condition: ConditionalWrite,
) -> Success[UserView]:
    """Change what is given and leave the rest. `status` and `role` take an administrator."""
    user = await _change(user_id, change, services, caller, condition)
    response.headers.update(tagged(user))
    return Success(data=user)


async def _change(
    user_id: UUID,
    values: Mapping[str, object],
    services: Services,
    caller: Principal,
    condition: Writing,
) -> UserView:
    await _require_write(user_id, services, caller)
    if not values.keys().isdisjoint({"status", "role"}):
        caller.require("administer_users", user_id)
    async with _writing(user_id, services) as users:
        await _check(condition, user_id, users)
        user = await users.change(user_id, values)
    if user is None:
        raise NotFound
    return user


@asynccontextmanager
async def _writing(user_id: UUID, services: Services) -> AsyncIterator[UserRepository]:
    """A transaction after which nobody reads the user as they were.

    Also when it raises: a connection that breaks at COMMIT leaves open what became of the write,
    and whoever got the 503 reads again.
    """
    try:
        async with services.database.transaction() as session:
            yield UserRepository(session)
    finally:
        await services.users_cache.invalidate(user_id)


async def _check(condition: Writing, user_id: UUID, users: UserRepository) -> None:
    if condition.is_conditional and (current := await users.locked(user_id)) is not None:
        condition.require(current)


@router.delete(
    "/{user_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(
        InvalidInput, NotAuthenticated, NotAllowed, NotFound, PreconditionFailed, Unavailable
    ),
)
async def delete_user(
    user_id: UUID, services: Provided, caller: Caller, condition: ConditionalWrite
) -> None:
    """Delete. The row stays, marked; the address is free again."""
    await _require_write(user_id, services, caller)
    async with _writing(user_id, services) as users:
        await _check(condition, user_id, users)
        deleted = await users.delete(user_id)
    if not deleted:
        raise NotFound


async def _require_write(user_id: UUID, services: Services, caller: Principal) -> None:
    caller.require_sight("read_users", user_id)
    if not caller.may("write_users", user_id):
        await existing_user(user_id, services)  # who is not there is a 404 before it is a 403
    caller.require("write_users", user_id)

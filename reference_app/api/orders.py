"""`/users/{id}/orders` and `/orders/{id}` (R2, C5)."""

import time
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response, status

from reference_app.api.collections import Collection, listing, one_of
from reference_app.api.conditional import ConditionalRead, ConditionalWrite, tagged
from reference_app.api.documentation import CHANGED, CREATED_ONCE, READ, list_parameters, refusals
from reference_app.api.envelope import Listing, Success, created
from reference_app.api.schemas import OrderCreate, OrderPatch
from reference_app.data.models import ORDER_STATUSES
from reference_app.data.orders import OrderRepository
from reference_app.data.users import UserRepository
from reference_app.data.views import NewItem, OrderView
from reference_app.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    RuleBroken,
    Unavailable,
)
from reference_app.reliability.idempotency import Repeatable
from reference_app.security.access import Caller
from reference_app.services import Provided

log = structlog.get_logger()

ORDERS = Collection(
    sortable=frozenset({"created_at", "total_amount", "status"}),
    filters={"status": one_of(*ORDER_STATUSES)},
)

NEXT = {
    "pending": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
    "delivered": set[str](),
    "cancelled": set[str](),
}
"""Which status may follow which."""

router = APIRouter(prefix="/api/v1", tags=["orders"])


@router.get(
    "/users/{user_id}/orders",
    responses=refusals(InvalidInput, NotAuthenticated, NotAllowed, NotFound, Unavailable),
    openapi_extra=list_parameters(ORDERS),
)
async def list_orders(
    user_id: UUID, request: Request, services: Provided, caller: Caller
) -> Listing[OrderView]:
    """A page of the user's orders, each with its items."""
    caller.require_sight("read_orders", user_id)
    query = ORDERS.parse(request.query_params)
    async with services.database.reading() as session:
        if caller.id != user_id and await UserRepository(session).get(user_id) is None:
            raise NotFound
        page = await OrderRepository(session).page(user_id, query)
    return listing(page, query)


@router.post(
    "/users/{user_id}/orders",
    status_code=status.HTTP_201_CREATED,
    response_model=Success[OrderView],
    responses=CREATED_ONCE
    | refusals(
        InvalidInput, NotAuthenticated, NotAllowed, NotFound, Conflict, RuleBroken, Unavailable
    ),
)
async def create_order(
    user_id: UUID,
    new: OrderCreate,
    request: Request,
    caller: Caller,
    once: Repeatable,
) -> Response:
    """Make an order for the user; sent again with the same `Idempotency-Key`, still one order."""
    started = time.perf_counter()
    caller.require_sight("read_orders", user_id)
    async with once.turn(new) as turn:
        if turn.earlier:
            return turn.earlier
        customer_status = await UserRepository(turn.session).status_of(user_id)
        if customer_status is None:
            raise NotFound
        caller.require("create_orders", user_id)
        if customer_status != "active":
            raise RuleBroken("This account cannot order: it is not active.")
        items = [NewItem(**item.model_dump()) for item in new.items]
        order = await OrderRepository(turn.session).add(user_id, items)
        location = request.app.url_path_for("get_order", order_id=str(order.id))
        answer = created(Success[OrderView](data=order), location)
        answer.headers.update(tagged(order))
        await turn.keep(answer)
    log.info(
        "order_created",
        order_id=str(order.id),
        user_id=str(user_id),
        total_amount=str(order.total_amount),
        items_count=len(order.items),
        duration_ms=round((time.perf_counter() - started) * 1000, 2),
    )
    return answer


@router.get(
    "/orders/{order_id}",
    response_model=Success[OrderView],
    responses=READ | refusals(InvalidInput, NotAuthenticated, NotAllowed, NotFound, Unavailable),
)
async def get_order(
    order_id: UUID, services: Provided, caller: Caller, condition: ConditionalRead
) -> Success[OrderView] | Response:
    """One order."""
    async with services.database.reading() as session:
        order = await OrderRepository(session).get(order_id)
    if order is None:
        raise NotFound
    caller.require_sight("read_orders", order.user_id)
    return condition.answer(order)


@router.patch(
    "/orders/{order_id}",
    responses=CHANGED
    | refusals(
        InvalidInput,
        NotAuthenticated,
        NotAllowed,
        NotFound,
        Conflict,
        PreconditionFailed,
        RuleBroken,
        Unavailable,
    ),
)
async def change_order(
    order_id: UUID,
    change: OrderPatch,
    response: Response,
    services: Provided,
    caller: Caller,
    condition: ConditionalWrite,
) -> Success[OrderView]:
    """Give an order its next status. Its owner may cancel it; support may do more.

    To become paid, it is charged at the payment provider, when the service has one. It cannot be
    cancelled as long as nobody knows how that ended: whoever asks for `paid` again finds out.
    """
    async with services.database.reading() as session:
        order = await OrderRepository(session).get(order_id)
    if order is None:
        raise NotFound
    caller.require_sight("read_orders", order.user_id)
    cancels = change.status == "cancelled"
    caller.require("cancel_orders" if cancels else "advance_orders", order.user_id)
    condition.require(order)
    if change.status not in NEXT[order.status]:
        raise RuleBroken(f"An order that is {order.status} cannot become {change.status}.")
    if change.status == "paid":
        with condition.in_time():
            await services.payments.collect(order)
    async with services.database.transaction() as session:
        orders = OrderRepository(session)
        with condition.in_time():
            await orders.set_status(order, change.status)
        if cancels:
            await services.payments.require_none_open(session, order)
        changed = await orders.get(order_id) or order
    response.headers.update(tagged(changed))
    return Success(data=changed)

"""Orders in the database: a list costs three statements, whatever the size of its page (D6).

One counts, one fetches the orders of the page together with their customer, one fetches the items
of all these orders. Joining the items into the second one would multiply its rows before LIMIT
counts them; fetching them order by order would cost a statement for each.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, load_only, selectinload

from reference_app.api.collections import CollectionQuery, Page, arranged, counted, filtered
from reference_app.data.models import Order, OrderItem, User
from reference_app.data.views import CustomerView, ItemView, NewItem, OrderView
from reference_app.errors import Conflict

COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "created_at": Order.created_at.expression,
    "total_amount": Order.total_amount.expression,
    "status": Order.status.expression,
}

WHOLE = (
    load_only(
        Order.user_id,
        Order.status,
        Order.total_amount,
        Order.created_at,
        Order.updated_at,
        raiseload=True,
    ),
    joinedload(Order.customer, innerjoin=True).load_only(User.full_name, raiseload=True),
    selectinload(Order.items),
)
"""All that an order shows, and nothing else: `source_document` can be kilobytes a row."""


class OrderRepository:
    """What the service asks about orders, within the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: UUID, query: CollectionQuery) -> Page[OrderView]:
        """One page of the user's orders, and how many there are in all."""
        orders = filtered(select(Order).where(Order.user_id == user_id), query, COLUMNS)
        total = await self._session.scalar(counted(orders))
        page = arranged(orders, query, COLUMNS, tie_break=Order.id.expression).options(*WHOLE)
        return Page([_view(order) for order in await self._session.scalars(page)], total or 0)

    async def get(self, order_id: UUID) -> OrderView | None:
        """The order, or None."""
        order = (await self._session.scalars(_whole(order_id))).one_or_none()
        return None if order is None else _view(order)

    async def add(self, user_id: UUID, items: Sequence[NewItem]) -> OrderView:
        """Make an order of these items, in their order.

        Raises IntegrityError (`fk_orders_user_id`) when there is no such user.
        """
        total = sum(item.quantity * item.unit_price for item in items)
        order_id = (
            await self._session.scalars(
                insert(Order).values(user_id=user_id, total_amount=total).returning(Order.id)
            )
        ).one()
        rows = [
            {
                "order_id": order_id,
                "position": position,
                "product_name": item.product_name,
                "quantity": item.quantity,
                "unit_price": item.unit_price,
            }
            for position, item in enumerate(items)
        ]
        await self._session.execute(insert(OrderItem).values(rows))
        return _view((await self._session.scalars(_whole(order_id))).one())

    async def set_status(self, order: OrderView, status: str) -> None:
        """Give `order`, as it was read, another status.

        Raises Conflict when somebody else changed its status since it was read.
        """
        changed = await self._session.scalar(
            update(Order)
            .where(Order.id == order.id, Order.status == order.status)
            .values(status=status)
            .returning(Order.id)
        )
        if changed is None:
            raise Conflict("The order has changed in the meantime.")


def _whole(order_id: UUID) -> Select[Order]:
    statement = select(Order).where(Order.id == order_id).options(*WHOLE)
    return statement.execution_options(populate_existing=True)


def _view(order: Order) -> OrderView:
    return OrderView(
        id=order.id,
        user_id=order.user_id,
        customer=CustomerView(id=order.customer.id, full_name=order.customer.full_name),
        status=order.status,
        total_amount=order.total_amount,
        items=[
            ItemView(
                id=item.id,
                product_name=item.product_name,
                quantity=item.quantity,
                unit_price=item.unit_price,
            )
            for item in order.items
        ],
        created_at=order.created_at,
        updated_at=order.updated_at,
    )

"""Orders in the database."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from reference_app.api.collections import CollectionQuery, Page, filtered
from reference_app.data.models import Order, OrderItem
from reference_app.data.views import CustomerView, ItemView, NewItem, OrderView

COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "created_at": Order.created_at.expression,
    "total_amount": Order.total_amount.expression,
    "status": Order.status.expression,
}


class OrderRepository:
    """What the service asks about orders, within the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: UUID, query: CollectionQuery) -> Page[OrderView]:
        """One page of the user's orders, and how many there are in all."""
        order_by = [
            COLUMNS[key.field].desc() if key.descending else COLUMNS[key.field]
            for key in query.sort
        ]
        statement = (
            filtered(select(Order).where(Order.user_id == user_id), query, COLUMNS)
            .options(joinedload(Order.customer))
            .order_by(*order_by)
        )
        orders = list(await self._session.scalars(statement))
        chosen = orders[query.offset : query.offset + query.limit]
        return Page([await self._view(order) for order in chosen], len(orders))

    async def get(self, order_id: UUID) -> OrderView | None:
        """The order, or None."""
        statement = (
            select(Order)
            .where(Order.id == order_id)
            .options(joinedload(Order.customer))
            .execution_options(populate_existing=True)
        )
        order = await self._session.scalar(statement)
        return None if order is None else await self._view(order)

    async def add(self, user_id: UUID, items: Sequence[NewItem]) -> OrderView:
        """Make an order of these items, in their order.

        Raises IntegrityError (`fk_orders_user_id`) when there is no such user.
        """
        total = sum(item.quantity * item.unit_price for item in items)
        order_id = await self._session.scalar(
            insert(Order).values(user_id=user_id, total_amount=total).returning(Order.id)
        )
        assert order_id is not None
        for position, item in enumerate(items):
            await self._session.execute(
                insert(OrderItem).values(
                    order_id=order_id,
                    position=position,
                    product_name=item.product_name,
                    quantity=item.quantity,
                    unit_price=item.unit_price,
                )
            )
        order = await self.get(order_id)
        assert order is not None
        return order

    async def set_status(self, order: OrderView, status: str) -> None:
        """Give `order`, as it was read, another status.

        Raises Conflict when somebody else changed its status since it was read.
        """
        await self._session.execute(update(Order).where(Order.id == order.id).values(status=status))

    async def _view(self, order: Order) -> OrderView:
        items = await self._session.scalars(select(OrderItem).where(OrderItem.order_id == order.id))
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
                for item in items
            ],
            created_at=order.created_at,
            updated_at=order.updated_at,
        )

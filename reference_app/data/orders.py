"""Orders in the database: a list costs three statements, whatever the size of its page (D6).

One counts, one fetches the orders of the page together with their customer, one fetches the items
of all these orders. Joining the items into the second one would multiply its rows before LIMIT
counts them; fetching them order by order would cost a statement for each.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reference_app.api.collections import CollectionQuery, Page, arranged, counted, filtered
from reference_app.data.models import Order, OrderItem, User
from reference_app.data.views import CustomerView, ItemView, NewItem, OrderView
from reference_app.errors import Conflict

COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "created_at": Order.created_at.expression,
    "total_amount": Order.total_amount.expression,
    "status": Order.status.expression,
}

VISIBLE: Select[*tuple[Any, ...]] = select(
    Order.id,
    Order.user_id,
    Order.status,
    Order.total_amount,
    Order.created_at,
    Order.updated_at,
    User.full_name,
).join(User, User.id == Order.user_id)
"""All that an order shows, and nothing else: `source_document` can be kilobytes a row."""

ONE = VISIBLE.where(Order.id == bindparam("order_id"))

ITEMS = (
    select(
        OrderItem.order_id,
        OrderItem.id,
        OrderItem.product_name,
        OrderItem.quantity,
        OrderItem.unit_price,
    )
    .where(OrderItem.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(OrderItem.order_id, OrderItem.position)
)


class OrderRepository:
    """What the service asks about orders, within the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: UUID, query: CollectionQuery) -> Page[OrderView]:
        """One page of the user's orders, and how many there are in all."""
        owned = Order.user_id == user_id
        total = await self._session.scalar(
            counted(filtered(select(Order.id).where(owned), query, COLUMNS))
        )
        orders = filtered(VISIBLE.where(owned), query, COLUMNS)
        page = arranged(orders, query, COLUMNS, tie_break=Order.id.expression)
        return Page(await self._views((await self._session.execute(page)).all()), total or 0)

    async def get(self, order_id: UUID) -> OrderView | None:
        """The order, or None."""
        found = await self._session.execute(ONE, {"order_id": order_id})
        views = await self._views(found.all())
        return views[0] if views else None

    async def add(self, user_id: UUID, items: Sequence[NewItem]) -> OrderView:
        """Make an order of these items, in their order.

        Raises IntegrityError (`fk_orders_user_id`) when there is no such user.
        """
        total = sum(item.quantity * item.unit_price for item in items)
        new = insert(Order).values(user_id=user_id, total_amount=total).returning(Order.id)
        order_id = (await self._session.execute(new)).scalar_one()
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
        made = await self._session.execute(ONE, {"order_id": order_id})
        return (await self._views([made.one()]))[0]

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

    async def _views(self, orders: Sequence[Row[*tuple[Any, ...]]]) -> list[OrderView]:
        """These orders with their items: one more statement, or none when there are no orders."""
        items: dict[UUID, list[ItemView]] = {order.id: [] for order in orders}
        if items:
            found = await self._session.execute(ITEMS, {"order_ids": list(items)})
            for order_id, item_id, product_name, quantity, unit_price in found:
                items[order_id].append(
                    ItemView(
                        id=item_id,
                        product_name=product_name,
                        quantity=quantity,
                        unit_price=unit_price,
                    )
                )
        return [_view(order, items[order.id]) for order in orders]


def _view(order: Row[*tuple[Any, ...]], items: list[ItemView]) -> OrderView:
    return OrderView(
        id=order.id,
        user_id=order.user_id,
        customer=CustomerView(id=order.user_id, full_name=order.full_name),
        status=order.status,
        total_amount=order.total_amount,
        items=items,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )

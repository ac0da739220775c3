"""Orders in the database: a page is one statement, and its count is another (D6).

The page is chosen in a subquery, where LIMIT counts orders; only then are the customer and the
items joined to it. PostgreSQL answers with a row for each item, already in the order in which the
API shows them, and `_orders` folds these rows back into orders.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, insert, select, update
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

SHOWN = (
    Order.id,
    Order.user_id,
    Order.status,
    Order.total_amount,
    Order.created_at,
    Order.updated_at,
)
"""What the API shows of an order itself; `source_document` is not among it."""


class OrderRepository:
    """What the service asks about orders, within the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: UUID, query: CollectionQuery) -> Page[OrderView]:
        """One page of the user's orders, and how many there are in all."""
        orders = filtered(select(*SHOWN).where(Order.user_id == user_id), query, COLUMNS)
        total = await self._session.scalar(counted(orders))
        chosen = arranged(orders, query, COLUMNS, tie_break=Order.id.expression)
        rows = await self._session.execute(_with_customer_and_items(chosen, query))
        return Page(list(_orders(rows)), total or 0)

    async def get(self, order_id: UUID) -> OrderView | None:
        """The order, or None."""
        chosen = select(*SHOWN).where(Order.id == order_id)
        rows = await self._session.execute(_with_customer_and_items(chosen))
        return next(_orders(rows), None)

    async def add(self, user_id: UUID, items: Sequence[NewItem]) -> OrderView:
        """Make an order of these items, in their order.

        Raises IntegrityError (`fk_orders_user_id`) when there is no such user.
        """
        total = sum(item.quantity * item.unit_price for item in items)
        order_id = await self._session.scalar(
            insert(Order).values(user_id=user_id, total_amount=total).returning(Order.id)
        )
        assert order_id is not None
        lines = [
            {
                "order_id": order_id,
                "position": position,
                "product_name": item.product_name,
                "quantity": item.quantity,
                "unit_price": item.unit_price,
            }
            for position, item in enumerate(items)
        ]
        await self._session.execute(insert(OrderItem).values(lines))
        order = await self.get(order_id)
        assert order is not None
        return order

    async def set_status(self, order: OrderView, status: str) -> None:
        """Give `order`, as it was read, another status.

        Raises Conflict when somebody else changed its status since it was read.
        """
        locked = select(Order.status).where(Order.id == order.id).with_for_update()
        if await self._session.scalar(locked) != order.status:
            raise Conflict("The order has changed in the meantime.")
        await self._session.execute(update(Order).where(Order.id == order.id).values(status=status))


def _with_customer_and_items(
    chosen: Select[*tuple[Any, ...]], query: CollectionQuery | None = None
) -> Select[*tuple[Any, ...]]:
    """The orders that `chosen` gives, a row for each item, or one row without an item.

    A join does not keep the order of what it joins to: `query` says it once more.
    """
    order = chosen.subquery("chosen")
    keys = query.sort if query else ()
    sorting = [order.c[key.field].desc() if key.descending else order.c[key.field] for key in keys]
    return (
        select(
            order,
            User.full_name,
            OrderItem.id.label("item_id"),
            OrderItem.product_name,
            OrderItem.quantity,
            OrderItem.unit_price,
        )
        .join(User, User.id == order.c.user_id)
        .outerjoin(OrderItem, OrderItem.order_id == order.c.id)
        .order_by(*sorting, order.c.id, OrderItem.position)
    )


def _orders(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[OrderView]:
    """Rows of one order follow each other; each such run becomes one order."""
    for _, run in groupby(rows, key=lambda row: row.id):
        lines = list(run)
        yield _order(lines[0], [_item(line) for line in lines if line.item_id is not None])


def _order(row: Row[*tuple[Any, ...]], items: list[ItemView]) -> OrderView:
    return OrderView(
        id=row.id,
        user_id=row.user_id,
        customer=CustomerView(id=row.user_id, full_name=row.full_name),
        status=row.status,
        total_amount=row.total_amount,
        items=items,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _item(row: Row[*tuple[Any, ...]]) -> ItemView:
    return ItemView(
        id=row.item_id,
        product_name=row.product_name,
        quantity=row.quantity,
        unit_price=row.unit_price,
    )

"""Orders for `test_06_queries.py`: many at once, read back, and compared with what is shown."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import uuid4

from exercises.grading.answer import Answer
from exercises.grading.exchange import JSON
from exercises.grading.people import Person
from exercises.grading.subject import Subject

LETTER = "(SELECT string_agg(md5(c::text), '') FROM generate_series(1, 1500) c)"
"""48 kB that do not compress, as SQL."""


def fill(
    service: Subject,
    customer: str | None,
    count: int,
    *,
    items: int = 1,
    status: str = "'pending'",
    created_at: str = "now() - n * interval '1 minute'",
    document: str = "NULL",
    product: str = "'Item ' || position",
) -> None:
    """Adds orders numbered `n` from 1; what differs among them is given as SQL expressions in `n`.

    Each has `items` items at `n` + 0.25 apiece: 1 of the first, 2 of the second and so on. They are
    written last item first, so that reading them as they lie gives them in the wrong order. An
    order without items has a total as well, of `n` + 0.25. Where no customer is told, each order is
    of a customer of its own, who is nowhere else.
    """
    owner = f"'{customer}'" if customer else "gen_random_uuid()"
    pieces = max(1, items * (items + 1) // 2)
    with service.connection().transaction():
        service.sql("SET LOCAL session_replication_role = replica")  # no triggers: ten times faster
        service.sql(
            "WITH made AS (INSERT INTO orders (user_id, status, total_amount, created_at,"
            f" source_document) SELECT {owner}, {status}, (n + 0.25) * {pieces}, {created_at},"
            f" {document} FROM generate_series(1, {count}) n RETURNING id, total_amount)"
            " INSERT INTO order_items (order_id, position, product_name, quantity, unit_price)"
            f" SELECT id, position, {product}, position + 1, total_amount / {pieces}"
            f" FROM made, generate_series({items - 1}, 0, -1) position"
        )


def fill_with_odd_ones(service: Subject, customer: str) -> None:
    """Adds the longest and dearest order there can be, one without items, and one with a gap."""
    for items, status, amount in (
        (100, "'shipped'", "9999999999.99"),
        (0, "'pending'", "0"),
        (3, "'cancelled'", "4.50"),
    ):
        fill(service, customer, 1, items=items, status=status)
        service.sql(f"UPDATE orders SET total_amount = %s WHERE status = {status}", amount)
    service.sql("DELETE FROM order_items WHERE position = 1")
    know_the_tables(service)


def fill_for_others(service: Subject) -> None:
    """Adds so many other customers, and orders of others, that reading them all stands out.

    Few rows that fill many blocks: 4 bytes are the most that a letter takes.
    """
    service.sql(
        "INSERT INTO users (email, password_hash, full_name) SELECT n, repeat('𝄞', 255),"
        " repeat('𝄞', 100) FROM generate_series(1, 440) n"
    )
    fill(service, None, 320, items=3, document="repeat('x', 1700)", product="repeat('𝄞', 190)")
    know_the_tables(service)


def know_the_tables(service: Subject) -> None:
    """Lets the planner know how full the tables are, so that it does not go by a guess."""
    service.sql("ANALYZE users, orders, order_items")


def somebody_else(service: Subject) -> str:
    """The id of a customer who never logs in."""
    [row] = service.sql(
        "INSERT INTO users (email, password_hash, full_name)"
        " VALUES ('grace@example.com', '-', 'Grace Hopper') RETURNING id"
    )
    return str(row["id"])


def stored_orders(service: Subject, customer: str) -> list[dict[str, Any]]:
    """The customer's orders as the API has to show them, in the order of their ids."""
    rows = service.sql(
        "SELECT json_build_object('id', o.id, 'user_id', user_id, 'customer', json_build_object("
        " 'id', u.id, 'full_name', full_name), 'status', o.status, 'total_amount',"
        " total_amount::text, 'created_at', o.created_at, 'updated_at', o.updated_at, 'items',"
        " (SELECT coalesce(json_agg(json_build_object('id', i.id, 'product_name', product_name,"
        " 'quantity', quantity, 'unit_price', unit_price::text) ORDER BY position), '[]')"
        " FROM order_items i WHERE order_id = o.id))::text AS shown"
        " FROM orders o JOIN users u ON u.id = user_id WHERE user_id = %s ORDER BY o.id",
        customer,
    )
    return [with_times(json.loads(row["shown"])) for row in rows]


def with_times(order: JSON) -> dict[str, Any]:
    """The order with its times as times, however they were written."""
    times = {name: datetime.fromisoformat(order[name]) for name in ("created_at", "updated_at")}
    return {**order, **times}


def assert_shown(shown: JSON, stored: dict[str, Any], where: str) -> None:
    """Asserts that an order came as it is stored, field by field."""
    shown = with_times(shown)
    got, wanted = ([item["product_name"] for item in order["items"]] for order in (shown, stored))
    if got != wanted:
        pairs = enumerate(zip_longest(got, wanted))
        place = next(number for number, (one, other) in pairs if one != other)
        few = slice(place, place + 4)
        raise AssertionError(
            f"{where}, an order of {len(wanted)} items came with {len(got)}. From place "
            f"{place + 1} on they are {got[few]}; by position they are {wanted[few]}. Each has to "
            "come once, in the order of `position`."
        )
    _assert_fields(shown, stored, f"{where}, “{{name}}” of an order")
    for place, (one, other) in enumerate(zip(shown["items"], stored["items"], strict=True), 1):
        _assert_fields(one, other, f"{where}, “{{name}}” of item {place} of an order")


def _assert_fields(shown: JSON, stored: dict[str, Any], which: str) -> None:
    for name, value in stored.items():
        assert name == "items" or shown.get(name) == value, (
            f"{which.format(name=name)} is {shown.get(name)!r}; the database has {value!r}."
        )


def must_be_listed_whole(service: Subject, person: Person) -> None:
    """Asserts that the list has all orders of the person, counted and item by item."""
    page = page_of(service, person)
    listed = {order["id"]: order for order in page.data}
    stored = stored_orders(service, person.id)
    for order in stored:
        items = len(order["items"])
        assert order["id"] in listed, f"An order with {items} items is not in the list."
        assert_shown(listed[order["id"]], order, "In the list")
    total = page.pagination["total_items"]
    assert total == len(stored), (
        f"Of {len(stored)} orders one has no items, and it counts; total_items says {total}."
    )


def must_come_alone(
    service: Subject, person: Person, stored: list[dict[str, Any]], where: str
) -> None:
    """Asserts that each of these orders of the person comes as it is stored."""
    for order in stored:
        items = len(order["items"])
        alone = service.get(f"/api/v1/orders/{order['id']}", token=person.token)
        assert alone.status == 200, f"Alone, an order with {items} items came with {alone.status}."
        assert_shown(alone.data, order, where)


def must_be_nowhere(service: Subject, person: Person) -> None:
    """Asks for an order with an id that none has."""
    answer = service.get(f"/api/v1/orders/{uuid4()}", token=person.token)
    assert answer.status == 404, (
        f"With the id of no order, GET came with {answer.status} instead of 404."
    )


def page_of(service: Subject, person: Person, **params: str | int) -> Answer:
    """A page of the person's own orders."""
    answer = service.get(f"/api/v1/users/{person.id}/orders", params=params, token=person.token)
    assert answer.status == 200, f"The list of orders came with {answer.status} instead of 200."
    return answer


def ids(orders: JSON) -> list[str]:
    return [order["id"] for order in orders]

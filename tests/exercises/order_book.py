"""Orders for `test_06_queries.py`: many at once, read back, and compared with what is shown."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from itertools import pairwise, zip_longest
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


def fill_for_others(service: Subject) -> None:
    """Adds so many orders of other customers that reading them all stands out.

    Few rows that fill many blocks: 4 bytes are the most that a letter takes.
    """
    fill(service, None, 320, items=3, document="repeat('x', 1700)", product="repeat('𝄞', 190)")
    know_the_tables(service)


def know_the_tables(service: Subject) -> None:
    """Lets the planner know how full the tables are, so that it does not go by a guess."""
    service.sql("ANALYZE orders, order_items")


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
    for name, value in stored.items():
        assert shown.get(name) == value, (
            f"{where}, “{name}” of an order is {shown.get(name)!r}; the database has {value!r}."
        )


def in_order(orders: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Stored orders as `sort` asks for them; equal ones stay as they are."""
    for key in reversed(sort.split(",")):
        field = key.lstrip("-")
        values = {order["id"]: order[field] for order in orders}
        if field == "total_amount":
            values = {order: Decimal(amount) for order, amount in values.items()}
        orders = sorted(orders, key=lambda order: values[order["id"]], reverse=key != field)
    return orders


def out_of_order(shown: JSON, stored: list[dict[str, Any]], sort: str) -> str:
    """What is wrong with the order of `shown`, "" if nothing: equal ones go by id, up or down."""
    if ids(shown) in [ids(in_order(orders, sort)) for orders in (stored, stored[::-1])]:
        return ""
    values = {o["id"]: [str(o[key.lstrip("-")]) for key in sort.split(",")] for o in stored}
    places = zip(ids(shown), ids(in_order(stored, sort)), strict=False)
    for place, (got, wanted) in enumerate(places, 1):
        if values.get(got) != values[wanted]:
            return f"place {place} has {values.get(got)}, where {values[wanted]} belongs."
    return _equal_ones(ids(shown), values, sort.replace("-", "").replace(",", " and "))


def _equal_ones(shown: list[str], values: dict[str, list[str]], keys: str) -> str:
    """What is wrong among orders that are equal in `keys`; the others are where they belong."""
    for place, order in enumerate(shown, 1):
        if order in shown[: place - 1]:
            return (
                f"the order on place {shown.index(order) + 1} is on place {place} again, and "
                f"another one nowhere. Orders with the same {keys} must come by id on every page."
            )
    equal = [pair for pair in pairwise(shown) if values[pair[0]] == values[pair[1]]]
    up = 2 * sum(one < other for one, other in equal) >= len(equal)
    place = next((shown.index(one) for one, other in equal if (one < other) != up), 0) + 1
    return (
        f"orders with the same {keys} must come by id, last of all; in yours, those on places "
        f"{place} and {place + 1} are the wrong way round (their ids decide, not their items)."
    )


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


def all_pages(service: Subject, person: Person, *, sort: str, limit: int) -> list[JSON]:
    """The person's own orders, from the first page to the last one."""
    first = page_of(service, person, sort=sort, limit=limit)
    numbers = range(2, first.pagination["total_pages"] + 1)
    pages = [page_of(service, person, sort=sort, limit=limit, page=page) for page in numbers]
    return [order for page in (first, *pages) for order in page.data]


def ids(orders: JSON) -> list[str]:
    return [order["id"] for order in orders]

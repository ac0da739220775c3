"""Orders for `test_06_queries.py`: many at once, read back, and what it cost to read them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import psycopg

from exercises.grading.answer import Answer
from exercises.grading.exchange import JSON
from exercises.grading.people import Person
from exercises.grading.subject import Subject

TYPED_CONSTANT = re.compile(r"\b(interval|timestamptz|timestamp|date) (\$\d+)", re.IGNORECASE)
"""`interval '0'` is kept by `pg_stat_statements` as `interval $1`, which is no SQL."""

LETTER = "(SELECT string_agg(md5(c::text), '') FROM generate_series(1, 1500) c)"
"""48 kB that do not compress, as SQL."""

NO_WAY_BUT_AN_INDEX = ("enable_seqscan", "enable_bitmapscan", "enable_sort")


def fill(
    service: Subject,
    customer: str,
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
    written last item first, so that reading them as they lie gives them in the wrong order.
    """
    pieces = items * (items + 1) // 2
    with service.connection().transaction():
        service.sql("SET LOCAL session_replication_role = replica")  # no triggers: ten times faster
        service.sql(
            "WITH made AS (INSERT INTO orders (user_id, status, total_amount, created_at,"
            f" source_document) SELECT '{customer}', {status}, (n + 0.25) * {pieces}, {created_at},"
            f" {document} FROM generate_series(1, {count}) n RETURNING id, total_amount)"
            " INSERT INTO order_items (order_id, position, product_name, quantity, unit_price)"
            f" SELECT id, position, {product}, position + 1, total_amount / {pieces or 1}"
            f" FROM made, generate_series({items - 1}, 0, -1) position"
        )


def fill_for_others(service: Subject) -> None:
    """Adds so many orders of another customer that reading them all stands out."""
    wide = {"document": "repeat('x', 900)", "product": "repeat('x', 190)"}
    fill(service, somebody_else(service), 700, items=3, **wide)
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
    products = [[item["product_name"] for item in order["items"]] for order in (shown, stored)]
    assert products[0] == products[1], (
        f"{where}, an order came with the items {products[0]}; by position it has {products[1]}. "
        "Each has to come once, in the order of `position`."
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


def page_of(service: Subject, person: Person, **params: str | int) -> Answer:
    """A page of the person's own orders."""
    answer = service.get(f"/api/v1/users/{person.id}/orders", params=params, token=person.token)
    assert answer.status == 200, f"The list of orders came with {answer.status} instead of 200."
    return answer


def ids(orders: JSON) -> list[str]:
    return [order["id"] for order in orders]


def cost(service: Subject, person: Person, limit: int) -> tuple[int, int]:
    """How many statements a page of that many orders takes, and how many rows they give in all."""
    service.forget_statements()
    items = [len(order["items"]) for order in page_of(service, person, limit=limit).data]
    assert len(items) == limit, f"With limit={limit}, a page of a long list shows {len(items)}."
    assert len(set(items)) == 1, f"All orders have as many items, but a page shows {set(items)}."
    ran = service.statements()
    return sum(each.calls for each in ran), sum(each.rows for each in ran)


def rows_by_statement(service: Subject) -> str:
    """How many rows each statement gave, the most first, as a sentence can say it."""
    ran = sorted(service.statements(), key=lambda each: -each.rows)[:3]
    texts = [
        re.sub(r"SELECT .*? FROM", "SELECT … FROM", " ".join(each.text.split())) for each in ran
    ]
    return "; ".join(f"{each.rows} by “{text[:90]}”" for each, text in zip(ran, texts, strict=True))


def blocks_looked_at(service: Subject) -> dict[str, int]:
    """Blocks of 8 kB, cached or not, by statement on orders; the costliest comes first."""
    rows = service.statistics().execute(
        "SELECT query, shared_blks_hit + shared_blks_read AS blocks FROM pg_stat_statements s"
        " JOIN pg_database d ON d.oid = s.dbid AND d.datdba = s.userid"
        " WHERE d.datname = current_database() AND query ~ '\\morder' ORDER BY blocks DESC"
    )
    return {" ".join(row["query"].split()): int(row["blocks"]) for row in rows}


def blocks_for_a_page(service: Subject, person: Person, **params: str) -> int:
    """Blocks that all statements on orders have looked at for one page."""
    service.forget_statements()
    page_of(service, person, **params)
    return sum(blocks_looked_at(service).values())


def blocks_of_the_smaller_table(service: Subject) -> int:
    """What a statement looks at when it reads the whole of `orders` or of `order_items`."""
    [row] = service.sql(
        "SELECT least(pg_relation_size('orders'), pg_relation_size('order_items')) / 8192 AS blocks"
    )
    return int(row["blocks"])


def statements_that_must_sort(service: Subject) -> list[str]:
    """What the service ran that has to sort orders before it can take the first few of them.

    The planner is told to sort only where no index gives that order, so the finding does not
    depend on how full the tables are.
    """
    with service.connection().transaction():
        for way in NO_WAY_BUT_AN_INDEX:
            service.sql(f"SET LOCAL {way} = off")
        plans = {text: _plan(service, text) for text in blocks_looked_at(service)}
    return [text for text, plan in plans.items() if plan and _sorts_under_a_limit(plan)]


def _plan(service: Subject, text: str) -> JSON:
    """The plan of a statement as `pg_stat_statements` wrote it down; None when that has none."""
    sql = TYPED_CONSTANT.sub(r"\2::\1", text)
    try:
        with service.connection().transaction():
            [row] = service.sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {sql}")
    except psycopg.Error:
        return None
    return row["QUERY PLAN"][0]["Plan"]


def _sorts_under_a_limit(plan: JSON, *, limited: bool = False) -> bool:
    limited = limited or plan["Node Type"] in ("Limit", "WindowAgg")
    if limited and plan["Node Type"] == "Sort" and _reads_orders(plan):
        return True
    return any(_sorts_under_a_limit(child, limited=limited) for child in plan.get("Plans", ()))


def _reads_orders(plan: JSON) -> bool:
    return plan.get("Relation Name") == "orders" or any(map(_reads_orders, plan.get("Plans", ())))

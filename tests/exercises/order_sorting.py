"""For `test_06_queries.py`: the order in which orders have to come, and what breaks it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from exercises.grading.exchange import JSON
from exercises.grading.people import Person
from exercises.grading.subject import Subject
from tests.exercises.order_book import fill, ids, know_the_tables, page_of

THREE_STATUSES = "(ARRAY['pending', 'paid', 'shipped'])[n % 3 + 1]"

TWO_MICROSECONDS = "'2026-02-01 12:00:00.25Z'::timestamptz + n % 2 * interval '1 microsecond'"

CENTS_AROUND_A_BILLION = "999999999.80 + total_amount / 100"


def fill_with_close_ones(service: Subject, customer: str) -> None:
    """Adds 24 orders: each is equal to another, and those that differ do so by very little."""
    for _ in range(2):
        times = {"created_at": TWO_MICROSECONDS}
        fill(service, customer, 12, items=2, status=THREE_STATUSES, **times)
    service.sql(f"UPDATE orders SET total_amount = {CENTS_AROUND_A_BILLION}")
    know_the_tables(service)


def all_pages(service: Subject, person: Person, *, sort: str, limit: int) -> list[JSON]:
    """The person's own orders, from the first page to the last one."""
    first = page_of(service, person, sort=sort, limit=limit)
    numbers = range(2, first.pagination["total_pages"] + 1)
    pages = [page_of(service, person, sort=sort, limit=limit, page=page) for page in numbers]
    return [order for page in (first, *pages) for order in page.data]


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

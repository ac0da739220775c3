"""For `test_06_queries.py`: what a page costs in statements, rows, blocks and sorting."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

from exercises.grading.answer import Answer
from exercises.grading.exchange import JSON
from exercises.grading.people import Person
from exercises.grading.subject import Subject
from tests.exercises.order_book import fill, page_of

TYPED_CONSTANT = re.compile(r"\b(interval|timestamptz|timestamp|date) (\$\d+)", re.IGNORECASE)
"""`interval '0'` is kept by `pg_stat_statements` as `interval $1`, which is no SQL."""

NO_WAY_BUT_AN_INDEX = ("enable_seqscan", "enable_bitmapscan", "enable_sort")


@dataclass(frozen=True)
class Cost:
    """What a page took: so many statements, and so many rows that they gave in all."""

    page: Answer
    statements: int
    rows: int
    most: str
    """The statement that ran most often, and how often."""


def cost(
    service: Subject,
    person: Person,
    *,
    items: int,
    limit: int,
    orders: int | None = None,
    **params: str | int,
) -> Cost:
    """A page of orders that have so many items each, and what it took.

    It is a full one where not told that it has fewer orders.
    """
    service.forget_statements()
    page = page_of(service, person, limit=limit, **params)
    shown = [len(order["items"]) for order in page.data]
    count = limit if orders is None else orders
    assert len(shown) == count, f"A page that has to show {count} orders shows {len(shown)}."
    assert set(shown) == {items}, (
        f"Each order has {items} items; a page shows {sorted(set(shown))}."
    )
    ran = service.statements()
    most = max(ran, key=lambda each: each.calls)
    return Cost(
        page,
        statements=sum(each.calls for each in ran),
        rows=sum(each.rows for each in ran),
        most=f"{most.calls} × {_short(most.text)}",
    )


def cost_of_a_rare_page(service: Subject, person: Person) -> Cost:
    """The last page of 40 imported orders that are paid and empty, by amount, and what it took.

    They are older than any others.
    """
    old, document = "now() - n * interval '1 year'", "'Imported'"
    fill(service, person.id, 40, items=0, status="'paid'", created_at=old, document=document)
    query: dict[str, str | int] = {"status": "paid", "sort": "-total_amount", "page": 2}
    return cost(service, person, items=0, limit=25, orders=15, **query)


def rows_by_statement(service: Subject) -> str:
    """How many rows each statement gave, the most first, as a sentence can say it."""
    ran = sorted(service.statements(), key=lambda each: -each.rows)[:3]
    return "; ".join(f"{each.rows} by “{_short(each.text)}”" for each in ran)


def _short(text: str) -> str:
    return re.sub(r"SELECT .*? FROM", "SELECT … FROM", " ".join(text.split()))[:90]


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


def blocks_of_the_smallest_table(service: Subject) -> int:
    """What a statement looks at when it reads the whole of one of the tables."""
    [row] = service.sql(
        "SELECT min(pg_relation_size(name::regclass)) / 8192 AS blocks"
        " FROM unnest(ARRAY['users', 'orders', 'order_items']) name"
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

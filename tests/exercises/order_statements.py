"""For `test_06_queries.py`: what `OrderRepository` sends, to the letter.

`pg_stat_statements` shows constants as parameters; whether a value stood in the text is seen only
by what runs within that statement: here a policy that notes it for each row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exercises.grading.people import Person
from exercises.grading.subject import Subject
from tests.exercises.order_book import page_of
from tests.exercises.order_writing import LINES, TOTAL

VALUES = ("'shipped'", "'paid'", "Ribbon", "19.99", TOTAL, "997", "13")
"""What is sent besides ids, as it would stand in a statement."""

WRITE_DOWN = """
CREATE SCHEMA seen;
CREATE TABLE seen.texts (text text);
CREATE FUNCTION seen.note() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO seen.texts VALUES (current_query());
    RETURN true;
END $$;
GRANT USAGE ON SCHEMA seen TO PUBLIC;
"""
ON_TABLE = """
CREATE POLICY seen ON {table} USING (seen.note()) WITH CHECK (seen.note());
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
OFF_TABLE = """
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
DROP POLICY seen ON {table};
"""


@contextmanager
def written_down(service: Subject, *tables: str) -> Iterator[Callable[[], set[str]]]:
    """Whatever reads or writes a row of these tables is noted, as it came over the wire."""
    service.sql(WRITE_DOWN)
    for table in tables:
        service.sql(ON_TABLE.format(table=table))
    try:
        yield lambda: {row["text"] for row in service.sql("SELECT DISTINCT text FROM seen.texts")}
    finally:
        for table in tables:
            service.sql(OFF_TABLE.format(table=table))
        service.sql("DROP SCHEMA seen CASCADE")


def values_in_statements(
    service: Subject, customer: Person, support: Person
) -> list[tuple[str, str]]:
    """Lists, adds, shows, pays and ships an order: values in statements, each with its statement.

    The page is the second one of 13 orders, so that its limit and its offset are 13.
    """
    path, new = f"/api/v1/users/{customer.id}/orders", {"items": LINES}
    with written_down(service, "orders", "order_items") as texts:
        page_of(service, customer, status="shipped", limit=13, page=2)
        order = str(service.post(path, json=new, token=customer.token).data["id"])
        service.get(f"/api/v1/orders/{order}", token=customer.token)
        for status in "paid", "shipped":
            service.patch(f"/api/v1/orders/{order}", json={"status": status}, token=support.token)
        sent = texts()
    assert sent, "No statement on orders was seen."
    ids = (customer.id, order)
    values = (*ids, *(each.replace("-", "") for each in ids), *VALUES)
    return [
        (value, " ".join(text.split()))
        for value in values
        for text in sorted(sent)
        if _stands_in(text, value)
    ]


def _stands_in(text: str, value: str) -> bool:
    """A number has to stand by itself: `13` is not in `$13` or `p_13`."""
    if not value.isdigit():
        return value in text
    return bool(re.search(rf"(?<![\w$.]){value}(?![\w.])", text))

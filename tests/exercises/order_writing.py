"""For `test_06_queries.py`: lines that are hard to keep, and orders that are easily made wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from exercises.grading.answer import Answer
from exercises.grading.exchange import JSON
from exercises.grading.people import Person
from exercises.grading.subject import Subject
from tests.exercises.order_book import assert_shown, stored_orders

LINES: list[dict[str, JSON]] = [
    {"product_name": "O'Neil'); DROP TABLE orders; --", "quantity": 3, "unit_price": "0.10"},
    {
        "product_name": '100 %  :name $1 {x} "\\" a|b,c/d;e%% ½ e\u0301 <b>&amp;',
        "quantity": 7,
        "unit_price": "19.99",
    },
    {"product_name": "x" * 200, "quantity": 997, "unit_price": "0.00"},
    {"product_name": "Pin", "quantity": 1000, "unit_price": "0.00"},
    {"product_name": "Loom", "quantity": 1, "unit_price": "99999.99"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
]
TOTAL = "100140.24"
"""3 × 0.10 + 7 × 19.99 + 99999.99 + 0.01 + 0.01."""

FREE: list[dict[str, JSON]] = [{"product_name": "Gift", "quantity": 1, "unit_price": "0.00"}]

REFUSAL = """
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'This answer cannot be kept.';
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_keys
    FOR EACH ROW EXECUTE FUNCTION public.refuse();
"""


def post(service: Subject, person: Person, lines: Sequence[JSON], key: str | None = None) -> Answer:
    """Sends a new order of the person, with an `Idempotency-Key` if one is told."""
    headers = {"Idempotency-Key": key} if key else {}
    path, new = f"/api/v1/users/{person.id}/orders", {"items": lines}
    return service.post(path, json=new, token=person.token, headers=headers)


def must_be_kept(
    service: Subject, person: Person, lines: Sequence[dict[str, JSON]], total: str
) -> None:
    """Asserts that an order of these lines is made, answered and stored as it was sent."""
    made = post(service, person, lines)
    assert made.status == 201, f"A valid order came with {made.status} instead of 201."
    kept = [{name: item[name] for name in LINES[0]} for item in made.data["items"]]
    pairs = enumerate(zip(kept, lines, strict=False), 1)
    place = next((at for at, (got, sent) in pairs if got != sent), min(len(kept), len(lines)) + 1)
    assert kept == lines, (
        f"Of {len(lines)} lines {len(kept)} came back; look at line {place}. Every line has to "
        "come back as it was sent, once, in the order sent."
    )
    status, amount = made.data["status"], made.data["total_amount"]
    assert amount == total, f"All quantities times their prices are {total}, not {amount}."
    assert status == "pending", f"A new order is pending, free or not; this one is {status}."
    [stored] = [each for each in stored_orders(service, person.id) if each["id"] == made.data["id"]]
    assert_shown(made.data, stored, "In the answer to POST")


def must_leave_nothing_behind(service: Subject, person: Person) -> None:
    """Asserts that no order is left when its answer cannot be kept, which comes after `add`."""
    before = len(stored_orders(service, person.id))
    with _no_answer_kept(service):
        failed = post(service, person, FREE, key="a-key-of-my-own")
    assert failed.status == 500, (
        "The database refused what the service had to store after `add`, in the same transaction. "
        f"That is a 500; the answer was {failed.status}."
    )
    more = len(stored_orders(service, person.id)) - before
    assert not more, (
        f"A POST came with 500, and yet there are {more} orders more than before: sent once more, "
        "it is ordered twice. Whoever calls `add` ends the transaction; `add` must not commit."
    )


@contextmanager
def _no_answer_kept(service: Subject) -> Iterator[None]:
    service.sql(REFUSAL)
    try:
        yield
    finally:
        service.sql("DROP FUNCTION public.refuse CASCADE")

"""For `test_06_queries.py`: changes of status, and who else has the same orders in hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any

from exercises.grading.answer import Answer
from exercises.grading.people import Person
from exercises.grading.requests import PATIENCE, NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.order_book import page_of

CHANGE = (
    "UPDATE orders SET status = %s, source_document = source_document || ', checked',"
    " total_amount = total_amount + 1 WHERE id = %s"
)


def patch(service: Subject, support: Person, order: str, status: str, **how: float) -> Answer:
    """Asks for another status of an order."""
    path, change = f"/api/v1/orders/{order}", {"status": status}
    return service.patch(path, json=change, token=support.token, **how)


def close_account(service: Subject, customer: str) -> None:
    """Suspends and deletes a customer, as the service does it; the orders stay."""
    closed = "UPDATE users SET status = 'suspended', deleted_at = now() WHERE id = %s"
    service.sql(closed, customer)


@contextmanager
def held(service: Subject, meanwhile: Mapping[str, str]) -> Iterator[None]:
    """Another transaction has changed these orders, and has not ended before the block does.

    Each has the status that is told, which may be the one it had, a longer document and a higher
    total.
    """
    service.sql("BEGIN")
    try:
        for order, status in meanwhile.items():
            service.sql(CHANGE, status, order)
        yield
    finally:
        service.sql("COMMIT")


def changed_while_held(
    service: Subject,
    support: Person,
    meanwhile: Mapping[str, str],
    calls: Sequence[tuple[str, str]],
) -> list[Answer]:
    """Asks for changes, given as order and status, while the orders are `held`.

    The hold ends when each call waits for its order or has been answered: what they go by, they
    have read before. What they do not change has to be there afterwards.
    """
    with ThreadPoolExecutor(len(calls)) as threads:
        with held(service, meanwhile):
            before = _columns_beside_the_status(service)
            answers = [
                threads.submit(partial(patch, service, support, *call, timeout=3 * PATIENCE))
                for call in calls
            ]
            _wait_until_all_wait(service, answers)
        came = [answer.result(timeout=4 * PATIENCE) for answer in answers]
    for kept, found in zip(before, _columns_beside_the_status(service), strict=True):
        for name, value in kept.items():
            assert found[name] == value, (
                f"While a change of status waited, somebody else made “{name}” of the order "
                f"{value!r}; then it became {found[name]!r}. A change of status writes the status."
            )
    return came


def _columns_beside_the_status(service: Subject) -> list[dict[str, Any]]:
    return service.sql(
        "SELECT id, user_id, total_amount, source_document, created_at FROM orders ORDER BY id"
    )


def _wait_until_all_wait(service: Subject, answers: Sequence[Future[Answer]]) -> None:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        waiting = service.sql(
            "SELECT query FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()",
            owner=True,
        )
        if len(waiting) >= sum(not answer.done() for answer in answers):
            return
        sleep(0.002)


def must_not_wait_for_others(
    service: Subject, support: Person, others: Collection[str], free: str
) -> None:
    """Asserts that lists, and changes of a free order, go on while the others are `held`.

    Support sees a list of its own; one of the others is in it.
    """
    with held(service, dict.fromkeys(others, "pending")):
        try:
            page_of(service, support)
            paid = patch(service, support, free, "paid")
        except NoAnswer as error:
            raise AssertionError(
                f"While somebody held other orders, this got stuck: {error} A list locks nothing, "
                "and a change of status locks its own order only."
            ) from None
    assert paid.status == 200, (
        "While somebody held other orders, paying one that nobody held came with "
        f"{paid.status} instead of 200. (Its customer's account has been closed: orders stay.)"
    )


def must_be_undone_with_its_caller(service: Subject, support: Person, order: str) -> None:
    """Asserts that a change is undone when the service refuses it, which comes after it."""
    service.sql("INSERT INTO payment_attempts (order_id) VALUES (%s)", order)
    refused = patch(service, support, order, "cancelled")
    assert refused.status == 409, (
        "The payment of an order has begun, and nobody knows how it ended. Cancelling it came with "
        f"{refused.status}; the service refuses that with 409."
    )
    [row] = service.sql("SELECT status FROM orders WHERE id = %s", order)
    assert row["status"] == "pending", (
        f"Cancelling an order was refused with 409, and yet it is {row['status']} now. Whoever "
        "calls `set_status` ends the transaction; `set_status` must not commit."
    )


def must_be_a_conflict(service: Subject, answer: Answer, wanted: str, *, meanwhile: str) -> None:
    """Asserts that a change was refused, as the order had become something else meanwhile."""
    assert service.look_at(answer).status == 409, (
        f"An order was pending when the service read it, and {meanwhile} before it could write. "
        f"Making it {wanted} came with {answer.status}; it has to be 409: what was read holds no "
        "longer."
    )


def must_win_once(service: Subject, answers: Sequence[Answer]) -> Answer:
    """Asserts that of two calls that pay an order one does and one is refused; gives the former."""
    first, second = sorted(answers, key=lambda answer: answer.status)
    assert service.look_at(first).status == 200, (
        "While an order was to be paid, somebody else held it and left its status as it was. "
        f"Paying it came with {first.status}; it is a conflict only when the status has changed."
    )
    assert service.look_at(second).status == 409, (
        "Two calls were to pay the same order, which both had read as pending. The first one came "
        f"with 200, the other one with {second.status}; it has to be 409, as its order was paid by "
        "then."
    )
    return first


def must_have_become(service: Subject, wanted: Mapping[str, str]) -> None:
    """Asserts that orders have these statuses and no others."""
    rows = service.sql("SELECT id, status FROM orders WHERE id = ANY(%s::uuid[])", list(wanted))
    found = {str(row["id"]): row["status"] for row in rows}
    states = [found.get(order) for order in wanted]
    assert states == list(wanted.values()), (
        f"The orders had to become {', '.join(wanted.values())}; they are {states}."
    )

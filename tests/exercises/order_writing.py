"""For `test_06_queries.py`: lines that are hard to keep, and changes that have to wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep

from exercises.grading.answer import Answer
from exercises.grading.people import Person
from exercises.grading.requests import PATIENCE
from exercises.grading.subject import Subject

LINES = [
    {"product_name": "O'Neil'); DROP TABLE orders; --", "quantity": 3, "unit_price": "0.10"},
    {
        "product_name": '100 %  :name $1 {x} "\\" ½ e\u0301 <b>&amp;',
        "quantity": 7,
        "unit_price": "19.99",
    },
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
]

CHANGE = "UPDATE orders SET status = %s WHERE id = %s AND status <> %s"


def paid_while_held_up(
    service: Subject, support: Person, meanwhile: Mapping[str, str]
) -> list[Answer]:
    """Makes orders paid that another transaction holds, and has given the status that is told.

    It ends when each call waits for its order or has been answered: what they go by, they have read
    before.
    """
    paid = {"status": "paid"}
    with ThreadPoolExecutor(len(meanwhile)) as threads:
        service.sql("BEGIN")
        try:
            for order, status in meanwhile.items():
                service.sql("SELECT FROM orders WHERE id = %s FOR UPDATE", order)
                service.sql(CHANGE, status, order, status)
            answers: list[Future[Answer]] = []
            for order in meanwhile:
                path = f"/api/v1/orders/{order}"
                call = partial(service.patch, path, json=paid, token=support.token)
                answers.append(threads.submit(call))
                _wait_until_all_wait(service, answers)
        finally:
            service.sql("COMMIT")
        return [answer.result(timeout=2 * PATIENCE) for answer in answers]


def _wait_until_all_wait(service: Subject, answers: Sequence[Future[Answer]]) -> None:
    deadline = monotonic() + PATIENCE / 2
    while monotonic() < deadline:
        waiting = service.sql(
            "SELECT query FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()",
            owner=True,
        )
        if len(waiting) >= sum(not answer.done() for answer in answers):
            return
        sleep(0.002)

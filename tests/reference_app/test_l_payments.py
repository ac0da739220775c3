"""L3: an order is charged once, whatever fails on the way, and what was charged is recorded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from tests.reference_app.client import Client
from tests.reference_app.shop import Shop


@pytest.mark.spec("L3")
def test_an_order_that_is_paid_was_charged_once_and_that_is_recorded(shop: Shop) -> None:
    order_id = shop.order()
    answer = shop.pay(order_id)
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "paid")
    assert shop.tries(order_id) == 1
    assert shop.provider.seen().charges[order_id] == shop.payments()[order_id] == "37.50"
    [line] = shop.client.log("payment_collected", of=answer)
    assert (line["order_id"], line["amount"]) == (order_id, "37.50")


@pytest.mark.spec("L3")
def test_a_declined_payment_is_422_and_may_be_tried_again(shop: Shop) -> None:
    order_id = shop.order()
    shop.provider.behave("decline", times=1)
    answer = shop.pay(order_id)
    assert (answer.status_code, shop.status(order_id)) == (422, "pending")
    assert shop.tries(order_id) == 1
    assert shop.pay(order_id).status_code == 200


@pytest.mark.spec("L3")
def test_paid_by_several_at_once_it_is_charged_once(shop: Shop) -> None:
    order_id = shop.order()
    path = f"/api/v1/orders/{order_id}"
    answers = shop.client.at_once(4, "PATCH", path, by=shop.support, json={"status": "paid"})
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 409, 422, 503}
    assert list(shop.provider.seen().charges).count(order_id) == 1


@pytest.mark.spec("L3")
def test_money_that_was_taken_stays_on_the_books_when_the_order_was_cancelled_meanwhile(
    shop: Shop,
) -> None:
    order_id = shop.order()
    shop.provider.behave("hang", times=1, charges=True)
    with ThreadPoolExecutor(1) as thread:
        paying = thread.submit(shop.pay, order_id)
        shop.wait_for_a_try(order_id)
        path = f"/api/v1/orders/{order_id}"
        cancelled = shop.client.patch(path, by=shop.ada, json={"status": "cancelled"})
    assert (cancelled.status_code, paying.result().status_code) == (200, 409)
    assert (shop.status(order_id), order_id in shop.payments()) == ("cancelled", True)


@pytest.mark.spec("L3")
def test_a_process_killed_while_it_charges_does_not_charge_again(shop: Shop) -> None:
    order_id, service = shop.order(), shop.client.service
    shop.provider.behave("hang", times=1, charges=True)
    with ThreadPoolExecutor(1) as thread:
        lost = thread.submit(shop.pay, order_id)
        shop.wait_for_a_try(order_id)
        service.kill()
    assert isinstance(lost.exception(), httpx.TransportError)
    service.start()
    with closing(Client(service)) as client:
        shop = Shop(client, shop.provider, shop.ada, shop.support)
        assert shop.payments().keys() & {order_id} == set()
        assert shop.pay(order_id).status_code == 200
        assert shop.tries(order_id) == 2
        assert shop.payments()[order_id] == shop.provider.seen().charges[order_id]
